#ifndef VITC_DRIVER_CONSTANTFOLDING_H
#define VITC_DRIVER_CONSTANTFOLDING_H

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Replaces what an entry function computes from constants alone by its values: the subgraph is compiled like a model
/// for this machine and run in a child process with bounded time and memory, so that vitc has no second interpreter.
/// What cannot be folded so (the child fails, results that outgrow their inputs) stays and is computed at run time.
/// Fails only where the IR could not be lowered at all.
///
/// Precondition: the `linalg` stage.
mlir::LogicalResult foldConstantSubgraphs(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_CONSTANTFOLDING_H
