#ifndef VITC_TARGET_OUTPUTFILE_H
#define VITC_TARGET_OUTPUTFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace vitc::target {

/// A file that appears under its name when it is complete. Until `keepAll` it has another name in the same folder,
/// which goes away with this object, and when a signal ends the process.
class OutputFile {
public:
  static llvm::Expected<OutputFile> create(llvm::StringRef path);
  /// Gives all files their names, or none: where one cannot have its name, what was there before is there again.
  static llvm::Error keepAll(llvm::MutableArrayRef<OutputFile> files);

  OutputFile(OutputFile &&other);
  OutputFile &operator=(OutputFile &&) = delete;
  ~OutputFile();

  /// Where to write meanwhile.
  llvm::StringRef getTemporaryPath() const { return temporary; }
  /// Writes all of the file.
  llvm::Error write(llvm::function_ref<void(llvm::raw_ostream &)> print);
  /// Opens what was written so far, to read and to change it.
  llvm::Error edit(llvm::function_ref<llvm::Error(int file)> change);

private:
  OutputFile(llvm::StringRef path, llvm::StringRef temporary) : path(path), temporary(temporary) {}
  /// Gives what has the name a second one, until this object goes away.
  llvm::Error saveFormer();
  llvm::Error rename();
  /// Undoes `rename`.
  void restoreFormer();

  llvm::SmallString<128> path, temporary;
  llvm::SmallString<128> former; ///< empty: nothing had the name, or it was not saved
};

} // namespace vitc::target

#endif // VITC_TARGET_OUTPUTFILE_H
