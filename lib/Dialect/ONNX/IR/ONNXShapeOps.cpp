#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/Extent.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// The same elements in another shape or order
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  if (failed(verifyList(*this, {"shape", getShape()}, getRank(getReshaped())))) // reshape_c1
    return failure();
  return verifySameElements(*this, {"data", getData()}, {"reshaped", getReshaped()}); // reshape_c2
}

LogicalResult FlattenOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getInput(), /*isPosition=*/true))) // flatten_c1
    return failure();
  if (failed(verifyRank(*this, {"output", getOutput()}, 2))) // flatten_c2
    return failure();
  return verifySameElements(*this, {"input", getInput()}, {"output", getOutput()}); // flatten_c2
}

LogicalResult SqueezeOp::verify() {
  if (failed(verifyList(*this, {"axes", getAxes()}))) // squeeze_c1
    return failure();
  if (std::optional<SmallVector<int64_t>> axes = getConstantInts(getAxes()))
    if (failed(verifyAxes(*this, *axes, getRank(getData())))) // squeeze_c1
      return failure();
  return verifySameElements(*this, {"data", getData()}, {"squeezed", getSqueezed()}); // squeeze_c2
}

LogicalResult UnsqueezeOp::verify() {
  if (getRank(getAxes()) != 0 && failed(verifyList(*this, {"axes", getAxes()}))) // unsqueeze_c1
    return failure();
  if (std::optional<SmallVector<int64_t>> axes = getConstantInts(getAxes())) {
    std::optional<int64_t> rank = getRank(getData());
    if (rank)
      *rank += axes->size();
    if (failed(verifyAxes(*this, *axes, rank))) // unsqueeze_c1
      return failure();
  }
  return verifySameElements(*this, {"data", getData()}, {"expanded", getExpanded()}); // unsqueeze_c2
}

LogicalResult TransposeOp::verify() {
  std::optional<ArrayRef<int64_t>> from = vitc::onnx::getShape(getData());
  if (!from)
    return success();
  SmallVector<int64_t> perm(getPerm());
  if (perm.empty())
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, from->size())));
  if (perm.size() != from->size() || !isPermutationVector(perm)) // transpose_c1
    return emitOpError() << "expected a permutation of " << from->size() << " dimensions, got [" << perm << "]";
  std::optional<ArrayRef<int64_t>> to = vitc::onnx::getShape(getTransposed());
  if (!to)
    return success();
  SmallVector<int64_t> permuted = applyPermutation(*from, perm);
  if (permuted.size() != to->size() || !llvm::all_of_zip(permuted, *to, areCompatible)) // transpose_c2
    return emitOpError() << "expected a result of shape [" << permuted << "], got " << getTransposed().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Parts and copies
//===----------------------------------------------------------------------===//

LogicalResult ConcatOp::verify() {
  SmallVector<Named> tensors;
  for (Value input : getInputs())
    tensors.push_back({"every input", input});
  tensors.push_back({"concat_result", getConcatResult()});
  if (failed(verifySameRank(*this, tensors))) // concat_c3
    return failure();
  std::optional<ArrayRef<int64_t>> first;
  for (auto [name, tensor] : tensors) {
    std::optional<ArrayRef<int64_t>> shape = vitc::onnx::getShape(tensor);
    if (!shape)
      continue;
    if (failed(verifyAxis(*this, getAxis(), tensor))) // concat_c3
      return failure();
    int64_t axis = getAxis() < 0 ? getAxis() + shape->size() : getAxis();
    for (auto [dim, extent, other] : llvm::enumerate(*shape, first.value_or(*shape)))
      if (static_cast<int64_t>(dim) != axis && !areCompatible(extent, other)) // concat_c4
        return emitOpError() << "expected extent " << other << " in dimension " << dim << ", got " << extent;
    first = first.value_or(*shape);
  }
  return success();
}

LogicalResult SplitOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getInput()))) // split_c1
    return failure();
  if (failed(verifyList(*this, {"split", getSplit()}, getNumResults()))) // split_c2
    return failure();
  if (getNumOutputs() && (getSplit() || *getNumOutputs() != getNumResults())) // split_c3
    return emitOpError() << "expected num_outputs of " << getNumResults() << " and no split, or none, got "
                         << *getNumOutputs();
  if (getNumResults() == 0) // split_c4
    return emitOpError() << "expected at least one result";
  SmallVector<Named> tensors = {{"input", getInput()}};
  for (Value output : getOutputs())
    tensors.push_back({"every output", output});
  return verifySameRank(*this, tensors); // split_c4
}

LogicalResult SliceOp::verify() {
  std::optional<int64_t> length;
  for (Named list : {Named{"starts", getStarts()}, {"ends", getEnds()}, {"axes", getAxes()}, {"steps", getSteps()}}) {
    if (failed(verifyList(*this, list, length))) // slice_c1
      return failure();
    std::optional<ArrayRef<int64_t>> shape = vitc::onnx::getShape(list.value);
    if (shape && !ShapedType::isDynamic(shape->front()))
      length = shape->front();
    if (list.value && getElementTypeOrSelf(list.value) != getElementTypeOrSelf(getStarts())) // slice_c2
      return emitOpError() << "expected " << list.name << " of type " << getElementTypeOrSelf(getStarts()) << ", got "
                           << getElementTypeOrSelf(list.value);
  }
  return verifySameRank(*this, {{"data", getData()}, {"output", getOutput()}}); // slice_c3
}

LogicalResult GatherOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getData()))) // gather_c1
    return failure();
  std::optional<int64_t> data = getRank(getData()), indices = getRank(getIndices());
  if (!data || !indices)
    return success();
  return verifyRank(*this, {"output", getOutput()}, *data + *indices - 1); // gather_c2
}

LogicalResult GatherNDOp::verify() {
  std::optional<int64_t> data = getRank(getData()), rank = getRank(getIndices());
  int64_t batch = getBatchDims();
  constexpr auto most = static_cast<int64_t>(mostDimensions);
  int64_t least = std::min(data.value_or(most), rank.value_or(most));
  if (batch < 0 || batch >= least) // gather_nd_c1
    return emitOpError() << "expected batch_dims from 0 to " << least - 1 << ", got " << batch;
  if (!data || !rank)
    return success();
  int64_t length = vitc::onnx::getShape(getIndices())->back();
  if (ShapedType::isDynamic(length))
    return success();
  if (length < 1 || length > *data - batch) // gather_nd_c2
    return emitOpError() << "expected index vectors of length 1 to " << *data - batch << ", got " << length;
  return verifyRank(*this, {"output", getOutput()}, *data + *rank - length - 1 - batch); // gather_nd_c3
}

LogicalResult ExpandOp::verify() {
  if (failed(verifyList(*this, {"shape", getShape()}))) // expand_c1
    return failure();
  std::optional<int64_t> rank = getRank(getInput());
  std::optional<ArrayRef<int64_t>> length = vitc::onnx::getShape(getShape());
  if (!rank || !length || ShapedType::isDynamic(length->front()))
    return success();
  return verifyRank(*this, {"output", getOutput()}, std::max(*rank, length->front())); // expand_c2
}

LogicalResult TileOp::verify() {
  if (failed(verifyList(*this, {"repeats", getRepeats()}, getRank(getInput())))) // tile_c1
    return failure();
  return verifySameRank(*this, {{"input", getInput()}, {"output", getOutput()}}); // tile_c2
}

LogicalResult PadOp::verify() {
  if (failed(verifyList(*this, {"axes", getAxes()}))) // pad_c1
    return failure();
  std::optional<int64_t> dims = getRank(getData());
  if (getAxes()) {
    std::optional<ArrayRef<int64_t>> shape = vitc::onnx::getShape(getAxes());
    dims = shape && !ShapedType::isDynamic(shape->front()) ? std::optional(shape->front()) : std::nullopt;
  }
  if (failed(verifyList(*this, {"pads", getPads()}, dims ? std::optional(2 * *dims) : std::nullopt))) // pad_c1
    return failure();
  if (failed(verifyScalar(*this, {"constant_value", getConstantValue()}))) // pad_c2
    return failure();
  if (getConstantValue() && getElementTypeOrSelf(getConstantValue()) != getElementTypeOrSelf(getData())) // pad_c2
    return emitOpError() << "expected constant_value of type " << getElementTypeOrSelf(getData()) << ", got "
                         << getElementTypeOrSelf(getConstantValue());
  return verifySameRank(*this, {{"data", getData()}, {"output", getOutput()}}); // pad_c3
}

/// An offset over `symbols` for each dimension.
template <typename OpTy>
static LogicalResult verifyOffsets(OpTy op) {
  if (failed(verifySameRank(op, {{"data", op.getData()}, {"output", op.getOutput()}})))
    return failure();
  AffineMap map = op.getOffsets();
  if (std::optional<int64_t> rank = getRank(op.getData()); rank && *rank != map.getNumResults())
    return op.emitOpError() << "expected " << *rank << " offsets, got " << map.getNumResults();
  if (map.getNumDims() != 0 || map.getNumSymbols() != op.getSymbols().size())
    return op.emitOpError() << "expected offsets over " << op.getSymbols().size() << " symbols, got "
                            << op.getOffsetsAttr();
  return success();
}

LogicalResult SymbolicSliceOp::verify() {
  if (failed(verifyOffsets(*this))) // symbolic_slice_c1, symbolic_slice_c2
    return failure();
  if (getSteps().size() != getOffsets().getNumResults() || llvm::is_contained(getSteps(), 0)) // symbolic_slice_c1, c3
    return emitOpError() << "expected " << getOffsets().getNumResults() << " steps that are not 0, got "
                         << getStepsAttr();
  return success();
}

LogicalResult SymbolicPadOp::verify() { return verifyOffsets(*this); } // symbolic_pad_c1, symbolic_pad_c2

LogicalResult ResizeOp::verify() {
  auto stated = dyn_cast<RankedTensorType>(getY().getType());
  bool isStated = !stated || !stated.hasStaticShape();
  if (getScales() ? static_cast<bool>(getSizes()) : !getSizes() && !isStated) // resize_c1
    return emitOpError() << "expected either scales or sizes, got " << (getScales() ? "both" : "none");
  std::optional<int64_t> rank = getRank(getX());
  std::optional<int64_t> length = getAxes().empty() ? rank : static_cast<int64_t>(getAxes().size());
  if (failed(verifyList(*this, {"scales", getScales()}, length)) ||
      failed(verifyList(*this, {"sizes", getSizes()}, length))) // resize_c1
    return failure();
  if (failed(verifySameRank(*this, {{"x", getX()}, {"y", getY()}}))) // resize_c2
    return failure();
  if (failed(verifyAxes(*this, getAxes(), rank))) // resize_c3
    return failure();
  if (!getRoi() && getCoordinateTransformationMode() == "tf_crop_and_resize") // resize_c4
    return emitOpError() << "expected roi with tf_crop_and_resize";
  return verifyList(*this, {"roi", getRoi()}, length ? std::optional(2 * *length) : std::nullopt); // resize_c4
}

LogicalResult TriluOp::verify() {
  if (failed(verifySameRank(*this, {{"input", getInput()}, {"output", getOutput()}}, 2)) ||
      failed(verifySameShape(*this, {"input", getInput()}, {"output", getOutput()}))) // trilu_c1
    return failure();
  return verifyScalar(*this, {"k", getK()}); // trilu_c2
}

//===----------------------------------------------------------------------===//
// Shapes as values, values from shapes
//===----------------------------------------------------------------------===//

LogicalResult ShapeOp::verify() { return verifyRank(*this, {"shape", getShape()}, 1); } // shape_c1

LogicalResult SizeOp::verify() { return verifyRank(*this, {"size", getSize()}, 0); } // size_c1

LogicalResult ConstantOfShapeOp::verify() {
  if (getValue() && getValue()->getNumElements() != 1) // constant_of_shape_c1
    return emitOpError() << "expected a value with one element, got " << getValue()->getNumElements();
  return verifyList(*this, {"input", getInput()}, getRank(getOutput())); // constant_of_shape_c2
}

LogicalResult RangeOp::verify() {
  for (Named scalar : {Named{"start", getStart()}, {"limit", getLimit()}, {"delta", getDelta()}})
    if (scalar.value && failed(verifyScalar(*this, scalar))) // range_c1
      return failure();
  return verifyRank(*this, {"output", getOutput()}, 1); // range_c3
}
