#ifndef VITC_TEST_SIMULATOR_STEP_H
#define VITC_TEST_SIMULATOR_STEP_H

#include "Machine.h"

namespace vitc::ptxsim {

/// An instruction in execution.
struct Step {
  Machine &machine;
  Block &block;
  Warp &warp;
  std::size_t splitIndex;
  const Instruction &in;
  LaneMask mask; ///< lanes that execute it

  Split &split() { return warp.splits[splitIndex]; }
  Cluster &cluster() { return block.cluster; }
  OperandIndex operandIndex(unsigned i) const { return machine.kernel.operands[in.firstOperand + i]; }
  const Register &operand(unsigned i) const {
    OperandIndex index = operandIndex(i);
    return index >= 0 ? warp.registers[index] : machine.constants[~index];
  }
  const Register &source(unsigned i) const { return operand(in.results + i); }

  /// A source that is copied: raises where a matrix product in flight uses it.
  const Register &peek(unsigned i) const;
  /// A source whose lanes are read now; for wgmma.fence an accumulator remembers it.
  const Register &use(unsigned i) const;
  /// The same, and no lane may be undefined: for addresses, branches and stores.
  const Register &need(unsigned i, const char *what) const;
  /// A scalar operand that all lanes must agree on.
  std::uint64_t uniform(unsigned i, const char *what) const;
  /// Writes a result: `values` of the lanes in `mask`, without `undefined` ones.
  void set(unsigned i, const LaneValues &values, LaneMask undefined = 0);
  void set(unsigned i, LaneMask lanes, std::uint64_t value);

  /// Raises a fault with the place of this step.
  [[noreturn]] void fail(const std::string &kind, const std::string &what, int lane = -1) const;
};

/// Runs `body(lane)` for each lane of a mask.
template <typename Body>
void forLanes(LaneMask mask, Body body) {
  if (mask == ~0u) {
    for (unsigned lane = 0; lane < warpSize; ++lane)
      body(lane);
    return;
  }
  for (; mask; mask &= mask - 1)
    body(unsigned(__builtin_ctz(mask)));
}

// Convergence.cpp: threads of a warp part and meet.
/// Lets `taken` go to the instruction's target and the others of the step's split go on.
void branch(Warp &, std::size_t split, LaneMask taken, std::int32_t target, std::int32_t reconvergence);
/// Lets several groups of lanes go to several targets.
void branchMany(Warp &, std::size_t split, const std::vector<std::pair<std::int32_t, LaneMask>> &, std::int32_t meet);
/// Ends threads; splits without threads are removed.
void exitLanes(Warp &, std::size_t split, LaneMask);
/// Executes an instruction whose last source is a member mask: waits until all living threads of the mask are here,
/// then runs `body` for them. Threads with several masks are served mask by mask.
Outcome executeForMembers(Step &, Handler body);
template <Outcome (*body)(Step &)>
Outcome withMembers(Step &step) {
  return executeForMembers(step, body);
}
/// Lets splits that stand at the point where they meet do so. Call after program counters moved.
void settle(Warp &);

// AsyncInstructions.cpp
/// Raises where threads end before their copies may be left alone; finishes those that may.
void finishCopies(Step &);

// BarrierInstructions.cpp
/// Counts threads that arrive, with what their warp has seen; all of them let the barrier complete.
void arriveAt(NamedBarrier &, Warp &, std::uint64_t threads, std::uint64_t expected);

// TransactionInstructions.cpp
/// Ends the phase of an mbarrier when nothing is pending.
void checkPhase(Cluster &, TransactionBarrier &);

// Scheduler.cpp
/// Runs the blocks of a cluster to their end.
void runCluster(Cluster &);

} // namespace vitc::ptxsim

#endif
