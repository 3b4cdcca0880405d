//===- Rotary position embedding, step by step ----------------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// The rows of a cache (positions, R/2) at `ids` (B, tokens), as (B, tokens, R/2).
static Tensor gatherRows(Node &node, const Tensor &cache, const Tensor &ids) {
  Value size = node.indexValue(cache.extents[0]);
  return node.gather(cache, {ids.extents[0], ids.extents[1], cache.extents[1]},
                     [&](OpBuilder &b, Location loc, ValueRange at) {
                       Value id = tensor::ExtractOp::create(b, loc, ids.value, at.take_front(2));
                       return SmallVector<Value>{getPosition(b, loc, id, size), at[2]};
                     });
}

/// The angles' sines or cosines as (B, tokens, 1, R/2).
static Tensor getAngles(RotaryEmbeddingOp op, Node &node, Value cache) {
  Tensor rows = node.get(cache);
  if (op.getPositionIds())
    rows = gatherRows(node, rows, node.get(op.getPositionIds()));
  return node.addDims(rows, {2});
}

/// Feature 0 and 1 of each pair, (B, tokens, heads, R/2), of the first R features: neighbours, or half of R apart.
static std::pair<Tensor, Tensor> getPairs(Node &node, const Tensor &x, int64_t half, bool areNeighbours) {
  auto take = [&](int64_t offset, int64_t stride) {
    Extents offsets(4, node.extent(0)), sizes = x.extents;
    offsets[3] = node.extent(offset);
    sizes[3] = node.extent(half);
    return node.slice(x, offsets, sizes, {1, 1, 1, stride});
  };
  return areNeighbours ? std::pair(take(0, 2), take(1, 2)) : std::pair(take(0, 1), take(half, 1));
}

static FailureOr<Tensor> convertRotaryEmbedding(RotaryEmbeddingOp op, Node &node) {
  Tensor input = node.get(op.getX()), x = toTokenMajor(node, input, op.getNumHeads());
  if (failed(checkHeads(node, {x})))
    return failure();
  int64_t features = getStaticExtent(x.extents[3]);
  int64_t rotated = op.getRotaryEmbeddingDim() ? op.getRotaryEmbeddingDim() : features, half = rotated / 2;
  if (rotated > features || rotated % 2 != 0)
    return node.refuse("it turns " + Twine(rotated) + " of " + Twine(features) + " features: expected an even number");
  Tensor cos = getAngles(op, node, op.getCosCache()), sin = getAngles(op, node, op.getSinCache());
  auto [a, b] = getPairs(node, x, half, op.getInterleaved());
  for (const Tensor &angles : {cos, sin})
    if (!TensorBuilder::broadcasts({angles}, a.extents))
      return node.refuse("the extents of its caches cannot be shown to be those of its tokens and half its features");
  auto combine = [&](ElementwiseKind kind, const Tensor &l, const Tensor &r) {
    return node.elementwise(kind, {l, r}, a.extents);
  };
  auto times = [&](const Tensor &l, const Tensor &r) { return combine(ElementwiseKind::mul, l, r); };
  Tensor first = combine(ElementwiseKind::sub, times(a, cos), times(b, sin));
  Tensor second = combine(ElementwiseKind::add, times(a, sin), times(b, cos));

  Tensor turned;
  Extents whole = x.extents;
  whole[3] = node.extent(rotated);
  if (op.getInterleaved())
    turned = node.reshape(node.concat({node.addDims(first, {4}), node.addDims(second, {4})}, 4), whole);
  else
    turned = node.concat({first, second}, 3);
  if (rotated < features)
    turned = node.concat({turned, node.sliceDim(x, 3, node.extent(rotated), node.extent(features - rotated))}, 3);
  return input.getRank() == 3 ? node.reshape(turned, input.extents) : swapTokensAndHeads(node, turned);
}

void vitc::onnx::populateRotaryEmbeddingPatterns(NodePatterns &patterns) { patterns.add(convertRotaryEmbedding); }
