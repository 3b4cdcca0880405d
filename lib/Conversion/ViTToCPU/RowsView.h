#ifndef VITC_CONVERSION_VITTOCPU_ROWSVIEW_H
#define VITC_CONVERSION_VITTOCPU_ROWSVIEW_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace vitc {

/// (batch.., C) as (rows, C), the form that matrix and row kernels take; a vector is one row.
mlir::Value viewAsRows(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// Rows read again as `type`, whose extents are `sizes`.
mlir::Value viewRowsAs(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value rows, mlir::RankedTensorType type,
                       llvm::ArrayRef<mlir::OpFoldResult> sizes);

/// How many neighbours of the view as rows are of one image for sure; 0 where that cannot be said. The first dimension
/// of the function's inputs, which have four if there can be several, counts images. Where it is 1, all rows are of
/// one. Where it is open, and no other dimension is, rows that share an open first dimension are: the others hold no
/// part of the batch. Where it is a number, rows that share the first dimension are if the number of them has no
/// divisor in common with it.
int64_t rowsOfImage(mlir::Operation *op, mlir::ShapedType type);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_ROWSVIEW_H
