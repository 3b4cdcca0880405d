// Result shapes of the vit ops in terms of their operands' (ReifyRankedShapedTypeOpInterface).
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace vitc::vit;

namespace {
/// Where a dynamic extent of a result comes from.
struct ExtentOf {
  Value operand;
  int64_t dim;
};
} // namespace

/// The extents of `result`: static ones from its type, dynamic ones from the operand `source` names for that dimension.
static SmallVector<OpFoldResult> reify(OpBuilder &builder, Value result, function_ref<ExtentOf(int64_t)> source) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim)) {
      sizes.push_back(builder.getIndexAttr(type.getDimSize(dim)));
      continue;
    }
    ExtentOf from = source(dim);
    sizes.push_back(tensor::getMixedSize(builder, result.getLoc(), from.operand, from.dim));
  }
  return sizes;
}

static LogicalResult reifyAs(OpBuilder &builder, Value result, Value operand, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reify(builder, result, [&](int64_t dim) { return ExtentOf{operand, dim}; }));
  return success();
}

LogicalResult LayerNormOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyAs(builder, getResult(), getInput(), shapes);
}

LogicalResult LayerScaleOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyAs(builder, getResult(), getInput(), shapes);
}

LogicalResult LinearOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  int64_t last = getResult().getType().getRank() - 1;
  shapes.push_back(reify(builder, getResult(), [&](int64_t dim) {
    return dim == last ? ExtentOf{getWeight(), getTransposed() ? 0 : 1} : ExtentOf{getInput(), dim};
  }));
  return success();
}

LogicalResult ConvOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  RankedTensorType type = getResult().getType();
  if (type.isDynamicDim(2) || type.isDynamicDim(3))
    return failure();
  shapes.push_back(reify(builder, getResult(), [&](int64_t dim) {
    return dim == 0 ? ExtentOf{getInput(), 0} : ExtentOf{getWeight(), getTransposed() ? 1 : 0};
  }));
  return success();
}

LogicalResult PatchEmbedOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reify(builder, getResult(),
                         [&](int64_t dim) { return dim == 0 ? ExtentOf{getImage(), 0} : ExtentOf{getWeight(), 0}; }));
  return success();
}

LogicalResult PatchifyOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyAs(builder, getResult(), getImage(), shapes); // only the batch may be dynamic
}

LogicalResult AssembleOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  if (getResult().getType().isDynamicDim(1))
    return failure();
  return reifyAs(builder, getResult(), getPatches(), shapes);
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  int64_t rank = getQuery().getType().getRank();
  shapes.push_back(reify(builder, getResult(), [&](int64_t dim) {
    return dim == rank - 1 ? ExtentOf{getValue(), dim} : ExtentOf{getQuery(), dim};
  }));
  // Scores and probabilities are (B.., H, M, N): heads stand third from last there, second from last in the query.
  auto pairwise = [&](int64_t dim) {
    if (dim == rank - 1)
      return ExtentOf{getKey(), rank - 3};
    if (dim == rank - 2)
      return ExtentOf{getQuery(), rank - 3};
    return dim == rank - 3 ? ExtentOf{getQuery(), rank - 2} : ExtentOf{getQuery(), dim};
  };
  for (Value optional : {getScores(), getProbs()})
    if (optional)
      shapes.push_back(reify(builder, optional, pairwise));
  return success();
}
