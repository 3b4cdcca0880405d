#ifndef VITC_TEST_SIMULATOR_MACHINE_H
#define VITC_TEST_SIMULATOR_MACHINE_H

#include "Simulator.h"
#include "Swizzle.h"
#include "Warp.h"

#include <memory>
#include <random>

namespace vitc::ptxsim {

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

} // namespace vitc::ptxsim

#endif
