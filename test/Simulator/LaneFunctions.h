#ifndef VITC_TEST_SIMULATOR_LANEFUNCTIONS_H
#define VITC_TEST_SIMULATOR_LANEFUNCTIONS_H

#include "Program.h"

#include <span>

namespace vitc::ptxsim {

/// An opcode whose result depends on its lane alone: the function for integers and bits, and the one for floats.
struct LaneRow {
  std::string_view name;
  LaneFunction integer, floating;
};

std::span<const LaneRow> integerRows();
std::span<const LaneRow> floatRows();
/// The function of an opcode for a type, or null.
LaneFunction findLaneFunction(std::string_view name, Type);

/// mul and mad of integers keep the low half, the high half or the whole product.
enum class Half : std::uint8_t { low, high, wide };
LaneFunction integerMultiply(bool adds);

/// cvt of one value, and of two floats into the halves of one register.
std::uint64_t convert(const Instruction &, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t);
std::uint64_t convertPair(const Instruction &, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t);

/// Whether a comparison of two values of `type` holds.
bool compareValues(Compare, Type, std::uint64_t, std::uint64_t);

} // namespace vitc::ptxsim

#endif
