#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// (C1): what the last dimension of the input may be.
static LogicalResult verifyParts(DFTOp op, ArrayRef<int64_t> shape) {
  if (shape.size() < 2)
    return op.emitOpError() << "expected an input of at least 2 dimensions, got " << op.getInput().getType();
  int64_t parts = shape.back();
  bool isReal = op.getOnesided() && !op.getInverse(), isComplex = op.getOnesided() && op.getInverse();
  if (ShapedType::isDynamic(parts) || (parts == 1 && !isComplex) || (parts == 2 && !isReal))
    return success();
  return op.emitOpError() << "expected "
                          << (isReal      ? "real"
                              : isComplex ? "complex"
                                          : "real or complex")
                          << " numbers in the last dimension of input, got " << op.getInput().getType();
}

LogicalResult DFTOp::verify() {
  for (auto [name, value] : {Named{"dft_length", getDftLength()}, Named{"axis", getAxis()}})
    if (value && failed(verifyScalar(*this, {name, value}))) // dft_c2
      return failure();
  std::optional<ArrayRef<int64_t>> shape = getShape(getInput());
  if (!shape)
    return success();
  if (failed(verifyParts(*this, *shape))) // dft_c1
    return failure();
  std::optional<SmallVector<int64_t>> axis = getAxis() ? getConstantInts(getAxis()) : std::nullopt;
  if (!axis || axis->size() != 1)
    return success();
  if (failed(verifyAxis(*this, axis->front(), getInput()))) // dft_c3
    return failure();
  auto rank = static_cast<int64_t>(shape->size());
  if (fromFront(axis->front(), rank) == rank - 1) // dft_c3
    return emitOpError() << "expected an axis other than the last, which holds the parts of numbers";
  return success();
}

SmallVector<Value> DFTOp::getShapeOperands() {
  return vitc::onnx::detail::presentOperands({getDftLength(), getAxis()});
}

LogicalResult DFTOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getInput());
  auto rank = static_cast<int64_t>(result.size());
  int64_t axis = rank - 2;
  if (getAxis()) {
    FailureOr<SmallVector<int64_t>> constant = constantIntegers(*this, env, getAxis(), "axis");
    if (failed(constant))
      return failure();
    axis = fromFront(constant->front(), rank);
    if (axis < 0 || axis >= rank - 1) // dft_c3
      return emitOpError() << "expected an axis other than the last, which holds the parts of numbers";
  }
  bool fromHalf = getOnesided() && getInverse();
  Extent length = fromHalf ? (result[axis] - 1) * 2 : result[axis];
  if (getDftLength()) {
    FailureOr<SmallVector<int64_t>> constant = constantIntegers(*this, env, getDftLength(), "dft_length");
    if (failed(constant))
      return failure();
    length = constant->front();
  }
  if (length.isConstant() && !length.isProvablyAtLeast(1))
    return emitOpError() << "expected a positive length of the transform, got " << length.str();
  result[axis] = getOnesided() && !getInverse() ? *length.floorDiv(2) + 1 : length;
  result.back() = fromHalf ? 1 : 2;
  shapes.push_back(std::move(result));
  return success();
}
