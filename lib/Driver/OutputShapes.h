#ifndef VITC_DRIVER_OUTPUTSHAPES_H
#define VITC_DRIVER_OUTPUTSHAPES_H

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Refuses outputs whose shape a library's table cannot hold: the runtime knows sums of products of the inputs' named
/// dimensions, but no quotients. The error is at the node that computes the output.
///
/// Precondition: the `onnx` stage.
mlir::LogicalResult checkOutputShapes(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_OUTPUTSHAPES_H
