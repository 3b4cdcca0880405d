#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult ClipOp::verify() {
  if (failed(verifySameShape(*this, {"input", getInput()}, {"output", getOutput()}))) // clip_c1
    return failure();
  Type type = getElementTypeOrSelf(getInput());
  for (Named bound : {Named{"min", getMin()}, {"max", getMax()}}) {
    if (failed(verifyScalar(*this, bound))) // clip_c2
      return failure();
    if (bound.value && getElementTypeOrSelf(bound.value) != type) // clip_c2
      return emitOpError() << "expected " << bound.name << " of type " << type << ", got "
                           << getElementTypeOrSelf(bound.value);
  }
  return success();
}

LogicalResult PReluOp::verify() {
  if (failed(verifySameShape(*this, {"x", getX()}, {"y", getY()}))) // p_relu_c1
    return failure();
  return verifyBroadcasts(*this, {"slope", getSlope()}, {"x", getX()}); // p_relu_c2
}
