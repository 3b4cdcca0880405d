// What the descriptions of vit.scatter and vit.top_k call (C1), (C2), …: one check each, named op_cN.
#include "VerifyShapes.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::vit;
using namespace vitc::vit::detail;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

LogicalResult ScatterOp::verify() {
  ArrayRef<int64_t> data = shapeOf(getData()), indices = shapeOf(getIndices()), updates = shapeOf(getUpdates());
  int64_t rank = data.size();
  if (rank == 0 || getElementTypeOrSelf(getUpdates()) != getElementTypeOrSelf(getData())) // scatter_c1
    return emitOpError("expected data of rank at least 1 and updates of their type, got ")
           << getData().getType() << " and " << getUpdates().getType();
  if (!llvm::is_contained({"none", "add", "mul", "max", "min"}, getReduction())) // scatter_c4
    return emitOpError("expected none, add, mul, max or min as reduction, got ") << getReduction();
  if (getAxis()) {
    int64_t axis = *getAxis();
    if (axis < 0 || axis >= rank || static_cast<int64_t>(indices.size()) != rank ||
        !agree(indices, updates)) // scatter_c2
      return emitOpError("expected an axis in [0, ")
             << rank << ") and indices and updates of one shape of rank " << rank << ", got axis " << axis << ", "
             << show(indices) << " and " << show(updates);
    return success();
  }
  int64_t length = indices.empty() ? 0 : indices.back();
  if (length < 1 || length > rank) // scatter_c3
    return emitOpError("expected index vectors of static length from 1 to ") << rank << ", got " << show(indices);
  SmallVector<int64_t> expected(indices.drop_back());
  llvm::append_range(expected, data.drop_front(length));
  return verifyShape(*this, "updates", getUpdates(), expected); // scatter_c3
}

LogicalResult TopKOp::verify() {
  auto x = cast<RankedTensorType>(getX().getType()), values = cast<RankedTensorType>(getValues().getType());
  if (x.getRank() == 0 || values.getRank() != x.getRank()) // top_k_c1
    return emitOpError("expected operand and values of one rank, at least 1, got ") << x << " and " << values;
  int64_t count = values.getShape().back(), most = x.getShape().back();
  if (ShapedType::isDynamic(count) || (ShapedType::isStatic(most) && count > most)) // top_k_c1
    return emitOpError("expected a static number of values of at most ") << show({most}) << ", got " << show({count});
  SmallVector<int64_t> expected(x.getShape().drop_back());
  expected.push_back(count);
  if (failed(verifyShape(*this, "values", getValues(), expected)) ||
      failed(verifyShape(*this, "indices", getIndices(), expected))) // top_k_c1
    return failure();
  if (values.getElementType() != x.getElementType()) // top_k_c2
    return emitOpError("expected values of type ") << x.getElementType() << ", got " << values.getElementType();
  return success();
}
