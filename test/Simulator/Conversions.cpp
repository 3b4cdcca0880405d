#include "FloatFormat.h"
#include "LaneFunctions.h"

#include <algorithm>
#include <cfenv>
#include <cmath>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Data Movement and Conversion Instructions: cvt", and "Comparison and Selection Instructions".
namespace {

using u64 = std::uint64_t;
using s64 = std::int64_t;

/// Floats become the nearest integer in range; a NaN becomes 0.
u64 toInteger(const Instruction &in, double value) {
  if (std::isnan(value))
    return 0;
  unsigned bits = bitsOf(in.type);
  double integral = roundToIntegral(value, in.rounding);
  if (isSigned(in.type)) {
    double limit = std::ldexp(1.0, int(bits) - 1);
    return integral >= limit   ? truncate(~0ull, bits - 1)
           : integral < -limit ? u64(-1) << (bits - 1)
                               : u64(s64(integral));
  }
  double limit = std::ldexp(1.0, int(bits));
  return integral >= limit ? truncate(~0ull, bits) : integral <= 0 ? 0 : u64(integral);
}

template <typename Float>
Float roundInteger(const Instruction &in, u64 value) {
  int mode = in.rounding == Rounding::zero   ? FE_TOWARDZERO
             : in.rounding == Rounding::up   ? FE_UPWARD
             : in.rounding == Rounding::down ? FE_DOWNWARD
                                             : FE_TONEAREST;
  volatile u64 input = value; // the conversion stays between the changes of the mode
  std::fesetround(mode);
  volatile Float result = isSigned(in.sourceType) ? Float(s64(input)) : Float(u64(input));
  std::fesetround(FE_TONEAREST);
  return result;
}

u64 fromInteger(const Instruction &in, u64 value) {
  if (in.type == Type::f32)
    return bitsOfFloat(roundInteger<float>(in, value));
  if (in.type == Type::f64)
    return bitsOfDouble(roundInteger<double>(in, value));
  return encodeFloat(isSigned(in.sourceType) ? double(s64(value)) : double(value), in.type, in.rounding);
}

u64 betweenIntegers(const Instruction &in, u64 value) {
  if (!in.saturate)
    return value;
  unsigned bits = bitsOf(in.type);
  if (isSigned(in.sourceType)) {
    s64 low = isSigned(in.type) ? -s64(1) << (bits - 1) : 0;
    s64 high = isSigned(in.type) ? s64(truncate(~0ull, bits - 1)) : s64(truncate(~0ull, std::min(bits, 63u)));
    return u64(std::clamp(s64(value), low, high));
  }
  return std::min(value, truncate(~0ull, isSigned(in.type) ? bits - 1 : bits));
}

u64 betweenFloats(const Instruction &in, Type type, double value) {
  if (in.flushSubnormals && in.sourceType == Type::f32)
    value = flushSubnormal(float(value));
  if (in.toInteger)
    value = roundToIntegral(value, in.rounding);
  if (in.saturate)
    value = value > 0 ? std::min(value, 1.0) : 0;
  if (in.relu && value < 0)
    value = 0;
  u64 bits = encodeFloat(value, type, in.toInteger ? Rounding::nearest : in.rounding);
  if (in.flushSubnormals && type == Type::f32)
    bits = bitsOfFloat(flushSubnormal(asFloat(bits)));
  return bits;
}

} // namespace

std::uint64_t vitc::ptxsim::convert(const Instruction &in, u64 a, u64, u64, u64) {
  unsigned bits = bitsOf(in.sourceType);
  if (isFloat(in.sourceType)) {
    double value = decodeFloat(truncate(a, bits), in.sourceType);
    return isFloat(in.type) ? betweenFloats(in, in.type, value) : toInteger(in, value);
  }
  u64 value = isSigned(in.sourceType) ? u64(signExtend(a, bits)) : truncate(a, bits);
  if (isFloat(in.type))
    return fromInteger(in, value);
  value = betweenIntegers(in, value);
  // Into a wider register the result goes with its own sign.
  return isSigned(in.type) ? u64(signExtend(value, bitsOf(in.type))) : truncate(value, bitsOf(in.type));
}

std::uint64_t vitc::ptxsim::convertPair(const Instruction &in, u64 a, u64 b, u64, u64) {
  Type half = in.type == Type::f16x2 ? Type::f16 : Type::bf16;
  return betweenFloats(in, half, decodeFloat(a, in.sourceType)) << 16 |
         betweenFloats(in, half, decodeFloat(b, in.sourceType));
}

LaneFunction vitc::ptxsim::findLaneFunction(std::string_view name, Type type) {
  for (const LaneRow &row : isFloat(type) ? floatRows() : integerRows())
    if (row.name == name)
      return isFloat(type) ? row.floating : row.integer;
  return nullptr;
}

namespace {
template <typename T>
bool ordered(Compare compare, T a, T b) {
  switch (compare) {
  case Compare::eq:
  case Compare::equ:
    return a == b;
  case Compare::ne:
  case Compare::neu:
    return a != b;
  case Compare::lt:
  case Compare::ltu:
    return a < b;
  case Compare::le:
  case Compare::leu:
    return a <= b;
  case Compare::gt:
  case Compare::gtu:
    return a > b;
  case Compare::ge:
  case Compare::geu:
    return a >= b;
  case Compare::num:
    return true;
  case Compare::nan:
    return false;
  }
  return false;
}
} // namespace

bool vitc::ptxsim::compareValues(Compare compare, Type type, u64 a, u64 b) {
  unsigned bits = bitsOf(type);
  if (!isFloat(type))
    return isSigned(type) ? ordered(compare, signExtend(a, bits), signExtend(b, bits))
                          : ordered(compare, truncate(a, bits), truncate(b, bits));
  if (type == Type::f32) {
    float x = asFloat(a), y = asFloat(b);
    return std::isunordered(x, y) ? compare >= Compare::equ && compare != Compare::num : ordered(compare, x, y);
  }
  double x = decodeFloat(truncate(a, bits), type), y = decodeFloat(truncate(b, bits), type);
  if (std::isnan(x) || std::isnan(y))
    return compare >= Compare::equ && compare != Compare::num;
  return ordered(compare, x, y);
}
