#ifndef VITC_CONVERSION_VITTOGPU_INDEXBUILDER_H
#define VITC_CONVERSION_VITTOGPU_INDEXBUILDER_H

#include "mlir/IR/Builders.h"

namespace vitc {

/// Emits what computes an element of a tensor from its place.
struct IndexBuilder {
  mlir::OpBuilder &builder;
  mlir::Location loc;

  mlir::Value constant(int64_t value) const;
  /// The element's place along a dimension.
  mlir::Value loop(int64_t dim) const;
  mlir::Value add(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value mul(mlir::Value value, int64_t by) const;
  mlir::Value div(mlir::Value value, int64_t by) const;
  mlir::Value rem(mlir::Value value, int64_t by) const;
  /// Neither negative nor past the end.
  mlir::Value isBelow(mlir::Value value, int64_t end) const;
  mlir::Value both(mlir::Value lhs, mlir::Value rhs) const;
  mlir::Value orZero(mlir::Value condition, mlir::Value value) const;
  mlir::Value read(mlir::Value tensor, mlir::ValueRange point) const;
  /// The element of a tensor, or zero where it is not `inside`; the point must be one of the tensor's all the same.
  mlir::Value readInside(mlir::Value tensor, mlir::ValueRange point, mlir::Value inside) const;
};

/// A tensor with what `element` gives at each place.
mlir::Value generate(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<mlir::OpFoldResult> sizes,
                     mlir::Type type, llvm::function_ref<mlir::Value(const IndexBuilder &)> element);

/// The length of rows of 16-bit elements that tensor cores take: a multiple of 16 bytes.
int64_t paddedDepth(int64_t depth);

/// (rows, depth) of such elements with zeros up to `paddedDepth`; the tensor itself where that is its depth.
mlir::Value padDepth(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value matrix);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOGPU_INDEXBUILDER_H
