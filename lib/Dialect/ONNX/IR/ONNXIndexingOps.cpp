#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Elements at indices
//===----------------------------------------------------------------------===//

/// `indices` as they gather or scatter elements: in every dimension but `axis` they lie within `data`.
static LogicalResult verifyElementIndices(Operation *op, Value data, Value indices, int64_t axis) {
  std::optional<ArrayRef<int64_t>> from = getShape(data), shape = getShape(indices);
  if (!from || !shape)
    return success();
  for (auto [dim, extent, most] : llvm::enumerate(*shape, *from)) {
    bool isAxis = static_cast<int64_t>(dim) == (axis < 0 ? axis + static_cast<int64_t>(from->size()) : axis);
    if (!isAxis && !ShapedType::isDynamic(extent) && !ShapedType::isDynamic(most) && extent > most)
      return op->emitOpError() << "expected at most " << most << " indices in dimension " << dim << ", got " << extent;
  }
  return success();
}

LogicalResult GatherElementsOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getData()))) // gather_elements_c1
    return failure();
  if (failed(verifySameRank(*this, {{"data", getData()}, {"indices", getIndices()}, {"output", getOutput()}},
                            1))) // gather_elements_c2
    return failure();
  if (failed(verifySameShape(*this, {"indices", getIndices()}, {"output", getOutput()}))) // gather_elements_c3
    return failure();
  return verifyElementIndices(*this, getData(), getIndices(), getAxis()); // gather_elements_c3
}

/// The result is the operand updated: what both ways to scatter hold.
template <typename ScatterOp>
static LogicalResult verifyUpdated(ScatterOp op) {
  Type element = getElementTypeOrSelf(op.getData());
  if (getElementTypeOrSelf(op.getUpdates()) != element)
    return op.emitOpError() << "expected updates of type " << element << ", got "
                            << getElementTypeOrSelf(op.getUpdates());
  return verifySameShape(op, {"data", op.getData()}, {"output", op.getOutput()});
}

LogicalResult ScatterElementsOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getData()))) // scatter_elements_c1
    return failure();
  if (failed(verifySameRank(
          *this, {{"data", getData()}, {"indices", getIndices()}, {"updates", getUpdates()}, {"output", getOutput()}},
          1))) // scatter_elements_c2
    return failure();
  if (failed(verifySameShape(*this, {"indices", getIndices()}, {"updates", getUpdates()})) ||
      failed(verifyElementIndices(*this, getData(), getIndices(), getAxis()))) // scatter_elements_c3
    return failure();
  return verifyUpdated(*this); // scatter_elements_c4
}

LogicalResult ScatterNDOp::verify() {
  std::optional<ArrayRef<int64_t>> data = getShape(getData()), indices = getShape(getIndices());
  if (data && indices) {
    if (data->empty() || indices->empty()) // scatter_nd_c1
      return emitOpError() << "expected data and indices of rank at least 1, got " << getData().getType() << " and "
                           << getIndices().getType();
    int64_t length = indices->back(), rank = data->size();
    if (!ShapedType::isDynamic(length) && (length < 1 || length > rank)) // scatter_nd_c2
      return emitOpError() << "expected index vectors of length 1 to " << rank << ", got " << length;
    if (!ShapedType::isDynamic(length)) {
      SmallVector<int64_t> expected(indices->drop_back());
      llvm::append_range(expected, data->drop_front(length));
      if (failed(verifyCompatibleShape(expected, getShape(getUpdates()).value_or(expected)))) // scatter_nd_c3
        return emitOpError() << "expected updates of shape [" << expected << "], got " << getUpdates().getType();
    }
  }
  return verifyUpdated(*this); // scatter_nd_c4
}

LogicalResult ReverseSequenceOp::verify() {
  if (failed(verifySameRank(*this, {{"input", getInput()}, {"y", getY()}}, 2)) ||
      failed(verifySameShape(*this, {"input", getInput()}, {"y", getY()}))) // reverse_sequence_c1
    return failure();
  bool areFirst = (getTimeAxis() == 0 && getBatchAxis() == 1) || (getTimeAxis() == 1 && getBatchAxis() == 0);
  if (!areFirst) // reverse_sequence_c2
    return emitOpError() << "expected time and batch as dimensions 0 and 1, got " << getTimeAxis() << " and "
                         << getBatchAxis();
  return verifyChannels(*this, {"sequence_lens", getSequenceLens()}, getInput(), getBatchAxis()); // reverse_sequence_c3
}

//===----------------------------------------------------------------------===//
// Indices as matrices
//===----------------------------------------------------------------------===//

LogicalResult OneHotOp::verify() {
  if (std::optional<int64_t> rank = getRank(getIndices())) {
    if (failed(verifyRank(*this, {"output", getOutput()}, *rank + 1))) // one_hot_c1
      return failure();
    if (getAxis() < -*rank - 1 || getAxis() > *rank) // one_hot_c1
      return emitOpError() << "expected an axis from " << -*rank - 1 << " to " << *rank << ", got " << getAxis();
  }
  if (failed(verifyScalar(*this, {"depth", getDepth()}))) // one_hot_c2
    return failure();
  if (std::optional<SmallVector<int64_t>> depth = getConstantInts(getDepth()))
    if (depth->size() == 1 && depth->front() < 0) // one_hot_c2
      return emitOpError() << "expected a depth that is not negative, got " << depth->front();
  return verifyList(*this, {"values", getValues()}, 2); // one_hot_c3
}

LogicalResult EyeLikeOp::verify() {
  if (failed(verifyRank(*this, {"input", getInput()}, 2))) // eye_like_c1
    return failure();
  return verifySameShape(*this, {"input", getInput()}, {"output", getOutput()}); // eye_like_c1
}

//===----------------------------------------------------------------------===//
// Channels and pixels
//===----------------------------------------------------------------------===//

/// Rank 4, a positive block size whose `divisor` divides the static extents from `first` to `last` of the operand.
template <typename BlockOp>
static LogicalResult verifyBlocks(BlockOp op, int64_t first, int64_t last, bool isSquared) {
  if (failed(verifyRank(op, {"input", op.getInput()}, 4)) || // blocks_c1
      failed(verifyRank(op, {"output", op.getOutput()}, 4))) // blocks_c1
    return failure();
  int64_t size = op.getBlocksize();
  if (size < 1 || size > (1 << 15)) // blocks_c2
    return op.emitOpError() << "expected a block size from 1 to 32768, got " << size;
  int64_t divisor = isSquared ? size * size : size;
  std::optional<ArrayRef<int64_t>> shape = getShape(op.getInput());
  for (int64_t dim = first; shape && dim <= last; ++dim)
    if (!ShapedType::isDynamic((*shape)[dim]) && (*shape)[dim] % divisor != 0) // blocks_c3
      return op.emitOpError() << "expected a multiple of " << divisor << " as extent of dimension " << dim << ", got "
                              << (*shape)[dim];
  return success();
}

LogicalResult DepthToSpaceOp::verify() { return verifyBlocks(*this, 1, 1, /*isSquared=*/true); }
LogicalResult SpaceToDepthOp::verify() { return verifyBlocks(*this, 2, 3, /*isSquared=*/false); }
