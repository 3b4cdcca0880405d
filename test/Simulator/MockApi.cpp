// The functions of libcuda.so.1 that vitc's runtime calls, over the simulator: a device that runs kernels at once and
// complains of what a GPU would forgive. Signatures: CUDA Driver API 12; handles are objects of MockDevice.h.

#include "MockDevice.h"
#include "TensorMap.h"

#include <cstring>

using namespace vitc;
using namespace vitc::mock;

#define EXPORT extern "C" __attribute__((visibility("default"))) int

namespace {

/// Holds the driver for the time of a call.
struct Call {
  Driver &driver = Driver::get();
  std::lock_guard<std::recursive_mutex> guard{driver.mutex};
};

Context *current() { return currentContexts().empty() ? nullptr : currentContexts().back(); }

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
  for (unsigned extent : kernel.launch.grid)
    if (extent == 0)
      return InvalidValue;
  if (kernel.parameters.size() != info->parameterBytes()) {
    driver.complain("the kernel " + kernel.function->name + " has " + std::to_string(info->parameterBytes()) +
                    " bytes of parameters, and " + std::to_string(kernel.parameters.size()) + " were given");
    return InvalidValue;
  }
  return Success;
}

} // namespace

EXPORT cuInit(unsigned) {
  Call call;
  Driver &driver = call.driver;
  if (driver.settings.devices == 0)
    return NoDevice;
  while (static_cast<int>(driver.devices.size()) < driver.settings.devices) {
    int ordinal = static_cast<int>(driver.devices.size());
    driver.devices.emplace_back().ordinal = ordinal;
    // Every device has addresses of its own, as unified addressing has it.
    for (std::size_t i = 1; i < driver.devices.size(); ++i)
      driver.devices.back().memory.allocate(std::size_t(1) << 20);
    driver.contexts.push_back({&driver.devices.back()});
  }
  driver.started = true;
  return Success;
}

EXPORT cuDriverGetVersion(int *version) {
  Call call;
  *version = call.driver.settings.version;
  return Success;
}

EXPORT cuGetErrorString(int result, const char **text) {
  switch (result) {
  case OutOfMemory:
    *text = "out of memory";
    return Success;
  case InvalidValue:
    *text = "invalid argument";
    return Success;
  case NoBinaryForGpu:
    *text = "no kernel image is available for execution on the device";
    return Success;
  case UnsupportedPtxVersion:
    *text = "the provided PTX was compiled with an unsupported toolchain.";
    return Success;
  case LaunchFailed:
    *text = "unspecified launch failure";
    return Success;
  default:
    *text = "another error";
    return Success;
  }
}

EXPORT cuDeviceGetCount(int *count) {
  Call call;
  *count = call.driver.settings.devices;
  return call.driver.started ? Success : NotInitialized;
}

EXPORT cuDeviceGet(int *device, int ordinal) {
  Call call;
  *device = ordinal;
  return ordinal >= 0 && ordinal < call.driver.settings.devices ? Success : InvalidDevice;
}

EXPORT cuDeviceGetAttribute(int *value, int attribute, int) {
  Call call;
  int capability = call.driver.settings.capability;
  switch (attribute) {
  case 16: // multiprocessors: few, so that persistent kernels go round
    *value = 3;
    return Success;
  case 75:
    *value = capability / 10;
    return Success;
  case 76:
    *value = capability % 10;
    return Success;
  default:
    return InvalidValue;
  }
}

EXPORT cuDevicePrimaryCtxRetain(Context **context, int device) {
  Call call;
  *context = &call.driver.contexts[static_cast<std::size_t>(device)];
  ++(*context)->device->retained;
  return Success;
}

EXPORT cuDevicePrimaryCtxRelease_v2(int device) {
  Call call;
  --call.driver.devices[static_cast<std::size_t>(device)].retained;
  return Success;
}

EXPORT cuCtxPushCurrent_v2(Context *context) {
  currentContexts().push_back(context);
  return Success;
}

EXPORT cuCtxPopCurrent_v2(Context **context) {
  if (currentContexts().empty())
    return InvalidContext;
  *context = currentContexts().back();
  currentContexts().pop_back();
  return Success;
}

EXPORT cuCtxGetCurrent(Context **context) {
  *context = current();
  return Success;
}

/// Text of PTX; machine code is refused as a driver refuses that of another generation.
EXPORT cuModuleLoadData(Module **module, const void *image) {
  Call call;
  if (!current())
    return InvalidContext;
  if (std::memcmp(image, "\177ELF", 4) == 0)
    return NoBinaryForGpu;
  if (call.driver.settings.refusesPtx)
    return UnsupportedPtxVersion;
  auto parsed = ptxsim::Module::parse(static_cast<const char *>(image));
  if (auto *fault = std::get_if<ptxsim::Fault>(&parsed)) {
    call.driver.complain(fault->kind + ": " + fault->message);
    return InvalidImage;
  }
  *module = call.driver.keep(Module{current(), std::get<ptxsim::Module>(parsed)});
  ++call.driver.modules;
  return Success;
}

EXPORT cuModuleUnload(Module *module) {
  Call call;
  if (!module->loaded)
    call.driver.complain("a module is unloaded twice");
  module->loaded = false;
  --call.driver.modules;
  return Success;
}

EXPORT cuModuleGetFunction(Function **function, Module *module, const char *name) {
  Call call;
  if (!module->code.find(name))
    return NotFound;
  *function = call.driver.keep(Function{module, name});
  return Success;
}

EXPORT cuFuncSetAttribute(Function *, int attribute, int value) {
  constexpr int mostShared = 232448; // bytes, of a Hopper's block
  return attribute == 8 && value <= mostShared ? Success : InvalidValue;
}

EXPORT cuMemAlloc_v2(std::uint64_t *address, std::size_t bytes) {
  Call call;
  if (!current())
    return InvalidContext;
  Device &device = *current()->device;
  if (bytes == 0)
    return InvalidValue;
  if (device.allocated + bytes > call.driver.settings.memory)
    return OutOfMemory;
  *address = device.memory.allocate(bytes);
  device.sizes[*address] = bytes;
  device.allocated += bytes;
  return Success;
}

EXPORT cuMemFree_v2(std::uint64_t address) {
  Call call;
  Device *device = call.driver.findDevice(address);
  if (!device || !device->sizes.count(address)) {
    call.driver.complain("memory is freed that was not allocated");
    return InvalidValue;
  }
  device->allocated -= device->sizes[address];
  device->sizes.erase(address);
  device->memory.free(address);
  return Success;
}

EXPORT cuMemAllocHost_v2(void **memory, std::size_t bytes) {
  Call call;
  *memory = std::malloc(bytes);
  ++call.driver.hostBlocks;
  return *memory ? Success : OutOfMemory;
}

EXPORT cuMemFreeHost(void *memory) {
  Call call;
  std::free(memory);
  --call.driver.hostBlocks;
  return Success;
}

EXPORT cuMemcpyHtoD_v2(std::uint64_t to, const void *from, std::size_t bytes) {
  Call call;
  Device *device = call.driver.findDevice(to);
  std::byte *place = device ? device->memory.translate(to, bytes) : nullptr;
  if (!place)
    return InvalidValue;
  std::memcpy(place, from, bytes);
  device->memory.markWritten(to, bytes);
  return call.driver.sticky;
}

EXPORT cuMemcpyDtoH_v2(void *to, std::uint64_t from, std::size_t bytes) {
  Call call;
  Device *device = call.driver.findDevice(from);
  const std::byte *place = device ? device->memory.translate(from, bytes) : nullptr;
  if (!place)
    return InvalidValue;
  if (!device->memory.isWritten(from, bytes)) {
    call.driver.complain("uninitialised: memory is copied to the host that was not written");
    return LaunchFailed;
  }
  std::memcpy(to, place, bytes);
  return call.driver.sticky;
}

static int checkCapture(Stream *stream) { return stream && stream->capture ? StreamCaptureUnsupported : Success; }

EXPORT cuMemcpyHtoDAsync_v2(std::uint64_t to, const void *from, std::size_t bytes, Stream *stream) {
  return checkCapture(stream) ? checkCapture(stream) : cuMemcpyHtoD_v2(to, from, bytes);
}

EXPORT cuMemcpyDtoHAsync_v2(void *to, std::uint64_t from, std::size_t bytes, Stream *stream) {
  return checkCapture(stream) ? checkCapture(stream) : cuMemcpyDtoH_v2(to, from, bytes);
}

EXPORT cuPointerGetAttribute(void *value, int attribute, std::uint64_t address) {
  Call call;
  Device *device = call.driver.findDevice(address);
  if (!device)
    return InvalidValue;
  if (attribute == 2)
    *static_cast<int *>(value) = 2; // CU_MEMORYTYPE_DEVICE
  else if (attribute == 9)
    *static_cast<int *>(value) = device->ordinal;
  else
    return InvalidValue;
  return Success;
}

EXPORT cuStreamCreate(Stream **stream, unsigned) {
  Call call;
  if (!current())
    return InvalidContext;
  *stream = call.driver.keep(Stream{current()});
  return Success;
}

EXPORT cuStreamDestroy_v2(Stream *) { return Success; }

EXPORT cuStreamGetCtx(Stream *stream, Context **context) {
  *context = stream ? stream->context : current();
  return Success;
}

EXPORT cuStreamIsCapturing(Stream *stream, int *status) {
  *status = stream && stream->capture ? 1 : 0;
  return Success;
}

EXPORT cuStreamBeginCapture_v2(Stream *stream, int) {
  Call call;
  stream->capture = call.driver.keep(Graph());
  ++call.driver.graphs;
  return Success;
}

EXPORT cuStreamEndCapture(Stream *stream, Graph **graph) {
  *graph = stream->capture;
  stream->capture = nullptr;
  return *graph ? Success : InvalidValue;
}

EXPORT cuStreamSynchronize(Stream *stream) {
  Call call;
  return checkCapture(stream) ? checkCapture(stream) : call.driver.sticky;
}

EXPORT cuStreamWaitEvent(Stream *stream, Event *event, unsigned) {
  Call call;
  if (!event->alive)
    call.driver.complain("an event that was destroyed is waited for");
  return checkCapture(stream);
}

EXPORT cuEventCreate(Event **event, unsigned) {
  Call call;
  *event = call.driver.keep(Event());
  ++call.driver.events;
  return Success;
}

EXPORT cuEventDestroy_v2(Event *event) {
  Call call;
  if (!event->alive)
    call.driver.complain("an event is destroyed twice");
  event->alive = false;
  --call.driver.events;
  return Success;
}

EXPORT cuEventRecord(Event *event, Stream *stream) {
  Call call;
  event->milliseconds = call.driver.clock;
  return checkCapture(stream);
}

EXPORT cuEventSynchronize(Event *) {
  Call call;
  return call.driver.sticky;
}

EXPORT cuEventElapsedTime(float *milliseconds, Event *from, Event *to) {
  *milliseconds = static_cast<float>(to->milliseconds - from->milliseconds);
  return Success;
}

EXPORT cuLaunchKernel(Function *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, Stream *stream, void **, void **extra) {
  Call call;
  unsigned grid[] = {gx, gy, gz}, block[] = {bx, by, bz};
  Kernel kernel = makeKernel(function, grid, block, shared, extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  if (stream && stream->capture) {
    stream->capture->nodes.push_back(kernel);
    return Success;
  }
  return call.driver.run(kernel);
}

EXPORT cuTensorMapEncodeTiled(void *map, int type, unsigned rank, void *base, const std::uint64_t *extents,
                              const std::uint64_t *strides, const std::uint32_t *box, const std::uint32_t *steps,
                              int interleave, int swizzle, int promotion, int fill) {
  Call call;
  if (reinterpret_cast<std::uintptr_t>(map) % 64) {
    call.driver.complain("a tensor map is not aligned to 64 bytes");
    return InvalidValue;
  }
  ptxsim::TensorMapArguments arguments{.type = type,
                                       .rank = rank,
                                       .address = reinterpret_cast<std::uint64_t>(base),
                                       .extents = {extents, rank},
                                       .strides = {strides, rank ? rank - 1 : 0},
                                       .box = {box, rank},
                                       .elementStrides = {steps, rank},
                                       .interleave = interleave,
                                       .swizzle = swizzle,
                                       .l2Promotion = promotion,
                                       .fill = fill};
  auto made = ptxsim::TensorMap::encode(arguments);
  if (auto *sentence = std::get_if<std::string>(&made)) {
    call.driver.complain("a tensor map: " + *sentence);
    return InvalidValue;
  }
  std::memcpy(map, &std::get<ptxsim::TensorMap>(made), sizeof(ptxsim::TensorMap));
  return Success;
}

EXPORT cuGraphCreate(Graph **graph, unsigned) {
  Call call;
  *graph = call.driver.keep(Graph());
  ++call.driver.graphs;
  return Success;
}

EXPORT cuGraphDestroy(Graph *graph) {
  Call call;
  if (!graph->alive)
    call.driver.complain("a graph is destroyed twice");
  graph->alive = false;
  --call.driver.graphs;
  return Success;
}

EXPORT cuGraphAddKernelNode_v2(Kernel **node, Graph *graph, Kernel *const *dependencies, std::size_t count,
                               const NodeParameters *parameters) {
  Call call;
  Kernel kernel =
      makeKernel(parameters->function, parameters->grid, parameters->block, parameters->sharedBytes, parameters->extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  // Nodes are run in the order in which they were added: each must wait for the one before.
  bool isChain = graph->nodes.empty() ? count == 0 : count == 1 && dependencies[0] == &graph->nodes.back();
  if (!isChain)
    call.driver.complain("a node of a graph does not wait for the one before");
  graph->nodes.push_back(kernel);
  *node = &graph->nodes.back();
  return Success;
}

EXPORT cuGraphInstantiateWithFlags(GraphExec **exec, Graph *graph, unsigned long long) {
  Call call;
  *exec = call.driver.keep(GraphExec{graph, {graph->nodes.begin(), graph->nodes.end()}});
  ++call.driver.graphs;
  return Success;
}

EXPORT cuGraphExecKernelNodeSetParams_v2(GraphExec *exec, Kernel *node, const NodeParameters *parameters) {
  Call call;
  Kernel kernel =
      makeKernel(parameters->function, parameters->grid, parameters->block, parameters->sharedBytes, parameters->extra);
  if (Result refused = check(call.driver, kernel))
    return refused;
  for (std::size_t i = 0; i < exec->graph->nodes.size(); ++i)
    if (&exec->graph->nodes[i] == node) {
      exec->nodes[i] = kernel;
      return Success;
    }
  return InvalidValue;
}

EXPORT cuGraphLaunch(GraphExec *exec, Stream *) {
  Call call;
  if (!exec->alive)
    call.driver.complain("a graph is launched that was destroyed");
  for (const Kernel &kernel : exec->nodes)
    if (Result failed = call.driver.run(kernel))
      return failed;
  return Success;
}

EXPORT cuGraphExecDestroy(GraphExec *exec) {
  Call call;
  exec->alive = false;
  --call.driver.graphs;
  return Success;
}
