#include "RowsView.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

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

int64_t vitc::rowsOfImages(ShapedType type) {
  if (type.getRank() < 2)
    return 1;
  ArrayRef<int64_t> rows = type.getShape().drop_back();
  if (rows.size() > 1)
    rows = rows.drop_front();
  return ShapedType::isDynamicShape(rows) ? 0 : ShapedType::getNumElements(rows);
}
