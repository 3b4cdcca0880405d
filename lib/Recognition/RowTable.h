#ifndef VITC_RECOGNITION_ROWTABLE_H
#define VITC_RECOGNITION_ROWTABLE_H

#include "mlir/IR/Value.h"

namespace vitc {

/// Whether `op` moves elements and computes none: a reshape, slice, transpose or concatenation.
bool isMove(mlir::Operation *op);

/// What a move reads its elements from.
mlir::ValueRange movedOperands(mlir::Operation *op);

/// Which row of a source each row of a value is, where the value is made of the source by moves that keep the last
/// dimension, the channels, together. Found by doing to row numbers what the moves do to rows.
///
/// Where the first dimension is dynamic it is pictures · n for values along the way, each with its n, and no move may
/// mix pictures: they are outermost in every value, so that the table of one picture is that of all.
struct RowTable {
  llvm::SmallVector<int32_t> rows;  ///< of one picture
  llvm::SmallVector<int64_t> shape; ///< the value's without channels, for one picture
  int64_t picturesStride = 0;       ///< n of the source; 0 where no dimension is dynamic and the table is of all rows

  static mlir::FailureOr<RowTable> of(mlir::Value value, mlir::Value source);
};

} // namespace vitc

#endif // VITC_RECOGNITION_ROWTABLE_H
