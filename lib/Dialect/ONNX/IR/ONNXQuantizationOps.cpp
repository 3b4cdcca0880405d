#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

static bool isScalar(ArrayRef<int64_t> shape) { return shape.empty() || (shape.size() == 1 && shape[0] == 1); }

/// The granularity of quantisation that the shape of a scale says.
static LogicalResult verifyScale(Operation *op, Value x, Named scale, Named zeroPoint, int64_t axis,
                                 int64_t blockSize) {
  if (failed(verifySameShape(op, {"x", x}, {"y", op->getResult(0)}))) // quantize_c1
    return failure();
  std::optional<ArrayRef<int64_t>> shape = getShape(x), scales = getShape(scale.value);
  std::optional<ArrayRef<int64_t>> zeros = zeroPoint.value ? getShape(zeroPoint.value) : scales;
  bool areScalars = scales && zeros && isScalar(*scales) && isScalar(*zeros);
  if (zeroPoint.value && !areScalars && failed(verifySameShape(op, scale, zeroPoint))) // quantize_c3
    return failure();
  if (!shape || !scales || isScalar(*scales))
    return success();
  if (failed(verifyAxis(op, axis, x))) // quantize_c1
    return failure();
  auto rank = static_cast<int64_t>(shape->size());
  axis = axis < 0 ? axis + rank : axis;
  if (blockSize == 0) { // quantize_c2
    if (scales->size() == 1 && areCompatible(scales->front(), (*shape)[axis]))
      return success();
    return op->emitOpError() << "expected " << scale.name << " with " << (*shape)[axis]
                             << " elements, those of x along the axis, got " << scale.value.getType();
  }
  SmallVector<int64_t> expected(*shape);
  if (blockSize > 0 && !ShapedType::isDynamic(expected[axis]))
    expected[axis] = llvm::divideCeil(expected[axis], blockSize);
  if (blockSize < 0 || scales->size() != expected.size() || !llvm::all_of_zip(*scales, expected, areCompatible))
    return op->emitOpError() << "expected " << scale.name << " with an element for each block of " << blockSize
                             << " along the axis, got " << scale.value.getType();
  return success();
}

/// (C1) of the products; (C3) of DequantizeLinear.
static LogicalResult verifyType(Operation *op, Named zeroPoint, Value of) {
  if (!zeroPoint.value || getElementTypeOrSelf(zeroPoint.value) == getElementTypeOrSelf(of))
    return success();
  return op->emitOpError() << "expected " << zeroPoint.name << " of type " << getElementTypeOrSelf(of) << ", got "
                           << getElementTypeOrSelf(zeroPoint.value);
}

LogicalResult QuantizeLinearOp::verify() {
  Type y = getElementTypeOrSelf(getY());
  bool isWidened = getYZeroPoint() && isa<FloatType>(y) && getElementTypeOrSelf(getYZeroPoint()).isF32();
  if (!isWidened && failed(verifyType(*this, {"y_zero_point", getYZeroPoint()}, getY()))) // quantize_c4
    return failure();
  return verifyScale(*this, getX(), {"y_scale", getYScale()}, {"y_zero_point", getYZeroPoint()}, getAxis(),
                     getBlockSize());
}

LogicalResult DequantizeLinearOp::verify() {
  Named zeroPoint{"x_zero_point", getXZeroPoint()};
  if (failed(verifyType(*this, zeroPoint, getX()))) // dequantize_linear_c3
    return failure();
  return verifyScale(*this, getX(), {"x_scale", getXScale()}, zeroPoint, getAxis(), getBlockSize());
}

LogicalResult DynamicQuantizeLinearOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.push_back(extentsOf(getX()));
  shapes.append(2, SymbolicShape());
  return success();
}

LogicalResult MatMulIntegerOp::verify() {
  return success(succeeded(verifyType(*this, {"a_zero_point", getAZeroPoint()}, getA())) && // mat_mul_integer_c1
                 succeeded(verifyType(*this, {"b_zero_point", getBZeroPoint()}, getB())));
}

LogicalResult QLinearMatMulOp::verify() {
  return success(succeeded(verifyType(*this, {"a_zero_point", getAZeroPoint()}, getA())) && // q_linear_mat_mul_c1
                 succeeded(verifyType(*this, {"b_zero_point", getBZeroPoint()}, getB())));
}
