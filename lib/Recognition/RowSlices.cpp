#include "RowSlices.h"

#include "vitc/Recognition/Extent.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace vitc;

/// The rows that a slice takes along a dimension, perhaps all; nullopt where they are not known, or not every one.
static std::optional<Rows> rowsAlong(tensor::ExtractSliceOp slice, int64_t dim) {
  if (slice.getType().getRank() != slice.getSourceType().getRank() ||
      getConstantIntValue(slice.getMixedStrides()[dim]) != 1)
    return std::nullopt;
  std::optional<int64_t> first = getConstantIntValue(slice.getMixedOffsets()[dim]),
                         count = getConstantIntValue(slice.getMixedSizes()[dim]);
  if (!first || !count)
    return std::nullopt;
  return Rows{dim, *first, *count};
}

std::optional<Rows> vitc::matchRows(tensor::ExtractSliceOp slice) {
  if (slice.getType().getRank() != slice.getSourceType().getRank())
    return std::nullopt;
  std::optional<Rows> rows;
  for (auto [dim, offset, size] : llvm::enumerate(slice.getMixedOffsets(), slice.getMixedSizes())) {
    bool all = getConstantIntValue(offset) == 0 && extentOf(slice.getSource(), dim) == extentOf(size) &&
               getConstantIntValue(slice.getMixedStrides()[dim]) == 1;
    if (all)
      continue;
    std::optional<Rows> cut = rowsAlong(slice, dim);
    if (rows || !cut)
      return std::nullopt;
    rows = cut;
  }
  return rows;
}

Value vitc::takeRows(OpBuilder &builder, Location loc, Value value, const Rows &rows) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  SmallVector<OpFoldResult> offsets(sizes.size(), builder.getIndexAttr(0)),
      strides(sizes.size(), builder.getIndexAttr(1));
  offsets[rows.dim] = builder.getIndexAttr(rows.offset);
  sizes[rows.dim] = builder.getIndexAttr(rows.size);
  return tensor::ExtractSliceOp::create(builder, loc, value, offsets, sizes, strides);
}

std::optional<Rows> vitc::findLiveRows(Value value, int64_t dim) {
  std::optional<int64_t> all = extentOf(value, dim).constant();
  if (!all)
    return std::nullopt;
  int64_t first = *all, end = 0;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    std::optional<Rows> rows = slice ? rowsAlong(slice, dim) : std::nullopt;
    if (!rows)
      return std::nullopt;
    first = std::min(first, rows->offset);
    end = std::max(end, rows->offset + rows->size);
  }
  if (first >= end || 2 * (end - first) > *all)
    return std::nullopt;
  return Rows{dim, first, end - first};
}

void vitc::readInstead(Value value, const Rows &live, Value fewer, PatternRewriter &rewriter) {
  for (Operation *user : llvm::make_early_inc_range(value.getUsers())) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    if (!slice)
      continue;
    std::optional<Rows> rows = matchRows(slice);
    if (rows && rows->dim == live.dim && rows->size == live.size) {
      rewriter.replaceOp(slice, fewer);
      continue;
    }
    SmallVector<OpFoldResult> offsets = slice.getMixedOffsets();
    offsets[live.dim] = rewriter.getIndexAttr(*getConstantIntValue(offsets[live.dim]) - live.offset);
    rewriter.setInsertionPoint(slice);
    rewriter.replaceOpWithNewOp<tensor::ExtractSliceOp>(slice, slice.getType(), fewer, offsets, slice.getMixedSizes(),
                                                        slice.getMixedStrides());
  }
}

SmallVector<Value> vitc::takeQueries(OpBuilder &builder, Location loc, ValueRange addends, int64_t offset,
                                     int64_t size) {
  return llvm::map_to_vector(addends, [&](Value addend) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(addend.getType()).getShape();
    int64_t dim = static_cast<int64_t>(shape.size()) - 2;
    return dim >= 0 && shape[dim] != 1 ? takeRows(builder, loc, addend, {dim, offset, size}) : addend;
  });
}
