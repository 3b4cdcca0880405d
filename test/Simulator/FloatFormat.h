#ifndef VITC_TEST_SIMULATOR_FLOATFORMAT_H
#define VITC_TEST_SIMULATOR_FLOATFORMAT_H

#include "Type.h"

#include <bit>
#include <cstdint>

namespace vitc::ptxsim {

/// How many bits the parts of a floating-point number have.
struct FloatFormat {
  unsigned exponent, mantissa;
};
/// f16, bf16, tf32 (its 19 bits at the top of 32), f32 or f64.
FloatFormat formatOf(Type);

/// A number of the type as a double, exactly.
double decodeFloat(std::uint64_t bits, Type type);
/// The number of the type that `value` rounds to. NaNs become the canonical one of PTX (0x7fff for 16 bits, 0x7fffffff
/// for f32); what is beyond the largest number becomes it or infinity, as the rounding says.
std::uint64_t encodeFloat(double value, Type type, Rounding rounding);
/// A double to an integral double.
double roundToIntegral(double value, Rounding rounding);
/// A number of less than the smallest normal one becomes a zero of the same sign.
float flushSubnormal(float value);

inline float asFloat(std::uint64_t bits) { return std::bit_cast<float>(std::uint32_t(bits)); }
inline std::uint64_t bitsOfFloat(float value) { return std::bit_cast<std::uint32_t>(value); }
inline double asDouble(std::uint64_t bits) { return std::bit_cast<double>(bits); }
inline std::uint64_t bitsOfDouble(double value) { return std::bit_cast<std::uint64_t>(value); }

} // namespace vitc::ptxsim

#endif
