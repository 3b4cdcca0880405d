//===- ScatterElements and ScatterND --------------------------------------===//

#include "Node.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::onnx;

template <typename ScatterOp>
static FailureOr<Tensor> scatter(ScatterOp op, Node &node, std::optional<int64_t> axis) {
  Tensor data = node.get(op.getData()), indices = node.get(op.getIndices()), updates = node.get(op.getUpdates());
  // Nothing is updated, or there is nothing to update.
  if (TensorBuilder::isEmpty(updates.extents) || TensorBuilder::isEmpty(data.extents))
    return data;
  if (!axis && ShapedType::isDynamic(getStaticExtent(indices.extents.back())))
    return node.refuse("the length of its index vectors is not static");
  Value result = vitc::vit::ScatterOp::create(node.builder, node.loc, data.value.getType(), data.value, indices.value,
                                              updates.value, axis ? node.builder.getI64IntegerAttr(*axis) : nullptr,
                                              op.getReduction(), isUnsigned(op.getData()));
  return Tensor{result, data.extents};
}

static FailureOr<Tensor> convertScatterElements(ScatterElementsOp op, Node &node) {
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  return scatter(op, node, normalizeAxis(op.getAxis(), rank));
}

static FailureOr<Tensor> convertScatterND(ScatterNDOp op, Node &node) { return scatter(op, node, std::nullopt); }

void vitc::onnx::populateScatterPatterns(NodePatterns &patterns) {
  patterns.add(convertScatterElements);
  patterns.add(convertScatterND);
}
