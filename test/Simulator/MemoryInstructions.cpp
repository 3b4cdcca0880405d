#include "AddressSpaces.h"
#include "Decoder.h"
#include "LaneFunctions.h"

#include <cstring>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Data Movement and Conversion Instructions" (ld, st, cvta, isspacep, mapa) and "atom, red".
namespace {

using u64 = std::uint64_t;

u64 addressOf(const Step &step, const Register &base, unsigned lane) {
  u64 address = base.lane[lane] + u64(step.in.immediate);
  return step.in.space == Space::shared ? truncate(address, 32) : address;
}

Outcome executeLoad(Step &step) {
  const Instruction &in = step.in;
  std::size_t size = bytesOf(in.type);
  const Register base = step.need(0, "an address"); // a copy: a result may be the same register
  if (in.variant)
    beginSynchronising(step);
  std::vector<LaneValues> values(in.results);
  LaneMask undefined[8] = {};
  forLanes(step.mask, [&](unsigned lane) {
    u64 address = addressOf(step, base, lane);
    checkAligned(step, address, size * in.results, lane);
    Place place = resolve(step, in.space, address, lane);
    for (unsigned i = 0; i < in.results; ++i) {
      u64 value = 0;
      if (!loadBytes(step, place, lane, {reinterpret_cast<std::byte *>(&value), size}))
        undefined[i] |= 1u << lane;
      values[i][lane] = isSigned(in.type) ? u64(signExtend(value, bitsOf(in.type))) : value;
      place.address += size;
    }
  });
  for (unsigned i = 0; i < in.results; ++i)
    step.set(i, values[i], undefined[i]);
  return Outcome::next;
}

Outcome executeStore(Step &step) {
  const Instruction &in = step.in;
  unsigned count = in.sources - 1u;
  std::size_t size = bytesOf(in.type);
  const Register &base = step.need(0, "an address");
  if (in.variant)
    beginSynchronising(step);
  forLanes(step.mask, [&](unsigned lane) {
    u64 address = addressOf(step, base, lane);
    checkAligned(step, address, size * count, lane);
    Place place = resolve(step, in.space, address, lane);
    for (unsigned i = 0; i < count; ++i, place.address += size) {
      // Local memory may hold what is undefined: it is undefined when it comes back.
      const Register &value = place.space == Space::local ? step.use(i + 1) : step.need(i + 1, "a stored value");
      storeBytes(step, place, lane, {reinterpret_cast<const std::byte *>(&value.lane[lane]), size});
      if (value.undefined >> lane & 1)
        step.warp.localWritten[lane * step.machine.kernel.localBytes + (place.address - localBase)] = false;
    }
  });
  if (in.variant)
    endSynchronising(step);
  return Outcome::next;
}

/// The new value of an atomic operation; the variant says which.
enum class Atomic : std::uint8_t { function, exchange, compareAndSwap, increment, decrement };

u64 updated(const Instruction &in, u64 old, u64 a, u64 b) {
  switch (Atomic(in.variant)) {
  case Atomic::exchange:
    return a;
  case Atomic::compareAndSwap:
    return truncate(old, bitsOf(in.type)) == truncate(a, bitsOf(in.type)) ? b : old;
  case Atomic::increment:
    return truncate(old, 32) >= truncate(a, 32) ? 0 : old + 1;
  case Atomic::decrement:
    return truncate(old, 32) == 0 || truncate(old, 32) > truncate(a, 32) ? a : old - 1;
  default:
    return in.lane(in, old, a, 0, 0);
  }
}

Outcome executeAtomic(Step &step) {
  const Instruction &in = step.in;
  std::size_t size = bytesOf(in.type);
  const Register &base = step.need(0, "an address"), &a = step.need(1, "an operand of an atomic operation");
  const Register &b = in.sources > 2 ? step.need(2, "an operand of an atomic operation") : a;
  LaneValues old{};
  LaneMask undefined = 0;
  beginSynchronising(step);
  forLanes(step.mask, [&](unsigned lane) {
    u64 address = addressOf(step, base, lane);
    checkAligned(step, address, size, lane);
    Place place = resolve(step, in.space, address, lane);
    if (!loadBytes(step, place, lane, {reinterpret_cast<std::byte *>(&old[lane]), size}))
      step.fail("uninitialised", "an atomic operation changes memory that was never written", int(lane));
    u64 value = updated(in, old[lane], a.lane[lane], b.lane[lane]);
    storeBytes(step, place, lane, {reinterpret_cast<const std::byte *>(&value), size});
  });
  endSynchronising(step);
  if (in.results)
    step.set(0, old, undefined);
  ++step.cluster().progress;
  return Outcome::next;
}

/// cvta: the variant is 1 for .to.
Outcome executeConvertAddress(Step &step) {
  const Register &from = step.use(0);
  u64 window = step.in.space == Space::shared  ? sharedWindow
               : step.in.space == Space::local ? localWindow
               : step.in.space == Space::param ? paramWindow
                                               : 0;
  LaneValues result;
  forLanes(step.mask, [&](unsigned lane) {
    u64 address = from.lane[lane];
    if (step.in.variant && window && address - window >= windowBytes)
      step.fail("out-of-bounds", "cvta.to is given an address of another space", int(lane));
    result[lane] = step.in.variant ? address - window : address + window;
  });
  step.set(0, result, from.undefined);
  return Outcome::next;
}

Outcome executeIsSpace(Step &step) {
  const Register &from = step.use(0);
  LaneValues result;
  forLanes(step.mask, [&](unsigned lane) {
    result[lane] = resolve(step, Space::generic, from.lane[lane], lane).space == step.in.space;
  });
  step.set(0, result, from.undefined);
  return Outcome::next;
}

/// mapa: the address of a shared variable in another block of the cluster.
Outcome executeMapAddress(Step &step) {
  const Register &from = step.use(0), &rank = step.need(1, "a rank");
  u64 window = step.in.space == Space::shared ? 0 : sharedWindow, low = (1ull << clusterRankShift) - 1;
  LaneValues result;
  forLanes(step.mask, [&](unsigned lane) {
    if (rank.lane[lane] >= step.cluster().blocks.size())
      step.fail("out-of-bounds", "mapa is given a rank beyond the cluster", int(lane));
    result[lane] = window + ((rank.lane[lane] + 1) << clusterRankShift) + ((from.lane[lane] - window) & low);
  });
  step.set(0, result, from.undefined);
  return Outcome::next;
}

Outcome executeZero(Step &step) {
  step.set(0, step.mask, 0);
  return Outcome::next;
}

/// The elements of .v2, .v4, .v8; 1 without.
unsigned takeVector(Decoding &decoding) {
  for (auto [name, count] : {std::pair("v2", 2u), std::pair("v4", 4u), std::pair("v8", 8u)})
    if (decoding.take(name))
      return count;
  return 1;
}

void decodeAccess(Decoding &decoding, bool isLoad) {
  Instruction &in = decoding.out;
  // Those that other threads may rely on.
  for (std::string_view name : {"volatile", "relaxed", "acquire", "release"})
    in.variant |= decoding.take(name);
  decoding.takeMemoryModifiers();
  in.space = decoding.takeSpace().value_or(Space::generic);
  unsigned elements = takeVector(decoding);
  in.type = decoding.needType();
  if (in.type == Type::b128)
    decoding.unsupported("the type .b128");
  if (isLoad)
    decoding.addResult(decoding.operand(0));
  decoding.addAddress(decoding.operand(isLoad ? 1 : 0));
  if (!isLoad)
    decoding.addSource(decoding.operand(1), in.type);
  if ((isLoad ? in.results : in.sources - 1u) != elements)
    decoding.unsupported("the number of elements");
  in.execute = isLoad ? executeLoad : executeStore;
}

void decodeLoad(Decoding &decoding) { decodeAccess(decoding, true); }
void decodeStore(Decoding &decoding) { decodeAccess(decoding, false); }

void decodeAtomic(Decoding &decoding) {
  Instruction &in = decoding.out;
  decoding.takeMemoryModifiers();
  in.space = decoding.takeSpace().value_or(Space::generic);
  std::string_view function;
  for (std::string_view name : {"add", "min", "max", "and", "or", "xor"})
    if (decoding.take(name))
      function = name;
  Atomic atomic = decoding.take("exch")  ? Atomic::exchange
                  : decoding.take("cas") ? Atomic::compareAndSwap
                  : decoding.take("inc") ? Atomic::increment
                  : decoding.take("dec") ? Atomic::decrement
                                         : Atomic::function;
  in.variant = std::uint8_t(atomic);
  decoding.take("noftz");
  in.type = decoding.needType();
  in.lane = function.empty() ? nullptr : findLaneFunction(function, in.type);
  if (atomic == Atomic::function && !in.lane)
    decoding.unsupported("the operation");
  unsigned first = decoding.name() == "atom";
  if (first)
    decoding.addResult(decoding.operand(0));
  decoding.addAddress(decoding.operand(first));
  decoding.addSource(decoding.operand(first + 1), in.type);
  if (atomic == Atomic::compareAndSwap)
    decoding.addSource(decoding.operand(first + 2), in.type);
  in.execute = executeAtomic;
}

void decodeConvertAddress(Decoding &decoding) {
  Instruction &in = decoding.out;
  in.variant = decoding.take("to");
  std::optional<Space> space = decoding.takeSpace();
  if (!space)
    decoding.unsupported("the space");
  in.space = *space;
  in.type = decoding.needType();
  in.execute = executeConvertAddress;
  decoding.addAll(in.type);
}

void decodeIsSpace(Decoding &decoding) {
  decoding.out.space = decoding.takeSpace().value_or(Space::generic);
  decoding.out.execute = executeIsSpace;
  decoding.addAll(Type::b64);
}

void decodeMapAddress(Decoding &decoding) {
  decoding.out.space = decoding.takeSpace().value_or(Space::generic);
  decoding.out.type = decoding.needType();
  decoding.out.execute = executeMapAddress;
  decoding.addAll(decoding.out.type);
}

void decodePolicy(Decoding &decoding) { // createpolicy: hints are not simulated
  while (decoding.takePrefix("L2::") || decoding.take("fractional") || decoding.take("range") || decoding.take("b64"))
    ;
  decoding.addResult(decoding.operand(0));
  decoding.out.execute = executeZero;
}

constexpr DecodeRule rules[] = {
    {"ld", decodeLoad},          {"ldu", decodeLoad},        {"st", decodeStore},
    {"atom", decodeAtomic},      {"red", decodeAtomic},      {"cvta", decodeConvertAddress},
    {"isspacep", decodeIsSpace}, {"mapa", decodeMapAddress}, {"createpolicy", decodePolicy},
};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::memoryRules() { return rules; }
