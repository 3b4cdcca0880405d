#ifndef VITC_TEST_SIMULATOR_WARP_H
#define VITC_TEST_SIMULATOR_WARP_H

#include "Program.h"
#include "SharedMemory.h"

#include <array>
#include <deque>
#include <functional>
#include <vector>

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
  LaneMask waited = 0; ///< by griddepcontrol.wait
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

} // namespace vitc::ptxsim

#endif
