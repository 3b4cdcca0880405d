#ifndef VITC_TARGET_MEMORYFILE_H
#define VITC_TARGET_MEMORYFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <utility>

namespace vitc::target {

/// A file without a name: what the linker reads by a path but nobody should find on a disk.
class MemoryFile {
public:
  static llvm::Expected<MemoryFile> create(llvm::StringRef bytes);

  MemoryFile(MemoryFile &&other) : descriptor(std::exchange(other.descriptor, -1)) {}
  MemoryFile &operator=(MemoryFile &&) = delete;
  ~MemoryFile();

  /// A path that opens the file, in this process.
  std::string getPath() const { return "/proc/self/fd/" + std::to_string(descriptor); }

private:
  explicit MemoryFile(int descriptor) : descriptor(descriptor) {}
  int descriptor;
};

} // namespace vitc::target

#endif // VITC_TARGET_MEMORYFILE_H
