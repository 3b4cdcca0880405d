#ifndef VITC_TEST_SIMULATOR_TYPE_H
#define VITC_TEST_SIMULATOR_TYPE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace vitc::ptxsim {

/// The fundamental types of PTX (PTX ISA 8.x, "Fundamental Types" and "Alternate Floating-Point Data Formats").
enum class Type : std::uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  bf16,
  f16x2,
  bf16x2,
  tf32,
  f32,
  f64,
};

/// State spaces. `param` is a kernel's parameters; parameters of calls live in `local`.
enum class Space : std::uint8_t { generic, global, shared, local, param };

enum class Rounding : std::uint8_t { none, nearest, nearestAway, zero, down, up };

enum class Compare : std::uint8_t { eq, ne, lt, le, gt, ge, equ, neu, ltu, leu, gtu, geu, num, nan };

enum class BoolOp : std::uint8_t { none, conjunction, disjunction, exclusive };

/// What stands after the dot of an opcode, as these enumerations; nothing where it is another modifier.
std::optional<Type> parseType(std::string_view);
std::optional<Space> parseSpace(std::string_view);
std::optional<Compare> parseCompare(std::string_view);

unsigned bitsOf(Type);
inline unsigned bytesOf(Type type) { return (bitsOf(type) + 7) / 8; }
bool isSigned(Type);
bool isFloat(Type);
/// Whether two values share a register: f16x2 and bf16x2.
inline bool isPacked(Type type) { return type == Type::f16x2 || type == Type::bf16x2; }

/// The low `bits` bits of a value.
inline std::uint64_t truncate(std::uint64_t value, unsigned bits) {
  return bits >= 64 ? value : value & ((std::uint64_t(1) << bits) - 1);
}
/// The low `bits` bits of a value as a two's complement number.
inline std::int64_t signExtend(std::uint64_t value, unsigned bits) {
  return bits >= 64 ? std::int64_t(value) : std::int64_t(value << (64 - bits)) >> (64 - bits);
}

} // namespace vitc::ptxsim

#endif
