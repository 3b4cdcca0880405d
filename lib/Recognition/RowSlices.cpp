#include "RowSlices.h"

#include "vitc/Recognition/Extent.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace vitc;

std::optional<Rows> vitc::matchRows(tensor::ExtractSliceOp slice) {
  if (slice.getType().getRank() != slice.getSourceType().getRank() || !slice.hasUnitStride())
    return std::nullopt;
  std::optional<Rows> rows;
  for (auto [dim, offset, size] : llvm::enumerate(slice.getMixedOffsets(), slice.getMixedSizes())) {
    std::optional<int64_t> first = getConstantIntValue(offset), count = getConstantIntValue(size);
    if (first == 0 && extentOf(slice.getSource(), dim) == extentOf(size))
      continue;
    if (rows || !first || !count)
      return std::nullopt;
    rows = Rows{static_cast<int64_t>(dim), *first, *count};
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

std::optional<Rows> vitc::findLiveRows(Value value) {
  std::optional<Rows> live;
  for (Operation *user : value.getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    std::optional<Rows> rows = slice ? matchRows(slice) : std::nullopt;
    if (!rows || (live && live->dim != rows->dim))
      return std::nullopt;
    int64_t end = rows->offset + rows->size;
    if (live) {
      end = std::max(end, live->offset + live->size);
      rows->offset = std::min(rows->offset, live->offset);
    }
    live = Rows{rows->dim, rows->offset, end - rows->offset};
  }
  if (!live)
    return std::nullopt;
  std::optional<int64_t> all = extentOf(value, live->dim).constant();
  return all && 2 * live->size <= *all ? live : std::nullopt;
}
