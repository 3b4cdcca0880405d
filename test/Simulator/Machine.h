#ifndef VITC_TEST_SIMULATOR_MACHINE_H
#define VITC_TEST_SIMULATOR_MACHINE_H

#include "Program.h"
#include "SharedMemory.h"
#include "Simulator.h"
#include "Swizzle.h"

#include <deque>
#include <functional>
#include <memory>
#include <random>

namespace vitc::ptxsim {

constexpr unsigned warpSize = 32;
using LaneMask = std::uint32_t;
using LaneValues = std::array<std::uint64_t, warpSize>;

/// A register of a warp.
struct Register {
  alignas(64) LaneValues lane{};
  LaneMask undefined = ~0u;         ///< lanes that hold no value
  std::uint16_t inFlight = 0;       ///< matrix products in flight that use it
  bool isAccumulator = false;       ///< one of these writes it
  mutable std::uint64_t readAt = 0; ///< when an accumulator was read last
  std::uint64_t produced = 0;       ///< when the value came to be, for wgmma.fence; copies keep it
};

/// Why a split does not run.
struct Wait {
  enum Kind : std::uint8_t { none, block, transaction, warp, cluster, warpgroup };
  Kind kind = none;
  std::uint64_t id = 0;    ///< barrier number, or address with its rank, or lanes of the warp
  std::uint64_t phase = 0; ///< of a transaction barrier: the wait ends when more phases are completed
  LaneMask lanes = 0;      ///< that execute the instruction
};

/// Threads of a warp that run together.
struct Split {
  Split(std::int32_t pc, LaneMask mask, std::int32_t join = -1) : pc(pc), mask(mask), join(join) {}

  std::int32_t pc;
  LaneMask mask;
  std::int32_t join; ///< where it meets others of its warp
  Wait wait;
  std::uint64_t polledAt = ~0ull; ///< the progress count at its last fruitless test_wait
  std::uint32_t polls = 0;
};

/// A point of reconvergence: lanes that are to arrive and that did.
struct Join {
  std::int32_t pc = 0, parent = -1;
  LaneMask expected = 0, arrived = 0;
};

/// A wgmma.mma_async that some warps of a warpgroup issued. It is computed when the first of them waits for it, which
/// is as late as its operands may be read.
struct Product {
  const Instruction *instruction;
  std::uint64_t descriptorA, descriptorB;
  bool accumulate;
  unsigned issued = 0, released = 0; ///< warps
  bool computed = false;
  std::vector<SharedRange> reads;
};

/// What a warpgroup issued, in order, from the oldest that not all of its warps waited for.
struct Warpgroup {
  AgentIndex agent = 0; ///< in whose name its products read: a wait of any of its warps is one for all
  std::uint64_t first = 0;
  std::deque<Product> products;
};

/// An asynchronous copy that completes with a group of its thread: cp.async or a bulk store.
struct GroupCopy {
  unsigned lane;
  std::uint64_t group;
  bool isRead = false;              ///< its shared source was read
  std::function<void()> readSource; ///< of a bulk store
  std::function<void()> finish;
};

/// The groups of copies of a warp's threads.
struct CopyGroups {
  std::array<std::uint64_t, warpSize> committed{};
  std::vector<GroupCopy> copies;
};

struct Block;

struct Warp {
  Warp(Block &block, unsigned index, const Kernel &kernel, std::size_t agents);

  Block &block;
  unsigned index; ///< in the block
  AgentIndex agent;
  LaneMask exited = 0; ///< or never there
  std::vector<Register> registers;
  std::vector<Split> splits;
  std::vector<Join> joins;
  std::vector<std::byte> local; ///< all lanes' local memory
  std::vector<bool> localWritten;
  Clock clock;
  std::uint64_t steps = 1;                 ///< instructions so far
  std::uint64_t fencedAt = 0;              ///< the last wgmma.fence, in steps
  std::uint64_t issued = 0, released = 0;  ///< products of the warpgroup, counted from its first one
  std::deque<std::uint64_t> productGroups; ///< of each committed group in flight, how many were issued up to it
  CopyGroups copyGroups, bulkGroups;
  std::uint64_t clusterArrivals = 0; ///< which completion of barrier.cluster it arrived for

  Accessor accessor() const { return {agent, clock}; }
  /// What was done so far is told to others; what follows is new.
  void release() { ++clock.seen[agent]; }
  LaneMask live() const { return ~exited; }
  bool finished() const { return exited == ~0u; }
};

/// bar.sync and its kin, and barrier.cluster.
struct NamedBarrier {
  std::uint64_t expected = 0, arrived = 0; ///< threads; 0 expected: nobody came yet
  std::uint64_t completed = 0;             ///< how often it completed
  Clock arriving, released;                ///< what those that arrive, and those of the last completion, had seen
  std::uint64_t votes = 0, result = 0;     ///< of bar.red: threads whose predicate holds
};

struct Machine;
struct Cluster;

struct Block {
  Block(Cluster &cluster, std::array<unsigned, 3> index, unsigned rank);

  Cluster &cluster;
  std::array<unsigned, 3> index;
  unsigned rank; ///< in the cluster
  SharedMemory shared;
  std::vector<std::unique_ptr<Warp>> warps;
  std::array<NamedBarrier, 16> barriers;
  std::vector<Warpgroup> warpgroups;

  /// Gives special registers their values, once all blocks of the cluster are there.
  void setSpecials();
};

/// A copy to shared memory that completes on an mbarrier.
struct Transfer {
  std::function<void()> deliver;
};

/// Blocks that run at the same time.
struct Cluster {
  Cluster(Machine &machine, std::array<unsigned, 3> first);

  Machine &machine;
  std::vector<std::unique_ptr<Block>> blocks;
  std::deque<Transfer> transfers;
  NamedBarrier barrier; ///< barrier.cluster
  Clock atomics;        ///< what accesses that synchronise had seen
  std::uint32_t deliveries = 0;
  std::uint64_t progress = 0; ///< counts everything that may let a waiting thread go on
  std::size_t agents = 0;

  unsigned blockCount() const;
  std::string place(const Block &) const; ///< for messages
};

/// A launch.
struct Machine {
  const Program &program;
  const Kernel &kernel;
  const Launch &launch;
  Memory &memory;
  const Options &options;
  std::vector<Register> constants; ///< of the kernel, as registers whose lanes agree
  std::mt19937_64 random;
  std::uint64_t executed = 0;
};

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
