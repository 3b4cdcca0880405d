#include "MockDevice.h"

#include <cstdio>
#include <cstdlib>

using namespace vitc::mock;

static long long readNumber(const char *name, long long fallback) {
  const char *text = std::getenv(name);
  return text && *text ? std::atoll(text) : fallback;
}

Settings Settings::read() {
  Settings settings;
  settings.devices = static_cast<int>(readNumber("VITC_MOCK_DEVICES", settings.devices));
  settings.capability = static_cast<int>(readNumber("VITC_MOCK_CAPABILITY", settings.capability));
  settings.version = static_cast<int>(readNumber("VITC_MOCK_VERSION", settings.version));
  settings.memory = static_cast<std::size_t>(readNumber("VITC_MOCK_MEMORY", static_cast<long long>(settings.memory)));
  settings.seed = static_cast<std::uint64_t>(readNumber("VITC_MOCK_SEED", 0));
  settings.defers = readNumber("VITC_MOCK_DEFER", 0) != 0;
  const char *refused = std::getenv("VITC_MOCK_REFUSE");
  settings.refusesPtx = refused && std::string(refused) == "ptx";
  return settings;
}

Driver &Driver::get() {
  static Driver driver;
  return driver;
}

/// What a process leaves behind is a leak of the runtime.
Driver::~Driver() {
  for (const Device &device : devices)
    if (device.allocated || device.retained)
      std::fprintf(stderr, "mock driver: leak: device %d has %zu bytes and %d holds of its context\n", device.ordinal,
                   device.allocated, device.retained);
  if (modules || events || graphs || !pinned.empty())
    std::fprintf(stderr, "mock driver: leak: %d modules, %d events, %d graphs, %zu blocks of pinned memory\n", modules,
                 events, graphs, pinned.size());
}

Device *Driver::findDevice(std::uint64_t address) {
  for (Device &device : devices)
    if (device.memory.translate(address, 1))
      return &device;
  return nullptr;
}

void Driver::complain(const std::string &sentence) { std::fprintf(stderr, "mock driver: %s\n", sentence.c_str()); }

Result Driver::run(const Kernel &kernel) {
  if (sticky != Success)
    return sticky;
  ptxsim::Launch launch = kernel.launch;
  launch.parameters = kernel.parameters.data();
  ptxsim::Options options;
  options.seed = settings.seed;
  options.overlaps = kernel.overlaps;
  Module &module = *kernel.function->module;
  clock += static_cast<double>(launch.grid[0]) * launch.grid[1] * launch.grid[2];
  for (const ptxsim::Fault &fault :
       ptxsim::run(module.code, kernel.function->name, launch, module.context->device->memory, options)) {
    complain(fault.kind + ": " + fault.message);
    sticky = LaunchFailed;
  }
  return sticky;
}

std::vector<Context *> &vitc::mock::currentContexts() {
  static thread_local std::vector<Context *> stack;
  return stack;
}

Context *vitc::mock::current() { return currentContexts().empty() ? nullptr : currentContexts().back(); }
