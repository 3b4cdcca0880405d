//===- GridSample and the grids it takes ----------------------------------===//

#include "Interpolation.h"
#include "Node.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// One element that a sample reads along a dimension.
struct Tap {
  Value index;
  /// Whether it lies within the map; null where it always does.
  Value isWithin;
  Scalar weight;
};

/// The extent of a dimension, and the positions between which padding by reflection folds.
struct Axis {
  Value last;
  Scalar size, low, high;
};

/// The rules of one GridSample.
class Sampler {
public:
  explicit Sampler(GridSampleOp op)
      : mode(op.getMode()), padding(op.getPaddingMode()), alignsCorners(op.getAlignCorners()) {}

  /// What a sample reads along one dimension, at `grid` from −1 to 1.
  SmallVector<Tap> getTaps(const Axis &axis, Scalar grid) const;
  Axis getAxis(OpBuilder &b, Location loc, Value size, Type type) const;

private:
  Scalar reflect(const Axis &axis, const Scalar &x) const;
  Tap getTap(const Axis &axis, Scalar position, const Scalar &weight) const;

  StringRef mode, padding;
  bool alignsCorners;
};
} // namespace

Axis Sampler::getAxis(OpBuilder &b, Location loc, Value size, Type type) const {
  Value last = arith::SubIOp::create(b, loc, size, arith::ConstantIndexOp::create(b, loc, 1));
  Scalar extent = Scalar::fromIndex(b, loc, size, type);
  double margin = alignsCorners ? 0 : 0.5;
  return {last, extent, extent.constant(-margin), extent - 1 + margin};
}

/// `x` folded at the borders until it lies between them.
Scalar Sampler::reflect(const Axis &axis, const Scalar &x) const {
  Scalar range = getGreater(axis.high - axis.low, 1); // less only for one element with aligned corners
  Value isBelow = isLess(x, axis.low), isAbove = isLess(axis.high, x);
  Scalar beyond = choose(isBelow, axis.low - x, x - axis.high);
  Scalar folds = getFloor(beyond / range), rest = beyond - folds * range;
  Scalar half = folds * 0.5;
  Value isEven = isAtMost(half, getFloor(half));
  Scalar fromLow = axis.low + rest, fromHigh = axis.high - rest;
  Scalar folded = choose(isEven, choose(isBelow, fromLow, fromHigh), choose(isBelow, fromHigh, fromLow));
  Value isOutside = arith::OrIOp::create(*x.builder, x.loc, isBelow, isAbove);
  return choose(isOutside, getLesser(getGreater(folded, axis.low), axis.high), x);
}

/// The element at an integral position that may lie outside.
Tap Sampler::getTap(const Axis &axis, Scalar position, const Scalar &weight) const {
  Value isWithin;
  if (padding == "zeros")
    isWithin = arith::AndIOp::create(*position.builder, position.loc, isAtMost(position.constant(0), position),
                                     isLess(position, axis.size));
  else if (padding == "reflection")
    position = reflect(axis, position);
  return {position.toIndex(axis.last), isWithin, weight};
}

SmallVector<Tap> Sampler::getTaps(const Axis &axis, Scalar grid) const {
  Scalar x = alignsCorners ? (grid + 1) / 2 * (axis.size - 1) : ((grid + 1) * axis.size - 1) / 2;
  if (mode == "nearest")
    x = roundToEven(x);
  if (padding == "border") {
    // Positions within half a pixel of the edge stay: cubic kernels read on both sides of it.
    Value isOutside = arith::OrIOp::create(*x.builder, x.loc, isLess(x, axis.low), isLess(axis.high, x));
    x = choose(isOutside, getLesser(getGreater(x, 0), axis.size - 1), x);
  }
  if (padding == "reflection")
    x = reflect(axis, x);
  if (mode == "nearest")
    return {getTap(axis, x, x.constant(1))};
  ResamplingRule rule;
  rule.isCubic = mode == "cubic";
  Scalar first = rule.getFirstTap(x, /*narrowing=*/1);
  SmallVector<Tap> taps;
  for (int64_t tap = 0, count = rule.countTaps(/*narrowing=*/1); tap < count; ++tap)
    taps.push_back(getTap(axis, first + tap, rule.evaluateKernel(x - (first + tap))));
  return taps;
}

/// Σ over the taps of each dimension in turn, the elements times the weights.
static Scalar sumTaps(ArrayRef<SmallVector<Tap>> taps, function_ref<Scalar(ArrayRef<Value>)> read,
                      SmallVector<Value> indices = {}) {
  if (taps.empty())
    return read(indices);
  std::optional<Scalar> sum;
  for (const Tap &tap : taps.front()) {
    indices.push_back(tap.index);
    Scalar term = sumTaps(taps.drop_front(), read, indices);
    indices.pop_back();
    if (tap.isWithin)
      term = choose(tap.isWithin, term, term.constant(0));
    term = term * tap.weight;
    sum = sum ? *sum + term : term;
  }
  return *sum;
}

static FailureOr<Tensor> convertGridSample(GridSampleOp op, Node &node) {
  Tensor x = node.get(op.getX()), grid = node.get(op.getGrid());
  int64_t rank = x.getRank(), spatial = rank - 2;
  Type element = x.getElementType(), compute = getComputeType(element),
       gridType = getComputeType(grid.getElementType());
  if (TensorBuilder::isEmpty(x.extents))
    return node.fill(node.getResultExtents(), getScalarAttr(0, element));
  bool noNegatives = isUnsigned(op.getX()), isNearest = op.getMode() == "nearest";
  SmallVector<Value> sizes;
  for (int64_t dim = 2; dim < rank; ++dim)
    sizes.push_back(node.indexValue(x.extents[dim]));
  Sampler sampler(op);
  // Positions are numbers of the wider of the two types.
  Type type = gridType.isF64() ? gridType : compute;
  return node.map({}, node.getResultExtents(), element, [&](OpBuilder &b, Location loc, ValueRange) -> Value {
    SmallVector<Value> position;
    for (int64_t dim = 0; dim < rank; ++dim)
      position.push_back(linalg::IndexOp::create(b, loc, dim));
    SmallVector<SmallVector<Tap>> taps;
    for (int64_t dim = 0; dim < spatial; ++dim) {
      // Grid vectors have the last dimension first.
      SmallVector<Value> where{position[0]};
      llvm::append_range(where, ArrayRef(position).drop_front(2));
      where.push_back(arith::ConstantIndexOp::create(b, loc, spatial - 1 - dim));
      Value coordinate = tensor::ExtractOp::create(b, loc, grid.value, where);
      Scalar number = Scalar::fromElement(b, loc, coordinate, type, /*isUnsigned=*/false);
      taps.push_back(sampler.getTaps(sampler.getAxis(b, loc, sizes[dim], type), number));
    }
    auto readElement = [&](ArrayRef<Value> indices) -> Value {
      SmallVector<Value> source{position[0], position[1]};
      llvm::append_range(source, indices);
      return tensor::ExtractOp::create(b, loc, x.value, source);
    };
    if (!isNearest)
      return sumTaps(taps,
                     [&](ArrayRef<Value> indices) {
                       return Scalar::fromElement(b, loc, readElement(indices), type, noNegatives);
                     })
          .toElement(element, noNegatives);
    SmallVector<Value> indices;
    Value isWithin;
    for (ArrayRef<Tap> tap : taps) {
      indices.push_back(tap[0].index);
      if (tap[0].isWithin)
        isWithin = isWithin ? arith::AndIOp::create(b, loc, isWithin, tap[0].isWithin).getResult() : tap[0].isWithin;
    }
    Value found = readElement(indices);
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, element));
    return isWithin ? arith::SelectOp::create(b, loc, isWithin, found, zero).getResult() : found;
  });
}

/// grid[b, p.., k] = Σ_j theta[b, k, j] · x_j + theta[b, k, last], x_0 the position along the last spatial dimension.
static FailureOr<Tensor> convertAffineGrid(AffineGridOp op, Node &node) {
  Tensor theta = node.get(op.getTheta());
  Extents extents = node.getResultExtents();
  int64_t spatial = extents.size() - 2;
  Type element = theta.getElementType(), type = getComputeType(element);
  SmallVector<Value> sizes;
  for (int64_t dim = 1; dim <= spatial; ++dim)
    sizes.push_back(node.indexValue(extents[dim]));
  return node.map({}, extents, element, [&](OpBuilder &b, Location loc, ValueRange) {
    auto index = [&](int64_t dim) -> Value { return linalg::IndexOp::create(b, loc, dim); };
    auto getFactor = [&](int64_t column) {
      Value where[] = {index(0), index(spatial + 1), arith::ConstantIndexOp::create(b, loc, column)};
      return Scalar::fromElement(b, loc, tensor::ExtractOp::create(b, loc, theta.value, where), type, false);
    };
    Scalar sum = getFactor(spatial);
    for (int64_t column = 0; column < spatial; ++column) {
      int64_t dim = spatial - column;
      Scalar i = Scalar::fromIndex(b, loc, index(dim), type), size = Scalar::fromIndex(b, loc, sizes[dim - 1], type);
      Scalar x = op.getAlignCorners() ? i * 2 / getGreater(size - 1, 1) - 1 : (i * 2 + 1) / size - 1;
      sum = sum + getFactor(column) * x;
    }
    return sum.toElement(element, /*isUnsigned=*/false);
  });
}

void vitc::onnx::populateGridSamplePatterns(NodePatterns &patterns) {
  patterns.add(convertAffineGrid);
  patterns.add(convertGridSample);
}
