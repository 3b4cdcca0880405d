//===- Convolutions without kernels ---------------------------------------===//

#include "Convolution.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// Splits dimension `dim` into (`count`, rest).
static FailureOr<Tensor> splitDim(Node &node, const Tensor &x, int64_t dim, int64_t count) {
  int64_t size = getStaticExtent(x.extents[dim]);
  if (ShapedType::isDynamic(size))
    return node.refuse("its number of channels is not static");
  Extents extents = x.extents;
  extents[dim] = node.extent(size / count);
  extents.insert(extents.begin() + dim, node.extent(count));
  return node.reshape(x, extents);
}

static Tensor mergeDims(Node &node, const Tensor &x, int64_t dim) {
  Extents extents = x.extents;
  extents[dim] = node.symbols.simplify(extents[dim] * extents[dim + 1]);
  extents.erase(extents.begin() + dim + 1);
  return node.reshape(x, extents);
}

/// What the windows of the spatial dimensions, from `firstDim` on, read: padded, or cut where the padding is negative.
static Tensor padOrCut(Node &node, Tensor x, const SlidingWindow &window, int64_t firstDim) {
  SmallVector<int64_t> low(x.getRank(), 0), high = low;
  for (int64_t dim = 0; dim < window.getRank(); ++dim) {
    int64_t before = window.low[dim], after = window.high[dim];
    AffineExpr size = x.extents[firstDim + dim];
    if (before < 0 || after < 0) {
      int64_t cutBefore = std::max<int64_t>(-before, 0), cutAfter = std::max<int64_t>(-after, 0);
      x = node.sliceDim(x, firstDim + dim, node.extent(cutBefore), node.symbols.simplify(size - cutBefore - cutAfter));
    }
    low[firstDim + dim] = std::max<int64_t>(before, 0);
    high[firstDim + dim] = std::max<int64_t>(after, 0);
  }
  return node.pad(x, low, high, getScalarAttr(0, x.getElementType()));
}

FailureOr<Tensor> vitc::onnx::buildLoops(Node &node, Convolution conv, AffineExpr filters, ExtentsRef to) {
  int64_t groups = conv.groups, space = conv.window.getRank(), loops = 4 + 2 * space;
  FailureOr<Tensor> x = splitDim(node, padOrCut(node, conv.x, conv.window, 2), 1, groups);
  FailureOr<Tensor> w = splitDim(node, conv.w, 0, groups);
  if (failed(x) || failed(w))
    return failure();
  Extents extents{x->extents[0], node.extent(groups), w->extents[1]};
  llvm::append_range(extents, to);
  // Loops: batch, group, filter, position.. but the last, channel, kernel.., last position: rows are what is
  // vectorised.
  auto loop = [&](int64_t index) { return node.builder.getAffineDimExpr(index); };
  AffineExpr batch = loop(0), group = loop(1), filter = loop(2), channel = loop(2 + space);
  SmallVector<AffineExpr> readX{batch, group, channel}, readW{group, filter, channel}, write{batch, group, filter};
  SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
  iterators[2 + space] = utils::IteratorType::reduction;
  for (int64_t dim = 0; dim < space; ++dim) {
    AffineExpr position = dim + 1 == space ? loop(loops - 1) : loop(3 + dim), tap = loop(3 + space + dim);
    iterators[3 + space + dim] = utils::IteratorType::reduction;
    readX.push_back(position * conv.window.strides[dim] + tap * conv.window.dilations[dim]);
    readW.push_back(tap);
    write.push_back(position);
  }
  SmallVector<AffineMap> maps;
  for (ArrayRef<AffineExpr> positions : {ArrayRef(readX), ArrayRef(readW), ArrayRef(write)})
    maps.push_back(AffineMap::get(loops, 0, positions, node.getContext()));
  Tensor zeros = node.fill(extents, getScalarAttr(0, x->getElementType()));
  auto op = linalg::GenericOp::create(
      node.builder, node.loc, TypeRange(zeros.value.getType()), ValueRange{x->value, w->value}, zeros.value, maps,
      iterators, [](OpBuilder &b, Location loc, ValueRange args) {
        Value product = arith::MulFOp::create(b, loc, args[0], args[1]);
        linalg::YieldOp::create(b, loc, arith::AddFOp::create(b, loc, args[2], product).getResult());
      });
  Tensor y = mergeDims(node, {op.getResult(0), extents}, 1);
  y.extents[1] = filters;
  if (!conv.bias)
    return y;
  Tensor bias{conv.bias, {filters}};
  auto unit = llvm::to_vector(llvm::seq<int64_t>(1, 1 + space));
  return node.elementwise(ElementwiseKind::add, {y, node.addDims(bias, unit)}, y.extents);
}

/// (C, F / groups, kernel..) to (F, C / groups, kernel..), with the kernel backwards.
static FailureOr<Tensor> turnWeights(Node &node, const Tensor &w, int64_t groups) {
  FailureOr<Tensor> grouped = splitDim(node, w, 0, groups);
  if (failed(grouped))
    return failure();
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, grouped->getRank()));
  std::swap(permutation[1], permutation[2]);
  Tensor turned = mergeDims(node, node.transpose(*grouped, permutation), 0);
  auto last = llvm::map_to_vector(turned.extents, [](AffineExpr size) { return getStaticExtent(size) - 1; });
  return node.gather(turned, turned.extents, [&](OpBuilder &b, Location loc, ValueRange position) {
    SmallVector<Value> source(position);
    for (size_t dim = 2; dim < source.size(); ++dim)
      source[dim] = arith::SubIOp::create(b, loc, arith::ConstantIndexOp::create(b, loc, last[dim]), position[dim]);
    return source;
  });
}

/// Puts `stride` − 1 zeros between the elements of a dimension.
static Tensor spread(Node &node, const Tensor &x, int64_t dim, int64_t stride) {
  if (stride == 1)
    return x;
  Tensor split = node.addDims(x, {dim + 1});
  SmallVector<int64_t> low(split.getRank(), 0), high = low;
  high[dim + 1] = stride - 1;
  Tensor merged = mergeDims(node, node.pad(split, low, high, getScalarAttr(0, x.getElementType())), dim);
  AffineExpr size = node.symbols.simplify((x.extents[dim] - 1) * stride + 1);
  return node.sliceDim(merged, dim, node.extent(0), size);
}

FailureOr<Convolution> vitc::onnx::straighten(Node &node, const Convolution &conv) {
  FailureOr<Tensor> weights = turnWeights(node, conv.w, conv.groups);
  if (failed(weights))
    return failure();
  Convolution plain{conv.x, *weights, conv.bias, conv.window, conv.groups, /*transposed=*/false};
  SlidingWindow &window = plain.window;
  for (int64_t dim = 0; dim < window.getRank(); ++dim) {
    plain.x = spread(node, plain.x, dim + 2, window.strides[dim]);
    window.strides[dim] = 1;
    window.low[dim] = window.getReach(dim) - 1 - window.low[dim];
    window.high[dim] = window.getReach(dim) - 1 - window.high[dim];
  }
  // vit.conv knows no negative padding.
  plain.x = padOrCut(node, plain.x, window, 2);
  window.low.assign(window.getRank(), 0);
  window.high = window.low;
  return plain;
}
