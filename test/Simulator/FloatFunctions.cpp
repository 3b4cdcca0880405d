#include "FloatFormat.h"
#include "LaneFunctions.h"

#include <cfenv>
#include <cmath>
#include <limits>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Floating Point Instructions" and "Half Precision Floating Point Instructions". Approximations are
// better than the machine's: computed in float64 and rounded once.
namespace {

using u64 = std::uint64_t;
using In = const Instruction &;

template <typename Op, typename T>
T roundedAs(Rounding rounding, T a, T b, T c) {
  if (rounding == Rounding::none || rounding == Rounding::nearest)
    return Op()(a, b, c);
  // Volatile, so that the operation stays between the two changes of the mode.
  volatile T x = a, y = b, z = c;
  std::fesetround(rounding == Rounding::zero ? FE_TOWARDZERO : rounding == Rounding::up ? FE_UPWARD : FE_DOWNWARD);
  volatile T result = Op()(T(x), T(y), T(z));
  std::fesetround(FE_TONEAREST);
  return result;
}

template <typename T>
T saturated(T value) {
  return value > 0 ? std::min<T>(value, 1) : 0; // a NaN becomes 0
}

u64 finish(In in, float value) {
  if (in.flushSubnormals)
    value = flushSubnormal(value);
  if (in.saturate)
    value = saturated(value);
  return std::isnan(value) ? 0x7FFFFFFF : bitsOfFloat(value);
}

template <typename Op>
u64 single(In in, u64 a, u64 b, u64 c) {
  float x = asFloat(a), y = asFloat(b), z = asFloat(c);
  if (in.flushSubnormals)
    x = flushSubnormal(x), y = flushSubnormal(y), z = flushSubnormal(z);
  return finish(in, roundedAs<Op>(in.rounding, x, y, z));
}

/// Half precision: the exact result of two or three halves fits a double well enough to be rounded once.
template <typename Op>
u64 half(In in, Type type, u64 a, u64 b, u64 c) {
  double value =
      Op()(decodeFloat(truncate(a, 16), type), decodeFloat(truncate(b, 16), type), decodeFloat(truncate(c, 16), type));
  if (in.saturate)
    value = saturated(value);
  if (in.relu && value < 0)
    value = 0;
  return encodeFloat(value, type, Rounding::nearest);
}

template <typename Op>
u64 apply(In in, u64 a, u64 b, u64 c, u64) {
  switch (in.type) {
  case Type::f32:
    return single<Op>(in, a, b, c);
  case Type::f64:
    return bitsOfDouble(roundedAs<Op>(in.rounding, asDouble(a), asDouble(b), asDouble(c)));
  case Type::f16x2:
  case Type::bf16x2:
    return half<Op>(in, in.type, a, b, c) | half<Op>(in, in.type, a >> 16, b >> 16, c >> 16) << 16;
  default:
    return half<Op>(in, in.type, a, b, c);
  }
}

// clang-format off
struct Add { template <typename T> T operator()(T a, T b, T) const { return a + b; } };
struct Subtract { template <typename T> T operator()(T a, T b, T) const { return a - b; } };
struct Multiply { template <typename T> T operator()(T a, T b, T) const { return a * b; } };
struct Divide { template <typename T> T operator()(T a, T b, T) const { return a / b; } };
struct Fma { template <typename T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); } };
struct Sqrt { template <typename T> T operator()(T a, T, T) const { return std::sqrt(a); } };
struct Reciprocal { template <typename T> T operator()(T a, T, T) const { return 1 / a; } };
struct Rsqrt { template <typename T> T operator()(T a, T, T) const { return T(1 / std::sqrt(double(a))); } };
struct Exp2 { template <typename T> T operator()(T a, T, T) const { return T(std::exp2(double(a))); } };
struct Log2 { template <typename T> T operator()(T a, T, T) const { return T(std::log2(double(a))); } };
struct Sin { template <typename T> T operator()(T a, T, T) const { return T(std::sin(double(a))); } };
struct Cos { template <typename T> T operator()(T a, T, T) const { return T(std::cos(double(a))); } };
struct Tanh { template <typename T> T operator()(T a, T, T) const { return T(std::tanh(double(a))); } };
// clang-format on

/// Minimum or maximum of two or three numbers: a NaN loses, or wins with .NaN; -0 is less than +0.
template <bool maximum>
double extreme(In in, double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return in.propagateNaN || (std::isnan(a) && std::isnan(b)) ? std::numeric_limits<double>::quiet_NaN()
           : std::isnan(a)                                     ? b
                                                               : a;
  if (a == b)
    return std::signbit(a) == maximum ? b : a;
  return (a > b) == maximum ? a : b;
}

template <bool maximum>
u64 extremeOf(In in, Type type, u64 a, u64 b, u64 c) {
  auto value = [&](u64 bits) {
    if (type == Type::f32)
      return double(in.flushSubnormals ? flushSubnormal(asFloat(bits)) : asFloat(bits));
    return decodeFloat(bits, type);
  };
  double result = extreme<maximum>(in, value(a), value(b));
  if (in.sources == 3)
    result = extreme<maximum>(in, result, value(c));
  if (type == Type::f32) // exact: it is one of them
    return std::isnan(result) ? 0x7FFFFFFF : bitsOfFloat(float(result));
  return encodeFloat(result, type, Rounding::nearest);
}

template <bool maximum>
u64 extremes(In in, u64 a, u64 b, u64 c, u64) {
  if (!isPacked(in.type))
    return extremeOf<maximum>(in, in.type, a, b, c);
  Type half = in.type == Type::f16x2 ? Type::f16 : Type::bf16;
  return extremeOf<maximum>(in, half, truncate(a, 16), truncate(b, 16), truncate(c, 16)) |
         extremeOf<maximum>(in, half, a >> 16, b >> 16, c >> 16) << 16;
}

u64 signMask(Type type) { return isPacked(type) ? 0x80008000 : 1ull << (bitsOf(type) - 1); }

u64 negate(In in, u64 a, u64, u64, u64) {
  return in.flushSubnormals && in.type == Type::f32 ? bitsOfFloat(-flushSubnormal(asFloat(a))) : a ^ signMask(in.type);
}
u64 absolute(In in, u64 a, u64, u64, u64) {
  return in.flushSubnormals && in.type == Type::f32 ? bitsOfFloat(std::fabs(flushSubnormal(asFloat(a))))
                                                    : a & ~signMask(in.type);
}
/// The sign of the first operand, the magnitude of the second.
u64 copySign(In in, u64 a, u64 b, u64, u64) { return (a & signMask(in.type)) | (b & ~signMask(in.type)); }

/// testp: the variant is the place of the property in the decoder's list.
u64 test(In in, u64 a, u64, u64, u64) {
  double value = decodeFloat(a, in.type);
  bool subnormal =
      in.type == Type::f32 ? std::fpclassify(float(value)) == FP_SUBNORMAL : std::fpclassify(value) == FP_SUBNORMAL;
  switch (in.variant) {
  case 0:
    return std::isfinite(value);
  case 1:
    return std::isinf(value);
  case 2:
    return !std::isnan(value);
  case 3:
    return std::isnan(value);
  case 4:
    return std::isfinite(value) && value != 0 && !subnormal;
  default:
    return subnormal;
  }
}

constexpr LaneRow rows[] = {
    {"add", nullptr, apply<Add>},      {"sub", nullptr, apply<Subtract>},
    {"mul", nullptr, apply<Multiply>}, {"div", nullptr, apply<Divide>},
    {"fma", nullptr, apply<Fma>},      {"mad", nullptr, apply<Fma>},
    {"sqrt", nullptr, apply<Sqrt>},    {"rcp", nullptr, apply<Reciprocal>},
    {"rsqrt", nullptr, apply<Rsqrt>},  {"ex2", nullptr, apply<Exp2>},
    {"lg2", nullptr, apply<Log2>},     {"sin", nullptr, apply<Sin>},
    {"cos", nullptr, apply<Cos>},      {"tanh", nullptr, apply<Tanh>},
    {"min", nullptr, extremes<false>}, {"max", nullptr, extremes<true>},
    {"neg", nullptr, negate},          {"abs", nullptr, absolute},
    {"copysign", nullptr, copySign},   {"testp", nullptr, test},
};

} // namespace

std::span<const LaneRow> vitc::ptxsim::floatRows() { return rows; }
