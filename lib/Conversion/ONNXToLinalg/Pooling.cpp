//===- MaxPool and AveragePool as linalg.pooling_nchw_* -------------------===//

#include "Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
/// A pooling in two dimensions.
struct Pooling {
  Tensor x;
  SlidingWindow window;
  Extents extents; // of the result
  /// What pads the input at the end: less than the window says where the last elements are not read, and more with
  /// ceil_mode.
  SmallVector<int64_t> reachHigh;
};
} // namespace

template <typename OpTy>
static FailureOr<Pooling> getPooling(OpTy op, Node &node) {
  Pooling pooling{node.get(op.getX()), {}, node.getResultExtents(), {}};
  if (pooling.x.getRank() > 4)
    return node.refuse("pooling in " + Twine(pooling.x.getRank() - 2) + " dimensions is not supported");
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
  for (int64_t dim = 0; dim < 2; ++dim) {
    AffineExpr needed = node.symbols.simplify((pooling.extents[dim + 2] - 1) * w.strides[dim] + w.getReach(dim) -
                                              pooling.x.extents[dim + 2] - w.low[dim]);
    if (isa<AffineConstantExpr>(needed))
      pooling.reachHigh.push_back(std::max<int64_t>(getStaticExtent(needed), 0));
    else if (op.getCeilMode())
      return node.refuse("ceil_mode with a symbolic extent is not supported");
    else
      pooling.reachHigh.push_back(w.high[dim]);
  }
  return pooling;
}

/// Pads the input with `init` and pools it.
template <typename PoolOp>
static Tensor pool(Node &node, const Pooling &pooling, TypedAttr init) {
  const SlidingWindow &w = pooling.window;
  Type type = pooling.x.getElementType();
  Tensor padded =
      node.pad(pooling.x, {0, 0, w.low[0], w.low[1]}, {0, 0, pooling.reachHigh[0], pooling.reachHigh[1]}, init);
  Tensor start = node.fill(pooling.extents, init);
  Value window = tensor::EmptyOp::create(node.builder, node.loc, w.kernel, type);
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

static Tensor castInteger(Node &node, const Tensor &x, Type type) {
  return node.map({x}, x.extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    if (args[0].getType().getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth())
      return arith::TruncIOp::create(b, loc, type, args[0]);
    return arith::ExtUIOp::create(b, loc, type, args[0]);
  });
}

static FailureOr<SmallVector<Tensor>> convertMaxPool(MaxPoolOp op, Node &node) {
  FailureOr<Pooling> pooling = getPooling(op, node);
  if (failed(pooling))
    return failure();
  Type type = pooling->x.getElementType();
  // linalg.pooling_nchw_max is signed: unsigned bytes are compared as wider integers.
  bool isWidened = isUnsigned(op.getX());
  if (isWidened)
    pooling->x = castInteger(node, pooling->x, node.builder.getI16Type());
  TypedAttr lowest = getLowestAttr(pooling->x.getElementType(), /*isUnsigned=*/false);
  Tensor y = pool<linalg::PoolingNchwMaxOp>(node, *pooling, lowest);
  if (isWidened)
    y = castInteger(node, y, type);
  SmallVector<Tensor> results{restoreRank(op, node, y)};
  results.resize(op->getNumResults());
  return results;
}

/// How many of the elements that each window reads along `dim` count: those of the input, or with `includePad` of the
/// padded input. What ceil_mode adds does not count.
static SmallVector<int64_t> countElements(const Pooling &pooling, int64_t dim, bool includePad) {
  const SlidingWindow &w = pooling.window;
  int64_t size = getStaticExtent(pooling.x.extents[dim + 2]);
  int64_t begin = includePad ? -w.low[dim] : 0, end = includePad ? size + w.high[dim] : size;
  SmallVector<int64_t> counts;
  for (int64_t i = 0; i < getStaticExtent(pooling.extents[dim + 2]); ++i) {
    int64_t count = 0;
    for (int64_t k = 0; k < w.kernel[dim]; ++k) {
      int64_t position = i * w.strides[dim] - w.low[dim] + k * w.dilations[dim];
      count += position >= begin && position < end;
    }
    counts.push_back(count);
  }
  return counts;
}

static FailureOr<Tensor> convertAveragePool(AveragePoolOp op, Node &node) {
  FailureOr<Pooling> pooling = getPooling(op, node);
  if (failed(pooling))
    return failure();
  const SlidingWindow &w = pooling->window;
  Type type = pooling->x.getElementType();
  bool includePad = op.getCountIncludePad();
  Tensor sum = pool<linalg::PoolingNchwSumOp>(node, *pooling, getScalarAttr(0, type));
  SmallVector<double> counts;
  bool readsPadding = llvm::any_of(w.getPads(), [](int64_t pad) { return pad != 0; });
  if (!op.getCeilMode() && (includePad || !readsPadding)) {
    counts.push_back(w.kernel[0] * w.kernel[1]);
  } else {
    if (llvm::any_of(llvm::seq(2, 4), [&](int dim) { return !isa<AffineConstantExpr>(pooling->x.extents[dim]); }))
      return node.refuse("a mean over partial windows of a symbolic extent is not supported");
    for (int64_t rows : countElements(*pooling, 0, includePad))
      for (int64_t columns : countElements(*pooling, 1, includePad))
        counts.push_back(rows * columns);
  }
  if (llvm::all_equal(counts)) {
    Tensor factor = node.scalar(1 / counts[0], type);
    return restoreRank(op, node, node.elementwise(ElementwiseKind::mul, {sum, factor}, sum.extents));
  }
  auto shape = llvm::map_to_vector(ExtentsRef(pooling->extents).drop_front(2), getStaticExtent);
  Tensor divisor = node.constant(shape, counts, type);
  return restoreRank(op, node, node.elementwise(ElementwiseKind::div, {sum, divisor}, sum.extents));
}

void vitc::onnx::populatePoolingPatterns(NodePatterns &patterns) {
  patterns.add(convertAveragePool);
  patterns.add(convertMaxPool);
}
