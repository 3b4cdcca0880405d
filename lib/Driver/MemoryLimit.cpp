#include "MemoryLimit.h"
#include "vitc/Driver/Driver.h"

#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"

#include <csignal>
#include <cxxabi.h>
#include <exception>
#include <new>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

using namespace vitc::driver;

/// What to say; made beforehand, since nothing can be allocated when it is needed.
static std::string sentence;

[[noreturn]] static void endOutOfMemory() {
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, sentence.data(), sentence.size());
  llvm::sys::RunInterruptHandlers();
  ::_exit(CannotCompile);
}

/// A thread whose stack does not fit is an error of the C++ library, or a fatal one of LLVM.
[[noreturn]] static void endUncaught() {
  std::type_info *type = abi::__cxa_current_exception_type();
  if (type && (*type == typeid(std::system_error) || *type == typeid(std::bad_alloc)))
    endOutOfMemory();
  std::abort();
}

static void handleFatalError(void *, const char *reason, bool) {
  if (llvm::StringRef(reason).starts_with("pthread_create failed"))
    endOutOfMemory();
  std::string text = "vitc: error: " + std::string(reason) + "\n";
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

static struct sigaction formerFaultAction;

/// Libraries use what malloc returns without looking where they count on a page or two. A fault where nothing more can
/// be had is that; any other goes to who handled it before.
static void handleFault(int) {
  constexpr size_t block = 1 << 20;
  void *probe = mmap(nullptr, block, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED)
    endOutOfMemory();
  munmap(probe, block);
  sigaction(SIGSEGV, &formerFaultAction, nullptr);
}

static void installFaultHandler() {
  struct sigaction action = {};
  action.sa_handler = handleFault;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGSEGV, &action, &formerFaultAction);
}

/// Sets the soft limit, up to the hard one; returns the former.
static uint64_t setLimit(uint64_t bytes) {
  rlimit limit;
  getrlimit(RLIMIT_DATA, &limit);
  uint64_t former = limit.rlim_cur;
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_DATA, &limit);
  return former;
}

MemoryLimit::MemoryLimit(uint64_t bytes, llvm::StringRef model) {
  sentence = ("vitc: error: " + model + ": out of memory: more is needed than the " + llvm::Twine(bytes) +
              " bytes of --max-memory\n")
                 .str();
  std::set_new_handler(endOutOfMemory);
  std::set_terminate(endUncaught);
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { endOutOfMemory(); });
  llvm::install_fatal_error_handler(handleFatalError);
  installFaultHandler();
  formerBytes = setLimit(bytes);
}

MemoryLimit::~MemoryLimit() {
  setLimit(formerBytes);
  sigaction(SIGSEGV, &formerFaultAction, nullptr);
  llvm::remove_fatal_error_handler();
  llvm::remove_bad_alloc_error_handler();
  std::set_terminate(nullptr);
  std::set_new_handler(nullptr);
}
