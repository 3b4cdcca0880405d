#ifndef VITC_DRIVER_OUTPUTSHAPES_H
#define VITC_DRIVER_OUTPUTSHAPES_H

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Refuses outputs whose shape a library's table cannot hold: the runtime knows sums and products of the inputs' named
/// dimensions and their quotients by constants. The error is at the node that computes the output.
///
/// Precondition: the `onnx` stage.
mlir::LogicalResult checkOutputShapes(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_OUTPUTSHAPES_H
