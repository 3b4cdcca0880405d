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

LogicalResult ArgMaxOp::verify() { return success(); }
LogicalResult AttentionOp::verify() { return success(); }
LogicalResult AveragePoolOp::verify() { return success(); }
LogicalResult BatchNormalizationOp::verify() { return success(); }
LogicalResult ClipOp::verify() { return success(); }
LogicalResult ConcatOp::verify() { return success(); }
LogicalResult ConstantOfShapeOp::verify() { return success(); }
LogicalResult ConvOp::verify() { return success(); }
LogicalResult ConvTransposeOp::verify() { return success(); }
LogicalResult CumSumOp::verify() { return success(); }
LogicalResult EinsumOp::verify() { return success(); }
LogicalResult ExpandOp::verify() { return success(); }
LogicalResult FlattenOp::verify() { return success(); }
LogicalResult GatherNDOp::verify() { return success(); }
LogicalResult GatherOp::verify() { return success(); }
LogicalResult GemmOp::verify() { return success(); }
LogicalResult GlobalAveragePoolOp::verify() { return success(); }
LogicalResult GlobalMaxPoolOp::verify() { return success(); }
LogicalResult GroupNormalizationOp::verify() { return success(); }
LogicalResult InstanceNormalizationOp::verify() { return success(); }
LogicalResult LayerNormalizationOp::verify() { return success(); }
LogicalResult LogSoftmaxOp::verify() { return success(); }
LogicalResult MatMulOp::verify() { return success(); }
LogicalResult MaxPoolOp::verify() { return success(); }
LogicalResult PadOp::verify() { return success(); }
LogicalResult RMSNormalizationOp::verify() { return success(); }
LogicalResult RangeOp::verify() { return success(); }
LogicalResult ReduceL2Op::verify() { return success(); }
LogicalResult ReduceMaxOp::verify() { return success(); }
LogicalResult ReduceMeanOp::verify() { return success(); }
LogicalResult ReduceMinOp::verify() { return success(); }
LogicalResult ReduceProdOp::verify() { return success(); }
LogicalResult ReduceSumOp::verify() { return success(); }
LogicalResult ReduceSumSquareOp::verify() { return success(); }
LogicalResult ReshapeOp::verify() { return success(); }
LogicalResult ResizeOp::verify() { return success(); }
LogicalResult ShapeOp::verify() { return success(); }
LogicalResult SizeOp::verify() { return success(); }
LogicalResult SliceOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
LogicalResult SplitOp::verify() { return success(); }
LogicalResult SqueezeOp::verify() { return success(); }
LogicalResult TileOp::verify() { return success(); }
LogicalResult TopKOp::verify() { return success(); }
LogicalResult TransposeOp::verify() { return success(); }
LogicalResult TriluOp::verify() { return success(); }
LogicalResult UnsqueezeOp::verify() { return success(); }
