// Shapes of what slides windows over space: convolutions and pools.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// What slides along one spatial dimension.
struct SlidingWindow {
  int64_t kernel, stride, dilation, before, after;
  int64_t reach() const { return dilation * (kernel - 1) + 1; }
};
} // namespace

/// The window of spatial dimension `dim` of `rank`, from attributes that are empty where ONNX computes the default.
template <typename OpT>
static SlidingWindow getWindow(OpT op, size_t dim, size_t rank, ArrayRef<int64_t> kernel) {
  auto valueOr = [&](ArrayRef<int64_t> values, size_t index, int64_t otherwise) {
    return index < values.size() ? values[index] : otherwise;
  };
  return {kernel[dim], valueOr(op.getStrides(), dim, 1), valueOr(op.getDilations(), dim, 1),
          valueOr(op.getPads(), dim, 0), valueOr(op.getPads(), rank + dim, 0)};
}

/// The number of windows along one dimension: ⌊(extent + pads − reach) / stride⌋ + 1, or with `ceilMode` rounded up
/// as long as the last window starts inside the input or the padding before it.
static FailureOr<Extent> countWindows(Operation *op, ShapeEnv &env, const Extent &extent, const SlidingWindow &window,
                                      StringRef autoPad, bool ceilMode) {
  if (autoPad.starts_with("SAME"))
    return *(extent + (window.stride - 1)).floorDiv(window.stride);
  bool isPadded = autoPad == "NOTSET";
  Extent before = isPadded ? window.before : 0;
  Extent room = extent + before + (isPadded ? window.after : 0) - window.reach();
  if (!env.requireAtLeast(op, room, 0))
    return op->emitOpError() << "expected a window that fits, got a reach of " << window.reach()
                             << " over an extent of " << (room + window.reach()).str() << " with padding";
  if (!ceilMode)
    return *room.floorDiv(window.stride) + 1;
  // Windows begin at multiples of the stride: rounded up, as many as begin before the end of the input, and no more
  // than it takes to cover the padding after it too.
  bool coversPadding = window.reach() >= (isPadded ? window.after : 0) + window.stride;
  Extent covered = coversPadding ? room + window.stride : extent + before;
  return *(covered + (window.stride - 1)).floorDiv(window.stride);
}

/// Replaces the spatial dimensions of `shape`, those after the first two.
template <typename OpT>
static LogicalResult slideWindows(OpT op, ShapeEnv &env, SymbolicShape &shape, ArrayRef<int64_t> kernel,
                                  bool ceilMode) {
  size_t rank = shape.size() - 2;
  for (size_t dim = 0; dim < rank; ++dim) {
    FailureOr<Extent> count =
        countWindows(op, env, shape[2 + dim], getWindow(op, dim, rank, kernel), op.getAutoPad(), ceilMode);
    if (failed(count))
      return failure();
    shape[2 + dim] = *count;
  }
  return success();
}

/// The kernel's extents, which weights (F, C / group, kernel..) state.
static FailureOr<SmallVector<int64_t>> getKernel(Operation *op, const SymbolicShape &weights) {
  SmallVector<int64_t> kernel;
  for (const Extent &extent : ArrayRef(weights).drop_front(2)) {
    std::optional<int64_t> constant = extent.asConstant();
    if (!constant || *constant < 1)
      return op->emitOpError() << "expected weights with a constant kernel, got " << str(weights);
    kernel.push_back(*constant);
  }
  return kernel;
}

static LogicalResult checkWindowOperands(Operation *op, const SymbolicShape &x, const SymbolicShape &w) {
  if (x.size() < 3 || x.size() != w.size())
    return op->emitOpError() << "expected x and w of the same rank, at least 3, got " << str(x) << " and " << str(w);
  return success();
}

template <typename ConvLikeOp>
static LogicalResult inferConv(ConvLikeOp op, ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(op.getX()), w = extentsOf(op.getW());
  if (failed(checkWindowOperands(op, x, w)))
    return failure();
  if (x[1] != w[1] * op.getGroup())
    return op.emitOpError() << "expected " << (w[1] * op.getGroup()).str() << " channels, got " << x[1].str();
  FailureOr<SmallVector<int64_t>> kernel = getKernel(op, w);
  if (failed(kernel) || failed(slideWindows(op, env, x, *kernel, /*ceilMode=*/false)))
    return failure();
  x[1] = w[0];
  shapes.push_back(std::move(x));
  return success();
}

LogicalResult DeformConvOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getX()), w = extentsOf(getW());
  FailureOr<SmallVector<int64_t>> kernel = getKernel(*this, w);
  if (failed(kernel))
    return failure();
  if (x[1] != w[1] * getGroup())
    return emitOpError() << "expected " << (w[1] * getGroup()).str() << " channels, got " << x[1].str();
  SymbolicShape result = {x[0], w[0]};
  for (size_t dim = 0; dim < 2; ++dim) {
    SlidingWindow window = getWindow(*this, dim, 2, *kernel);
    FailureOr<Extent> count = countWindows(*this, env, x[2 + dim], window, "NOTSET", /*ceilMode=*/false);
    if (failed(count))
      return failure();
    for (Value moved : {getOffset(), getMask()})
      if (moved && failed(checkEqual(*this, env, "the extents of the result and of its offsets or mask", *count,
                                     extentsOf(moved)[2 + dim])))
        return failure();
    result.push_back(*count);
  }
  for (Value moved : {getOffset(), getMask()})
    if (moved &&
        failed(checkEqual(*this, env, "the batches of x and of its offsets or mask", x[0], extentsOf(moved)[0])))
      return failure();
  shapes.push_back(std::move(result));
  return success();
}

LogicalResult ConvOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferConv(*this, env, shapes);
}
LogicalResult ConvIntegerOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferConv(*this, env, shapes);
}
LogicalResult QLinearConvOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferConv(*this, env, shapes);
}

/// stride · (extent − 1) + output padding + reach − pads.
LogicalResult ConvTransposeOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getX()), w = extentsOf(getW());
  if (failed(checkWindowOperands(*this, x, w)))
    return failure();
  if (x[1] != w[0])
    return emitOpError() << "expected " << w[0].str() << " channels, got " << x[1].str();
  FailureOr<SmallVector<int64_t>> kernel = getKernel(*this, w);
  if (failed(kernel))
    return failure();
  size_t rank = kernel->size();
  SymbolicShape result = {x[0], w[1] * getGroup()};
  for (size_t dim = 0; dim < rank; ++dim) {
    SlidingWindow window = getWindow(*this, dim, rank, *kernel);
    int64_t more = getOutputPadding().empty() ? 0 : getOutputPadding()[dim];
    const Extent &extent = x[2 + dim];
    if (!getOutputShape().empty())
      result.push_back(getOutputShape()[dim]);
    else if (getAutoPad().starts_with("SAME"))
      result.push_back(extent * window.stride);
    else if (getAutoPad() == "VALID")
      result.push_back((extent - 1) * window.stride + window.reach() + more);
    else
      result.push_back((extent - 1) * window.stride + window.reach() + more - window.before - window.after);
  }
  shapes.push_back(std::move(result));
  return success();
}

template <typename PoolOp>
static LogicalResult inferPool(PoolOp op, ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(op.getX());
  if (failed(slideWindows(op, env, x, op.getKernelShape(), op.getCeilMode())))
    return failure();
  shapes.append(op->getNumResults(), x);
  return success();
}

LogicalResult AveragePoolOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferPool(*this, env, shapes);
}

LogicalResult MaxPoolOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferPool(*this, env, shapes);
}

LogicalResult LpPoolOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferPool(*this, env, shapes);
}

LogicalResult vitc::onnx::detail::inferGlobalPool(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(op->getOperand(0));
  for (Extent &extent : MutableArrayRef(x).drop_front(std::min<size_t>(2, x.size())))
    extent = 1;
  shapes.push_back(std::move(x));
  return success();
}
