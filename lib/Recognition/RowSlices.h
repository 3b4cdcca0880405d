#ifndef VITC_RECOGNITION_ROWSLICES_H
#define VITC_RECOGNITION_ROWSLICES_H

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

namespace vitc {

/// Rows [offset, offset + size) of a tensor along one dimension.
struct Rows {
  int64_t dim, offset, size;
};

/// The rows that a slice which cuts one dimension takes; nullopt where it cuts another way.
std::optional<Rows> matchRows(mlir::tensor::ExtractSliceOp slice);

/// These rows of a value.
mlir::Value takeRows(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, const Rows &rows);

/// The rows along `dim` between the first and the last that is read, where slices alone read the value, each of
/// constant rows, and they are at most half: fewer are not worth that what was contiguous is not any more. The slices
/// may cut other dimensions as well.
std::optional<Rows> findLiveRows(mlir::Value value, int64_t dim);

/// Lets the slices that read `value`, of which `fewer` holds `live`, read that.
void readInstead(mlir::Value value, const Rows &live, mlir::Value fewer, mlir::PatternRewriter &rewriter);

/// Computes rows of an op's result from rows of its operands. Null, and nothing changed, where the op mixes rows along
/// that dimension. Attention, whose results share their queries, has a pattern of its own.
mlir::Value computeRows(mlir::OpResult value, const Rows &rows, mlir::PatternRewriter &rewriter);

/// These queries of addends of (.., H, M, N); one that is the same for all queries is itself.
llvm::SmallVector<mlir::Value> takeQueries(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange addends,
                                           int64_t offset, int64_t size);

/// Gives heads of a projection of which other rows are read a projection of their own, and narrows projections of
/// which some heads are never read, whose nodes `narrowed` is told.
void populateSplitProjectionPatterns(mlir::RewritePatternSet &patterns, llvm::SmallVectorImpl<std::string> &narrowed);

} // namespace vitc

#endif // VITC_RECOGNITION_ROWSLICES_H
