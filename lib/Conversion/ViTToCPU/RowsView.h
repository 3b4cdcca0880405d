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

/// How many rows of the view as rows are of one image: those of one element of the first dimension, of all where there
/// is no other; 0 where they are not known.
int64_t rowsOfImages(mlir::ShapedType type);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_ROWSVIEW_H
