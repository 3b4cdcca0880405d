#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

#include "vitc/Dialect/ONNX/IR/ONNXInterfaces.cpp.inc"

SmallVector<Type> vitc::onnx::detail::getInputElementTypes(Operation *op, ArrayRef<int32_t> segments) {
  SmallVector<Type> types;
  if (segments.empty()) {
    for (Type type : op->getOperandTypes())
      types.push_back(getElementTypeOrSelf(type));
    return types;
  }
  unsigned next = 0;
  for (int32_t size : segments) {
    types.push_back(size == 0 ? Type() : getElementTypeOrSelf(op->getOperand(next)));
    next += size;
  }
  return types;
}

LogicalResult vitc::onnx::detail::verifyElementTypes(NodeOpInterface op) {
  SmallVector<Type> inputs = op.getInputElementTypes();
  auto attribute = [&](StringRef name) { return op->getAttr(name); };
  for (OpResult result : op->getResults()) {
    unsigned position = op.getOutputPosition(result.getResultNumber());
    Type expected = op.inferElementType(op->getContext(), position, inputs, attribute);
    Type actual = getElementTypeOrSelf(result.getType());
    if (expected && expected != actual) // null where an operand is missing, which other checks find
      return op->emitOpError() << "expected element type " << expected << " of result " << result.getResultNumber()
                               << ", got " << actual;
  }
  return success();
}
