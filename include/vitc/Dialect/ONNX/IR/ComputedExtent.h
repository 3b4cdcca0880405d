#ifndef VITC_DIALECT_ONNX_IR_COMPUTEDEXTENT_H
#define VITC_DIALECT_ONNX_IR_COMPUTEDEXTENT_H

#include "vitc/Dialect/ONNX/IR/Extent.h"

#include "mlir/IR/Operation.h"

namespace vitc::onnx {

/// An extent that a run computes: a symbol of its own, and an extent that it never exceeds. It may be zero. An op that
/// computes one says so in its attribute `onnx.extent`, a `#vit.dims` of (symbol, bound).
struct ComputedExtent {
  mlir::StringAttr name;
  Extent bound;
};

/// What `op` computes, if it does.
std::optional<ComputedExtent> getComputedExtent(mlir::Operation *op);

/// The extent that `op` computes, at most `bound`: under the name that it has, or a new one, "count(NODE)". An op that
/// does the same as one before gives the same extent.
Extent computeExtent(mlir::Operation *op, const Extent &bound);

/// Whether an extent of `type` is made of some that a run computes.
bool hasComputedExtents(mlir::Type type);

/// Whether `op` keeps this operand though it is not constant: it is read in the run, or keeps alive what computes the
/// extents of the result (the type says all, but without the operand nothing may be left that computes them).
bool isKeptForExtents(mlir::Operation *op, mlir::Value operand);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_COMPUTEDEXTENT_H
