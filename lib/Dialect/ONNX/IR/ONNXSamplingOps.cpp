#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult GridSampleOp::verify() {
  if (failed(verifySameRank(*this, {{"x", getX()}, {"grid", getGrid()}, {"y", getY()}}, 3))) // grid_sample_c1
    return failure();
  std::optional<ArrayRef<int64_t>> x = getShape(getX()), grid = getShape(getGrid());
  if (!grid)
    return success();
  int64_t spatial = grid->size() - 2;
  if (!areCompatible(grid->back(), spatial)) // grid_sample_c2
    return emitOpError() << "expected grid vectors of length " << spatial << ", got " << grid->back();
  if (x && !areCompatible(x->front(), grid->front())) // grid_sample_c2
    return emitOpError() << "expected as many grids as pictures, got " << grid->front() << " and " << x->front();
  return success();
}

LogicalResult AffineGridOp::verify() {
  if (std::optional<ArrayRef<int64_t>> theta = vitc::onnx::getShape(getTheta())) {
    bool isPlane = theta->size() == 3 && (*theta)[1] == 2 && (*theta)[2] == 3;
    bool isSpace = theta->size() == 3 && (*theta)[1] == 3 && (*theta)[2] == 4;
    if (!isPlane && !isSpace) // affine_grid_c1
      return emitOpError() << "expected matrices (B, 2, 3) or (B, 3, 4), got " << getTheta().getType();
    if (failed(verifyList(*this, {"size", getSize()}, (*theta)[2] + 1))) // affine_grid_c2
      return failure();
    return verifyRank(*this, {"grid", getGrid()}, (*theta)[2] + 1); // affine_grid_c3
  }
  return verifyList(*this, {"size", getSize()}); // affine_grid_c2
}

LogicalResult RoiAlignOp::verify() {
  if (failed(verifyRank(*this, {"x", getX()}, 4)) || failed(verifyRank(*this, {"rois", getRois()}, 2))) // roi_align_c1
    return failure();
  std::optional<ArrayRef<int64_t>> rois = getShape(getRois());
  if (rois && !areCompatible((*rois)[1], 4)) // roi_align_c1
    return emitOpError() << "expected boxes of 4 numbers, got " << (*rois)[1];
  if (failed(verifyChannels(*this, {"batch_indices", getBatchIndices()}, getRois(), 0))) // roi_align_c1
    return failure();
  if (getOutputHeight() < 1 || getOutputWidth() < 1 || getSamplingRatio() < 0) // roi_align_c2
    return emitOpError() << "expected a positive height and width and a sampling ratio that is not negative, got "
                         << getOutputHeight() << ", " << getOutputWidth() << " and " << getSamplingRatio();
  return success();
}

LogicalResult MaxRoiPoolOp::verify() {
  if (failed(verifyRank(*this, {"x", getX()}, 4)) ||
      failed(verifyRank(*this, {"rois", getRois()}, 2))) // max_roi_pool_c1
    return failure();
  std::optional<ArrayRef<int64_t>> rois = getShape(getRois());
  if (rois && !areCompatible((*rois)[1], 5)) // max_roi_pool_c1
    return emitOpError() << "expected boxes of 5 numbers, got " << (*rois)[1];
  ArrayRef<int64_t> pooled = getPooledShape();
  if (pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1) // max_roi_pool_c2
    return emitOpError() << "expected two positive values as pooled_shape, got [" << pooled << "]";
  return success();
}

LogicalResult CenterCropPadOp::verify() {
  std::optional<int64_t> rank = getRank(getInputData());
  if (failed(verifyAxes(*this, getAxes(), rank))) // center_crop_pad_c1
    return failure();
  std::optional<int64_t> length = getAxes().empty() ? rank : static_cast<int64_t>(getAxes().size());
  if (failed(verifyList(*this, {"shape", getShape()}, length))) // center_crop_pad_c2
    return failure();
  return verifySameRank(*this,
                        {{"input_data", getInputData()}, {"output_data", getOutputData()}}); // center_crop_pad_c3
}

LogicalResult Col2ImOp::verify() {
  if (failed(verifyRank(*this, {"input", getInput()}, 3))) // col2im_c1
    return failure();
  if (failed(verifyList(*this, {"image_shape", getImageShape()}))) // col2im_c2
    return failure();
  std::optional<ArrayRef<int64_t>> image = getShape(getImageShape());
  if (!image || ShapedType::isDynamic(image->front()))
    return success();
  int64_t rank = image->front();
  if (failed(verifyList(*this, {"block_shape", getBlockShape()}, rank))) // col2im_c2
    return failure();
  if (failed(verifyValues(*this, "strides", getStrides(), rank, 1)) ||
      failed(verifyValues(*this, "dilations", getDilations(), rank, 1)) ||
      failed(verifyValues(*this, "pads", getPads(), 2 * rank, 0))) // col2im_c3
    return failure();
  return success();
}
