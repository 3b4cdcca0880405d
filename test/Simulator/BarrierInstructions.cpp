#include "Decoder.h"
#include "Step.h"

#include <utility>

using namespace vitc::ptxsim;

// PTX ISA 8.x, "Parallel Synchronization and Communication Instructions": bar, barrier, barrier.cluster, membar, fence.

void vitc::ptxsim::arriveAt(NamedBarrier &barrier, Warp &warp, std::uint64_t threads, std::uint64_t expected) {
  barrier.expected = expected;
  barrier.arrived += threads;
  barrier.arriving.join(warp.clock);
  warp.release();
  if (barrier.arrived < expected)
    return;
  barrier.released = std::exchange(barrier.arriving, Clock());
  barrier.result = std::exchange(barrier.votes, 0);
  barrier.expected = barrier.arrived = 0;
  ++barrier.completed;
  ++warp.block.cluster.progress;
}

namespace {

using u64 = std::uint64_t;

enum class Reduction : std::uint8_t { none, count, all, any };

/// The threads that a barrier waits for: those given, or all of the block, in whole warps.
u64 expectedThreads(const Step &step, bool isGiven) {
  if (!isGiven)
    return step.block.warps.size() * warpSize;
  u64 given = step.uniform(1, "a barrier's number of threads");
  if (given == 0 || given % warpSize)
    step.fail("barrier", "the number of threads " + std::to_string(given) + " is no positive multiple of 32");
  return given;
}

void finishWait(Step &step, NamedBarrier &barrier) {
  step.split().wait = {};
  step.warp.clock.join(barrier.released);
  u64 threads = barrier.result & 0xFFFFFFFF, total = barrier.result >> 32;
  Reduction reduction = Reduction(step.in.variant);
  if (reduction != Reduction::none)
    step.set(0, step.mask,
             reduction == Reduction::count ? threads
             : reduction == Reduction::all ? threads == total
                                           : threads != 0);
}

NamedBarrier &namedBarrier(Step &step) {
  u64 id = step.uniform(0, "a barrier's number");
  if (id >= step.block.barriers.size())
    step.fail("barrier", "the barrier " + std::to_string(id) + " is none of 0 to 15");
  return step.block.barriers[id];
}

/// Counts this step's threads; false where the barrier is not complete.
bool arrive(Step &step, NamedBarrier &barrier) {
  unsigned extra = step.in.variant ? 1 : 0; // the predicate of a reduction is the last source
  bool isGiven = step.in.sources > 1 + extra;
  u64 expected = expectedThreads(step, isGiven);
  u64 threads = step.in.aligned ? warpSize : u64(__builtin_popcount(step.mask));
  if (barrier.expected && barrier.expected != expected)
    step.fail("barrier", "it waits for " + std::to_string(expected) + " threads, but others of the same barrier for " +
                             std::to_string(barrier.expected));
  if (barrier.arrived + threads > expected)
    step.fail("barrier", "more than " + std::to_string(expected) + " threads arrive");
  if (extra) {
    const Register &vote = step.need(step.in.sources - 1u, "a vote");
    forLanes(step.mask,
             [&](unsigned lane) { barrier.votes += (1ull << 32) + ((vote.lane[lane] & 1) != u64(step.in.immediate)); });
  }
  u64 before = barrier.completed;
  arriveAt(barrier, step.warp, threads, expected);
  return barrier.completed != before;
}

Outcome executeBarrier(Step &step) {
  NamedBarrier &barrier = namedBarrier(step);
  if (step.split().wait.kind != Wait::block && !arrive(step, barrier)) {
    step.split().wait = {Wait::block, step.uniform(0, "a barrier's number"), barrier.completed, step.mask};
    return Outcome::blocked;
  }
  finishWait(step, barrier);
  return Outcome::next;
}

Outcome executeArrive(Step &step) {
  arrive(step, namedBarrier(step));
  return Outcome::next;
}

Outcome executeWarpBarrier(Step &) { return Outcome::next; } // its members are here

/// barrier.cluster.arrive and .wait: threads that arrive are counted, those that wait do so for the last completion.
Outcome executeClusterArrive(Step &step) {
  u64 expected = 0;
  for (const auto &block : step.cluster().blocks)
    expected += block->warps.size() * warpSize;
  step.warp.clusterArrivals = step.cluster().barrier.completed + 1;
  arriveAt(step.cluster().barrier, step.warp, step.in.aligned ? warpSize : u64(__builtin_popcount(step.mask)),
           expected);
  return Outcome::next;
}

Outcome executeClusterWait(Step &step) {
  NamedBarrier &barrier = step.cluster().barrier;
  if (!step.warp.clusterArrivals)
    step.fail("barrier", "barrier.cluster.wait without an arrive before");
  if (barrier.completed < step.warp.clusterArrivals) {
    step.split().wait = {Wait::cluster, 0, step.warp.clusterArrivals - 1, step.mask};
    return Outcome::blocked;
  }
  step.split().wait = {};
  step.warp.clock.join(barrier.released);
  return Outcome::next;
}

/// Memory is sequential: these fences change nothing.
Outcome executeFence(Step &) { return Outcome::next; }

void fenceBarriers(Step &step) {
  for (const auto &block : step.cluster().blocks)
    for (auto &[address, barrier] : block->shared.barriers())
      barrier.isFenced |= step.warp.clock.seen[barrier.maker] >= barrier.made;
}

Outcome executeProxyFence(Step &step) {
  step.warp.clock.fence();
  fenceBarriers(step);
  return Outcome::next;
}

Outcome executeInitFence(Step &step) {
  fenceBarriers(step);
  return Outcome::next;
}

void decodeClusterBarrier(Decoding &decoding) {
  Instruction &in = decoding.out;
  decoding.takeMemoryModifiers();
  bool arrives = decoding.take("arrive");
  if (!arrives && !decoding.take("wait"))
    decoding.unsupported("the form");
  in.aligned = decoding.take("aligned");
  in.execute = arrives ? executeClusterArrive : executeClusterWait;
}

void decodeBarrier(Decoding &decoding) {
  Instruction &in = decoding.out;
  if (decoding.take("warp")) {
    decoding.take("sync");
    decoding.addSource(decoding.operand(0), Type::b32);
    in.execute = withMembers<executeWarpBarrier>;
    return;
  }
  if (decoding.take("cluster"))
    return decodeClusterBarrier(decoding);
  decoding.take("cta");
  in.aligned = decoding.take("aligned") || decoding.name() == "bar";
  bool reduces = decoding.take("red");
  if (reduces) {
    in.variant = std::uint8_t(decoding.take("popc")  ? Reduction::count
                              : decoding.take("and") ? Reduction::all
                                                     : Reduction::any);
    decoding.take("or");
    in.type = decoding.needType();
    decoding.addResult(decoding.operand(0));
    std::size_t last = decoding.operandCount() - 1;
    for (std::size_t i = 1; i < last; ++i)
      decoding.addSource(decoding.operand(i), Type::u32);
    ParsedOperand vote = decoding.operand(last);
    in.immediate = std::exchange(vote.negated, false);
    decoding.addSource(vote, Type::pred);
    in.execute = executeBarrier;
    return;
  }
  bool arrives = decoding.take("arrive");
  if (!arrives && !decoding.take("sync"))
    decoding.unsupported("the form");
  for (std::size_t i = 0; i < decoding.operandCount(); ++i)
    decoding.addSource(decoding.operand(i), Type::u32);
  in.execute = arrives ? executeArrive : executeBarrier;
}

void decodeFence(Decoding &decoding) {
  Instruction &in = decoding.out;
  bool isProxy = decoding.take("proxy"), isAsync = decoding.take("async") || decoding.take("async::generic");
  bool isInit = decoding.take("mbarrier_init");
  for (std::string_view name :
       {"sync_restrict::shared::cluster", "sync_restrict::shared::cta", "alias", "gl", "tensormap::generic"})
    decoding.take(name);
  decoding.takeMemoryModifiers();
  decoding.takeSpace();
  in.execute = isProxy && isAsync ? executeProxyFence : isInit ? executeInitFence : executeFence;
}

constexpr DecodeRule rules[] = {
    {"bar", decodeBarrier},
    {"barrier", decodeBarrier},
    {"membar", decodeFence},
    {"fence", decodeFence},
};

} // namespace

std::span<const DecodeRule> vitc::ptxsim::barrierRules() { return rules; }
