#include "Window.h"

using namespace mlir;
using namespace vitc::onnx;

SmallVector<int64_t> SlidingWindow::getPads() const {
  SmallVector<int64_t> pads = low;
  llvm::append_range(pads, high);
  return pads;
}

void SlidingWindow::addUnitDim() {
  for (SmallVector<int64_t> *ones : {&kernel, &strides, &dilations})
    ones->insert(ones->begin(), 1);
  for (SmallVector<int64_t> *zeros : {&low, &high})
    zeros->insert(zeros->begin(), 0);
}

/// The map from the loops of a result of `rank` dimensions, then those of the window, to what the window reads.
static AffineMap getReadMap(TensorBuilder &b, const SlidingWindow &window, int64_t firstDim, int64_t rank) {
  SmallVector<AffineExpr> positions;
  for (int64_t dim = 0; dim < rank; ++dim)
    positions.push_back(b.builder.getAffineDimExpr(dim));
  for (int64_t dim = 0; dim < window.getRank(); ++dim) {
    AffineExpr &position = positions[firstDim + dim];
    position = position * window.strides[dim] + b.builder.getAffineDimExpr(rank + dim) * window.dilations[dim];
  }
  return AffineMap::get(rank + window.getRank(), 0, positions, b.getContext());
}

SmallVector<Tensor> vitc::onnx::reduceWindows(TensorBuilder &b, const Tensor &padded, const SlidingWindow &window,
                                              int64_t firstDim, ArrayRef<Tensor> starts, WindowBody body) {
  auto rank = static_cast<int64_t>(padded.getRank()), loops = rank + window.getRank();
  Extents kernel = llvm::map_to_vector(window.kernel, [&](int64_t size) { return b.extent(size); });
  AffineMap identity = b.builder.getMultiDimIdentityMap(loops);
  SmallVector<AffineMap> maps{getReadMap(b, window, firstDim, rank), identity.getMinorSubMap(window.getRank())};
  maps.append(starts.size(), identity.getMajorSubMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(window.getRank(), utils::IteratorType::reduction);
  SmallVector<Value> inits = llvm::map_to_vector(starts, [](const Tensor &start) { return start.value; });
  Value shape = b.empty(kernel, padded.getElementType()); // only its extents are read
  auto op = linalg::GenericOp::create(b.builder, b.loc, ValueRange(inits).getTypes(), ValueRange{padded.value, shape},
                                      inits, maps, iterators, [&](OpBuilder &builder, Location loc, ValueRange args) {
                                        linalg::YieldOp::create(builder, loc,
                                                                body(builder, loc, args.front(), args.drop_front(2)));
                                      });
  SmallVector<Tensor> results;
  for (auto [result, start] : llvm::zip_equal(op.getResults(), starts))
    results.push_back({result, start.extents});
  return results;
}

Tensor vitc::onnx::sumWindows(TensorBuilder &b, const Tensor &padded, const SlidingWindow &window, int64_t firstDim,
                              ExtentsRef extents) {
  Tensor start = b.fill(extents, getScalarAttr(0, padded.getElementType()));
  return reduceWindows(b, padded, window, firstDim, start,
                       [](OpBuilder &builder, Location loc, Value x, ValueRange sum) -> SmallVector<Value> {
                         return {arith::AddFOp::create(builder, loc, sum[0], x)};
                       })
      .front();
}
