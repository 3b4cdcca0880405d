#ifndef VITC_DRIVER_ELEMENTTYPES_H
#define VITC_DRIVER_ELEMENTTYPES_H

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Refuses the floating-point types that have no code yet, at every node that computes with one.
///
/// Precondition: the `onnx` stage.
mlir::LogicalResult checkElementTypes(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_ELEMENTTYPES_H
