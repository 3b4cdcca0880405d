#include "ONNXVerification.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace vitc::onnx;

std::optional<ArrayRef<int64_t>> vitc::onnx::getShape(Value value) {
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : nullptr;
  return type ? std::optional(type.getShape()) : std::nullopt;
}

std::optional<int64_t> vitc::onnx::getRank(Value value) {
  std::optional<ArrayRef<int64_t>> shape = getShape(value);
  return shape ? std::optional<int64_t>(shape->size()) : std::nullopt;
}

bool vitc::onnx::areCompatible(int64_t a, int64_t b) {
  return a == b || ShapedType::isDynamic(a) || ShapedType::isDynamic(b);
}

std::optional<SmallVector<int64_t>> vitc::onnx::getConstantInts(Value value) {
  DenseIntElementsAttr elements;
  if (!value || !matchPattern(value, m_Constant(&elements)))
    return std::nullopt;
  return llvm::map_to_vector(elements.getValues<APInt>(), [](const APInt &element) { return element.getSExtValue(); });
}

LogicalResult vitc::onnx::verifyAxis(Operation *op, int64_t axis, Value tensor, bool isPosition) {
  std::optional<int64_t> rank = getRank(tensor);
  if (!rank || (axis >= -*rank && axis < *rank + isPosition))
    return success();
  return op->emitOpError() << "expected an axis from " << -*rank << " to " << *rank - !isPosition << ", got " << axis;
}

LogicalResult vitc::onnx::verifyAxes(Operation *op, ArrayRef<int64_t> axes, std::optional<int64_t> rank) {
  llvm::SmallSet<int64_t, 8> seen; // of any numbers: a DenseSet can't hold the largest and the least
  for (int64_t axis : axes) {
    if (rank && (axis < -*rank || axis >= *rank))
      return op->emitOpError() << "expected axes from " << -*rank << " to " << *rank - 1 << ", got " << axis;
    if (!seen.insert(rank && axis < 0 ? axis + *rank : axis).second)
      return op->emitOpError() << "expected distinct axes, got " << axis << " again";
  }
  return success();
}

LogicalResult vitc::onnx::verifyList(Operation *op, Named list, std::optional<int64_t> length) {
  std::optional<ArrayRef<int64_t>> shape = getShape(list.value);
  if (!shape)
    return success();
  if (shape->size() != 1)
    return op->emitOpError() << "expected " << list.name << " of rank 1, got rank " << shape->size();
  if (length && !areCompatible(shape->front(), *length))
    return op->emitOpError() << "expected " << list.name << " of length " << *length << ", got " << shape->front();
  return success();
}

LogicalResult vitc::onnx::verifyScalar(Operation *op, Named scalar) {
  std::optional<ArrayRef<int64_t>> shape = getShape(scalar.value);
  if (!shape || shape->empty() || (shape->size() == 1 && areCompatible(shape->front(), 1)))
    return success();
  return op->emitOpError() << "expected a scalar as " << scalar.name << ", got " << scalar.value.getType();
}

LogicalResult vitc::onnx::verifySameRank(Operation *op, ArrayRef<Named> tensors, int64_t least) {
  std::optional<int64_t> expected;
  for (Named tensor : tensors) {
    std::optional<int64_t> rank = getRank(tensor.value);
    if (!rank)
      continue;
    if (*rank < least)
      return op->emitOpError() << "expected " << tensor.name << " of rank at least " << least << ", got rank " << *rank;
    if (rank != expected.value_or(*rank))
      return op->emitOpError() << "expected " << tensor.name << " of rank " << *expected << ", got rank " << *rank;
    expected = rank;
  }
  return success();
}

LogicalResult vitc::onnx::verifySameShape(Operation *op, Named a, Named b) {
  if (!a.value || !b.value || succeeded(verifyCompatibleShape(a.value.getType(), b.value.getType())))
    return success();
  return op->emitOpError() << "expected " << a.name << " and " << b.name << " of the same shape, got "
                           << a.value.getType() << " and " << b.value.getType();
}

LogicalResult vitc::onnx::verifyRank(Operation *op, Named tensor, int64_t rank) {
  std::optional<int64_t> actual = getRank(tensor.value);
  if (!actual || *actual == rank)
    return success();
  return op->emitOpError() << "expected " << tensor.name << " of rank " << rank << ", got rank " << *actual;
}

LogicalResult vitc::onnx::verifySameElements(Operation *op, Named a, Named b) {
  auto typeA = cast<ShapedType>(a.value.getType()), typeB = cast<ShapedType>(b.value.getType());
  if (!typeA.hasStaticShape() || !typeB.hasStaticShape() || typeA.getNumElements() == typeB.getNumElements())
    return success();
  return op->emitOpError() << "expected " << a.name << " and " << b.name << " with the same number of elements, got "
                           << typeA.getNumElements() << " and " << typeB.getNumElements();
}

LogicalResult vitc::onnx::verifyBroadcasts(Operation *op, Named tensor, Named to) {
  std::optional<ArrayRef<int64_t>> from = getShape(tensor.value), target = getShape(to.value);
  if (!from || !target)
    return success();
  bool broadcasts = from->size() <= target->size();
  for (auto [extent, wanted] : llvm::zip(llvm::reverse(*from), llvm::reverse(*target)))
    broadcasts &= extent == 1 || areCompatible(extent, wanted);
  if (broadcasts)
    return success();
  return op->emitOpError() << "expected " << tensor.name << " to broadcast to " << to.value.getType() << ", got "
                           << tensor.value.getType();
}

LogicalResult vitc::onnx::verifyChannels(Operation *op, Named tensor, Value of, unsigned dim) {
  std::optional<ArrayRef<int64_t>> shape = getShape(of);
  std::optional<int64_t> channels;
  if (shape && dim < shape->size())
    channels = (*shape)[dim];
  return verifyList(op, tensor, channels);
}

LogicalResult vitc::onnx::verifyValues(Operation *op, StringRef name, ArrayRef<int64_t> values, int64_t count,
                                       int64_t least) {
  if (values.empty())
    return success();
  if (static_cast<int64_t>(values.size()) != count)
    return op->emitOpError() << "expected " << count << " values as " << name << ", got " << values.size();
  for (int64_t value : values)
    if (value < least)
      return op->emitOpError() << "expected " << name << " of at least " << least << ", got " << value;
  return success();
}
