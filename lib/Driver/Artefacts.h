#ifndef VITC_DRIVER_ARTEFACTS_H
#define VITC_DRIVER_ARTEFACTS_H

#include "Backend.h"

#include "vitc/Driver/Driver.h"
#include "vitc/Target/Codegen.h"

namespace vitc::driver {

/// Compiles the modules of a library (in the LLVM dialect, one a level) and writes all files that the options ask for.
/// A failure leaves every file as it was.
llvm::Error writeArtefacts(const Options &options, const LoweredProgram &lowered,
                           llvm::ArrayRef<target::LevelModule> modules);

} // namespace vitc::driver

#endif // VITC_DRIVER_ARTEFACTS_H
