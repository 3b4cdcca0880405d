#ifndef VITC_DRIVER_CHILDPROCESS_H
#define VITC_DRIVER_CHILDPROCESS_H

#include "mlir/IR/Value.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace vitc::driver {

/// Anonymous memory that a child process shares with this one.
class SharedMemory {
public:
  static std::shared_ptr<SharedMemory> allocate(size_t bytes);
  ~SharedMemory();
  char *data() const { return base; }
  size_t size() const { return bytes; }

private:
  SharedMemory(char *base, size_t bytes) : base(base), bytes(bytes) {}
  char *base;
  size_t bytes;
};

/// Runs the function `main`, which has no inputs, of a compiled library in a child process that may take 60 seconds and
/// 8 GiB: result i, a static tensor of the type of `results[i]`, is written at `offsets[i]` of `memory`.
llvm::LogicalResult runInChild(llvm::StringRef library, llvm::ArrayRef<mlir::Value> results,
                               llvm::ArrayRef<int64_t> offsets, SharedMemory &memory);

/// Calls a function in a child process, which may crash, and returns its text. The function may not use threads of this
/// process.
llvm::Expected<std::string> callInChild(llvm::function_ref<std::string()> function);

} // namespace vitc::driver

#endif // VITC_DRIVER_CHILDPROCESS_H
