#ifndef VITC_TOOLS_VITC_BATCH_H
#define VITC_TOOLS_VITC_BATCH_H

#include "CommandLine.h"

namespace vitc::tool {

/// Compiles what a list names: each line is a command line (`model.onnx -o model.so …`, quoted as in a shell), behind
/// the words of `invocation` that are for all; empty lines and those that begin with # are skipped. A failure is told
/// and the others go on. The exit code is 1 if any failed.
driver::ExitCode runBatch(const Invocation &invocation);

} // namespace vitc::tool

#endif // VITC_TOOLS_VITC_BATCH_H
