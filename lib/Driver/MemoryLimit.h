#ifndef VITC_DRIVER_MEMORYLIMIT_H
#define VITC_DRIVER_MEMORYLIMIT_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace vitc::driver {

/// Bounds the memory that this process allocates, while this object lives; there is one at a time. What does not fit
/// ends the process with a sentence and exit code 1, and removes unfinished files.
///
/// The bound is RLIMIT_DATA: private writable memory, which is the heap, the stacks of threads and what libraries
/// write. Address space (RLIMIT_AS) would count mapped files, such as external weights and all of libLLVM, which the
/// kernel can drop at any time, and what allocators reserve but do not use; resident memory is not bounded by Linux.
/// Weights inside the ONNX file do count: protobuf copies them.
class MemoryLimit {
public:
  MemoryLimit(uint64_t bytes, llvm::StringRef model);
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit &) = delete;
  MemoryLimit &operator=(const MemoryLimit &) = delete;

private:
  uint64_t formerBytes;
};

} // namespace vitc::driver

#endif // VITC_DRIVER_MEMORYLIMIT_H
