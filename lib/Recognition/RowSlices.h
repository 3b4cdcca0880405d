#ifndef VITC_RECOGNITION_ROWSLICES_H
#define VITC_RECOGNITION_ROWSLICES_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

namespace vitc {

/// The rows [offset, offset + size) of one dimension; all others are whole.
struct Rows {
  int64_t dim, offset, size;
};

/// The rows that a slice takes; nullopt where it cuts another dimension as well, none, or drops dimensions.
std::optional<Rows> matchRows(mlir::tensor::ExtractSliceOp slice);

mlir::Value takeRows(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, const Rows &rows);

/// The rows between the first and the last that somebody reads, where nobody reads others and they are at most half:
/// fewer are not worth that what was contiguous is not any more.
std::optional<Rows> findLiveRows(mlir::Value value);

/// A projection to heads of which some are read by fewer tokens, or not at all, becomes two, or a narrower one.
void populateSplitProjectionPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc

#endif // VITC_RECOGNITION_ROWSLICES_H
