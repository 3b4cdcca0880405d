#ifndef VITC_DIALECT_ONNX_IR_ONNXVERIFICATION_H
#define VITC_DIALECT_ONNX_IR_ONNXVERIFICATION_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"

namespace vitc::onnx {

/// A value and what an op's description calls it.
struct Named {
  llvm::StringRef name;
  mlir::Value value;
};

/// The rank and the shape of a tensor that has one.
std::optional<int64_t> getRank(mlir::Value value);
std::optional<llvm::ArrayRef<int64_t>> getShape(mlir::Value value);

/// Whether two extents may be the same.
bool areCompatible(int64_t a, int64_t b);

/// The elements of a constant of integers; nothing if the value is absent or not constant.
std::optional<llvm::SmallVector<int64_t>> getConstantInts(mlir::Value value);

// Each of these checks holds where a tensor is absent or unranked, and emits an error at `op` where it fails.

/// `axis` is in [−rank, rank), or [−rank, rank] with `isPosition` (between dimensions).
llvm::LogicalResult verifyAxis(mlir::Operation *op, int64_t axis, mlir::Value tensor, bool isPosition = false);
/// `axes` are distinct and in [−rank, rank).
llvm::LogicalResult verifyAxes(mlir::Operation *op, llvm::ArrayRef<int64_t> axes, std::optional<int64_t> rank);
/// A tensor of rank 1, of a length where one is given.
llvm::LogicalResult verifyList(mlir::Operation *op, Named list, std::optional<int64_t> length = std::nullopt);
/// A tensor of rank 0, or of rank 1 with one element.
llvm::LogicalResult verifyScalar(mlir::Operation *op, Named scalar);
/// Tensors of one rank.
llvm::LogicalResult verifySameRank(mlir::Operation *op, llvm::ArrayRef<Named> tensors, int64_t least = 0);
llvm::LogicalResult verifySameShape(mlir::Operation *op, Named a, Named b);
/// A tensor of one rank.
llvm::LogicalResult verifyRank(mlir::Operation *op, Named tensor, int64_t rank);
/// Static shapes with the same number of elements.
llvm::LogicalResult verifySameElements(mlir::Operation *op, Named a, Named b);
/// A tensor that broadcasts to the shape of another.
llvm::LogicalResult verifyBroadcasts(mlir::Operation *op, Named tensor, Named to);
/// A tensor of shape (C), C an extent of another.
llvm::LogicalResult verifyChannels(mlir::Operation *op, Named tensor, mlir::Value of, unsigned dim);
/// Empty, or `count` values of at least `least`.
llvm::LogicalResult verifyValues(mlir::Operation *op, llvm::StringRef name, llvm::ArrayRef<int64_t> values,
                                 int64_t count, int64_t least);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_ONNXVERIFICATION_H
