#include "RowsView.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <numeric>

using namespace mlir;

/// Groups all dimensions but the last.
static SmallVector<ReassociationIndices> rowsAndColumns(int64_t rank) {
  ReassociationIndices rows = llvm::to_vector(llvm::seq<int64_t>(0, rank - 1));
  return {rows, {rank - 1}};
}

Value vitc::viewAsRows(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 2)
    return tensor;
  if (type.getRank() == 1)
    return tensor::ExpandShapeOp::create(builder, loc,
                                         RankedTensorType::get({1, type.getDimSize(0)}, type.getElementType()), tensor,
                                         ArrayRef<ReassociationIndices>{{0, 1}});
  return tensor::CollapseShapeOp::create(builder, loc, tensor, rowsAndColumns(type.getRank()));
}

Value vitc::viewRowsAs(OpBuilder &builder, Location loc, Value rows, RankedTensorType type,
                       ArrayRef<OpFoldResult> sizes) {
  if (type.getRank() == 2)
    return rows;
  if (type.getRank() == 1)
    return tensor::CollapseShapeOp::create(builder, loc, type, rows, ArrayRef<ReassociationIndices>{{0, 1}});
  return tensor::ExpandShapeOp::create(builder, loc, type, rows, rowsAndColumns(type.getRank()), sizes);
}

/// The images of a run: the first dimension of all inputs of at least two. Nothing where they differ, where another
/// dimension is open, or where there may be several and an input has not the four dimensions of images.
static std::optional<int64_t> findBatch(func::FuncOp function) {
  std::optional<int64_t> batch;
  for (Type input : function.getArgumentTypes()) {
    auto type = dyn_cast<RankedTensorType>(input);
    if (!type || type.getRank() < 2)
      continue;
    int64_t first = type.getDimSize(0);
    if (ShapedType::isDynamicShape(type.getShape().drop_front()) || batch.value_or(first) != first ||
        (first != 1 && type.getRank() != 4))
      return std::nullopt;
    batch = first;
  }
  return batch;
}

int64_t vitc::rowsOfImage(Operation *op, ShapedType type) {
  auto function = op->getParentOfType<func::FuncOp>();
  std::optional<int64_t> batch = function ? findBatch(function) : std::nullopt;
  if (!batch || type.getRank() < 2)
    return 0;
  ArrayRef<int64_t> rows = type.getShape().drop_back();
  if (*batch == 1)
    return ShapedType::isDynamicShape(rows) ? 0 : ShapedType::getNumElements(rows);
  ArrayRef<int64_t> others = rows.drop_front();
  if (others.empty() || ShapedType::isDynamicShape(others) ||
      ShapedType::isDynamic(*batch) != ShapedType::isDynamic(rows[0]))
    return 0;
  int64_t count = ShapedType::getNumElements(others);
  return ShapedType::isDynamic(*batch) || std::gcd(count, *batch) == 1 ? count : 0;
}
