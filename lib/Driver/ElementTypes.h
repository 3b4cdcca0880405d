#ifndef VITC_DRIVER_ELEMENTTYPES_H
#define VITC_DRIVER_ELEMENTTYPES_H

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// Refuses f64 where there is no code for it, at every node that computes so: in ops of the vit dialect that kernels
/// implement, and functions that only f32 has.
///
/// Precondition: the `linalg` stage.
mlir::LogicalResult checkElementTypes(mlir::ModuleOp module);

} // namespace vitc::driver

#endif // VITC_DRIVER_ELEMENTTYPES_H
