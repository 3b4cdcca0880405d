// Shapes of reductions and of what has their axes: ArgMax, TopK, LayerNormalization.

#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// `shape` without the axes, or with extents of 1 there.
static SymbolicShape reduce(const SymbolicShape &shape, ArrayRef<int64_t> axes, bool keepDims) {
  SymbolicShape result;
  for (auto [dim, extent] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      result.push_back(extent);
    else if (keepDims)
      result.push_back(1);
  }
  return result;
}

FailureOr<SmallVector<int64_t>> vitc::onnx::detail::getReductionAxes(Operation *op, ShapeEnv &env, Value axes,
                                                                     bool noopWithEmptyAxes) {
  int64_t rank = cast<RankedTensorType>(op->getOperand(0).getType()).getRank();
  FailureOr<SmallVector<int64_t>> result = SmallVector<int64_t>();
  if (axes)
    result = constantAxes(op, env, axes, rank);
  if (succeeded(result) && result->empty() && !noopWithEmptyAxes)
    result = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return result;
}

LogicalResult vitc::onnx::detail::inferReduction(Operation *op, ShapeEnv &env, Value axes, bool keepDims,
                                                 bool noopWithEmptyAxes, SmallVectorImpl<SymbolicShape> &shapes) {
  FailureOr<SmallVector<int64_t>> dims = getReductionAxes(op, env, axes, noopWithEmptyAxes);
  if (failed(dims))
    return failure();
  shapes.push_back(reduce(extentsOf(op->getOperand(0)), *dims, keepDims));
  return success();
}

template <typename ArgOp>
static LogicalResult inferArg(ArgOp op, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape data = extentsOf(op.getData());
  shapes.push_back(reduce(data, {fromFront(op.getAxis(), data.size())}, op.getKeepdims()));
  return success();
}

LogicalResult ArgMaxOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferArg(*this, shapes);
}
LogicalResult ArgMinOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  return inferArg(*this, shapes);
}

/// A k that depends on data, or that may be more than there is, leaves the number of elements to the run.
LogicalResult TopKOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape shape = extentsOf(getX());
  Extent &extent = shape[fromFront(getAxis(), shape.size())];
  const SmallTensor *contents = env.contents(getK());
  Element k = contents && contents->size() == 1 ? (*contents)[0] : Element();
  std::optional<Extent> count = k.asExtent();
  if (count && (Extent(-1).isProvablyAtLeast(*count) || count->isProvablyAtLeast(extent + 1)))
    return emitOpError() << "expected k within the extent " << extent.str() << ", got " << count->str();
  if (count && count->isProvablyAtLeast(0) && extent.isProvablyAtLeast(*count)) {
    extent = *count;
  } else {
    std::optional<int64_t> most = k.getUpperBound();
    bool isLess = most && !Extent(*most).isProvablyAtLeast(extent);
    extent = computeExtent(*this, isLess ? Extent(std::max<int64_t>(*most, 0)) : extent);
  }
  shapes.append(2, shape);
  return success();
}

/// The statistics have extents of 1 from `axis` on.
LogicalResult LayerNormalizationOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getX());
  int64_t rank = x.size();
  SymbolicShape statistics = reduce(x, llvm::to_vector(llvm::seq(fromFront(getAxis(), rank), rank)), /*keepDims=*/true);
  shapes.push_back(std::move(x));
  shapes.append(getNumResults() - 1, statistics);
  return success();
}

/// The running statistics are those of channels.
LogicalResult BatchNormalizationOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.push_back(extentsOf(getX()));
  shapes.append(getRunning().size(), extentsOf(getInputMean()));
  return success();
}
