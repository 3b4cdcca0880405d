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

/// Of all values of the symbols, or of all runs that are let through.
static bool isPositive(const Extent &extent, ArrayRef<Requirement> requirements) {
  return extent.isProvablyAtLeast(1) || llvm::any_of(requirements, [&](const Requirement &requirement) {
           return !requirement.isEquality && requirement.lhs == extent && requirement.rhs.isProvablyAtLeast(1);
         });
}

/// The coefficient of an extent that is one term, constant or not; of others 1.
static int64_t getCoefficient(const Extent &extent) {
  if (extent.isConstant())
    return *extent.asConstant();
  std::optional<Extent> coefficient = extent.divideExactly(product(extent.getFactors()));
  return coefficient ? coefficient->asConstant().value_or(1) : 1;
}

/// Both without the factors of `a` that both have and that are positive.
static std::pair<Extent, Extent> cancel(Extent a, Extent b, ArrayRef<Requirement> requirements) {
  auto divide = [&](const Extent &factor) {
    std::optional<Extent> restOfA = a.divideExactly(factor), restOfB = b.divideExactly(factor);
    if (restOfA && restOfB)
      std::tie(a, b) = std::pair(*restOfA, *restOfB);
  };
  for (const Extent &factor : a.getFactors())
    if (isPositive(factor, requirements))
      divide(factor);
  if (int64_t coefficient = getCoefficient(a); coefficient > 1)
    divide(coefficient);
  return {a, b};
}

bool ShapeEnv::requireEqual(Operation *op, const Extent &a, const Extent &b) {
  if (a == b)
    return true;
  if (a.isProvablyDifferentFrom(b) || !a.isKnownBeforeRun() || !b.isKnownBeforeRun())
    return false;
  auto [lhs, rhs] = cancel(a, b, requirements);
  requirements.push_back({op->getName(), op->getLoc(), lhs, rhs, /*isEquality=*/true});
  return true;
}

bool ShapeEnv::requireAtLeast(Operation *op, const Extent &a, const Extent &b) {
  if (a.isProvablyAtLeast(b))
    return true;
  if ((b - 1).isProvablyAtLeast(a) || !a.isKnownBeforeRun() || !b.isKnownBeforeRun())
    return false;
  requirements.push_back({op->getName(), op->getLoc(), a, b, /*isEquality=*/false});
  return true;
}

SymbolicShape vitc::onnx::extentsOf(Value value) { return *getExtents(value.getType()); }

LogicalResult vitc::onnx::keepResultShape(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SymbolicShape> shape = getExtents(op->getResult(0).getType());
  if (failed(shape))
    return op->emitOpError() << "expected an operand that states the shape of the result";
  shapes.push_back(std::move(*shape));
  return success();
}

LogicalResult vitc::onnx::checkEqual(Operation *op, ShapeEnv &env, StringRef what, const Extent &a, const Extent &b) {
  if (env.requireEqual(op, a, b))
    return success();
  return op->emitOpError() << what << " differ: " << a.str() << " and " << b.str();
}

FailureOr<SymbolicShape> vitc::onnx::broadcastShapes(Operation *op, ShapeEnv &env, ArrayRef<SymbolicShape> shapes) {
  size_t rank = 0;
  for (const SymbolicShape &shape : shapes)
    rank = std::max(rank, shape.size());
  SymbolicShape result(rank, Extent(1));
  for (const SymbolicShape &shape : shapes)
    for (auto [into, extent] : llvm::zip(llvm::reverse(result), llvm::reverse(shape))) {
      if (into == extent || extent == Extent(1))
        continue;
      if (into != Extent(1) && !env.requireEqual(op, into, extent))
        return op->emitOpError() << "expected shapes that broadcast, got "
                                 << llvm::join(llvm::map_range(shapes, [](const SymbolicShape &s) { return str(s); }),
                                               ", ");
      if (!into.isConstant() || into == Extent(1))
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

std::optional<Extent> vitc::onnx::clampIndex(Operation *op, ShapeEnv &env, const Element &index, const Extent &extent,
                                             const Extent &least, const Extent &most) {
  if (std::optional<Extent> position = clampIndex(index, extent, least, most))
    return position;
  std::optional<Extent> position = index.asExtent();
  if (position && Extent(-1).isProvablyAtLeast(*position))
    position = *position + extent;
  else if (!position || !env.requireAtLeast(op, *position, 0))
    return std::nullopt;
  bool isWithin = env.requireAtLeast(op, *position, least) && env.requireAtLeast(op, most, *position);
  return isWithin ? position : std::nullopt;
}

LogicalResult vitc::onnx::detail::inferSameShape(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.append(op->getNumResults(), extentsOf(op->getOperand(0)));
  return success();
}

LogicalResult vitc::onnx::detail::inferBroadcast(Operation *op, ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SymbolicShape> shape = broadcastShapes(op, env, llvm::map_to_vector(op->getOperands(), extentsOf));
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
