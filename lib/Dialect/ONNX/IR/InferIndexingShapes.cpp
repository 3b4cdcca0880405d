// Shapes of elements at indices, one-hot vectors, blocks of pixels.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// In every dimension but `axis` there are at most as many indices as the operand has elements.
LogicalResult GatherElementsOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.push_back(extentsOf(getIndices()));
  return success();
}

LogicalResult OneHotOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getIndices());
  FailureOr<SmallVector<int64_t>> depth = constantIntegers(*this, env, getDepth(), "depth");
  if (failed(depth))
    return failure();
  result.insert(result.begin() + fromFront(getAxis(), result.size() + 1), Extent(depth->front()));
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> OneHotOp::getShapeOperands() { return {getDepth()}; }

LogicalResult DepthToSpaceOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getInput());
  int64_t size = getBlocksize();
  std::optional<Extent> channels = x[1].divideExactly(size * size);
  if (!channels)
    return emitOpError() << "expected channels in blocks of " << size * size << ", got " << x[1].str();
  shapes.push_back({x[0], *channels, x[2] * size, x[3] * size});
  return success();
}

LogicalResult SpaceToDepthOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getInput());
  int64_t size = getBlocksize();
  Extent height = *x[2].floorDiv(size), width = *x[3].floorDiv(size);
  if (!env.requireEqual(*this, height * size, x[2]) || !env.requireEqual(*this, width * size, x[3]))
    return emitOpError() << "expected height and width in blocks of " << size << ", got " << str(x);
  shapes.push_back({x[0], x[1] * (size * size), height, width});
  return success();
}
