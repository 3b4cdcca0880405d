//===- Attention, step by step --------------------------------------------===//
//
// scores = scale · q kᵀ, softcap, + masks, softmax, · v, over (batch, heads, tokens, features). Heads of q that share
// one of k and v are a dimension of their own (grouped-query attention): q is (B, K, G, M, D), k (B, K, N, D).
//
//===----------------------------------------------------------------------===//

#include "Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

/// (B, tokens, heads · features) as (B, heads, tokens, features); four dimensions are in that form.
static Tensor splitHeads(Node &node, const Tensor &x, std::optional<int64_t> heads) {
  if (x.getRank() == 4)
    return x;
  AffineExpr features = node.symbols.simplify(x.extents[2].floorDiv(*heads));
  Tensor split = node.reshape(x, {x.extents[0], x.extents[1], node.extent(*heads), features});
  return node.transpose(split, {0, 2, 1, 3});
}

static AffineMap getMap(Node &node, ArrayRef<unsigned> loops, unsigned count) {
  auto dims = llvm::map_to_vector(loops, [&](unsigned loop) { return node.builder.getAffineDimExpr(loop); });
  return AffineMap::get(count, 0, dims, node.getContext());
}

/// q (B, H, M, D) · k (B, K, N, D) -> (B, H, M, N), head h reading head h / (H / K); with `transposed` the second
/// operand is (B, K, D, N).
static Tensor multiplyHeads(Node &node, const Tensor &q, const Tensor &k, bool transposed) {
  AffineExpr columns = k.extents[transposed ? 3 : 2];
  if (q.extents[1] == k.extents[1]) {
    // Loops: batch, head, row, column, inner.
    AffineMap second = transposed ? getMap(node, {0, 1, 4, 3}, 5) : getMap(node, {0, 1, 3, 4}, 5);
    return node.contract(q, getMap(node, {0, 1, 2, 4}, 5), k, second, getMap(node, {0, 1, 2, 3}, 5),
                         {q.extents[0], q.extents[1], q.extents[2], columns});
  }
  AffineExpr groups = node.symbols.simplify(q.extents[1].floorDiv(k.extents[1]));
  Tensor grouped = node.reshape(q, {q.extents[0], k.extents[1], groups, q.extents[2], q.extents[3]});
  // Loops: batch, head of k, group, row, column, inner.
  AffineMap second = transposed ? getMap(node, {0, 1, 5, 4}, 6) : getMap(node, {0, 1, 4, 5}, 6);
  Tensor product = node.contract(grouped, getMap(node, {0, 1, 2, 3, 5}, 6), k, second, getMap(node, {0, 1, 2, 3, 4}, 6),
                                 {q.extents[0], k.extents[1], groups, q.extents[2], columns});
  return node.reshape(product, {q.extents[0], q.extents[1], q.extents[2], columns});
}

static Tensor scaleBy(Node &node, const Tensor &x, double factor) {
  return node.elementwise(ElementwiseKind::mul, {x, node.scalar(factor, x.getElementType())}, x.extents);
}

/// 0 where the mask allows, else −∞; a float mask is what it is.
static Tensor getAddend(Node &node, const Tensor &mask, Type type) {
  if (!mask.getElementType().isInteger(1))
    return mask;
  Tensor zero = node.scalar(0, type), lowest = node.scalar(-std::numeric_limits<double>::infinity(), type);
  return node.elementwise(ElementwiseKind::select, {mask, zero, lowest}, mask.extents);
}

namespace {
/// Which keys n a query m may read: those from m + offset − left to m + offset + right.
struct Band {
  AffineExpr offset;
  std::optional<int64_t> left, right;
};
} // namespace

/// The band as an addend of shape (M, N).
static Tensor getBandAddend(Node &node, const Band &band, AffineExpr rows, AffineExpr columns, Type type) {
  Value offset = node.indexValue(band.offset);
  return node.map({}, {rows, columns}, type, [&](OpBuilder &b, Location loc, ValueRange) -> Value {
    Value position = arith::AddIOp::create(b, loc, linalg::IndexOp::create(b, loc, 0), offset);
    Value distance = arith::SubIOp::create(b, loc, linalg::IndexOp::create(b, loc, 1), position);
    Value allowed = arith::ConstantOp::create(b, loc, b.getBoolAttr(true));
    auto restrict = [&](arith::CmpIPredicate order, int64_t bound) {
      Value limit = arith::ConstantIndexOp::create(b, loc, bound);
      Value isInside = arith::CmpIOp::create(b, loc, order, distance, limit);
      allowed = arith::AndIOp::create(b, loc, allowed, isInside);
    };
    if (band.left)
      restrict(arith::CmpIPredicate::sge, -*band.left);
    if (band.right)
      restrict(arith::CmpIPredicate::sle, *band.right);
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
    Value lowest = arith::ConstantOp::create(b, loc, getLowestAttr(type, /*isUnsigned=*/false));
    return arith::SelectOp::create(b, loc, allowed, zero, lowest);
  });
}

/// The mask with as many columns as there are keys: those that it lacks are not allowed.
static FailureOr<Tensor> completeMask(Node &node, const Tensor &mask, AffineExpr columns) {
  AffineExpr missing = node.symbols.simplify(columns - mask.extents.back());
  auto count = dyn_cast<AffineConstantExpr>(missing);
  if (isExtent(mask.extents.back(), 1) || isExtent(missing, 0))
    return mask;
  if (!count)
    return node.refuse("the extents of its mask cannot be shown to agree");
  SmallVector<int64_t> none(mask.getRank(), 0), after = none;
  after.back() = count.getValue();
  Type type = mask.getElementType();
  return node.pad(mask, none, after, type.isInteger(1) ? getScalarAttr(0, type) : getLowestAttr(type, false));
}

/// Everything that is added to the scores, of shapes that broadcast to them.
static FailureOr<SmallVector<Tensor>> getAddends(AttentionOp op, Node &node, ExtentsRef scores, Type type) {
  SmallVector<Tensor> addends;
  if (op.getAttnMask()) {
    FailureOr<Tensor> mask = completeMask(node, node.get(op.getAttnMask()), scores[3]);
    if (failed(mask))
      return failure();
    addends.push_back(getAddend(node, *mask, type));
    if (!TensorBuilder::broadcasts(addends, scores))
      return node.refuse("the extents of its mask cannot be shown to broadcast");
  }
  Band band{node.extent(0), std::nullopt, std::nullopt};
  if (op.getPastKey())
    band.offset = node.get(op.getPastKey()).extents[2];
  if (op.getLeftWindowSize() >= 0)
    band.left = op.getLeftWindowSize();
  if (op.getRightWindowSize() >= 0)
    band.right = op.getRightWindowSize();
  if (op.getIsCausal())
    band.right = 0;
  if (band.left || band.right)
    addends.push_back(getBandAddend(node, band, scores[2], scores[3], type));
  return addends;
}

/// Softmax over the keys. A row all of whose keys are masked is 0.
static Tensor softmaxRows(Node &node, const Tensor &scores, bool mayMaskRows) {
  Value init = node.empty(scores.extents, scores.getElementType());
  auto softmax = linalg::SoftmaxOp::create(node.builder, node.loc, TypeRange(init.getType()), scores.value, init, 3);
  Tensor probabilities{softmax.getResult()[0], scores.extents};
  if (!mayMaskRows)
    return probabilities;
  Tensor max = node.addDims(reduceMax(node, scores, {3}, /*isUnsigned=*/false), {3});
  return node.map({probabilities, max}, scores.extents, scores.getElementType(),
                  [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    Type type = scores.getElementType();
                    Value lowest = arith::ConstantOp::create(b, loc, getLowestAttr(type, /*isUnsigned=*/false));
                    Value isMasked = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, args[1], lowest);
                    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, type));
                    return arith::SelectOp::create(b, loc, isMasked, zero, args[0]);
                  });
}

/// What is computed at once with the output: `matmulOutput` in the stage that qk_matmul_output_mode names.
static FailureOr<SmallVector<Tensor>> convertAttention(AttentionOp op, Node &node) {
  if (op.getNonpadKvSeqlen())
    return node.refuse("nonpad_kv_seqlen is not supported");
  Type type = node.getResultElementType();
  if (op.getSoftmaxPrecision() && *op.getSoftmaxPrecision() != type)
    return node.refuse("a softmax_precision other than the operands' is not supported");
  Tensor q = splitHeads(node, node.get(op.getQ()), op.getQNumHeads());
  Tensor k = splitHeads(node, node.get(op.getK()), op.getKvNumHeads());
  Tensor v = splitHeads(node, node.get(op.getV()), op.getKvNumHeads());
  if (k.getElementType() != type || v.getElementType() != type)
    return node.refuse("operands of different element types are not supported");
  if (!isa<AffineConstantExpr>(q.extents[1]) || !isa<AffineConstantExpr>(k.extents[1]) ||
      (!op.getScale() && !isa<AffineConstantExpr>(q.extents[3])))
    return node.refuse("its numbers of heads or features are not static");
  if (op.getPastKey()) {
    k = node.concat({node.get(op.getPastKey()), k}, 2);
    v = node.concat({node.get(op.getPastValue()), v}, 2);
  }
  double scale = op.getScale() ? op.getScale()->convertToDouble() : 1 / std::sqrt(getStaticExtent(q.extents[3]));
  SmallVector<Tensor> stages{scaleBy(node, multiplyHeads(node, q, k, /*transposed=*/false), scale)};
  double cap = op.getSoftcap().convertToDouble();
  Tensor scores = stages.back();
  if (cap > 0)
    scores = scaleBy(node, node.elementwise(ElementwiseKind::tanh, {scaleBy(node, scores, 1 / cap)}), cap);
  stages.push_back(scores);
  FailureOr<SmallVector<Tensor>> addends = getAddends(op, node, scores.extents, type);
  if (failed(addends))
    return failure();
  for (const Tensor &addend : *addends)
    scores = node.elementwise(ElementwiseKind::add, {scores, addend}, scores.extents);
  stages.push_back(scores);
  stages.push_back(softmaxRows(node, scores, !addends->empty()));
  Tensor y = multiplyHeads(node, stages.back(), v, /*transposed=*/true);
  if (node.get(op.getQ()).getRank() == 3)
    y = node.reshape(node.transpose(y, {0, 2, 1, 3}), node.getResultExtents());

  SmallVector<Tensor> results{y};
  if (op.getPresentKey())
    results.push_back(k);
  if (op.getPresentValue())
    results.push_back(v);
  if (op.getQkMatmulOutput())
    results.push_back(stages[op.getQkMatmulOutputMode()]);
  return results;
}

void vitc::onnx::populateAttentionPatterns(NodePatterns &patterns) { patterns.add(convertAttention); }
