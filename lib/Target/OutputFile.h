#ifndef VITC_TARGET_OUTPUTFILE_H
#define VITC_TARGET_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace vitc::target {

/// A file that appears under its name when it is complete. Until `keep` it has another name in the same folder, which
/// goes away with this object, and when a signal ends the process.
class OutputFile {
public:
  static llvm::Expected<OutputFile> create(llvm::StringRef path);

  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// Where to write meanwhile.
  llvm::StringRef getTemporaryPath() const { return temporary; }
  /// Opens what was written so far, to read and to change it.
  llvm::Error edit(llvm::function_ref<llvm::Error(int file)> change);
  llvm::Error keep();

private:
  OutputFile(llvm::StringRef path, llvm::StringRef temporary) : path(path), temporary(temporary) {}
  llvm::SmallString<128> path, temporary;
};

} // namespace vitc::target

#endif // VITC_TARGET_OUTPUTFILE_H
