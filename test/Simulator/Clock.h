#ifndef VITC_TEST_SIMULATOR_CLOCK_H
#define VITC_TEST_SIMULATOR_CLOCK_H

#include <algorithm>
#include <cstdint>
#include <vector>

namespace vitc::ptxsim {

/// Who accesses shared memory: the warps of a cluster, its mbarriers, each for the copies that complete on it, and its
/// warpgroups, each for its matrix products.
using AgentIndex = std::uint16_t;

/// How many agents of each kind a block has. More barriers share theirs.
constexpr unsigned warpAgents = 32, barrierAgents = 64, warpgroupAgents = warpAgents / 4;

/// A vector clock: up to which of its own steps each agent's deeds happened before now. A second one tells which of
/// the writes are also visible to the asynchronous proxy (PTX ISA 8.x, "Proxies" and "Causality Order").
struct Clock {
  std::vector<std::uint32_t> seen, visible;

  explicit Clock(std::size_t agents = 0) : seen(agents), visible(agents) {}

  void join(const Clock &other) {
    seen.resize(std::max(seen.size(), other.seen.size()));
    visible.resize(seen.size());
    for (std::size_t i = 0; i < other.seen.size(); ++i) {
      seen[i] = std::max(seen[i], other.seen[i]);
      visible[i] = std::max(visible[i], other.visible[i]);
    }
  }
  /// A proxy fence: what happened before is from here on visible to the asynchronous proxy.
  void fence() { visible = seen; }
};

} // namespace vitc::ptxsim

#endif
