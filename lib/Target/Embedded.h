#ifndef VITC_TARGET_EMBEDDED_H
#define VITC_TARGET_EMBEDDED_H

#include "llvm/ADT/StringRef.h"

/// Files of the build that vitc carries inside, so that it needs no compiler and no libc headers where it runs.
namespace vitc::target {

llvm::StringRef embeddedRuntime();     ///< lib/Runtime as one relocatable object
llvm::StringRef embeddedLibc();        ///< libc.so.6's symbols with their versions, without code
llvm::StringRef embeddedLibm();        ///< libm.so.6's
llvm::StringRef embeddedModelHeader(); ///< the text of vitc-c/Model.h

} // namespace vitc::target

#endif // VITC_TARGET_EMBEDDED_H
