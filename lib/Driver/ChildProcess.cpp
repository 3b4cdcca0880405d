#include "ChildProcess.h"

#include "vitc-c/Model.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/Errno.h"

#include <chrono>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace mlir;
using namespace vitc::driver;

static constexpr rlim_t kSeconds = 60, kMemoryBytes = rlim_t(8) << 30;

std::shared_ptr<SharedMemory> SharedMemory::allocate(size_t bytes) {
  void *base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED)
    return nullptr;
  return std::shared_ptr<SharedMemory>(new SharedMemory(static_cast<char *>(base), bytes));
}

SharedMemory::~SharedMemory() { munmap(base, bytes); }

static DLDataType getDataType(Type type) {
  uint8_t bits = type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth();
  uint8_t code = type.isInteger(1)          ? 6
                 : type.isBF16()            ? 4
                 : isa<FloatType>(type)     ? 2
                 : type.isUnsignedInteger() ? 1
                                            : 0;
  return {code, bits, 1};
}

/// In the child: 0 if the library ran.
static int runLibrary(const std::string &library, MutableArrayRef<DLTensor> outputs) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return 1;
  auto *const *api = static_cast<const vitc_api *const *>(dlsym(handle, "vitc_model_v1"));
  if (!api)
    return 2;
  vitc_model *model = nullptr;
  vitc_session *session = nullptr;
  vitc_session_options options = {};
  options.size = sizeof(options);
  options.threads = 1;
  if ((*api)->open(nullptr, &model) != VITC_OK || (*api)->session_create(model, &options, &session) != VITC_OK)
    return 3;
  return (*api)->run(session, nullptr, 0, outputs.data(), outputs.size(), nullptr) == VITC_OK ? 0 : 4;
}

static void limitResources() {
  rlimit seconds = {kSeconds, kSeconds}, core = {0, 0};
  setrlimit(RLIMIT_CPU, &seconds);
#if !__has_feature(address_sanitizer) // which reserves terabytes of addresses for its shadow
  rlimit memory = {kMemoryBytes, kMemoryBytes};
  setrlimit(RLIMIT_AS, &memory);
#endif
  setrlimit(RLIMIT_CORE, &core);
}

/// Waits for the child; one that sleeps beyond its time is killed.
static LogicalResult waitFor(pid_t child) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kSeconds);
  for (int status = 0;;) {
    pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child)
      return success(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    if (ended < 0 && errno != EINTR)
      return failure();
    if (std::chrono::steady_clock::now() > deadline)
      kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

LogicalResult vitc::driver::runInChild(StringRef library, ArrayRef<Value> results, ArrayRef<int64_t> offsets,
                                       SharedMemory &memory) {
  // All that allocates happens before the fork: another thread of this process may hold a lock.
  std::string path = library.str();
  SmallVector<SmallVector<int64_t>> shapes;
  SmallVector<DLTensor> outputs;
  for (Value result : results)
    shapes.push_back(llvm::to_vector(cast<RankedTensorType>(result.getType()).getShape()));
  for (auto [result, offset, shape] : llvm::zip(results, offsets, shapes)) {
    DLTensor tensor = {};
    tensor.data = memory.data() + offset;
    tensor.device = {kDLCPU, 0};
    tensor.ndim = shape.size();
    tensor.dtype = getDataType(cast<RankedTensorType>(result.getType()).getElementType());
    tensor.shape = shape.data();
    outputs.push_back(tensor);
  }
  pid_t child = fork();
  if (child < 0)
    return failure();
  if (child == 0) {
    limitResources();
    _exit(runLibrary(path, outputs));
  }
  return waitFor(child);
}

/// In the child: whether all of the text reached the other end.
static bool writeAll(int file, StringRef text) {
  while (!text.empty()) {
    ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return false;
    text = text.drop_front(std::max<ssize_t>(written, 0));
  }
  return true;
}

static std::string readAll(int file) {
  std::string text;
  char part[4096];
  for (ssize_t size; (size = read(file, part, sizeof(part))) != 0;) {
    if (size > 0)
      text.append(part, size);
    else if (errno != EINTR)
      break;
  }
  return text;
}

llvm::Expected<std::string> vitc::driver::callInChild(llvm::function_ref<std::string()> function) {
  int ends[2];
  if (pipe(ends) != 0)
    return llvm::createStringError("a pipe could not be made: " + llvm::sys::StrError());
  pid_t child = fork();
  if (child == 0)
    _exit(writeAll(ends[1], function()) ? 0 : 1);
  close(ends[1]);
  std::string text = child > 0 ? readAll(ends[0]) : "";
  close(ends[0]);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (child < 0)
    return llvm::createStringError("a process could not be started: " + llvm::sys::StrError());
  if (WIFSIGNALED(status))
    return llvm::createStringError("the process that ran the model was ended by signal " + Twine(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return llvm::createStringError("the process that ran the model ended with status " + Twine(WEXITSTATUS(status)));
  return text;
}
