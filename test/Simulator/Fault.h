#ifndef VITC_TEST_SIMULATOR_FAULT_H
#define VITC_TEST_SIMULATOR_FAULT_H

#include <string>

namespace vitc::ptxsim {

/// A mistake of a kernel, of its launch, or PTX that the simulator does not know.
struct Fault {
  /// One of: "syntax", "unsupported", "launch", "out-of-bounds", "misaligned", "uninitialised", "read-before-wait",
  /// "overwrite-in-flight", "missing-fence", "missing-wait", "race", "divergent", "barrier", "deadlock", "trap",
  /// "instruction-limit", "descriptor" (of a matrix), "tensor-map".
  std::string kind;
  /// One sentence with the kernel, the line of the PTX, the block and the thread as far as they are known.
  std::string message;
};

/// How faults travel inside the simulator; `Module::parse` and `run` catch them.
struct FaultException {
  Fault fault;
};

[[noreturn]] inline void raise(std::string kind, std::string message) {
  throw FaultException{{std::move(kind), std::move(message)}};
}

} // namespace vitc::ptxsim

#endif
