#include "LaneFunctions.h"

#include <algorithm>
#include <bit>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Integer Arithmetic Instructions" and "Logic and Shift Instructions". Values are truncated by who
// writes the register.
namespace {

using u64 = std::uint64_t;
using s64 = std::int64_t;
using In = const Instruction &;

s64 asSigned(In in, u64 value) { return signExtend(value, bitsOf(in.type)); }
u64 asUnsigned(In in, u64 value) { return truncate(value, bitsOf(in.type)); }

u64 add(In in, u64 a, u64 b, u64, u64) {
  if (in.saturate) // .s32 alone
    return u64(std::clamp<s64>(asSigned(in, a) + asSigned(in, b), INT32_MIN, INT32_MAX));
  return a + b;
}
u64 subtract(In in, u64 a, u64 b, u64, u64) {
  if (in.saturate)
    return u64(std::clamp<s64>(asSigned(in, a) - asSigned(in, b), INT32_MIN, INT32_MAX));
  return a - b;
}

template <bool adds>
u64 multiply(In in, u64 a, u64 b, u64 c, u64) {
  unsigned bits = bitsOf(in.type);
  unsigned __int128 product = isSigned(in.type) ? (unsigned __int128)((__int128)asSigned(in, a) * asSigned(in, b))
                                                : (unsigned __int128)asUnsigned(in, a) * asUnsigned(in, b);
  u64 result = Half(in.variant) == Half::high ? u64(product >> bits) : u64(product);
  return adds ? result + c : result;
}

// What a division by zero gives is left open by PTX; the machine gives all ones.
u64 divide(In in, u64 a, u64 b, u64, u64) {
  if (asUnsigned(in, b) == 0)
    return ~0ull;
  if (!isSigned(in.type))
    return asUnsigned(in, a) / asUnsigned(in, b);
  return asSigned(in, b) == -1 ? 0 - a : u64(asSigned(in, a) / asSigned(in, b));
}
u64 remainder(In in, u64 a, u64 b, u64, u64) {
  if (asUnsigned(in, b) == 0)
    return a;
  if (!isSigned(in.type))
    return asUnsigned(in, a) % asUnsigned(in, b);
  return asSigned(in, b) == -1 ? 0 : u64(asSigned(in, a) % asSigned(in, b));
}

u64 minimum(In in, u64 a, u64 b, u64, u64) { return compareValues(Compare::lt, in.type, b, a) ? b : a; }
u64 maximum(In in, u64 a, u64 b, u64, u64) { return compareValues(Compare::gt, in.type, b, a) ? b : a; }
u64 absolute(In in, u64 a, u64, u64, u64) { return asSigned(in, a) < 0 ? 0 - a : a; }
u64 negate(In, u64 a, u64, u64, u64) { return 0 - a; }
u64 sumOfDifferences(In in, u64 a, u64 b, u64 c, u64) {
  return c + (compareValues(Compare::lt, in.type, a, b) ? b - a : a - b);
}

u64 conjunction(In, u64 a, u64 b, u64, u64) { return a & b; }
u64 disjunction(In, u64 a, u64 b, u64, u64) { return a | b; }
u64 exclusive(In, u64 a, u64 b, u64, u64) { return a ^ b; }
u64 complement(In in, u64 a, u64, u64, u64) { return truncate(~a, bitsOf(in.type)); }
u64 logicalNot(In, u64 a, u64, u64, u64) { return a == 0; }

// Shifts by more than the width give zeros or signs; the amount is a u32.
u64 shiftLeft(In in, u64 a, u64 b, u64, u64) {
  u64 amount = truncate(b, 32);
  return amount >= bitsOf(in.type) ? 0 : a << amount;
}
u64 shiftRight(In in, u64 a, u64 b, u64, u64) {
  unsigned bits = bitsOf(in.type), amount = unsigned(std::min<u64>(truncate(b, 32), bits));
  if (isSigned(in.type))
    return u64(asSigned(in, a) >> std::min(amount, 63u));
  return amount >= bits ? 0 : asUnsigned(in, a) >> amount;
}
/// shf: the variant is 0 for .l, 1 for .r; `saturate` stands for .clamp.
u64 funnelShift(In in, u64 a, u64 b, u64 c, u64) {
  u64 both = truncate(b, 32) << 32 | truncate(a, 32);
  unsigned amount = unsigned(in.saturate ? std::min<u64>(truncate(c, 32), 32) : c & 31);
  return in.variant ? both >> amount : truncate(both << amount >> 32, 32);
}

u64 populationCount(In in, u64 a, u64, u64, u64) { return u64(std::popcount(asUnsigned(in, a))); }
u64 countLeadingZeros(In in, u64 a, u64, u64, u64) {
  return u64(std::countl_zero(asUnsigned(in, a))) - (64 - bitsOf(in.type));
}
/// bfind: the variant 1 stands for .shiftamt.
u64 findHighest(In in, u64 a, u64, u64, u64) {
  u64 value = isSigned(in.type) && asSigned(in, a) < 0 ? truncate(~a, bitsOf(in.type)) : asUnsigned(in, a);
  if (value == 0)
    return 0xFFFFFFFF;
  unsigned position = 63 - unsigned(std::countl_zero(value));
  return in.variant ? bitsOf(in.type) - 1 - position : position;
}
u64 reverseBits(In in, u64 a, u64, u64, u64) {
  u64 result = 0;
  for (unsigned bits = bitsOf(in.type), i = 0; i < bits; ++i)
    result |= (a >> i & 1) << (bits - 1 - i);
  return result;
}

u64 extractField(In in, u64 a, u64 b, u64 c, u64) {
  unsigned bits = bitsOf(in.type), position = b & 0xFF, length = c & 0xFF, msb = bits - 1;
  if (length == 0)
    return 0;
  bool sign = isSigned(in.type) && (a >> std::min(position + length - 1, msb) & 1);
  u64 value = position >= bits ? 0 : asUnsigned(in, a) >> position;
  unsigned kept = position >= bits ? 0 : std::min(length, bits - position);
  value = truncate(value, kept);
  return sign ? value | ~truncate(~0ull, kept) : value;
}
u64 insertField(In in, u64 a, u64 b, u64 c, u64 d) {
  unsigned bits = bitsOf(in.type), position = c & 0xFF, length = d & 0xFF;
  if (length == 0 || position >= bits)
    return b;
  u64 mask = truncate(~0ull, std::min(length, bits - position)) << position;
  return (b & ~mask) | (a << position & mask);
}

u64 lookUpThree(In in, u64 a, u64 b, u64 c, u64) {
  u64 result = 0;
  for (unsigned i = 0; i < 8; ++i)
    if (in.immediate >> i & 1)
      result |= (i & 4 ? a : ~a) & (i & 2 ? b : ~b) & (i & 1 ? c : ~c);
  return truncate(result, 32);
}

/// prmt without a mode: each nibble of c selects a byte of {b, a}, its top bit repeats the byte's sign.
u64 permute(In, u64 a, u64 b, u64 c, u64) {
  u64 bytes = truncate(b, 32) << 32 | truncate(a, 32), result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned selector = c >> (4 * i) & 15;
    u64 byte = bytes >> (8 * (selector & 7)) & 0xFF;
    if (selector & 8)
      byte = byte & 0x80 ? 0xFF : 0;
    result |= byte << (8 * i);
  }
  return result;
}

u64 multiply24(In in, u64 a, u64 b, u64 c, u64) {
  s64 x = isSigned(in.type) ? signExtend(a, 24) : s64(truncate(a, 24));
  s64 y = isSigned(in.type) ? signExtend(b, 24) : s64(truncate(b, 24));
  return u64(Half(in.variant) == Half::high ? x * y >> 16 : x * y) + c;
}

/// dp4a: the variant's bits say whether a and b are signed.
u64 dot4(In in, u64 a, u64 b, u64 c, u64) {
  s64 sum = signExtend(c, 32);
  for (unsigned i = 0; i < 4; ++i) {
    u64 x = a >> (8 * i) & 0xFF, y = b >> (8 * i) & 0xFF;
    sum += (in.variant & 1 ? signExtend(x, 8) : s64(x)) * (in.variant & 2 ? signExtend(y, 8) : s64(y));
  }
  return truncate(u64(sum), 32);
}

u64 move(In, u64 a, u64, u64, u64) { return a; }

constexpr LaneRow rows[] = {
    {"add", add, nullptr},
    {"sub", subtract, nullptr},
    {"div", divide, nullptr},
    {"rem", remainder, nullptr},
    {"min", minimum, nullptr},
    {"max", maximum, nullptr},
    {"abs", absolute, nullptr},
    {"neg", negate, nullptr},
    {"sad", sumOfDifferences, nullptr},
    {"and", conjunction, nullptr},
    {"or", disjunction, nullptr},
    {"xor", exclusive, nullptr},
    {"not", complement, nullptr},
    {"cnot", logicalNot, nullptr},
    {"shl", shiftLeft, nullptr},
    {"shr", shiftRight, nullptr},
    {"shf", funnelShift, nullptr},
    {"popc", populationCount, nullptr},
    {"clz", countLeadingZeros, nullptr},
    {"bfind", findHighest, nullptr},
    {"brev", reverseBits, nullptr},
    {"bfe", extractField, nullptr},
    {"bfi", insertField, nullptr},
    {"lop3", lookUpThree, nullptr},
    {"prmt", permute, nullptr},
    {"mul24", multiply24, nullptr},
    {"mad24", multiply24, nullptr},
    {"dp4a", dot4, nullptr},
    {"mov", move, move},
};

} // namespace

LaneFunction vitc::ptxsim::integerMultiply(bool adds) { return adds ? multiply<true> : multiply<false>; }
std::span<const LaneRow> vitc::ptxsim::integerRows() { return rows; }
