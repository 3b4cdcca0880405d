// Launches and graphs of the mock of libcuda.so.1.

#include "MockDevice.h"

#include <algorithm>

using namespace vitc;
using namespace vitc::mock;

namespace {

/// How CU_LAUNCH_PARAM_BUFFER_POINTER and …_SIZE hand parameters over.
std::vector<char> readParameters(void **extra) {
  const char *data = nullptr;
  std::size_t size = 0;
  for (; extra && *extra; extra += 2) {
    if (*extra == reinterpret_cast<void *>(1))
      data = static_cast<const char *>(extra[1]);
    else if (*extra == reinterpret_cast<void *>(2))
      size = *static_cast<std::size_t *>(extra[1]);
  }
  return data ? std::vector<char>(data, data + size) : std::vector<char>();
}

/// What cuGraphAddKernelNode_v2 takes.
struct NodeParameters {
  Function *function;
  unsigned grid[3], block[3], sharedBytes;
  void **parameters;
  void **extra;
  void *kernel;
  Context *context;
};

Kernel makeKernel(Function *function, const unsigned *grid, const unsigned *block, unsigned shared, void **extra) {
  Kernel kernel;
  kernel.function = function;
  kernel.launch.grid = {grid[0], grid[1], grid[2]};
  kernel.launch.block = {block[0], block[1], block[2]};
  if (const ptxsim::KernelInfo *info = function->module->code.find(function->name))
    kernel.launch.cluster = info->requiredCluster;
  kernel.launch.dynamicShared = shared;
  kernel.parameters = readParameters(extra);
  return kernel;
}

/// A kernel that the driver would refuse.
Result check(Driver &driver, const Kernel &kernel) {
  const ptxsim::KernelInfo *info = kernel.function->module->code.find(kernel.function->name);
  if (!kernel.function->module->loaded) {
    driver.complain("a kernel of a module that was unloaded: " + kernel.function->name);
    return InvalidHandle;
  }
  const auto &[x, y, z] = kernel.launch.grid;
  constexpr unsigned mostBlocks = 65535, mostThreads = 1024;
  std::uint64_t threads = 1;
  for (unsigned extent : kernel.launch.block)
    threads *= extent;
  if (x == 0 || y == 0 || z == 0 || y > mostBlocks || z > mostBlocks || threads == 0 || threads > mostThreads)
    return InvalidValue;
  if (kernel.parameters.size() != info->parameterBytes()) {
    driver.complain("the kernel " + kernel.function->name + " has " + std::to_string(info->parameterBytes()) +
                    " bytes of parameters, and " + std::to_string(kernel.parameters.size()) + " were given");
    return InvalidValue;
  }
  return Success;
}

} // namespace

VITC_MOCK_EXPORT cuLaunchKernel(Function *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                                unsigned bz, unsigned shared, Stream *stream, void **, void **extra) {
  Call call;
  Stream *resolved = resolve(call.driver, stream);
  if (!resolved)
    return InvalidContext;
  unsigned grid[] = {gx, gy, gz}, block[] = {bx, by, bz};
  Kernel kernel = makeKernel(function, grid, block, shared, extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  if (resolved->capture) {
    resolved->capture->nodes.push_back(kernel);
    return Success;
  }
  return call.driver.enqueue(*resolved, [&driver = call.driver, kernel] { return driver.run(kernel); });
}

VITC_MOCK_EXPORT cuGraphCreate(Graph **graph, unsigned) {
  Call call;
  *graph = call.driver.keep(Graph());
  ++call.driver.graphs;
  return Success;
}

VITC_MOCK_EXPORT cuGraphDestroy(Graph *graph) {
  Call call;
  if (!graph->alive)
    call.driver.complain("a graph is destroyed twice");
  graph->alive = false;
  --call.driver.graphs;
  return Success;
}

VITC_MOCK_EXPORT cuGraphAddKernelNode_v2(Kernel **node, Graph *graph, Kernel *const *dependencies, std::size_t count,
                                         const NodeParameters *parameters) {
  Call call;
  Kernel kernel =
      makeKernel(parameters->function, parameters->grid, parameters->block, parameters->sharedBytes, parameters->extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  if (count > 1 || (count == 1 && (graph->nodes.empty() || dependencies[0] != &graph->nodes.back())))
    call.driver.complain("a node of a graph waits for another than the one before");
  kernel.follows = count == 1;
  graph->nodes.push_back(kernel);
  *node = &graph->nodes.back();
  return Success;
}

/// CUgraphEdgeData
struct Edge {
  unsigned char fromPort, toPort, type, reserved[5];
};

/// Edges from a node to the next one, of kernels that wait by themselves.
VITC_MOCK_EXPORT cuGraphAddDependencies_v2(Graph *graph, Kernel *const *from, Kernel *const *to, const Edge *edges,
                                           std::size_t count) {
  Call call;
  for (std::size_t i = 0; i < count; ++i) {
    auto &nodes = graph->nodes;
    auto first = std::find_if(nodes.begin(), nodes.end(), [&](const Kernel &node) { return &node == from[i]; });
    if (first == nodes.end() || std::next(first) == nodes.end() || &*std::next(first) != to[i] || to[i]->follows) {
      call.driver.complain("an edge of a graph is not from a node to the next one");
      return InvalidValue;
    }
    if (edges[i].fromPort != 1 || edges[i].toPort != 0 || edges[i].type != 1) {
      call.driver.complain("an edge of a graph is not programmatic");
      return InvalidValue;
    }
    to[i]->follows = to[i]->overlaps = true;
    ++call.driver.overlaps;
  }
  return Success;
}

VITC_MOCK_EXPORT cuGraphInstantiateWithFlags(GraphExec **exec, Graph *graph, unsigned long long) {
  Call call;
  // Nodes are run in the order in which they were added: each must wait for the one before.
  for (std::size_t i = 1; i < graph->nodes.size(); ++i)
    if (!graph->nodes[i].follows && !graph->captured)
      call.driver.complain("a node of a graph does not wait for the one before");
  *exec = call.driver.keep(GraphExec{graph, {graph->nodes.begin(), graph->nodes.end()}});
  ++call.driver.graphs;
  return Success;
}

VITC_MOCK_EXPORT cuGraphExecKernelNodeSetParams_v2(GraphExec *exec, Kernel *node, const NodeParameters *parameters) {
  Call call;
  Kernel kernel =
      makeKernel(parameters->function, parameters->grid, parameters->block, parameters->sharedBytes, parameters->extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  for (std::size_t i = 0; i < exec->graph->nodes.size(); ++i)
    if (&exec->graph->nodes[i] == node) {
      kernel.follows = exec->nodes[i].follows;
      kernel.overlaps = exec->nodes[i].overlaps;
      exec->nodes[i] = kernel;
      return Success;
    }
  return InvalidValue;
}

VITC_MOCK_EXPORT cuGraphLaunch(GraphExec *exec, Stream *handle) {
  Call call;
  Stream *stream = resolve(call.driver, handle);
  if (!stream)
    return InvalidContext;
  if (!exec->alive)
    call.driver.complain("a graph is launched that was destroyed");
  // What the graph is changed to from now on is not part of this launch.
  return call.driver.enqueue(*stream, [&driver = call.driver, nodes = exec->nodes] {
    for (const Kernel &kernel : nodes)
      if (Result failed = driver.run(kernel))
        return failed;
    return Success;
  });
}

VITC_MOCK_EXPORT cuGraphExecDestroy(GraphExec *exec) {
  Call call;
  exec->alive = false;
  --call.driver.graphs;
  return Success;
}

/// For tests: how many programmatic edges graphs got so far.
VITC_MOCK_EXPORT vitc_mock_overlaps() {
  Call call;
  return call.driver.overlaps;
}
