#ifndef VITC_RUN_LIBRARY_H
#define VITC_RUN_LIBRARY_H

#include "vitc-c/Model.h"

#include "llvm/Support/Error.h"

#include <string>

namespace vitc::run {

/// The interface of the library in a file, which stays loaded. Fails where the file cannot be loaded, ends before its
/// segments do (the loader would map them all the same, and reading what is not there ends the process), or is none of
/// vitc's.
llvm::Expected<const vitc_api *> loadLibrary(const std::string &path);

} // namespace vitc::run

#endif // VITC_RUN_LIBRARY_H
