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

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_ROWSVIEW_H
