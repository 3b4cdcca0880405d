#include "AddressSpaces.h"
#include "Decoder.h"

#include <utility>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Parallel Synchronization and Communication Instructions: mbarrier".

void vitc::ptxsim::checkPhase(Cluster &cluster, TransactionBarrier &barrier) {
  ++cluster.progress;
  if (barrier.pending || barrier.bytes)
    return;
  barrier.pending = barrier.expected;
  barrier.completed = std::exchange(barrier.arriving, Clock());
  ++barrier.phase;
}

namespace {

using u64 = std::uint64_t;

constexpr std::int64_t largestCount = (1 << 20) - 1; // of arrivals and of bytes

template <typename Body>
void forBarriers(Step &step, Body body) {
  forLanes(step.mask, [&](unsigned lane) {
    Place place = sharedPlace(step, 0, lane);
    checkAligned(step, place.address, 8, lane);
    placed(step, lane, [&] { body(lane, place); });
  });
}

Outcome executeInit(Step &step) {
  const Register &count = step.need(1, "the count of an mbarrier");
  forBarriers(step, [&](unsigned lane, Place place) {
    u64 expected = count.lane[lane];
    if (expected == 0 || expected > u64(largestCount))
      step.fail("barrier", "the count " + std::to_string(expected) + " is none of 1 to 1048575", int(lane));
    place.block->shared.makeBarrier(step.warp.accessor(), place.address, std::uint32_t(expected));
  });
  return Outcome::next;
}

Outcome executeInvalidate(Step &step) {
  forBarriers(step, [&](unsigned, Place place) { place.block->shared.removeBarrier(place.address); });
  return Outcome::next;
}

void expectBytes(Step &step, TransactionBarrier &barrier, std::int64_t bytes, unsigned lane) {
  barrier.bytes += bytes;
  if (barrier.bytes > largestCount || barrier.bytes < -largestCount)
    step.fail("barrier", "the mbarrier's bytes leave their range of 2^20 - 1", int(lane));
}

/// Bits of the variant of arrivals.
enum : std::uint8_t { arrives = 1, expects = 2, drops = 4, completes = 8 };

Outcome executeArrive(Step &step) {
  const Instruction &in = step.in;
  const Register *count = in.sources > 1 ? &step.need(1, "a count") : nullptr;
  LaneValues states{};
  forBarriers(step, [&](unsigned lane, Place place) {
    TransactionBarrier &barrier = place.block->shared.barrier(step.warp.accessor(), place.address);
    states[lane] = barrier.phase;
    std::int64_t arrivals = 1;
    if (in.variant & (expects | completes))
      expectBytes(step, barrier, (in.variant & completes ? -1 : 1) * std::int64_t(count->lane[lane]), lane);
    else if (count)
      arrivals = std::int64_t(count->lane[lane]);
    if (in.variant & arrives) {
      barrier.pending -= arrivals;
      if (barrier.pending < 0)
        step.fail("barrier",
                  "more threads arrive at the mbarrier than the " + std::to_string(barrier.expected) +
                      " that its phase waits for",
                  int(lane));
      barrier.expected -= in.variant & drops ? std::uint32_t(arrivals) : 0;
      barrier.arriving.join(step.warp.clock);
    }
    checkPhase(step.cluster(), barrier);
  });
  step.warp.release();
  if (in.results)
    step.set(0, states);
  return Outcome::next;
}

/// Phases that a wait needs to be completed; a parity names the last phase that has it.
bool isComplete(const TransactionBarrier &barrier, bool isParity, u64 value) {
  return isParity ? (barrier.phase & 1) != (value & 1) : barrier.phase > value;
}

enum : std::uint8_t { parity = 1, blocks = 2 };

Outcome executeWait(Step &step) {
  const Register &value = step.need(1, "a phase");
  LaneValues done{};
  Wait wait;
  forBarriers(step, [&](unsigned lane, Place place) {
    TransactionBarrier &barrier = place.block->shared.barrier(step.warp.accessor(), place.address);
    done[lane] = isComplete(barrier, step.in.variant & parity, value.lane[lane]);
    if (done[lane])
      step.warp.clock.join(barrier.completed);
    else
      wait = {Wait::transaction, u64(place.block->rank) << clusterRankShift | place.address, barrier.phase, step.mask};
  });
  Split &split = step.split();
  split.wait = {};
  if (wait.kind != Wait::none) {
    if (step.in.variant & blocks) {
      split.wait = wait;
      return Outcome::blocked;
    }
    split.polledAt = step.cluster().progress;
  }
  step.set(0, done);
  return Outcome::next;
}

void decodeWait(Decoding &decoding, bool isBlocking) {
  Instruction &in = decoding.out;
  in.variant = std::uint8_t((decoding.take("parity") ? parity : 0) | (isBlocking ? blocks : 0));
  decoding.addResult(decoding.operand(0));
  decoding.addAddress(decoding.operand(1));
  decoding.addSource(decoding.operand(2), Type::b64); // a third one is a hint of time
  in.execute = executeWait;
}

void decodeArrive(Decoding &decoding, std::uint8_t variant) {
  Instruction &in = decoding.out;
  decoding.take("noComplete");
  bool isExpect = decoding.take("expect_tx");
  in.variant = std::uint8_t(variant | (isExpect ? expects : 0));
  bool hasState = decoding.operand(0).kind != ParsedOperand::address;
  if (hasState)
    decoding.addResult(decoding.operand(0));
  decoding.addAddress(decoding.operand(hasState));
  if (decoding.operandCount() > 1u + hasState)
    decoding.addSource(decoding.operand(1u + hasState), Type::b32);
  in.execute = executeArrive;
}

void decodeTransactionBarrier(Decoding &decoding) {
  Instruction &in = decoding.out;
  bool testWait = decoding.take("test_wait"), tryWait = decoding.take("try_wait");
  bool init = decoding.take("init"), invalidate = decoding.take("inval");
  decoding.takeMemoryModifiers();
  in.space = decoding.takeSpace().value_or(Space::generic);
  decoding.take("b64");
  if (testWait || tryWait)
    return decodeWait(decoding, tryWait);
  if (decoding.take("arrive"))
    return decodeArrive(decoding, arrives);
  if (decoding.take("arrive_drop"))
    return decodeArrive(decoding, arrives | drops);
  if (decoding.take("expect_tx"))
    return decodeArrive(decoding, expects);
  if (decoding.take("complete_tx"))
    return decodeArrive(decoding, completes);
  if (!init && !invalidate)
    decoding.unsupported("the operation");
  decoding.addAddress(decoding.operand(0));
  if (init)
    decoding.addSource(decoding.operand(1), Type::u32);
  in.execute = init ? executeInit : executeInvalidate;
}

constexpr DecodeRule rules[] = {{"mbarrier", decodeTransactionBarrier}};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::transactionRules() { return rules; }
