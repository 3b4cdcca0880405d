// Shapes that depend on data: NonZero, Compress, Unique, NonMaxSuppression.

#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

LogicalResult NonZeroOp::inferShapes(ShapeEnv &, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getX());
  shapes.push_back({Extent(x.size()), computeExtent(*this, product(x))});
  return success();
}

/// The lesser of two extents, or `a` where that is open: an upper bound of it.
static Extent boundLesser(const Extent &a, const Extent &b) { return a.isProvablyAtLeast(b) ? b : a; }

LogicalResult CompressOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getInput());
  if (!getAxis())
    result = {product(result)};
  Extent &extent = result[getAxis() ? fromFront(*getAxis(), result.size()) : 0];
  const SmallTensor *condition = env.contents(getCondition());
  std::optional<SmallVector<int64_t>> chosen = condition ? condition->asIntegers() : std::nullopt;
  if (chosen && extent.isProvablyAtLeast(chosen->size()))
    extent = llvm::count_if(*chosen, [](int64_t isChosen) { return isChosen != 0; });
  else
    extent = computeExtent(*this, boundLesser(extentsOf(getCondition()).front(), extent));
  shapes.push_back(std::move(result));
  return success();
}

LogicalResult UniqueOp::inferShapes(ShapeEnv &, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getX());
  if (!getAxis())
    result = {product(result)};
  Extent &extent = result[getAxis() ? fromFront(*getAxis(), result.size()) : 0];
  Extent slices = extent;
  if (slices != Extent(0))
    extent = computeExtent(*this, slices);
  SymbolicShape count{extent};
  shapes.append({result, count, SymbolicShape{slices}, count});
  return success();
}

LogicalResult NonMaxSuppressionOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape boxes = extentsOf(getBoxes()), scores = extentsOf(getScores());
  if (failed(checkEqual(*this, env, "batches of boxes and scores", boxes[0], scores[0])) ||
      failed(checkEqual(*this, env, "numbers of boxes and of their scores", boxes[1], scores[2])))
    return failure();
  Extent most = boxes[1];
  if (!getMaxOutputBoxesPerClass()) {
    most = 0;
  } else if (const SmallTensor *limit = env.contents(getMaxOutputBoxesPerClass())) {
    // Most exporters write "all" as the largest number.
    std::optional<int64_t> number = (*limit)[0].asInteger();
    if (number && *number < (int64_t(1) << 31))
      most = boundLesser(std::max<int64_t>(*number, 0), most);
  }
  Extent bound = scores[0] * scores[1] * most;
  shapes.push_back({bound == Extent(0) ? bound : computeExtent(*this, bound), Extent(3)});
  return success();
}
