#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult BitShiftOp::verify() {
  if (getDirection() != "LEFT" && getDirection() != "RIGHT") // bit_shift_c3
    return emitOpError() << "expected the direction LEFT or RIGHT, got '" << getDirection() << "'";
  return success();
}

static unsigned countBits(Type element) { return element.isInteger(1) ? 8 : element.getIntOrFloatBitWidth(); }

LogicalResult BitCastOp::verify() {
  Type from = getElementTypeOrSelf(getInput()), to = getTo();
  if (countBits(from) != countBits(to)) // bit_cast_c2
    return emitOpError() << "expected element types with as many bits, got " << from << " and " << to;
  return success();
}
