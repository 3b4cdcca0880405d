#ifndef VITC_DRIVER_HOSTLIBRARY_H
#define VITC_DRIVER_HOSTLIBRARY_H

#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallString.h"

namespace vitc::driver {

/// The path of a library in the temporary folder, which is removed with this object.
class TemporaryLibrary {
public:
  TemporaryLibrary();
  ~TemporaryLibrary();
  TemporaryLibrary(const TemporaryLibrary &) = delete;
  TemporaryLibrary &operator=(const TemporaryLibrary &) = delete;

  /// Empty where there is no such folder.
  llvm::StringRef getPath() const { return path; }

private:
  llvm::SmallString<128> path;
};

/// Compiles a module of the stage `fused` for one level or GPU and writes the library, which this process is to load.
llvm::LogicalResult writeHostLibrary(mlir::ModuleOp module, const TargetInfo &target, llvm::StringRef path);

} // namespace vitc::driver

#endif // VITC_DRIVER_HOSTLIBRARY_H
