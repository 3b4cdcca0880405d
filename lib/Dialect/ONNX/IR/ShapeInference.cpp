#include "vitc/Dialect/ONNX/IR/ShapeInference.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace vitc::onnx;

ShapeEnv::ShapeEnv(Operation *op, ArrayRef<Attribute> constants) {
  for (auto [operand, constant] : llvm::zip_equal(op->getOperands(), constants))
    if (std::optional<SmallTensor> contents = SmallTensor::fromAttribute(constant))
      set(operand, std::move(*contents));
}

const SmallTensor *ShapeEnv::contents(Value value) {
  if (!value)
    return nullptr;
  std::unique_ptr<SmallTensor> &entry = known[value];
  Attribute constant;
  if (!entry && matchPattern(value, m_Constant(&constant)))
    if (std::optional<SmallTensor> contents = SmallTensor::fromAttribute(constant))
      entry = std::make_unique<SmallTensor>(std::move(*contents));
  return entry.get();
}

void ShapeEnv::set(Value value, SmallTensor contents) {
  known[value] = std::make_unique<SmallTensor>(std::move(contents));
}

SymbolicShape vitc::onnx::extentsOf(Value value) { return *getExtents(value.getType()); }

LogicalResult vitc::onnx::checkEqual(Operation *op, StringRef what, const Extent &a, const Extent &b) {
  if (a == b)
    return success();
  return op->emitOpError() << what << " differ: " << a.str() << " and " << b.str();
}

FailureOr<SymbolicShape> vitc::onnx::broadcastShapes(Operation *op, ArrayRef<SymbolicShape> shapes) {
  size_t rank = 0;
  for (const SymbolicShape &shape : shapes)
    rank = std::max(rank, shape.size());
  SymbolicShape result(rank, Extent(1));
  for (const SymbolicShape &shape : shapes)
    for (auto [into, extent] : llvm::zip(llvm::reverse(result), llvm::reverse(shape))) {
      if (into == extent || extent == Extent(1))
        continue;
      if (into != Extent(1))
        return op->emitOpError() << "expected shapes that broadcast, got "
                                 << llvm::join(llvm::map_range(shapes, [](const SymbolicShape &s) { return str(s); }),
                                               ", ");
      into = extent;
    }
  return result;
}

FailureOr<SmallVector<int64_t>> vitc::onnx::constantIntegers(Operation *op, ShapeEnv &env, Value operand,
                                                             StringRef name) {
  const SmallTensor *contents = env.contents(operand);
  std::optional<SmallVector<int64_t>> integers = contents ? contents->asIntegers() : std::nullopt;
  if (!integers)
    return op->emitOpError() << "expected constant " << name << ", got values that depend on "
                             << (contents ? "symbolic extents" : "data");
  return *integers;
}

FailureOr<SmallVector<int64_t>> vitc::onnx::constantAxes(Operation *op, ShapeEnv &env, Value operand, int64_t rank) {
  FailureOr<SmallVector<int64_t>> axes = constantIntegers(op, env, operand, "axes");
  if (failed(axes))
    return failure();
  for (int64_t &axis : *axes) {
    if (axis < -rank || axis >= rank)
      return op->emitOpError() << "expected axes in [" << -rank << ", " << rank << "), got " << axis;
    axis = fromFront(axis, rank);
  }
  llvm::sort(*axes);
  if (std::adjacent_find(axes->begin(), axes->end()) != axes->end())
    return op->emitOpError() << "expected distinct axes, got one twice";
  return *axes;
}

std::optional<Extent> vitc::onnx::clampIndex(const Element &index, const Extent &extent, const Extent &least,
                                             const Extent &most) {
  // Exporters write the ends of a dimension as the largest and smallest numbers of 32 or 64 bits.
  constexpr int64_t far = std::numeric_limits<int32_t>::max();
  std::optional<Extent> position = index.asExtent();
  if (!position)
    return std::nullopt;
  if (std::optional<int64_t> constant = position->asConstant(); constant && (*constant >= far || *constant <= -far))
    return *constant < 0 ? least : most;
  if (Extent(-1).isProvablyAtLeast(*position))
    position = *position + extent;
  else if (!position->isProvablyAtLeast(0))
    return std::nullopt;
  if (position->isProvablyAtLeast(most))
    return most;
  if (least.isProvablyAtLeast(*position))
    return least;
  if (position->isProvablyAtLeast(least) && most.isProvablyAtLeast(*position))
    return position;
  return std::nullopt;
}

LogicalResult vitc::onnx::detail::inferSameShape(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.append(op->getNumResults(), extentsOf(op->getOperand(0)));
  return success();
}

LogicalResult vitc::onnx::detail::inferBroadcast(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SymbolicShape> shape = broadcastShapes(op, llvm::map_to_vector(op->getOperands(), extentsOf));
  if (failed(shape))
    return failure();
  shapes.push_back(std::move(*shape));
  return success();
}

SmallVector<Value> vitc::onnx::detail::presentOperands(ArrayRef<Value> operands) {
  return llvm::to_vector(llvm::make_filter_range(operands, [](Value operand) { return operand != nullptr; }));
}

OpFoldResult vitc::onnx::detail::foldByEvaluation(Operation *op, ArrayRef<Attribute> operands) {
  if (!SmallTensor::admits(dyn_cast<RankedTensorType>(op->getResult(0).getType())))
    return {};
  ShapeEnv env(op, operands);
  SmallVector<SmallTensor> results;
  if (failed(cast<ShapeArithmeticOpInterface>(op).evaluate(env, results)))
    return {};
  return results.front().toAttribute();
}

#include "vitc/Dialect/ONNX/IR/ONNXShapeInterfaces.cpp.inc"
