//===- Pools --------------------------------------------------------------===//
//
// Maxima and means over one or two dimensions are linalg.pooling_nchw_*; other pools reduce their windows in one
// linalg.generic.
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "Reduction.h"
#include "Window.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
/// A pooling; one in one dimension has a height of 1.
struct Pooling {
  Tensor x;
  SlidingWindow window;
  Extents extents; // of the result
  /// What pads the input at the end: less than the window says where the last elements are not read, and more with
  /// ceil_mode.
  SmallVector<int64_t> reachHigh;

  bool hasStaticSpace() const {
    return llvm::all_of(ExtentsRef(x.extents).drop_front(2),
                        [](AffineExpr extent) { return isa<AffineConstantExpr>(extent); });
  }
};
} // namespace

template <typename OpTy>
static FailureOr<Pooling> getPooling(OpTy op, Node &node) {
  Pooling pooling{node.get(op.getX()), {}, node.getResultExtents(), {}};
  FailureOr<SlidingWindow> window =
      getWindow(op, node, op.getKernelShape(), ExtentsRef(pooling.x.extents).drop_front(2),
                ExtentsRef(pooling.extents).drop_front(2));
  if (failed(window))
    return failure();
  pooling.window = *window;
  if (window->getRank() == 1) {
    pooling.x = node.addDims(pooling.x, {2});
    pooling.window.addUnitDim();
    pooling.extents.insert(pooling.extents.begin() + 2, node.extent(1));
  }
  const SlidingWindow &w = pooling.window;
  for (int64_t dim = 0; dim < w.getRank(); ++dim) {
    AffineExpr needed = node.symbols.simplify((pooling.extents[dim + 2] - 1) * w.strides[dim] + w.getReach(dim) -
                                              pooling.x.extents[dim + 2] - w.low[dim]);
    if (isa<AffineConstantExpr>(needed))
      pooling.reachHigh.push_back(std::max<int64_t>(getStaticExtent(needed), 0));
    else // Rounded up, the last window begins at most stride − 1 elements later.
      pooling.reachHigh.push_back(w.high[dim] + (op.getCeilMode() ? w.strides[dim] - 1 : 0));
  }
  return pooling;
}

/// The input with what its windows read around it.
static Tensor pad(Node &node, const Pooling &pooling, TypedAttr value) {
  SmallVector<int64_t> low{0, 0}, high{0, 0};
  llvm::append_range(low, pooling.window.low);
  llvm::append_range(high, pooling.reachHigh);
  return node.pad(pooling.x, low, high, value);
}

/// Pads the input with `init` and pools it in two dimensions.
template <typename PoolOp>
static Tensor pool(Node &node, const Pooling &pooling, TypedAttr init) {
  const SlidingWindow &w = pooling.window;
  Tensor padded = pad(node, pooling, init);
  Tensor start = node.fill(pooling.extents, init);
  Value window = tensor::EmptyOp::create(node.builder, node.loc, w.kernel, padded.getElementType());
  auto op = PoolOp::create(node.builder, node.loc, TypeRange(start.value.getType()), ValueRange{padded.value, window},
                           ValueRange(start.value), node.builder.getI64TensorAttr(w.strides),
                           node.builder.getI64TensorAttr(w.dilations));
  return {op.getResult(0), pooling.extents};
}

/// The result without the height of 1 that a pooling in one dimension got.
template <typename OpTy>
static Tensor restoreRank(OpTy op, Node &node, const Tensor &y) {
  return op.getKernelShape().size() == 1 ? node.dropDims(y, {2}) : y;
}

//===----------------------------------------------------------------------===//
// MaxPool
//===----------------------------------------------------------------------===//

static Tensor castInteger(Node &node, const Tensor &x, Type type) {
  return node.map({x}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (args[0].getType().getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth())
      return arith::TruncIOp::create(b, loc, type, args[0]);
    return arith::ExtUIOp::create(b, loc, type, args[0]);
  });
}

/// linalg.pooling_nchw_max is signed: unsigned bytes are compared as wider integers.
static Tensor findMaxima(Node &node, Pooling pooling, bool noNegatives) {
  Type type = pooling.x.getElementType();
  if (noNegatives)
    pooling.x = castInteger(node, pooling.x, node.builder.getI16Type());
  TypedAttr lowest = getLowestAttr(pooling.x.getElementType(), /*isUnsigned=*/false);
  Tensor y = pool<linalg::PoolingNchwMaxOp>(node, pooling, lowest);
  return noNegatives ? castInteger(node, y, type) : y;
}

static Value isGreater(OpBuilder &b, Location loc, Value x, Value y, bool noNegatives) {
  if (isa<FloatType>(x.getType()))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
  auto order = noNegatives ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
  return arith::CmpIOp::create(b, loc, order, x, y);
}

namespace {
/// Where an element of a pooling's input stands among all of them: Σ position · stride over the loops of its windows.
class FlatPosition {
public:
  FlatPosition(Node &node, const Pooling &pooling, bool columnMajor) : window(pooling.window) {
    ExtentsRef extents = pooling.x.extents;
    strides.resize(extents.size());
    AffineExpr stride = node.extent(1);
    auto cover = [&](int64_t dim) {
      strides[dim] = node.indexValue(node.symbols.simplify(stride));
      stride = stride * extents[dim];
    };
    // The storage order is that of the spatial dimensions.
    for (int64_t dim : llvm::seq<int64_t>(2, extents.size()))
      cover(columnMajor ? dim : extents.size() + 1 - dim);
    cover(1);
    cover(0);
  }

  Value get(OpBuilder &b, Location loc) const {
    auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
    auto mul = [&](Value x, Value y) -> Value { return arith::MulIOp::create(b, loc, x, y); };
    auto add = [&](Value x, Value y) -> Value { return arith::AddIOp::create(b, loc, x, y); };
    Value sum = constant(0);
    for (auto [dim, stride] : llvm::enumerate(strides)) {
      Value position = linalg::IndexOp::create(b, loc, dim);
      if (dim >= 2) {
        Value step =
            mul(linalg::IndexOp::create(b, loc, strides.size() + dim - 2), constant(window.dilations[dim - 2]));
        position = add(mul(position, constant(window.strides[dim - 2])), step);
        position = add(position, constant(-window.low[dim - 2]));
      }
      sum = add(sum, mul(position, stride));
    }
    return arith::IndexCastOp::create(b, loc, b.getI64Type(), sum);
  }

private:
  const SlidingWindow &window;
  SmallVector<Value> strides;
};
} // namespace

/// The first maximum of each window, and where it stands. A window of nothing but the lowest value says 0.
static SmallVector<Tensor> findMaximaAndIndices(Node &node, const Pooling &pooling, bool noNegatives,
                                                bool columnMajor) {
  Type type = pooling.x.getElementType();
  TypedAttr lowest = getLowestAttr(type, noNegatives);
  FlatPosition position(node, pooling, columnMajor);
  Tensor starts[] = {node.fill(pooling.extents, lowest),
                     node.fill(pooling.extents, getScalarAttr(0, node.builder.getI64Type()))};
  return reduceWindows(node, pad(node, pooling, lowest), pooling.window, /*firstDim=*/2, starts,
                       [&](OpBuilder &b, Location loc, Value x, ValueRange best) -> SmallVector<Value> {
                         Value isBetter = isGreater(b, loc, x, best[0], noNegatives);
                         return {arith::SelectOp::create(b, loc, isBetter, x, best[0]),
                                 arith::SelectOp::create(b, loc, isBetter, position.get(b, loc), best[1])};
                       });
}

static FailureOr<SmallVector<Tensor>> convertMaxPool(MaxPoolOp op, Node &node) {
  FailureOr<Pooling> pooling = getPooling(op, node);
  if (failed(pooling))
    return failure();
  bool noNegatives = isUnsigned(op.getX()), wantsIndices = op.getIndices() && !op.getIndices().use_empty();
  if (!wantsIndices && pooling->window.getRank() == 2) {
    SmallVector<Tensor> results{restoreRank(op, node, findMaxima(node, *pooling, noNegatives))};
    results.resize(op->getNumResults());
    return results;
  }
  SmallVector<Tensor> results = findMaximaAndIndices(node, *pooling, noNegatives, op.getStorageOrder() == 1);
  for (Tensor &result : results)
    result = restoreRank(op, node, result);
  results.resize(op->getNumResults());
  return results;
}

//===----------------------------------------------------------------------===//
// AveragePool and LpPool
//===----------------------------------------------------------------------===//

static Tensor sum(Node &node, const Pooling &pooling) {
  TypedAttr zero = getScalarAttr(0, pooling.x.getElementType());
  if (pooling.window.getRank() == 2)
    return pool<linalg::PoolingNchwSumOp>(node, pooling, zero);
  return sumWindows(node, pad(node, pooling, zero), pooling.window, /*firstDim=*/2, pooling.extents);
}

/// How many of the elements that each window reads along `dim` count: those of the input, or with `includePad` of the
/// padded input. What ceil_mode adds does not count.
static SmallVector<int64_t> countElements(const Pooling &pooling, int64_t dim, bool includePad) {
  const SlidingWindow &w = pooling.window;
  int64_t size = getStaticExtent(pooling.x.extents[dim + 2]);
  int64_t begin = includePad ? -w.low[dim] : 0, end = includePad ? size + w.high[dim] : size;
  SmallVector<int64_t> counts;
  for (int64_t i = 0; i < getStaticExtent(pooling.extents[dim + 2]); ++i) {
    // Elements k of the kernel are at start + k · dilation: those before `limit` less those before `begin`.
    int64_t start = i * w.strides[dim] - w.low[dim], dilation = w.dilations[dim];
    auto countBefore = [&](int64_t limit) {
      return std::min<int64_t>(limit <= start ? 0 : llvm::divideCeil(limit - start, dilation), w.kernel[dim]);
    };
    counts.push_back(countBefore(end) - countBefore(begin));
  }
  return counts;
}

/// The number of elements in each window of a static space, row by row.
static SmallVector<double> countWindows(const Pooling &pooling, bool includePad) {
  SmallVector<double> counts{1};
  for (int64_t dim = 0; dim < pooling.window.getRank(); ++dim) {
    SmallVector<double> finer;
    for (double outer : counts)
      for (int64_t inner : countElements(pooling, dim, includePad))
        finer.push_back(outer * static_cast<double>(inner));
    counts = std::move(finer);
  }
  return counts;
}

/// The same for a symbolic space: the sums over an image of ones.
static Tensor countAtRunTime(Node &node, Pooling pooling, bool includePad) {
  TypedAttr one = getScalarAttr(1, pooling.x.getElementType());
  for (Extents *extents : {&pooling.x.extents, &pooling.extents})
    std::fill_n(extents->begin(), 2, node.extent(1));
  pooling.x = node.fill(pooling.x.extents, one);
  if (includePad) {
    // What ceil_mode adds behind the padding stays zero.
    Pooling counted = pooling;
    for (auto [high, reach, rest] : llvm::zip_equal(counted.window.high, counted.reachHigh, pooling.reachHigh)) {
      reach = std::min(reach, high);
      rest -= reach;
    }
    pooling.x = pad(node, counted, one);
    pooling.window.low.assign(pooling.window.getRank(), 0);
  }
  return node.dropDims(sum(node, pooling), {0, 1});
}

/// The number of windows of a static space.
static int64_t getStaticProduct(ExtentsRef extents) {
  return computeProduct(llvm::map_to_vector(extents, getStaticExtent));
}

/// Counts that are a constant of the compiled model; more are computed in each run.
static constexpr int64_t kMostCounts = 1 << 24;

static FailureOr<Tensor> convertAveragePool(AveragePoolOp op, Node &node) {
  FailureOr<Pooling> pooling = getPooling(op, node);
  if (failed(pooling))
    return failure();
  Type type = pooling->x.getElementType();
  bool includePad = op.getCountIncludePad();
  bool readsPadding = llvm::any_of(pooling->window.getPads(), [](int64_t pad) { return pad != 0; });
  bool areWhole = !op.getCeilMode() && (includePad || !readsPadding);
  Tensor total = sum(node, *pooling);
  auto divide = [&](const Tensor &divisor) {
    return restoreRank(op, node, node.elementwise(ElementwiseKind::div, {total, divisor}, total.extents));
  };
  SmallVector<double> counts;
  if (areWhole)
    counts.push_back(static_cast<double>(computeProduct(pooling->window.kernel)));
  else if (pooling->hasStaticSpace() && getStaticProduct(ExtentsRef(pooling->extents).drop_front(2)) <= kMostCounts)
    counts = countWindows(*pooling, includePad);
  else
    return divide(countAtRunTime(node, *pooling, includePad));
  if (llvm::all_equal(counts)) {
    Tensor factor = node.scalar(1 / counts[0], type);
    return restoreRank(op, node, node.elementwise(ElementwiseKind::mul, {total, factor}, total.extents));
  }
  auto shape = llvm::map_to_vector(ExtentsRef(pooling->extents).drop_front(2), getStaticExtent);
  return divide(node.constant(shape, counts, type));
}

/// (Σ |x|^p)^(1/p)
static FailureOr<Tensor> convertLpPool(LpPoolOp op, Node &node) {
  FailureOr<Pooling> pooling = getPooling(op, node);
  if (failed(pooling))
    return failure();
  auto p = static_cast<int64_t>(op.getP());
  pooling->x = raiseMagnitudes(node, pooling->x, p);
  return restoreRank(op, node, takeRoot(node, sum(node, *pooling), p));
}

/// x / (bias + alpha / size · Σ x²)^beta: a pool over the channels.
static FailureOr<Tensor> convertLRN(LRNOp op, Node &node) {
  Tensor x = node.get(op.getX());
  auto size = static_cast<int64_t>(op.getSize());
  SmallVector<int64_t> low(x.getRank(), 0), high = low;
  low[1] = (size - 1) / 2;
  high[1] = size - 1 - low[1];
  SlidingWindow window{{size}, {1}, {1}, {low[1]}, {high[1]}};
  Tensor squares = node.pad(raiseMagnitudes(node, x, 2), low, high, getScalarAttr(0, x.getElementType()));
  Tensor total = sumWindows(node, squares, window, /*firstDim=*/1, x.extents);
  double factor = op.getAlpha().convertToDouble() / static_cast<double>(size);
  auto type = cast<FloatType>(x.getElementType());
  return node.map({x, total}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) {
    Formula f{b, loc, type};
    Value base = f.add(f.mul(args[1], f.constant(factor)), f.constant(op.getBias().convertToDouble()));
    Value power = math::PowFOp::create(b, loc, base, f.constant(op.getBeta().convertToDouble()));
    return f.div(args[0], power);
  });
}

void vitc::onnx::populatePoolingPatterns(NodePatterns &patterns) {
  patterns.add(convertAveragePool);
  patterns.add(convertLRN);
  patterns.add(convertLpPool);
  patterns.add(convertMaxPool);
}
