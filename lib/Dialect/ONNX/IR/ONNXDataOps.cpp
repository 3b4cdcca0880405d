#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult NonZeroOp::verify() {
  if (failed(verifyRank(*this, {"y", getY()}, 2))) // non_zero_c1
    return failure();
  std::optional<int64_t> rank = getRank(getX());
  std::optional<ArrayRef<int64_t>> shape = getShape(getY());
  if (rank && shape && !areCompatible(shape->front(), *rank)) // non_zero_c1
    return emitOpError() << "expected positions of " << *rank << " dimensions, got " << getY().getType();
  return success();
}

LogicalResult CompressOp::verify() {
  if (getAxis() && failed(verifyAxis(*this, *getAxis(), getInput()))) // compress_c1
    return failure();
  if (failed(verifyList(*this, {"condition", getCondition()}))) // compress_c2
    return failure();
  std::optional<ArrayRef<int64_t>> input = getShape(getInput()), condition = getShape(getCondition());
  if (!input || !condition || ShapedType::isDynamic(condition->front()))
    return success();
  ArrayRef<int64_t> chosen = *input;
  if (getAxis())
    chosen = chosen.slice(fromFront(*getAxis(), input->size()), 1);
  if (!ShapedType::isDynamicShape(chosen) && condition->front() > ShapedType::getNumElements(chosen)) // compress_c2
    return emitOpError() << "expected a condition of at most " << ShapedType::getNumElements(chosen)
                         << " elements, got " << condition->front();
  return success();
}

LogicalResult UniqueOp::verify() {
  if (getAxis() && failed(verifyAxis(*this, *getAxis(), getX()))) // unique_c1
    return failure();
  for (auto [name, value] :
       {Named{"indices", getIndices()}, Named{"inverse_indices", getInverseIndices()}, Named{"counts", getCounts()}})
    if (failed(verifyList(*this, {name, value}))) // unique_c2
      return failure();
  return success();
}

LogicalResult NonMaxSuppressionOp::verify() {
  for (auto [name, value] : {Named{"boxes", getBoxes()}, Named{"scores", getScores()}})
    if (failed(verifyRank(*this, {name, value}, 3))) // non_max_suppression_c1
      return failure();
  if (failed(verifyRank(*this, {"selected_indices", getSelectedIndices()}, 2))) // non_max_suppression_c1
    return failure();
  std::optional<ArrayRef<int64_t>> boxes = getShape(getBoxes()), scores = getShape(getScores());
  if (boxes && !areCompatible((*boxes)[2], 4)) // non_max_suppression_c1
    return emitOpError() << "expected boxes of 4 coordinates, got " << getBoxes().getType();
  bool agree =
      !boxes || !scores || (areCompatible((*boxes)[0], (*scores)[0]) && areCompatible((*boxes)[1], (*scores)[2]));
  if (!agree) // non_max_suppression_c1
    return emitOpError() << "expected a score of each class for each box, got boxes " << getBoxes().getType()
                         << " and scores " << getScores().getType();
  for (auto [name, value] : {Named{"max_output_boxes_per_class", getMaxOutputBoxesPerClass()},
                             Named{"iou_threshold", getIouThreshold()}, Named{"score_threshold", getScoreThreshold()}})
    if (value && failed(verifyScalar(*this, {name, value}))) // non_max_suppression_c2
      return failure();
  if (getCenterPointBox() != 0 && getCenterPointBox() != 1) // non_max_suppression_c3
    return emitOpError() << "expected center_point_box 0 or 1, got " << getCenterPointBox();
  return success();
}
