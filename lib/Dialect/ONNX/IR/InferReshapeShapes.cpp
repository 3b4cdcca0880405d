// Shapes of ops that give the same elements another shape or order, and of shapes as values.

#include "vitc/Dialect/ONNX/IR/Arguments.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Reshape
//===----------------------------------------------------------------------===//

/// One entry of a Reshape's target: an extent, or none for what is left.
static FailureOr<std::optional<Extent>> readTargetEntry(ReshapeOp op, ShapeEnv &env, const Element &entry,
                                                        const SymbolicShape &data, size_t position) {
  std::optional<Extent> extent = entry.asExtent();
  if (!extent || *extent == Extent(-1))
    return std::optional<Extent>();
  if (*extent == Extent(0) && !op.getAllowzero()) {
    if (position >= data.size())
      return op.emitOpError() << "expected 0 to stand for a dimension of " << str(data) << ", got it at position "
                              << position;
    return std::optional<Extent>(data[position]);
  }
  if (!extent->isProvablyAtLeast(0) && !env.requireAtLeast(op, *extent, 1))
    return op.emitOpError() << "expected extents in the target, got " << extent->str();
  return extent;
}

/// The extent where products in it stand for others that they have to equal in every run: so products compare equal.
static Extent reduceByRequirements(Extent extent, const ShapeEnv &env) {
  for (const Requirement &requirement : env.getRequirements())
    if (requirement.isEquality && requirement.lhs != Extent(0))
      if (std::optional<Extent> rest = extent.divideExactly(requirement.lhs))
        extent = *rest * requirement.rhs;
  return extent;
}

/// The entry that is left over holds what the others do not; it may be a −1, or not known otherwise.
LogicalResult ReshapeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!getShape())
    return keepResultShape(*this, shapes);
  const SmallTensor *target = env.contents(getShape());
  if (!target)
    return emitOpError() << "expected a target of constants and extents, got one that depends on data";
  SymbolicShape data = extentsOf(getData()), result;
  std::optional<size_t> left;
  for (auto [position, entry] : llvm::enumerate(target->getElements())) {
    FailureOr<std::optional<Extent>> extent = readTargetEntry(*this, env, entry, data, position);
    if (failed(extent))
      return failure();
    if (!*extent && left)
      return emitOpError() << "expected at most one entry of the target to be left open, got two";
    if (!*extent)
      left = position;
    result.push_back(extent->value_or(1));
  }
  Extent total = reduceByRequirements(product(data), env), stated = reduceByRequirements(product(result), env);
  if (left) {
    // The extents that are stated are positive in every run that is let through.
    std::optional<Extent> rest = stated.isKnownBeforeRun() ? total.divideExactly(stated) : std::nullopt;
    if (!rest)
      rest = total.floorDiv(stated);
    if (!rest || !env.requireEqual(*this, *rest * stated, total))
      return emitOpError() << "expected a target that divides " << total.str() << " elements of " << str(data)
                           << ", got one of " << stated.str();
    result[*left] = *rest;
  } else if (!env.requireEqual(*this, stated, total)) {
    return emitOpError() << "expected a target of " << total.str() << " elements as in " << str(data) << ", got "
                         << str(result);
  }
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> ReshapeOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getShape()}); }

//===----------------------------------------------------------------------===//
// Flatten, Squeeze, Unsqueeze, Transpose
//===----------------------------------------------------------------------===//

LogicalResult FlattenOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape input = extentsOf(getInput());
  int64_t axis = fromFront(getAxis(), input.size());
  shapes.push_back({product(ArrayRef(input).take_front(axis)), product(ArrayRef(input).drop_front(axis))});
  return success();
}

/// The dimensions that Squeeze removes: `axes`, or where absent those that are 1.
static FailureOr<SmallVector<int64_t>> getSqueezedDims(SqueezeOp op, ShapeEnv &env, const SymbolicShape &data) {
  if (op.getAxes())
    return constantAxes(op, env, op.getAxes(), data.size());
  SmallVector<int64_t> dims;
  for (auto [dim, extent] : llvm::enumerate(data))
    if (extent == Extent(1))
      dims.push_back(dim);
  return dims;
}

LogicalResult SqueezeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape data = extentsOf(getData()), result;
  FailureOr<SmallVector<int64_t>> dims = getSqueezedDims(*this, env, data);
  if (failed(dims))
    return failure();
  for (auto [dim, extent] : llvm::enumerate(data)) {
    if (!llvm::is_contained(*dims, static_cast<int64_t>(dim)))
      result.push_back(extent);
    else if (!env.requireEqual(*this, extent, 1))
      return emitOpError() << "expected an extent of 1 at axis " << dim << ", got " << extent.str();
  }
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> SqueezeOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getAxes()}); }

LogicalResult UnsqueezeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getData());
  const SmallTensor *contents = env.contents(getAxes());
  size_t added = contents ? contents->size() : 0;
  FailureOr<SmallVector<int64_t>> axes = constantAxes(*this, env, getAxes(), result.size() + added);
  if (failed(axes))
    return failure();
  for (int64_t axis : *axes)
    result.insert(result.begin() + axis, 1);
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> UnsqueezeOp::getShapeOperands() { return {getAxes()}; }

SmallVector<int64_t> vitc::onnx::getPermutation(TransposeOp op) {
  if (!op.getPerm().empty())
    return llvm::to_vector(op.getPerm());
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  return llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
}

LogicalResult TransposeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape data = extentsOf(getData()), result;
  for (int64_t dim : getPermutation(*this))
    result.push_back(data[dim]);
  shapes.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// Shape, Size, ConstantOfShape, Range
//===----------------------------------------------------------------------===//

std::pair<int64_t, int64_t> vitc::onnx::getStatedDims(ShapeOp op) {
  int64_t rank = cast<RankedTensorType>(op.getData().getType()).getRank();
  auto clamp = [&](int64_t position) { return std::clamp<int64_t>(fromFront(position, rank), 0, rank); };
  int64_t start = clamp(op.getStart());
  return {start, std::max(start, clamp(op.getEnd().value_or(rank)))};
}

LogicalResult ShapeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  auto [start, end] = getStatedDims(*this);
  shapes.push_back({end - start});
  return success();
}

LogicalResult SizeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.emplace_back();
  return success();
}

LogicalResult ConstantOfShapeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  const SmallTensor *input = env.contents(getInput());
  std::optional<SymbolicShape> shape = input ? input->asExtents() : std::nullopt;
  if (!shape)
    return emitOpError() << "expected a shape of constants and extents, got one that depends on data";
  shapes.push_back(std::move(*shape));
  return success();
}

SmallVector<Value> ConstantOfShapeOp::getShapeOperands() { return {getInput()}; }

/// max(0, ⌈(limit − start) / delta⌉) elements.
LogicalResult RangeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!getLimit())
    return keepResultShape(*this, shapes);
  const SmallTensor *start = env.contents(getStart()), *limit = env.contents(getLimit()),
                    *delta = env.contents(getDelta());
  if (!start || !limit || !delta || (*start)[0].isUnknown() || (*limit)[0].isUnknown() || (*delta)[0].isUnknown())
    return emitOpError() << "expected bounds of constants and extents, got some that depend on data";
  std::optional<int64_t> step = (*delta)[0].asInteger();
  std::optional<Extent> first = (*start)[0].asExtent(), last = (*limit)[0].asExtent();
  if (first && last && step && *step != 0 && *step != std::numeric_limits<int64_t>::min()) {
    Extent length = *step > 0 ? *last - *first : *first - *last;
    int64_t stride = *step > 0 ? *step : -*step;
    Extent count = *(length + (stride - 1)).floorDiv(stride);
    shapes.push_back({Extent(0).isProvablyAtLeast(count) ? Extent(0) : count});
    return success();
  }
  std::optional<double> from = (*start)[0].asNumber(), to = (*limit)[0].asNumber(), by = (*delta)[0].asNumber();
  double count = from && to && by ? std::ceil((*to - *from) / *by) : std::nan("");
  if (!(count <= 0x1p40))
    return emitOpError() << "expected bounds that a finite number of steps connects";
  shapes.push_back({static_cast<int64_t>(std::max(count, 0.0))});
  return success();
}

SmallVector<Value> RangeOp::getShapeOperands() { return llvm::to_vector(getOperands()); }

//===----------------------------------------------------------------------===//
// Constant
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.emplace_back(getValue().getShapedType().getShape());
  return success();
}
