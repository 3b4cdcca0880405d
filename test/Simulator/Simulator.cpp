#include "Simulator.h"

#include "Step.h"

using namespace vitc::ptxsim;

namespace {

constexpr std::size_t mostShared = 227 << 10; // of a block on sm_90
constexpr unsigned mostThreads = 1024;

std::string describe(const std::array<unsigned, 3> &size) {
  return std::to_string(size[0]) + " x " + std::to_string(size[1]) + " x " + std::to_string(size[2]);
}

/// What cuLaunchKernelEx would refuse.
void checkLaunch(const Kernel &kernel, const Launch &launch) {
  std::uint64_t threads = std::uint64_t(launch.block[0]) * launch.block[1] * launch.block[2];
  if (threads == 0 || threads > mostThreads)
    raise("launch", "a block of " + describe(launch.block) + " threads, expected 1 to 1024");
  if (kernel.info.requiredThreads[0] && kernel.info.requiredThreads != launch.block)
    raise("launch", "a block of " + describe(launch.block) + " threads, but the kernel requires " +
                        describe(kernel.info.requiredThreads));
  for (unsigned i = 0; i < 3; ++i)
    if (launch.grid[i] == 0 || launch.cluster[i] == 0 || launch.grid[i] % launch.cluster[i])
      raise("launch",
            "a grid of " + describe(launch.grid) + " blocks is no multiple of clusters of " + describe(launch.cluster));
  if (launch.cluster[0] * launch.cluster[1] * launch.cluster[2] > 16)
    raise("launch", "clusters of " + describe(launch.cluster) + " blocks, expected at most 16");
  std::size_t shared = kernel.sharedBytes(launch.dynamicShared);
  if (shared > mostShared)
    raise("launch", std::to_string(shared) + " bytes of shared memory, expected at most " + std::to_string(mostShared));
  if (!launch.parameters && !kernel.info.parameters.empty())
    raise("launch", "no parameters");
}

void runGrid(const Module &module, const Kernel &kernel, const Launch &launch, Memory &memory, const Options &options) {
  checkLaunch(kernel, launch);
  module.load(memory);
  Machine machine{module.program(), kernel, launch, memory, options, {}, std::mt19937_64(options.seed), 0};
  for (std::uint64_t constant : kernel.constants) {
    Register &made = machine.constants.emplace_back();
    made.lane.fill(constant);
    made.undefined = 0;
  }
  for (unsigned z = 0; z < launch.grid[2]; z += launch.cluster[2])
    for (unsigned y = 0; y < launch.grid[1]; y += launch.cluster[1])
      for (unsigned x = 0; x < launch.grid[0]; x += launch.cluster[0]) {
        Cluster cluster(machine, {x, y, z});
        runCluster(cluster);
      }
}

} // namespace

std::vector<Fault> vitc::ptxsim::run(const Module &module, std::string_view name, const Launch &launch, Memory &memory,
                                     const Options &options) {
  for (const Kernel &kernel : module.program().kernels) {
    if (kernel.info.name != name)
      continue;
    try {
      runGrid(module, kernel, launch, memory, options);
    } catch (FaultException &caught) {
      Fault fault = std::move(caught.fault);
      if (!fault.message.starts_with("kernel "))
        fault.message = "kernel " + kernel.info.name + ": " + fault.message;
      return {std::move(fault)};
    }
    return {};
  }
  return {{"launch", "the module has no kernel " + std::string(name)}};
}
