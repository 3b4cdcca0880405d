#ifndef VITC_TARGET_LINKER_H
#define VITC_TARGET_LINKER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

/// lld, in this process. Inputs are bytes; calls are made one at a time.
namespace vitc::target {

struct SharedLink {
  llvm::ArrayRef<llvm::StringRef> objects;
  llvm::ArrayRef<std::string> exports; ///< all other symbols are local
  std::string soname;
  std::string buildId; ///< hexadecimal
  llvm::StringRef triple;
  bool embedsWeights = false; ///< whether there is a section .vitc.weights
};

/// Links a shared library against the embedded stubs of libc and libm; an undefined symbol is an error.
llvm::Error linkShared(const SharedLink &link, llvm::StringRef output);

/// Links objects into one object.
llvm::Error linkRelocatable(llvm::ArrayRef<llvm::StringRef> objects, llvm::StringRef output);

} // namespace vitc::target

#endif // VITC_TARGET_LINKER_H
