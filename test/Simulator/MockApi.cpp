// Functions of libcuda.so.1 that vitc's runtime calls, over the simulator: the driver, its devices, modules, memory and
// tensor maps. Signatures: CUDA Driver API 12; handles are objects of MockDevice.h.

#include "MockDevice.h"
#include "TensorMap.h"

#include <cstdlib>
#include <cstring>

using namespace vitc;
using namespace vitc::mock;

VITC_MOCK_EXPORT cuInit(unsigned) {
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
    driver.contexts.emplace_back(&driver.devices.back());
  }
  driver.started = true;
  return Success;
}

VITC_MOCK_EXPORT cuDriverGetVersion(int *version) {
  Call call;
  *version = call.driver.settings.version;
  return Success;
}

VITC_MOCK_EXPORT cuGetErrorString(int result, const char **text) {
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

VITC_MOCK_EXPORT cuDeviceGetCount(int *count) {
  Call call;
  *count = call.driver.settings.devices;
  return call.driver.started ? Success : NotInitialized;
}

VITC_MOCK_EXPORT cuDeviceGet(int *device, int ordinal) {
  Call call;
  *device = ordinal;
  return ordinal >= 0 && ordinal < call.driver.settings.devices ? Success : InvalidDevice;
}

VITC_MOCK_EXPORT cuDeviceGetAttribute(int *value, int attribute, int) {
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

VITC_MOCK_EXPORT cuDevicePrimaryCtxRetain(Context **context, int device) {
  Call call;
  *context = &call.driver.contexts[static_cast<std::size_t>(device)];
  ++(*context)->device->retained;
  return Success;
}

VITC_MOCK_EXPORT cuDevicePrimaryCtxRelease_v2(int device) {
  Call call;
  --call.driver.devices[static_cast<std::size_t>(device)].retained;
  return Success;
}

VITC_MOCK_EXPORT cuCtxPushCurrent_v2(Context *context) {
  currentContexts().push_back(context);
  return Success;
}

VITC_MOCK_EXPORT cuCtxPopCurrent_v2(Context **context) {
  if (currentContexts().empty())
    return InvalidContext;
  *context = currentContexts().back();
  currentContexts().pop_back();
  return Success;
}

VITC_MOCK_EXPORT cuCtxGetCurrent(Context **context) {
  *context = current();
  return Success;
}

/// Text of PTX; machine code is refused as a driver refuses that of another generation.
VITC_MOCK_EXPORT cuModuleLoadData(Module **module, const void *image) {
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

VITC_MOCK_EXPORT cuModuleUnload(Module *module) {
  Call call;
  if (!module->loaded)
    call.driver.complain("a module is unloaded twice");
  Result result = call.driver.finishAll();
  module->loaded = false;
  --call.driver.modules;
  return result;
}

VITC_MOCK_EXPORT cuModuleGetFunction(Function **function, Module *module, const char *name) {
  Call call;
  if (!module->code.find(name))
    return NotFound;
  *function = call.driver.keep(Function{module, name});
  return Success;
}

VITC_MOCK_EXPORT cuFuncSetAttribute(Function *, int attribute, int value) {
  constexpr int mostShared = 232448; // bytes, of a Hopper's block
  return attribute == 8 && value <= mostShared ? Success : InvalidValue;
}

VITC_MOCK_EXPORT cuMemAlloc_v2(std::uint64_t *address, std::size_t bytes) {
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

VITC_MOCK_EXPORT cuMemFree_v2(std::uint64_t address) {
  Call call;
  call.driver.finishAll();
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

VITC_MOCK_EXPORT cuMemAllocHost_v2(void **memory, std::size_t bytes) {
  Call call;
  *memory = std::malloc(bytes);
  if (!*memory)
    return OutOfMemory;
  call.driver.pinned[*memory] = bytes;
  return Success;
}

VITC_MOCK_EXPORT cuMemFreeHost(void *memory) {
  Call call;
  call.driver.finishAll();
  if (!call.driver.pinned.erase(memory)) {
    call.driver.complain("memory of the host is freed that was not allocated");
    return InvalidValue;
  }
  std::free(memory);
  return Success;
}

VITC_MOCK_EXPORT cuPointerGetAttribute(void *value, int attribute, std::uint64_t address) {
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

VITC_MOCK_EXPORT cuTensorMapEncodeTiled(void *map, int type, unsigned rank, void *base, const std::uint64_t *extents,
                                        const std::uint64_t *strides, const std::uint32_t *box,
                                        const std::uint32_t *steps, int interleave, int swizzle, int promotion,
                                        int fill) {
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
