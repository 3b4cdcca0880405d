#ifndef VITC_DRIVER_OPTIONCHECKS_H
#define VITC_DRIVER_OPTIONCHECKS_H

#include "vitc/Driver/Driver.h"
#include "vitc/Support/TargetInfo.h"

namespace vitc::driver {

/// Why options cannot be followed.
struct Refusal {
  ExitCode code; ///< Usage where they make no sense, CannotCompile where this version does not know how
  std::string reason;
};

/// What is wrong with the options, if anything, before a file is read.
std::optional<Refusal> checkOptions(const Options &options);

/// The CPU levels to compile for, from the best to the least and each once; the host's where none is named.
///
/// Precondition: checkOptions had nothing to say.
std::vector<TargetInfo> resolveLevels(const Options &options);

/// The first of them whose code this machine runs, or null.
const TargetInfo *findRunnable(llvm::ArrayRef<TargetInfo> targets);

} // namespace vitc::driver

#endif // VITC_DRIVER_OPTIONCHECKS_H
