#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Constant
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType()); // constant_c1
  ShapedType value = getValue().getShapedType();
  if (!type || type.getShape() != value.getShape())
    return emitOpError() << "expected a result with the shape of value " << value << ", got " << getType();
  return success();
}

Operation *ONNXDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements ? ConstantOp::create(builder, loc, type, elements) : nullptr;
}
