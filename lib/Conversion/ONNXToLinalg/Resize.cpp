//===- Resize: one pass an axis -------------------------------------------===//
//
// Interpolation is linear and separable: each axis that changes is a weighted sum of a few elements, whose positions
// and weights are constants where the extents are known, and computed once in a run where they are not. Few elements,
// and as many as only the run knows, are a linalg.contract with a matrix. The nearest element is read, not multiplied,
// so that infinities stay where they are.
//
//===----------------------------------------------------------------------===//

#include "Interpolation.h"
#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// An axis that is resampled.
struct ResizedAxis {
  int64_t dim;
  ResamplingRule rule;
  AffineExpr from, to;

  /// The resampling where both extents are known.
  std::optional<Resampling> getStatic() const {
    int64_t in = getStaticExtent(from), out = getStaticExtent(to);
    if (ShapedType::isDynamic(in) || ShapedType::isDynamic(out) || in > kMostStatic || out > kMostStatic)
      return std::nullopt;
    return Resampling{rule, in, out};
  }

private:
  /// Tables of longer axes are computed in each run rather than constants of the compiled model.
  static constexpr int64_t kMostStatic = 1 << 18;
};

/// `count` elements an output element, as tensors of (output elements, count).
struct TapTensors {
  int64_t count;
  Tensor positions, weights;
};
} // namespace

//===----------------------------------------------------------------------===//
// What the node says
//===----------------------------------------------------------------------===//

static ResamplingRule getRule(ResizeOp op) {
  ResamplingRule rule;
  rule.coordinates = op.getCoordinateTransformationMode();
  rule.isCubic = op.getMode() == "cubic";
  rule.antialias = op.getAntialias();
  rule.excludeOutside = op.getExcludeOutside();
  rule.cubicCoefficient = op.getCubicCoeffA().convertToDouble();
  return rule;
}

/// The one scale of all axes with which an aspect ratio is kept.
static FailureOr<double> getCommonScale(ResizeOp op, Node &node, ArrayRef<ResizedAxis> axes) {
  auto sizes = getIntegers(op.getSizes());
  if (!sizes)
    return node.refuse("its sizes are not constant");
  SmallVector<double> ratios;
  for (auto [axis, size] : llvm::zip_equal(axes, *sizes)) {
    int64_t from = getStaticExtent(axis.from);
    if (ShapedType::isDynamic(from))
      return node.refuse("it keeps the aspect ratio of symbolic extents");
    ratios.push_back(static_cast<double>(size) / from);
  }
  bool isLeast = op.getKeepAspectRatioPolicy() == "not_larger";
  return isLeast ? *llvm::min_element(ratios) : *llvm::max_element(ratios);
}

/// The axes that the node names and how each is resampled, without those that it leaves as they are.
static FailureOr<SmallVector<ResizedAxis>> getAxes(ResizeOp op, Node &node) {
  Tensor x = node.get(op.getX());
  Extents extents = node.getResultExtents();
  SmallVector<int64_t> dims =
      llvm::map_to_vector(op.getAxes(), [&](int64_t axis) { return normalizeAxis(axis, x.getRank()); });
  if (dims.empty())
    dims = llvm::to_vector(llvm::seq<int64_t>(0, x.getRank()));
  auto scales = getDoubles(op.getScales()), roi = getDoubles(op.getRoi());
  if (op.getScales() && !scales)
    return node.refuse("its scales are not constant");
  bool crops = op.getCoordinateTransformationMode() == "tf_crop_and_resize";
  if (crops && (!roi || roi->size() != 2 * dims.size()))
    return node.refuse("its region of interest is not constant");
  SmallVector<ResizedAxis> axes;
  for (auto [index, dim] : llvm::enumerate(dims)) {
    ResizedAxis axis{dim, getRule(op), x.extents[dim], extents[dim]};
    if (getStaticExtent(axis.from) == 0)
      return node.refuse("it resizes an axis of no elements");
    axis.rule.scale = scales ? (*scales)[index] : 0;
    if (crops) {
      axis.rule.roiBegin = (*roi)[index];
      axis.rule.roiEnd = (*roi)[index + dims.size()];
    }
    axes.push_back(axis);
  }
  if (op.getSizes() && op.getKeepAspectRatioPolicy() != "stretch") {
    FailureOr<double> scale = getCommonScale(op, node, axes);
    if (failed(scale))
      return failure();
    for (ResizedAxis &axis : axes)
      axis.rule.scale = *scale;
  }
  llvm::erase_if(axes, [&](const ResizedAxis &axis) {
    return axis.from == axis.to && !crops && (axis.rule.scale == 0 || axis.rule.scale == 1);
  });
  return axes;
}

//===----------------------------------------------------------------------===//
// Positions and weights of an axis
//===----------------------------------------------------------------------===//

/// Numbers that a formula gives for each output element of an axis, and each of `count` taps where they are counted.
/// `formula` takes the output element's position in the input, the number of the tap and the input's extent.
static Tensor mapAxis(Node &node, const ResizedAxis &axis, std::optional<int64_t> count, Type element,
                      function_ref<Value(OpBuilder &, Location, Scalar x, Scalar tap, Scalar in)> formula) {
  Value in = node.indexValue(axis.from), out = node.indexValue(axis.to);
  Extents extents{axis.to};
  if (count)
    extents.push_back(node.extent(*count));
  return node.map({}, extents, element, [&](OpBuilder &b, Location loc, ValueRange) {
    auto number = [&](Value index) { return Scalar::fromIndex(b, loc, index, b.getF64Type()); };
    Scalar i = number(linalg::IndexOp::create(b, loc, 0)), inputs = number(in);
    Scalar tap = count ? number(linalg::IndexOp::create(b, loc, 1)) : i.constant(0);
    return formula(b, loc, axis.rule.getCoordinate(i, inputs, number(out)), tap, inputs);
  });
}

/// A number as a position in the axis's input.
static Value toPosition(OpBuilder &b, Location loc, const Scalar &x, const Scalar &in) {
  Value last = (in - 1).toIndex(arith::ConstantIndexOp::create(b, loc, std::numeric_limits<int64_t>::max()));
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), x.toIndex(last));
}

static Tensor getNearestPositions(Node &node, const ResizedAxis &axis, StringRef rounding) {
  if (std::optional<Resampling> resampling = axis.getStatic()) {
    SmallVector<int64_t> positions;
    for (int64_t i = 0; i < resampling->outputSize; ++i)
      positions.push_back(resampling->getNearest(i, rounding));
    return node.table(positions);
  }
  return mapAxis(node, axis, std::nullopt, node.builder.getI64Type(),
                 [&](OpBuilder &b, Location loc, Scalar x, Scalar, Scalar in) {
                   return toPosition(b, loc, ResamplingRule::getNearest(x, rounding), in);
                 });
}

/// Weights (output elements, taps) divided by their sums, of type `element`.
static Tensor normalize(Node &node, const Tensor &weights, Type element) {
  Type f64 = weights.getElementType();
  Tensor sum =
      node.reduce(weights, {1}, getScalarAttr(0, f64), [](OpBuilder &b, Location loc, ValueRange args) -> Value {
        return arith::AddFOp::create(b, loc, args[0], args[1]);
      });
  return node.map({weights, node.addDims(sum, {1})}, weights.extents, element,
                  [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    Value share = arith::DivFOp::create(b, loc, args[0], args[1]);
                    return element == f64 ? share : arith::TruncFOp::create(b, loc, element, share).getResult();
                  });
}

/// Weights of type `element`; those of an output element sum to one.
static TapTensors getTaps(Node &node, const ResizedAxis &axis, Type element) {
  if (std::optional<Resampling> resampling = axis.getStatic()) {
    Taps taps = resampling->getTaps();
    auto type = RankedTensorType::get({resampling->outputSize, taps.count}, node.builder.getI64Type());
    Tensor positions = node.constant(DenseElementsAttr::get(type, ArrayRef<int64_t>(taps.positions)));
    return {taps.count, positions, node.constant(type.getShape(), taps.weights, element)};
  }
  const ResamplingRule &rule = axis.rule;
  double narrowing = rule.getNarrowing();
  int64_t count = rule.countTaps(narrowing);
  Type f64 = node.builder.getF64Type();
  auto getTap = [&](Scalar x, Scalar tap) { return rule.getFirstTap(x, narrowing) + tap; };
  Tensor positions = mapAxis(node, axis, count, node.builder.getI64Type(),
                             [&](OpBuilder &b, Location loc, Scalar x, Scalar tap, Scalar in) {
                               return toPosition(b, loc, getTap(x, tap), in);
                             });
  Tensor weights = mapAxis(node, axis, count, f64, [&](OpBuilder &b, Location loc, Scalar x, Scalar tap, Scalar in) {
    return rule.getTapWeight(x, getTap(x, tap), in, narrowing).value;
  });
  return {count, positions, normalize(node, weights, element)};
}

/// The weights of an axis that is antialiased by how much narrower it becomes in a run, (output, input): what lies
/// outside the input counts for its edges.
static Tensor getAntialiasedMatrix(Node &node, const ResizedAxis &axis, Type element) {
  const ResamplingRule &rule = axis.rule;
  Type f64 = node.builder.getF64Type();
  Value in = node.indexValue(axis.from), out = node.indexValue(axis.to);
  Tensor weights = node.map({}, {axis.to, axis.from}, f64, [&](OpBuilder &b, Location loc, ValueRange) -> Value {
    auto number = [&](OpBuilder &b, Value index) { return Scalar::fromIndex(b, loc, index, f64); };
    Value column = linalg::IndexOp::create(b, loc, 1), zero = arith::ConstantIndexOp::create(b, loc, 0);
    Scalar inputs = number(b, in), outputs = number(b, out), j = number(b, column);
    Scalar x = rule.getCoordinate(number(b, linalg::IndexOp::create(b, loc, 0)), inputs, outputs);
    Scalar narrowing = getLesser(outputs / inputs, 1), reach = rule.getReach(narrowing);
    Scalar weight = rule.evaluateKernel((x - j) * narrowing);
    if (rule.excludeOutside)
      return weight.value;
    Scalar first = getCeil(x - reach), last = inputs - 1;
    Value isFirst = isAtMost(j, 0), isLast = isAtMost(last, j);
    Value most = (inputs * 4 + 4).toIndex(arith::ConstantIndexOp::create(b, loc, std::numeric_limits<int64_t>::max()));
    Value isEdge = arith::OrIOp::create(b, loc, isFirst, isLast);
    Value taps = arith::SelectOp::create(b, loc, isEdge, (getCeil(reach * 2) + 1).toIndex(most), zero);
    Value one = arith::ConstantIndexOp::create(b, loc, 1);
    auto loop = scf::ForOp::create(
        b, loc, zero, taps, one, weight.value, [&](OpBuilder &body, Location, Value tap, ValueRange sums) {
          auto here = [&](const Scalar &outside) { return Scalar(body, loc, outside.value); };
          Scalar position = here(first) + number(body, tap);
          Value isBefore = arith::AndIOp::create(body, loc, isFirst, isLess(position, 0));
          Value isAfter = arith::AndIOp::create(body, loc, isLast, isLess(here(last), position));
          Value counts = arith::OrIOp::create(body, loc, isBefore, isAfter);
          Scalar beyond = rule.evaluateKernel((here(x) - position) * here(narrowing));
          scf::YieldOp::create(body, loc,
                               (Scalar(body, loc, sums[0]) + choose(counts, beyond, beyond.constant(0))).value);
        });
    return loop.getResult(0);
  });
  return normalize(node, weights, element);
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

/// Reads the nearest element along every axis.
static Tensor readNearest(Node &node, const Tensor &x, ExtentsRef extents, ArrayRef<ResizedAxis> axes,
                          StringRef rounding) {
  SmallVector<Value> tables(x.getRank());
  for (const ResizedAxis &axis : axes)
    tables[axis.dim] = getNearestPositions(node, axis, rounding).value;
  if (axes.empty())
    return x;
  return node.gather(x, extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    for (auto [table, index] : llvm::zip_equal(tables, source))
      if (table)
        index = lookUp(b, loc, table, index);
    return source;
  });
}

/// The weights of a resampling, (output, input).
static Tensor getMatrix(Node &node, const Resampling &resampling, Type element) {
  std::vector<double> weights = resampling.getWeights();
  return node.constant({resampling.outputSize, resampling.inputSize}, ArrayRef<double>(weights), element);
}

/// y[.., i, ..] = Σ_j x[.., j, ..] · weights[i, j], as a product with a matrix.
static Tensor multiply(Node &node, const Tensor &x, const ResizedAxis &axis, const Tensor &matrix) {
  int64_t rank = x.getRank(), dim = axis.dim;
  Extents extents = x.extents;
  extents[dim] = axis.to;
  // Loops: those of the result, then j.
  SmallVector<AffineExpr> read;
  for (int64_t i = 0; i < rank; ++i)
    read.push_back(node.builder.getAffineDimExpr(i == dim ? rank : i));
  AffineExpr out = node.builder.getAffineDimExpr(dim), in = node.builder.getAffineDimExpr(rank);
  MLIRContext *context = node.getContext();
  return node.contract(x, AffineMap::get(rank + 1, 0, read, context), matrix,
                       AffineMap::get(rank + 1, 0, {out, in}, context),
                       AffineMap::getMultiDimIdentityMap(rank + 1, context).dropResult(rank), extents);
}

/// y[.., i, ..] = Σ_t x[.., positions[i, t], ..] · weights[i, t]
static Tensor sumTaps(Node &node, const Tensor &x, int64_t dim, AffineExpr to, const TapTensors &taps) {
  constexpr int64_t maxUnrolled = 8;
  Extents extents = x.extents;
  extents[dim] = to;
  Type type = x.getElementType();
  return node.map({}, extents, type, [&](OpBuilder &b, Location loc, ValueRange) -> Value {
    SmallVector<Value> source;
    for (int64_t i = 0; i < x.getRank(); ++i)
      source.push_back(linalg::IndexOp::create(b, loc, i));
    Value i = source[dim];
    auto addTap = [&](OpBuilder &b, Value sum, Value tap) -> Value {
      Value position = tensor::ExtractOp::create(b, loc, taps.positions.value, ValueRange{i, tap});
      source[dim] = arith::IndexCastOp::create(b, loc, b.getIndexType(), position);
      Value weight = tensor::ExtractOp::create(b, loc, taps.weights.value, ValueRange{i, tap});
      Value element = tensor::ExtractOp::create(b, loc, x.value, source);
      return arith::AddFOp::create(b, loc, sum, arith::MulFOp::create(b, loc, element, weight));
    };
    auto index = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    Value sum = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    if (taps.count <= maxUnrolled) {
      for (int64_t tap = 0; tap < taps.count; ++tap)
        sum = addTap(b, sum, index(tap));
      return sum;
    }
    auto loop = scf::ForOp::create(b, loc, index(0), index(taps.count), index(1), sum,
                                   [&](OpBuilder &body, Location, Value tap, ValueRange sums) {
                                     scf::YieldOp::create(body, loc, addTap(body, sums[0], tap));
                                   });
    return loop.getResult(0);
  });
}

/// Interpolates along one axis.
static Tensor interpolate(Node &node, const Tensor &x, const ResizedAxis &axis) {
  constexpr int64_t maxMatrixColumns = 64;
  std::optional<Resampling> resampling = axis.getStatic();
  if (resampling && resampling->inputSize <= maxMatrixColumns && x.getElementType().isF32())
    return multiply(node, x, axis, getMatrix(node, *resampling, x.getElementType()));
  if (!resampling && !axis.rule.hasKnownTaps())
    return multiply(node, x, axis, getAntialiasedMatrix(node, axis, x.getElementType()));
  return sumTaps(node, x, axis.dim, axis.to, getTaps(node, axis, x.getElementType()));
}

/// Puts `value` where an axis is read outside the input.
static Tensor extrapolate(Node &node, Tensor y, ArrayRef<ResizedAxis> axes, double value) {
  Type i1 = node.builder.getI1Type();
  for (const ResizedAxis &axis : axes) {
    if (axis.rule.coordinates != "tf_crop_and_resize")
      continue;
    Tensor isOutside =
        mapAxis(node, axis, std::nullopt, i1, [&](OpBuilder &b, Location loc, Scalar x, Scalar, Scalar in) -> Value {
          return arith::OrIOp::create(b, loc, isLess(x, x.constant(0)), isLess(in - 1, x));
        });
    auto trailing = llvm::to_vector(llvm::seq<int64_t>(1, y.getRank() - axis.dim));
    Tensor other = node.scalar(value, y.getElementType());
    y = node.elementwise(linalg::ElementwiseKind::select, {node.addDims(isOutside, trailing), other, y}, y.extents);
  }
  return y;
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

static Tensor toFloats(Node &node, const Tensor &x, Type to, bool isUnsigned) {
  if (x.getElementType() == to)
    return x;
  return node.map({x}, x.extents, to, [&](OpBuilder &b, Location loc, ValueRange args) {
    return Scalar::fromElement(b, loc, args[0], to, isUnsigned).value;
  });
}

static Tensor fromFloats(Node &node, const Tensor &x, Type to, bool isUnsigned) {
  if (x.getElementType() == to)
    return x;
  return node.map({x}, x.extents, to, [&](OpBuilder &b, Location loc, ValueRange args) {
    return Scalar(b, loc, args[0]).toElement(to, isUnsigned);
  });
}

static FailureOr<Tensor> convertResize(ResizeOp op, Node &node) {
  FailureOr<SmallVector<ResizedAxis>> axes = getAxes(op, node);
  if (failed(axes))
    return failure();
  Tensor x = node.get(op.getX());
  if (TensorBuilder::isEmpty(x.extents))
    return node.fill(node.getResultExtents(), getScalarAttr(0, x.getElementType()));
  double outside = op.getExtrapolationValue().convertToDouble();
  if (op.getMode() == "nearest")
    return extrapolate(node, readNearest(node, x, node.getResultExtents(), *axes, op.getNearestMode()), *axes, outside);
  Type element = x.getElementType();
  bool noNegatives = isUnsigned(op.getX());
  Tensor y = axes->empty() ? x : toFloats(node, x, getComputeType(element), noNegatives);
  for (const ResizedAxis &axis : *axes)
    y = interpolate(node, y, axis);
  return extrapolate(node, fromFloats(node, y, element, noNegatives), *axes, outside);
}

void vitc::onnx::populateResizePatterns(NodePatterns &patterns) { patterns.add(convertResize); }
