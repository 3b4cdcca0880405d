#include "Node.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"
#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"

using namespace mlir;
using namespace vitc::onnx;

Type vitc::onnx::convertElementType(Type element) {
  unsigned width = element.getIntOrFloatBitWidth();
  if (isa<FloatType>(element) ? width <= 8 : width < 8 && width > 1)
    return IntegerType::get(element.getContext(), 8);
  return element.isUnsignedInteger() ? IntegerType::get(element.getContext(), width) : element;
}

RankedTensorType vitc::onnx::convertTensorType(RankedTensorType type) {
  return RankedTensorType::get(type.getShape(), convertElementType(type.getElementType()));
}

ElementsAttr vitc::onnx::convertElements(ElementsAttr value) {
  auto type = RankedTensorType::get(value.getShapedType().getShape(), convertElementType(value.getElementType()));
  if (type == value.getType())
    return value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  auto dense = cast<DenseElementsAttr>(value);
  if (type.getElementTypeBitWidth() == value.getElementType().getIntOrFloatBitWidth())
    return dense.bitcast(type.getElementType());
  bool isSigned = !value.getElementType().isUnsignedInteger();
  return cast<DenseIntElementsAttr>(dense).mapValues(
      type.getElementType(), [&](const APInt &element) { return isSigned ? element.sext(8) : element.zext(8); });
}

Tensor Node::get(Value operand) const {
  Tensor tensor{rewriter.getRemappedValue(operand), state.symbols.getExtents(operand.getType())};
  // An extent that every run has to have is a constant, whatever the type says.
  bool isKnown = llvm::all_of(tensor.extents, [](AffineExpr extent) { return extent != nullptr; });
  if (auto type = isKnown ? getType(tensor.extents, tensor.getElementType()) : RankedTensorType();
      type && type != tensor.value.getType())
    tensor.value = tensor::CastOp::create(rewriter, loc, type, tensor.value);
  return tensor;
}

Type Node::getResultElementType(unsigned index) const {
  return convertElementType(getElementTypeOrSelf(op->getResult(index).getType()));
}

FailureOr<Tensor> Node::mapOperands(ValueRange values, ScalarBody body) {
  SmallVector<Tensor> operands = get(values);
  Extents extents = getResultExtents();
  if (!broadcasts(operands, extents))
    return refuse("the extents of its operands cannot be shown to broadcast");
  return map(operands, extents, getResultElementType(), body);
}

bool vitc::onnx::isConstant(Value value) { return value.getDefiningOp<ConstantOp>() != nullptr; }

/// A constant's value with its elements in memory, or null.
static DenseElementsAttr getDense(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : nullptr;
  if (!constant)
    return nullptr;
  ElementsAttr elements = convertElements(constant.getValue());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    return dense;
  AsmResourceBlob *blob = cast<DenseResourceElementsAttr>(elements).getRawHandle().getBlob();
  if (!blob || elements.getElementType().isInteger(1))
    return nullptr;
  return DenseElementsAttr::getFromRawBuffer(elements.getShapedType(), blob->getData());
}

std::optional<SmallVector<int64_t>> vitc::onnx::getIntegers(Value value) {
  DenseElementsAttr dense = getDense(value);
  if (!dense || !dense.getElementType().isInteger())
    return std::nullopt;
  return llvm::map_to_vector(dense.getValues<APInt>(), [](const APInt &element) { return element.getSExtValue(); });
}

std::optional<SmallVector<double>> vitc::onnx::getDoubles(Value value) {
  DenseElementsAttr dense = getDense(value);
  if (!dense)
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType()))
    return llvm::map_to_vector(dense.getValues<APFloat>(), [](APFloat element) {
      bool losesInfo;
      element.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
      return element.convertToDouble();
    });
  bool isSigned = !isUnsigned(value);
  return llvm::map_to_vector(dense.getValues<APInt>(),
                             [&](const APInt &element) { return element.roundToDouble(isSigned); });
}

std::optional<double> vitc::onnx::getScalar(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : nullptr;
  if (!constant || constant.getValue().getNumElements() != 1)
    return std::nullopt;
  std::optional<SmallVector<double>> values = getDoubles(value);
  return values ? std::optional(values->front()) : std::nullopt;
}

SmallVector<int64_t> vitc::onnx::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  auto sorted = llvm::map_to_vector(axes, [&](int64_t axis) { return normalizeAxis(axis, rank); });
  llvm::sort(sorted);
  return sorted;
}

LogicalResult NodePatterns::checkExtents(Operation *op, Node &node) {
  auto isKnown = [&](Value value) {
    return isa<RankedTensorType>(value.getType()) &&
           llvm::all_of(node.symbols.getExtents(value.getType()), [](AffineExpr extent) { return extent != nullptr; });
  };
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (!isKnown(operand))
      return node.refuse("the shape of operand " + Twine(index) + " depends on data");
  for (Value result : op->getResults())
    if (!result.use_empty() && !getComputedExtent(op) && !isKnown(result))
      return node.refuse("the shape of its result depends on data");
  return success();
}

LogicalResult NodePatterns::replace(Operation *op, ArrayRef<Tensor> results, Node &node,
                                    ConversionPatternRewriter &rewriter) {
  SmallVector<Value> values;
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results)) {
    if (!tensor.value && !result.use_empty())
      return node.refuse("result " + Twine(result.getResultNumber()) + " is not supported");
    auto type = convertTensorType(cast<RankedTensorType>(result.getType()));
    Value value = tensor.value;
    if (value && value.getType() != type)
      value = tensor::CastOp::create(rewriter, op->getLoc(), type, value);
    values.push_back(value);
  }
  rewriter.replaceOp(op, values);
  return success();
}
