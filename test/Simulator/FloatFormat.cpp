#include "FloatFormat.h"

#include <cmath>
#include <limits>

using namespace vitc::ptxsim;

FloatFormat vitc::ptxsim::formatOf(Type type) {
  switch (type) {
  case Type::f16:
  case Type::f16x2:
    return {5, 10};
  case Type::bf16:
  case Type::bf16x2:
    return {8, 7};
  case Type::tf32:
    return {8, 10};
  case Type::f32:
    return {8, 23};
  default:
    return {11, 52};
  }
}

double vitc::ptxsim::decodeFloat(std::uint64_t bits, Type type) {
  if (type == Type::f64)
    return asDouble(bits);
  if (type == Type::f32 || type == Type::tf32)
    return asFloat(bits);
  FloatFormat format = formatOf(type);
  int bias = (1 << (format.exponent - 1)) - 1;
  unsigned exponent = unsigned(bits >> format.mantissa) & ((1u << format.exponent) - 1);
  std::uint64_t mantissa = bits & ((1u << format.mantissa) - 1);
  std::uint64_t sign = bits >> (format.exponent + format.mantissa) & 1;
  if (exponent == (1u << format.exponent) - 1)
    return mantissa ? std::numeric_limits<double>::quiet_NaN()
                    : (sign ? -1 : 1) * std::numeric_limits<double>::infinity();
  if (exponent) // the same number with a double's bias
    return asDouble(sign << 63 | std::uint64_t(int(exponent) - bias + 1023) << 52 | mantissa << (52 - format.mantissa));
  return (sign ? -1 : 1) * std::ldexp(double(mantissa), 1 - bias - int(format.mantissa));
}

double vitc::ptxsim::roundToIntegral(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::zero:
    return std::trunc(value);
  case Rounding::down:
    return std::floor(value);
  case Rounding::up:
    return std::ceil(value);
  case Rounding::nearestAway:
    return std::round(value);
  default:
    return std::nearbyint(value); // the host's mode is to the nearest, ties to even
  }
}

namespace {
/// The upper bits of a double whose magnitude is normal in the format too, rounded to the nearest with ties to even; a
/// carry moves the exponent on. The exponent's bias is that of a double.
std::uint64_t roundNormal(double magnitude, FloatFormat format) {
  std::uint64_t bits = bitsOfDouble(magnitude);
  unsigned dropped = 52 - format.mantissa;
  std::uint64_t odd = bits >> dropped & 1;
  return (bits + (1ull << (dropped - 1)) - 1 + odd) >> dropped;
}
} // namespace

std::uint64_t vitc::ptxsim::encodeFloat(double value, Type type, Rounding rounding) {
  if (type == Type::f64)
    return bitsOfDouble(value);
  if (type == Type::f32 && (rounding == Rounding::nearest || rounding == Rounding::none))
    return std::isnan(value) ? 0x7FFFFFFF : bitsOfFloat(float(value));
  FloatFormat format = formatOf(type);
  unsigned total = 1 + format.exponent + format.mantissa;
  std::uint64_t infinity = ((1ull << format.exponent) - 1) << format.mantissa;
  unsigned shift = type == Type::tf32 ? 13 : 0; // tf32 lies at the top of 32 bits
  if (std::isnan(value))
    return truncate(~0ull, total - 1) << shift | truncate(~0ull, shift);
  std::uint64_t sign = std::signbit(value) ? 1ull << (total - 1) : 0;
  double magnitude = std::fabs(value);
  // Directed roundings of the magnitude of a negative number turn around.
  Rounding direction = !sign                        ? rounding
                       : rounding == Rounding::down ? Rounding::up
                       : rounding == Rounding::up   ? Rounding::down
                                                    : rounding;
  int bias = (1 << (format.exponent - 1)) - 1, smallest = 1 - bias;
  if (std::isinf(magnitude))
    return (sign | infinity) << shift;
  if (direction == Rounding::nearest && magnitude >= std::ldexp(1.0, smallest)) {
    std::uint64_t bits = roundNormal(magnitude, format) - (std::uint64_t(1023 - bias) << format.mantissa);
    return (sign | std::min(bits, infinity)) << shift;
  }
  int exponent = magnitude == 0 ? smallest : std::max(std::ilogb(magnitude), smallest);
  // In units of the last place; a carry into the next exponent adds up as it should.
  double units = roundToIntegral(std::ldexp(magnitude, int(format.mantissa) - exponent), direction);
  std::uint64_t bits = (std::uint64_t(exponent - smallest) << format.mantissa) + std::uint64_t(units);
  if (bits >= infinity)
    bits = direction == Rounding::zero || direction == Rounding::down ? infinity - 1 : infinity;
  return (sign | bits) << shift;
}

float vitc::ptxsim::flushSubnormal(float value) {
  return std::fabs(value) < std::numeric_limits<float>::min() ? std::copysign(0.0f, value) : value;
}
