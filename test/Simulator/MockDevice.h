#ifndef VITC_TEST_SIMULATOR_MOCKDEVICE_H
#define VITC_TEST_SIMULATOR_MOCKDEVICE_H

#include "Simulator.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// What the functions of the mock of libcuda.so.1 work on. Handles are pointers to these objects, which live until the
/// process ends; one that was destroyed says so when it is used again.
namespace vitc::mock {

/// CUresult, as far as the mock returns it.
enum Result : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  UnsupportedPtxVersion = 222,
  InvalidHandle = 400,
  NotFound = 500,
  NotReady = 600,
  LaunchFailed = 719,
  StreamCaptureUnsupported = 900,
};

struct Device {
  int ordinal = 0;
  ptxsim::Memory memory;
  std::size_t allocated = 0; ///< bytes
  std::map<std::uint64_t, std::size_t> sizes;
  int retained = 0; ///< of the primary context
};

struct Context;
struct Graph;

/// Work that a stream was given. It is done when somebody waits for it, or at once (Settings::defers).
struct Operation {
  std::function<Result()> work; ///< null once it is done
  std::vector<std::shared_ptr<Operation>> after;
};

struct Stream {
  Context *context;
  bool blocking = true;     ///< the legacy default stream waits for it, and it for that one
  Graph *capture = nullptr; ///< what its launches are added to
  std::shared_ptr<Operation> last;
  std::vector<std::shared_ptr<Operation>> waits; ///< for events, of the next operation
  bool alive = true;
};

/// The primary context of a device.
struct Context {
  explicit Context(Device *device) : device(device) {}
  Context(const Context &) = delete;

  Device *device;
  Stream legacy{this};                                          ///< the default stream: handles 0 and 1
  std::map<std::thread::id, std::unique_ptr<Stream>> perThread; ///< handle 2
  std::vector<Stream *> streams;                                ///< all others
};

struct Module {
  Context *context;
  ptxsim::Module code;
  bool loaded = true;
};

struct Function {
  Module *module;
  std::string name;
};

struct Event {
  bool alive = true;
  double milliseconds = 0;
  std::shared_ptr<Operation> recorded;
};

struct Kernel {
  Function *function = nullptr;
  ptxsim::Launch launch;
  std::vector<char> parameters;
  bool follows = false;  ///< of a graph: it waits for the node before
  bool overlaps = false; ///< by itself: the edge is programmatic
};

struct Graph {
  std::deque<Kernel> nodes; ///< in their order; the address of one is its handle
  bool captured = false;    ///< nodes wait for one another as launches of a stream do
  bool alive = true;
};

struct GraphExec {
  Graph *graph;
  std::vector<Kernel> nodes;
  bool alive = true;
};

/// What the environment asks for: VITC_MOCK_DEVICES, VITC_MOCK_CAPABILITY (90), VITC_MOCK_VERSION (13000),
/// VITC_MOCK_MEMORY (bytes a device), VITC_MOCK_REFUSE (`ptx`: no text is compiled), VITC_MOCK_SEED, VITC_MOCK_DEFER
/// (1: streams do nothing before somebody waits for it, so that a wait that is missing shows).
struct Settings {
  int devices = 1, capability = 90, version = 13000;
  std::size_t memory = std::size_t(1) << 32;
  bool refusesPtx = false, defers = false;
  std::uint64_t seed = 0;
  static Settings read();
};

/// The driver of this process.
class Driver {
public:
  static Driver &get();
  ~Driver();

  template <typename Object>
  Object *keep(Object object) {
    auto made = std::make_shared<Object>(std::move(object));
    objects.push_back(made);
    return made.get();
  }

  /// The device whose memory holds the address, or null.
  Device *findDevice(std::uint64_t address);
  /// Runs a kernel now. A fault is printed, and every later call that can fail does.
  Result run(const Kernel &kernel);
  /// Gives a stream work that comes after what it and those that it waits for were given before.
  Result enqueue(Stream &stream, std::function<Result()> work);
  /// Does an operation, after those that it comes after.
  Result finish(const std::shared_ptr<Operation> &operation);
  /// Does all that was given to any stream: what frees memory waits for the device.
  Result finishAll();
  /// Prints a sentence about a misuse of the driver; the process fails at its end.
  void complain(const std::string &sentence);

  std::recursive_mutex mutex;
  Settings settings = Settings::read();
  std::deque<Device> devices;
  std::deque<Context> contexts;
  bool started = false;
  Result sticky = Success;
  int modules = 0, events = 0, graphs = 0;
  int overlaps = 0;                           ///< programmatic edges so far, see vitc_mock_overlaps
  std::map<const void *, std::size_t> pinned; ///< blocks of the host's memory, in bytes
  double clock = 0;                           ///< milliseconds, one a block of what was launched

private:
  std::vector<std::shared_ptr<void>> objects;
};

/// The stack of contexts of this thread, and the last of them or null.
std::vector<Context *> &currentContexts();
Context *current();

/// Holds the driver for the time of a call.
struct Call {
  Driver &driver = Driver::get();
  std::lock_guard<std::recursive_mutex> guard{driver.mutex};
};

/// The stream of a handle: of the current context's where it is a number instead of a pointer. Null where it is of
/// none.
Stream *resolve(Driver &driver, Stream *handle);

} // namespace vitc::mock

#define VITC_MOCK_EXPORT extern "C" __attribute__((visibility("default"))) int

#endif
