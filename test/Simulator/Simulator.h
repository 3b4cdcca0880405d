#ifndef VITC_TEST_SIMULATOR_SIMULATOR_H
#define VITC_TEST_SIMULATOR_SIMULATOR_H

#include "Memory.h"
#include "Module.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace vitc::ptxsim {

/// How a kernel is launched (cuLaunchKernelEx).
struct Launch {
  std::array<unsigned, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
  std::size_t dynamicShared = 0;    ///< bytes
  const void *parameters = nullptr; ///< laid out by the offsets of `KernelInfo::parameters`
};

/// How the simulator runs a kernel.
struct Options {
  /// Which ready warps run first and when asynchronous copies arrive: 0 runs warps in turn and lets copies arrive as
  /// late as they may; every other seed draws its own order.
  std::uint64_t seed = 0;
  /// Instructions of warps, of the whole launch, before it counts as one that never ends.
  std::uint64_t instructionLimit = 4'000'000'000;
  /// It may run while kernels before it do: a thread that touches global memory or ends before griddepcontrol.wait is a
  /// fault ("overlap").
  bool overlaps = false;
};

/// Runs a kernel to its end or to its first fault. An empty result means that none was found.
std::vector<Fault> run(const Module &module, std::string_view kernel, const Launch &launch, Memory &memory,
                       const Options &options = {});

} // namespace vitc::ptxsim

#endif
