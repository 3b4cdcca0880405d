#include "Decoder.h"
#include "FloatFormat.h"
#include "LaneFunctions.h"
#include "Step.h"

#include <utility>

using namespace vitc::ptxsim;

namespace {

using u64 = std::uint64_t;

/// Anything whose result depends on its lane alone. Undefined operands make undefined results.
Outcome executeLanes(Step &step) {
  const Instruction &in = step.in;
  const LaneValues *sources[4];
  LaneMask undefined = 0;
  static constexpr LaneValues zeros{};
  for (unsigned i = 0; i < 4; ++i) {
    sources[i] = &zeros;
    if (i < in.sources) {
      const Register &read = step.use(i);
      sources[i] = &read.lane;
      undefined |= read.undefined;
    }
  }
  LaneValues result;
  forLanes(step.mask, [&](unsigned lane) {
    result[lane] = in.lane(in, (*sources[0])[lane], (*sources[1])[lane], (*sources[2])[lane], (*sources[3])[lane]);
  });
  step.set(0, result, undefined);
  return Outcome::next;
}

/// mov keeps the age of its value: a copy between virtual registers is no access that wgmma.fence must order.
Outcome executeMove(Step &step) {
  const Register &from = step.peek(0);
  u64 produced = step.operandIndex(1) >= 0 ? from.produced : 0;
  bool isAccumulator = from.isAccumulator;
  step.set(0, from.lane, from.undefined);
  Register &to = step.warp.registers[step.operandIndex(0)];
  to.produced = produced;
  to.isAccumulator = isAccumulator;
  return Outcome::next;
}

Outcome executeClock(Step &step) {
  LaneValues now;
  now.fill(step.warp.steps * (step.in.variant ? 32 : 1));
  step.set(0, now);
  return Outcome::next;
}

/// mov.b64 %rd, {%r0, %r1} and back.
Outcome executePack(Step &step) {
  LaneValues result{};
  LaneMask undefined = 0;
  unsigned bits = bitsOf(step.in.type) / step.in.sources;
  for (unsigned i = 0; i < step.in.sources; ++i) {
    const Register &part = step.use(i);
    undefined |= part.undefined;
    forLanes(step.mask, [&](unsigned lane) { result[lane] |= truncate(part.lane[lane], bits) << (bits * i); });
  }
  step.set(0, result, undefined);
  return Outcome::next;
}
Outcome executeUnpack(Step &step) {
  const Register whole = step.use(0); // a copy: a part may be the same register
  unsigned bits = bitsOf(step.in.type) / step.in.results;
  for (unsigned i = 0; i < step.in.results; ++i) {
    LaneValues part{};
    forLanes(step.mask, [&](unsigned lane) { part[lane] = truncate(whole.lane[lane] >> (bits * i), bits); });
    step.set(i, part, whole.undefined);
  }
  return Outcome::next;
}

/// selp: what is not chosen may be undefined.
Outcome executeSelect(Step &step) {
  const Register &a = step.use(0), &b = step.use(1), &choice = step.use(2);
  LaneValues result;
  LaneMask undefined = choice.undefined;
  forLanes(step.mask, [&](unsigned lane) {
    const Register &chosen = choice.lane[lane] ? a : b;
    result[lane] = chosen.lane[lane];
    undefined |= chosen.undefined & 1u << lane;
  });
  step.set(0, result, undefined);
  return Outcome::next;
}

bool combine(BoolOp op, bool a, bool b) {
  return op == BoolOp::conjunction ? a && b : op == BoolOp::disjunction ? a || b : op == BoolOp::exclusive ? a != b : a;
}

/// setp and set: the comparison, combined with a predicate; setp's second result is that of the opposite comparison.
Outcome executeCompare(Step &step) {
  const Instruction &in = step.in;
  const Register &a = step.use(0), &b = step.use(1);
  bool combines = in.boolOp != BoolOp::none;
  const Register *c = combines ? &step.use(2) : nullptr;
  LaneMask undefined = a.undefined | b.undefined | (c ? c->undefined : 0);
  LaneValues results[2];
  auto flushed = [&](u64 bits) {
    return in.flushSubnormals && in.sourceType == Type::f32 ? bitsOfFloat(flushSubnormal(asFloat(bits))) : bits;
  };
  forLanes(step.mask, [&](unsigned lane) {
    bool holds = compareValues(in.compare, in.sourceType, flushed(a.lane[lane]), flushed(b.lane[lane]));
    bool other = c && ((c->lane[lane] & 1) != (in.variant & 1));
    bool first = combine(in.boolOp, holds, other);
    results[0][lane] = in.type == Type::pred ? first : !first ? 0 : in.type == Type::f32 ? 0x3F800000 : 0xFFFFFFFF;
    results[1][lane] = combine(in.boolOp, !holds, other);
  });
  for (unsigned i = 0; i < in.results; ++i)
    step.set(i, results[i], undefined);
  return Outcome::next;
}

/// Most arithmetic: the type says which function.
void decodeLanes(Decoding &decoding) {
  Instruction &in = decoding.out;
  if ((decoding.name() == "add" || decoding.name() == "sub") && decodeCarry(decoding))
    return;
  decoding.takeArithmeticModifiers();
  in.type = decoding.needType();
  in.lane = findLaneFunction(decoding.name(), in.type);
  if (!in.lane)
    decoding.unsupported("the type");
  in.execute = executeLanes;
  decoding.addAll(in.type);
}

void decodeWithCarry(Decoding &decoding) {
  if (!decodeCarry(decoding))
    decoding.unsupported("the form");
}

void decodeMultiply(Decoding &decoding) {
  Instruction &in = decoding.out;
  if (decoding.name() == "mad" && decodeCarry(decoding))
    return;
  bool isHigh = decoding.take("hi"), isWide = decoding.take("wide"), isLow = decoding.take("lo");
  if (!isHigh && !isWide && !isLow)
    return decodeLanes(decoding);
  in.variant = std::uint8_t(isHigh ? Half::high : isWide ? Half::wide : Half::low);
  in.type = decoding.needType();
  in.lane = integerMultiply(decoding.name() == "mad");
  if (decoding.name().ends_with("24"))
    in.lane = findLaneFunction(decoding.name(), in.type);
  in.execute = executeLanes;
  decoding.addAll(in.type);
}

void decodeShifts(Decoding &decoding) { // shf
  decoding.out.variant = decoding.take("r");
  decoding.take("l");
  bool clamps = decoding.take("clamp");
  decoding.take("wrap");
  decodeLanes(decoding);
  decoding.out.saturate = clamps;
}

void decodeLookUp(Decoding &decoding) { // lop3 d, a, b, c, table
  decoding.out.type = decoding.needType();
  decoding.addResult(decoding.operand(0));
  for (unsigned i = 1; i < 4; ++i)
    decoding.addSource(decoding.operand(i), Type::b32);
  decoding.out.immediate = std::int64_t(decoding.constantOf(decoding.operand(4)));
  decoding.out.lane = findLaneFunction("lop3", Type::b32);
  decoding.out.execute = executeLanes;
}

void decodeFindHighest(Decoding &decoding) {
  decoding.out.variant = decoding.take("shiftamt");
  decodeLanes(decoding);
}

void decodeTest(Decoding &decoding) {
  std::uint8_t variant = 0;
  for (std::string_view name : {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
    if (decoding.take(name))
      break;
    ++variant;
  }
  decodeLanes(decoding);
  decoding.out.variant = variant;
}

void decodeDot(Decoding &decoding) {
  Type a = decoding.needType(), b = decoding.needType();
  decoding.out.type = Type::s32;
  decoding.out.variant = std::uint8_t(isSigned(a) | isSigned(b) << 1);
  decoding.out.lane = findLaneFunction("dp4a", Type::b32);
  decoding.out.execute = executeLanes;
  decoding.addAll(Type::s32);
}

void decodeMove(Decoding &decoding) {
  Instruction &in = decoding.out;
  in.type = decoding.needType();
  in.lane = findLaneFunction("mov", Type::b32);
  const ParsedOperand &to = decoding.operand(0), &from = decoding.operand(1);
  if (to.kind == ParsedOperand::vector)
    in.execute = executeUnpack;
  else if (from.kind == ParsedOperand::vector)
    in.execute = executePack;
  else
    in.execute = executeMove;
  if (from.name.starts_with("%clock") || from.name.starts_with("%globaltimer")) {
    in.variant = from.name.starts_with("%g");
    in.execute = executeClock;
    decoding.addResult(to);
  } else
    decoding.addAll(in.type);
}

void decodeSelect(Decoding &decoding) {
  decoding.out.type = decoding.needType();
  decoding.out.execute = executeSelect;
  decoding.addAll(decoding.out.type);
}

void decodeCompare(Decoding &decoding) {
  Instruction &in = decoding.out;
  std::optional<Compare> compare = decoding.takeCompare();
  if (!compare)
    decoding.unsupported("the comparison");
  in.compare = *compare;
  in.boolOp = decoding.take("and")   ? BoolOp::conjunction
              : decoding.take("or")  ? BoolOp::disjunction
              : decoding.take("xor") ? BoolOp::exclusive
                                     : BoolOp::none;
  in.flushSubnormals = decoding.take("ftz");
  in.type = decoding.name() == "set" ? decoding.needType() : Type::pred;
  in.sourceType = decoding.needType();
  in.execute = executeCompare;
  decoding.addResult(decoding.operand(0));
  decoding.addSource(decoding.operand(1), in.sourceType);
  decoding.addSource(decoding.operand(2), in.sourceType);
  if (in.boolOp != BoolOp::none) {
    ParsedOperand predicate = decoding.operand(3);
    in.variant = std::exchange(predicate.negated, false);
    decoding.addSource(predicate, Type::pred);
  }
}

void decodeConvert(Decoding &decoding) {
  Instruction &in = decoding.out;
  if (decoding.take("pack"))
    decoding.unsupported("the modifier .pack");
  decoding.takeArithmeticModifiers();
  in.type = decoding.needType();
  in.sourceType = decoding.needType();
  in.lane = isPacked(in.type) ? convertPair : convert;
  in.execute = executeLanes;
  decoding.addAll(in.sourceType);
}

constexpr DecodeRule rules[] = {
    {"add", decodeLanes},      {"sub", decodeLanes},      {"div", decodeLanes},      {"rem", decodeLanes},
    {"min", decodeLanes},      {"max", decodeLanes},      {"abs", decodeLanes},      {"neg", decodeLanes},
    {"sad", decodeLanes},      {"and", decodeLanes},      {"or", decodeLanes},       {"xor", decodeLanes},
    {"not", decodeLanes},      {"cnot", decodeLanes},     {"shl", decodeLanes},      {"shr", decodeLanes},
    {"shf", decodeShifts},     {"popc", decodeLanes},     {"clz", decodeLanes},      {"bfind", decodeFindHighest},
    {"brev", decodeLanes},     {"bfe", decodeLanes},      {"bfi", decodeLanes},      {"lop3", decodeLookUp},
    {"prmt", decodeLanes},     {"dp4a", decodeDot},       {"fma", decodeLanes},      {"mul", decodeMultiply},
    {"mad", decodeMultiply},   {"mul24", decodeMultiply}, {"mad24", decodeMultiply}, {"sqrt", decodeLanes},
    {"rcp", decodeLanes},      {"rsqrt", decodeLanes},    {"ex2", decodeLanes},      {"lg2", decodeLanes},
    {"sin", decodeLanes},      {"cos", decodeLanes},      {"tanh", decodeLanes},     {"copysign", decodeLanes},
    {"testp", decodeTest},     {"mov", decodeMove},       {"selp", decodeSelect},    {"setp", decodeCompare},
    {"set", decodeCompare},    {"cvt", decodeConvert},    {"addc", decodeWithCarry}, {"subc", decodeWithCarry},
    {"madc", decodeWithCarry},
};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::arithmeticRules() { return rules; }
