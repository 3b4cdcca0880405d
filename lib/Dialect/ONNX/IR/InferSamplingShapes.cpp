// Shapes of what is sampled or cut out of maps.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

/// (B, C, I..) and (B, O.., r) give (B, C, O..).
LogicalResult GridSampleOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(getX()), grid = extentsOf(getGrid());
  if (failed(checkEqual(*this, env, "the numbers of pictures and grids", x[0], grid[0])))
    return failure();
  grid.pop_back();
  grid.insert(grid.begin() + 1, x[1]);
  shapes.push_back(std::move(grid));
  return success();
}

LogicalResult AffineGridOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  if (!getSize())
    return keepResultShape(*this, shapes);
  SymbolicShape theta = extentsOf(getTheta());
  const SmallTensor *contents = env.contents(getSize());
  std::optional<SymbolicShape> size = contents ? contents->asExtents() : std::nullopt;
  if (!size)
    return emitOpError() << "expected a size of constants and extents, got one that depends on data";
  if (failed(checkEqual(*this, env, "the batches of theta and size", theta[0], (*size)[0])))
    return failure();
  SymbolicShape grid{theta[0]};
  llvm::append_range(grid, llvm::drop_begin(*size, 2));
  grid.push_back(theta[1]);
  shapes.push_back(std::move(grid));
  return success();
}

SmallVector<Value> AffineGridOp::getShapeOperands() { return vitc::onnx::detail::presentOperands({getSize()}); }

LogicalResult RoiAlignOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape rois = extentsOf(getRois()), pictures = extentsOf(getBatchIndices());
  if (failed(checkEqual(*this, env, "the numbers of boxes and their pictures", rois[0], pictures[0])))
    return failure();
  shapes.push_back({rois[0], extentsOf(getX())[1], getOutputHeight(), getOutputWidth()});
  return success();
}

LogicalResult MaxRoiPoolOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  shapes.push_back({extentsOf(getRois())[0], extentsOf(getX())[1], getPooledShape()[0], getPooledShape()[1]});
  return success();
}

LogicalResult CenterCropPadOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape result = extentsOf(getInputData());
  FailureOr<SmallVector<int64_t>> extents = constantIntegers(*this, env, getShape(), "shape");
  if (failed(extents))
    return failure();
  for (auto [index, extent] : llvm::enumerate(*extents))
    result[getAxes().empty() ? index : fromFront(getAxes()[index], result.size())] = extent;
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> CenterCropPadOp::getShapeOperands() { return {getShape()}; }

/// The positions of a window along a dimension; none where it does not fit.
static std::optional<int64_t> countPositions(int64_t image, int64_t block, int64_t dilation, int64_t pads,
                                             int64_t stride) {
  int64_t room = image + pads - (block - 1) * dilation - 1;
  return room < 0 ? std::nullopt : std::optional(room / stride + 1);
}

LogicalResult Col2ImOp::inferShapes(ShapeEnv &env, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape input = extentsOf(getInput());
  FailureOr<SmallVector<int64_t>> image = constantIntegers(*this, env, getImageShape(), "image_shape");
  FailureOr<SmallVector<int64_t>> block = constantIntegers(*this, env, getBlockShape(), "block_shape");
  if (failed(image) || failed(block))
    return failure();
  int64_t elements = 1, positions = 1, rank = image->size();
  constexpr int64_t most = int64_t(1) << 24;
  for (int64_t dim = 0; dim < rank; ++dim) {
    auto valueOr = [&](ArrayRef<int64_t> values, int64_t at, int64_t other) {
      return values.empty() ? other : values[at];
    };
    int64_t dilation = valueOr(getDilations(), dim, 1), stride = valueOr(getStrides(), dim, 1);
    int64_t low = valueOr(getPads(), dim, 0), high = valueOr(getPads(), dim + rank, 0);
    bool isSmall =
        llvm::all_of(ArrayRef{(*image)[dim], (*block)[dim], dilation, stride, low + 1, high + 1, elements, positions},
                     [](int64_t value) { return value >= 1 && value <= most; });
    std::optional<int64_t> count =
        isSmall ? countPositions((*image)[dim], (*block)[dim], dilation, low + high, stride) : std::nullopt;
    if (!count)
      return emitOpError() << "expected blocks that fit into the image along dimension " << dim << ", got "
                           << (*block)[dim] << " and " << (*image)[dim];
    elements *= (*block)[dim];
    positions *= *count;
  }
  std::optional<Extent> channels = input[1].divideExactly(elements);
  if (!channels || input[2] != Extent(positions))
    return emitOpError() << "expected " << positions << " positions of blocks of " << elements << " elements, got "
                         << str(input);
  SymbolicShape result{input[0], *channels};
  llvm::append_range(result, *image);
  shapes.push_back(std::move(result));
  return success();
}

SmallVector<Value> Col2ImOp::getShapeOperands() { return {getImageShape(), getBlockShape()}; }
