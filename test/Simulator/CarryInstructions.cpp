#include "Decoder.h"
#include "Step.h"

#include <tuple>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Extended-Precision Integer Arithmetic Instructions". The carry is a register of its own.
namespace {

using u64 = std::uint64_t;

/// Bits of the variant.
enum : std::uint8_t { subtracts = 1, takesCarry = 2, givesCarry = 4, multiplies = 8, takesHigh = 16 };

/// The sum or difference in the low `bits` bits and the carry or borrow.
std::pair<u64, u64> compute(const Instruction &in, u64 a, u64 b, u64 c, u64 carry) {
  unsigned bits = bitsOf(in.type);
  a = truncate(a, bits);
  b = truncate(b, bits);
  if (in.variant & multiplies) {
    unsigned __int128 product = isSigned(in.type)
                                    ? (unsigned __int128)((__int128)signExtend(a, bits) * signExtend(b, bits))
                                    : (unsigned __int128)a * b;
    a = truncate(in.variant & takesHigh ? u64(product >> bits) : u64(product), bits);
    b = truncate(c, bits);
  }
  unsigned __int128 result =
      in.variant & subtracts ? (unsigned __int128)a - b - carry : (unsigned __int128)a + b + carry;
  return {truncate(u64(result), bits), u64(result >> bits) & 1};
}

/// Sources: a, b, of a product c, and the carry; results: the value and the carry.
Outcome executeCarry(Step &step) {
  const Instruction &in = step.in;
  bool takes = in.variant & takesCarry;
  static const Register none{{}, 0};
  const Register &a = step.use(0), &b = step.use(1), &c = in.variant & multiplies ? step.use(2) : none;
  const Register &carry = takes ? step.need(in.sources - 1u, "the carry") : none;
  LaneValues values, carries;
  forLanes(step.mask, [&](unsigned lane) {
    std::tie(values[lane], carries[lane]) = compute(in, a.lane[lane], b.lane[lane], c.lane[lane], carry.lane[lane]);
  });
  LaneMask undefined = a.undefined | b.undefined | c.undefined;
  step.set(0, values, undefined);
  if (in.variant & givesCarry)
    step.set(1, carries, undefined);
  return Outcome::next;
}

} // namespace

bool vitc::ptxsim::decodeCarry(Decoding &decoding) {
  Instruction &in = decoding.out;
  bool gives = decoding.take("cc"), takes = decoding.name().ends_with("c");
  if (!gives && !takes)
    return false;
  bool product = decoding.name().starts_with("mad"), high = decoding.take("hi");
  decoding.take("lo");
  in.variant = std::uint8_t((decoding.name().starts_with("sub") ? subtracts : 0) | (takes ? takesCarry : 0) |
                            (gives ? givesCarry : 0) | (product ? multiplies : 0) | (high ? takesHigh : 0));
  in.type = decoding.needType();
  decoding.addResult(decoding.operand(0));
  ParsedOperand carry = decoding.carry();
  if (gives)
    decoding.addResult(carry);
  for (std::size_t i = 1; i < decoding.operandCount(); ++i)
    decoding.addSource(decoding.operand(i), in.type);
  if (takes)
    decoding.addSource(carry, Type::pred);
  in.execute = executeCarry;
  return true;
}
