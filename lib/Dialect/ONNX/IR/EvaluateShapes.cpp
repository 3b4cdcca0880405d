// Elements of shapes, and of what takes them apart and puts them together.

#include "vitc/Dialect/ONNX/IR/Arguments.h"

#include <cmath>

using namespace mlir;
using namespace vitc::onnx;

static RankedTensorType resultType(Operation *op) { return cast<RankedTensorType>(op->getResult(0).getType()); }

/// The elements of the first operand in row-major order.
static LogicalResult evaluateReshape(Operation *op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *operand = env.contents(op->getOperand(0));
  if (!operand || static_cast<int64_t>(operand->size()) != resultType(op).getNumElements())
    return failure();
  results.push_back(operand->reshape(resultType(op)));
  return success();
}

LogicalResult ReshapeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReshape(*this, env, results);
}
LogicalResult FlattenOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReshape(*this, env, results);
}
LogicalResult SqueezeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReshape(*this, env, results);
}
LogicalResult UnsqueezeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReshape(*this, env, results);
}

LogicalResult TransposeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *data = env.contents(getData());
  if (!data)
    return failure();
  SmallVector<int64_t> strides = getRowMajorStrides(data->getShape());
  results.push_back(data->view(resultType(*this), 0,
                               llvm::map_to_vector(getPermutation(*this), [&](int64_t dim) { return strides[dim]; })));
  return success();
}

LogicalResult ExpandOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *input = env.contents(getInput());
  if (!input)
    return failure();
  results.push_back(input->broadcast(resultType(*this).getShape()));
  return success();
}

LogicalResult TileOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *input = env.contents(getInput());
  if (!input)
    return failure();
  // (r₀, n₀, r₁, n₁, ..) of the interleaved repeats is the result.
  SmallVector<int64_t> shape, strides, own = getRowMajorStrides(input->getShape());
  for (auto [extent, stride, total] : llvm::zip_equal(input->getShape(), own, resultType(*this).getShape())) {
    if (extent == 0)
      return failure();
    llvm::append_values(shape, total / extent, extent);
    llvm::append_values(strides, int64_t(0), stride);
  }
  auto interleaved = RankedTensorType::get(shape, input->getElementType());
  results.push_back(input->view(interleaved, 0, strides).reshape(resultType(*this)));
  return success();
}

LogicalResult SliceOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *data = env.contents(getData());
  if (!data || !env.contents(getStarts()) || !env.contents(getEnds()) || (getAxes() && !env.contents(getAxes())) ||
      (getSteps() && !env.contents(getSteps())))
    return failure();
  FailureOr<SmallVector<SliceRange>> ranges = getSliceRanges(*this, env);
  if (failed(ranges))
    return failure();
  int64_t offset = 0;
  SmallVector<int64_t> strides;
  for (auto [range, stride] : llvm::zip_equal(*ranges, getRowMajorStrides(data->getShape()))) {
    std::optional<int64_t> start = range.start.asConstant();
    if (!start)
      return failure();
    offset += *start * stride;
    strides.push_back(range.step * stride);
  }
  results.push_back(data->view(resultType(*this), offset, strides));
  return success();
}

LogicalResult SplitOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *input = env.contents(getInput());
  if (!input)
    return failure();
  size_t axis = fromFront(getAxis(), input->getRank());
  SmallVector<int64_t> strides = getRowMajorStrides(input->getShape());
  int64_t offset = 0;
  for (Value output : getOutputs()) {
    auto type = cast<RankedTensorType>(output.getType());
    results.push_back(input->view(type, offset, strides));
    offset += type.getDimSize(axis) * strides[axis];
  }
  return success();
}

LogicalResult ConcatOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  RankedTensorType type = resultType(*this);
  size_t axis = fromFront(getAxis(), type.getRank());
  // An operand of symbolic shape may be part of a static result, where the symbols are required to be these numbers.
  auto isStatic = [](Type operand) { return cast<RankedTensorType>(operand).hasStaticShape(); };
  if (llvm::none_of(getInputs(), [&](Value input) { return env.contents(input) != nullptr; }) ||
      !llvm::all_of(getInputs().getTypes(), isStatic))
    return failure();
  SmallVector<SmallTensor> inputs;
  for (Value input : getInputs()) {
    auto ofInput = cast<RankedTensorType>(input.getType());
    const SmallTensor *contents = env.contents(input);
    inputs.push_back(contents ? *contents : SmallTensor(ofInput, std::vector<Element>(ofInput.getNumElements())));
  }
  // Each operand in turn gives as many consecutive elements as it has from `axis` on.
  std::vector<Element> elements;
  int64_t rows = ShapedType::getNumElements(type.getShape().take_front(axis));
  for (int64_t row = 0; row < rows; ++row)
    for (const SmallTensor &input : inputs) {
      int64_t count = ShapedType::getNumElements(input.getShape().drop_front(axis));
      llvm::append_range(elements, input.getElements().slice(row * count, count));
    }
  results.emplace_back(type, std::move(elements));
  return success();
}

/// (rows, extent, columns) at the indices: (rows, indices, columns).
LogicalResult GatherOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *data = env.contents(getData()), *indices = env.contents(getIndices());
  std::optional<SmallVector<int64_t>> positions = indices ? indices->asIntegers() : std::nullopt;
  if (!data || !positions)
    return failure();
  size_t axis = fromFront(getAxis(), data->getRank());
  int64_t extent = data->getShape()[axis];
  int64_t rows = ShapedType::getNumElements(data->getShape().take_front(axis));
  int64_t columns = ShapedType::getNumElements(data->getShape().drop_front(axis + 1));
  std::vector<Element> elements;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t position : *positions) {
      if (position < -extent || position >= extent)
        return failure();
      int64_t first = (row * extent + fromFront(position, extent)) * columns;
      llvm::append_range(elements, data->getElements().slice(first, columns));
    }
  results.emplace_back(resultType(*this), std::move(elements));
  return success();
}

LogicalResult ShapeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  FailureOr<SymbolicShape> extents = getExtents(getData().getType());
  if (failed(extents))
    return failure();
  auto [start, end] = getStatedDims(*this);
  std::vector<Element> elements(extents->begin() + start, extents->begin() + end);
  results.emplace_back(resultType(*this), std::move(elements));
  return success();
}

LogicalResult SizeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  FailureOr<SymbolicShape> extents = getExtents(getData().getType());
  if (failed(extents))
    return failure();
  results.emplace_back(resultType(*this), std::vector<Element>{product(*extents)});
  return success();
}

LogicalResult ConstantOfShapeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  RankedTensorType type = resultType(*this);
  Element value(0.0);
  if (getValueAttr()) {
    std::optional<SmallTensor> stated = SmallTensor::fromAttribute(getValueAttr());
    if (!stated || stated->size() != 1)
      return failure();
    value = (*stated)[0];
  }
  results.emplace_back(type, std::vector<Element>(type.getNumElements(), value));
  return success();
}

LogicalResult RangeOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  const SmallTensor *start = env.contents(getStart()), *delta = env.contents(getDelta());
  if (!start || !delta)
    return failure();
  RankedTensorType type = resultType(*this);
  bool isFloat = isa<FloatType>(type.getElementType());
  std::optional<Extent> first = (*start)[0].asExtent(), step = (*delta)[0].asExtent();
  std::optional<double> from = (*start)[0].asNumber(), by = (*delta)[0].asNumber();
  if (isFloat ? !from || !by : !first || !step)
    return failure();
  std::vector<Element> elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    Element element = isFloat ? Element(*from + static_cast<double>(i) * *by) : Element(*first + *step * i);
    elements.push_back(element.castTo(type.getElementType()));
  }
  results.emplace_back(type, std::move(elements));
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Combines the elements along each reduced dimension, in order.
template <typename OpT>
static LogicalResult evaluateReduction(OpT op, ShapeEnv &env, SmallVectorImpl<SmallTensor> &results,
                                       llvm::function_ref<Element(const Element &, const Element &)> combine) {
  const SmallTensor *data = env.contents(op.getData());
  if (!data || data->size() == 0 || (op.getAxes() && !env.contents(op.getAxes())))
    return failure();
  FailureOr<SmallVector<int64_t>> axes =
      vitc::onnx::detail::getReductionAxes(op, env, op.getAxes(), op.getNoopWithEmptyAxes());
  if (failed(axes))
    return failure();
  // Transposed, the reduced dimensions are the last ones and each result's elements lie together.
  SmallVector<int64_t> shape, strides, own = getRowMajorStrides(data->getShape());
  for (bool reduced : {false, true})
    for (int64_t dim = 0; dim < data->getRank(); ++dim)
      if (llvm::is_contained(*axes, dim) == reduced) {
        shape.push_back(data->getShape()[dim]);
        strides.push_back(own[dim]);
      }
  SmallTensor grouped = data->view(RankedTensorType::get(shape, data->getElementType()), 0, strides);
  RankedTensorType type = resultType(op);
  size_t group = grouped.size() / type.getNumElements();
  std::vector<Element> elements;
  for (size_t first = 0; first < grouped.size(); first += group) {
    Element sum = grouped[first];
    for (size_t i = 1; i < group; ++i)
      sum = combine(sum, grouped[first + i]).castTo(type.getElementType());
    elements.push_back(sum);
  }
  results.emplace_back(type, std::move(elements));
  return success();
}

/// Integers, possibly symbolic; floats where both are constant.
static Element combineNumbers(const Element &a, const Element &b, Extent (Extent::*ofExtents)(const Extent &) const,
                              double (*ofNumbers)(double, double)) {
  std::optional<Extent> m = a.asExtent(), n = b.asExtent();
  if (m && n)
    return ((*m).*ofExtents)(*n);
  std::optional<double> x = a.asNumber(), y = b.asNumber();
  return x && y ? Element(ofNumbers(*x, *y)) : Element();
}

LogicalResult ReduceSumOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReduction(*this, env, results, [](const Element &a, const Element &b) {
    return combineNumbers(a, b, &Extent::operator+, [](double x, double y) { return x + y; });
  });
}
LogicalResult ReduceProdOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReduction(*this, env, results, [](const Element &a, const Element &b) {
    return combineNumbers(a, b, &Extent::operator*, [](double x, double y) { return x * y; });
  });
}

static Element extreme(const Element &a, const Element &b, bool greatest) {
  std::optional<Extent> m = a.asExtent(), n = b.asExtent();
  if (m && n) {
    if (m->isProvablyAtLeast(*n))
      return greatest ? a : b;
    return n->isProvablyAtLeast(*m) ? (greatest ? b : a) : Element();
  }
  std::optional<double> x = a.asNumber(), y = b.asNumber();
  if (!x || !y)
    return {};
  return (*x >= *y) == greatest ? a : b;
}

LogicalResult ReduceMaxOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReduction(*this, env, results, [](const Element &a, const Element &b) { return extreme(a, b, true); });
}
LogicalResult ReduceMinOp::evaluate(ShapeEnv &env, SmallVectorImpl<SmallTensor> &results) {
  return evaluateReduction(*this, env, results, [](const Element &a, const Element &b) {
    Element least = extreme(a, b, false);
    return least.isUnknown() ? boundMinimum(a, b) : least;
  });
}
