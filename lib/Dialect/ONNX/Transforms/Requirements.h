#ifndef VITC_DIALECT_ONNX_TRANSFORMS_REQUIREMENTS_H
#define VITC_DIALECT_ONNX_TRANSFORMS_REQUIREMENTS_H

#include "vitc/Dialect/ONNX/IR/ShapeInference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::onnx {

/// Requires that every symbolic extent of `shape` is at least 1. Products and divisions are positive where their
/// factors are, which is what is required then. An extent that a library cannot compute is left alone.
void requirePositive(mlir::Operation *op, ShapeEnv &env, const SymbolicShape &shape);

/// Requires that operands agree where the shape of the result does not depend on it: lists have an element for each
/// channel, indices lie within the data. Fails, with an error, where they never do.
llvm::LogicalResult requireOperands(mlir::Operation *op, ShapeEnv &env);

/// Adds what is required of the function's extents to its `vit.requires`: each thing once, and of lower bounds of one
/// dimension the highest.
void updateRequirements(mlir::func::FuncOp function, llvm::ArrayRef<Requirement> requirements);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_REQUIREMENTS_H
