#ifndef VITC_TARGET_EMBEDDED_H
#define VITC_TARGET_EMBEDDED_H

#include "llvm/ADT/StringRef.h"

/// Files of the build that vitc carries inside, so that it needs no compiler and no libc headers where it runs.
namespace vitc::target {

/// What models of an architecture are linked with.
struct LinkerInputs {
  llvm::StringRef runtime; ///< lib/Runtime as one relocatable object
  llvm::StringRef libc;    ///< libc.so.6's symbols with their versions, without code
  llvm::StringRef libm;    ///< libm.so.6's
};
LinkerInputs embeddedInputs(llvm::StringRef triple);

llvm::StringRef embeddedModelHeader(); ///< the text of vitc-c/Model.h

} // namespace vitc::target

#endif // VITC_TARGET_EMBEDDED_H
