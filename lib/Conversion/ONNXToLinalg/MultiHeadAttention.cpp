//===- Attention as ONNX Runtime's optimizer writes it --------------------===//

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include <cmath>

using namespace mlir;
using namespace vitc::onnx;
using linalg::ElementwiseKind;

namespace {
/// Queries, keys or values, as the node has them.
struct Projection {
  Tensor operand;
  int64_t part;      ///< of those that share the operand, where it has rank 5
  AffineExpr biasAt; ///< where its part of the bias begins
};
} // namespace

static Tensor addBias(Node &node, const Tensor &x, const Tensor &bias) {
  return node.elementwise(ElementwiseKind::add, {x, bias}, x.extents);
}

/// A projection as (B, tokens, heads, features), with its part of the bias.
static FailureOr<Tensor> getTokens(MultiHeadAttentionOp op, Node &node, const Projection &from) {
  Tensor x = from.operand;
  auto heads = static_cast<int64_t>(op.getNumHeads());
  auto getBias = [&](AffineExpr size) { return node.sliceDim(node.get(op.getBias()), 0, from.biasAt, size); };
  if (x.getRank() == 3)
    return toTokenMajor(node, op.getBias() ? addBias(node, x, getBias(x.extents[2])) : x, heads);
  if (x.getRank() == 4) {
    if (op.getBias())
      return node.refuse("a bias of keys that come head by head is not supported");
    return swapTokensAndHeads(node, x);
  }
  Extents offsets(5, node.extent(0)), sizes = x.extents;
  offsets[3] = node.extent(from.part);
  sizes[3] = node.extent(1);
  Tensor tokens = node.slice(x, offsets, sizes, SmallVector<int64_t>(5, 1), {3});
  if (!op.getBias())
    return tokens;
  AffineExpr features = tokens.extents[3];
  return addBias(node, tokens, node.reshape(getBias(features * heads), {node.extent(heads), features}));
}

/// Whether a causal mask is an addend: where a query may have no key that is not masked, and where scores are read,
/// which are finite in ONNX Runtime.
static bool addsCausality(MultiHeadAttentionOp op) {
  return op.getUnidirectional() && (op.getKeyPaddingMask() || op.getQk());
}

/// `body` says, given elements of `operands` and a key's position, whether the key is read; 0 where it is, else
/// `filter`.
static Tensor getAddend(Node &node, ArrayRef<Tensor> operands, const Extents &extents, TypedAttr filter,
                        function_ref<Value(OpBuilder &, Location, ValueRange, Value key)> body) {
  return node.map(operands, extents, filter.getType(), [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value isRead = body(b, loc, args, linalg::IndexOp::create(b, loc, extents.size() - 1));
    Value zero = arith::ConstantOp::create(b, loc, getScalarAttr(0, filter.getType()));
    return arith::SelectOp::create(b, loc, isRead, zero, arith::ConstantOp::create(b, loc, filter));
  });
}

/// The mask of padded keys as an addend to scores of the extents (B, H, M, N).
static FailureOr<Tensor> getPaddingAddend(MultiHeadAttentionOp op, Node &node, ExtentsRef scores, Type type) {
  Tensor mask = node.get(op.getKeyPaddingMask());
  AffineExpr batch = scores[0], one = node.extent(1);
  auto isSame = [&](AffineExpr a, AffineExpr b) { return isExtent(node.symbols.simplify(a - b), 0); };
  TypedAttr filter = getScalarAttr(op.getMaskFilterValue().convertToDouble(), type);
  auto isPositive = [](OpBuilder &b, Location loc, ValueRange args, Value) -> Value {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(args[0].getType()));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, args[0], zero);
  };
  if (mask.getRank() == 2 && isSame(mask.extents[0], batch) && isSame(mask.extents[1], scores[3]))
    return getAddend(node, {node.addDims(mask, {1, 2})}, {batch, one, one, scores[3]}, filter, isPositive);
  if (mask.getRank() == 3 && isSame(mask.extents[0], batch) && isSame(mask.extents[1], scores[2]) &&
      isSame(mask.extents[2], scores[3]))
    return getAddend(node, {node.addDims(mask, {1})}, {batch, one, scores[2], scores[3]}, filter, isPositive);
  bool hasStarts = mask.getRank() == 1 && isSame(mask.extents[0], 2 * batch);
  if (!hasStarts && (mask.getRank() != 1 || !isSame(mask.extents[0], batch)))
    return node.refuse("its padding mask has a shape that is not supported: expected (B), (2 B), (B, keys) or "
                       "(B, queries, keys)");
  SmallVector<Tensor> bounds;
  for (int64_t part = 0; part <= (hasStarts ? 1 : 0); ++part)
    bounds.push_back(node.addDims(node.sliceDim(mask, 0, batch * part, batch), {1, 2, 3}));
  return getAddend(node, bounds, {batch, one, one, scores[3]}, filter,
                   [&](OpBuilder &b, Location loc, ValueRange args, Value key) -> Value {
                     auto bound = [&](Value arg) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), arg); };
                     Value isRead = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, key, bound(args[0]));
                     if (!hasStarts)
                       return isRead;
                     Value begun = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, key, bound(args[1]));
                     return arith::AndIOp::create(b, loc, isRead, begun);
                   });
}

/// The addend of a padding mask and a causal one together: the lowest number for keys behind their query, before which
/// there are `past` keys more, whatever the padding mask says of them. So it is in ONNX Runtime: a query whose keys are
/// all padded reads them as if they were not, and with the lowest number as `mask_filter_value` those behind it too.
static Tensor addCausality(Node &node, const Tensor &padding, ExtentsRef scores, AffineExpr past) {
  auto type = cast<FloatType>(padding.getElementType());
  auto lowest = FloatAttr::get(type, APFloat::getLargest(type.getFloatSemantics(), /*Negative=*/true));
  Value before = node.indexValue(past);
  Extents extents{scores[0], node.extent(1), scores[2], scores[3]};
  return node.map({padding}, extents, type, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
    Value query = linalg::IndexOp::create(b, loc, 2), key = linalg::IndexOp::create(b, loc, 3);
    Value last = arith::AddIOp::create(b, loc, query, before);
    Value isBehind = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, key, last);
    return arith::SelectOp::create(b, loc, isBehind, arith::ConstantOp::create(b, loc, lowest), args[0]);
  });
}

static FailureOr<SmallVector<Value>> getAddends(MultiHeadAttentionOp op, Node &node, ExtentsRef scores, AffineExpr past,
                                                Type type) {
  SmallVector<Value> addends;
  if (op.getAttentionBias()) {
    Tensor bias = node.get(op.getAttentionBias());
    if (!TensorBuilder::broadcasts({bias}, scores))
      return node.refuse("the extents of its attention_bias cannot be shown to broadcast");
    addends.push_back(bias.value);
  }
  Tensor padding = node.scalar(0, type);
  if (op.getKeyPaddingMask()) {
    FailureOr<Tensor> mask = getPaddingAddend(op, node, scores, type);
    if (failed(mask))
      return failure();
    padding = *mask;
  }
  if (addsCausality(op))
    padding = addCausality(node, padding, scores, past);
  if (padding.getRank() != 0)
    addends.push_back(padding.value);
  return addends;
}

static FailureOr<SmallVector<Tensor>> convertMultiHeadAttention(MultiHeadAttentionOp op, Node &node) {
  if (op.getPastSequenceLength() || op.getCacheIndirection())
    return node.refuse("past_sequence_length and cache_indirection are not supported: expected past and present apart");
  Value keySource = op.getKey() ? op.getKey() : op.getQuery(), valueSource = op.getValue() ? op.getValue() : keySource;
  int64_t keyPart = op.getKey() ? 0 : 1;
  Extents q = node.get(op.getQuery()).extents;
  AffineExpr width = q.size() == 3 ? q[2] : q[2] * q[4];
  FailureOr<Tensor> query = getTokens(op, node, {node.get(op.getQuery()), 0, node.extent(0)});
  FailureOr<Tensor> key = getTokens(op, node, {node.get(keySource), keyPart, width});
  FailureOr<Tensor> value = getTokens(op, node, {node.get(valueSource), keyPart + 1, 2 * width});
  if (failed(query) || failed(key) || failed(value) || failed(checkHeads(node, {*query, *key, *value})))
    return failure();
  if (op.getUnidirectional() && !isExtent(node.symbols.simplify(key->extents[1] - query->extents[1]), 0))
    return node.refuse("it is unidirectional, but its queries and keys cannot be shown to be as many");
  Cached k = appendToPast(node, *key, op.getPastKey(), bool(op.getPresentKey()));
  Cached v = appendToPast(node, *value, op.getPastValue(), bool(op.getPresentValue()));

  Type type = node.getResultElementType();
  Extents scores{query->extents[0], query->extents[2], query->extents[1], k.tokens.extents[1]};
  FailureOr<SmallVector<Value>> addends = getAddends(op, node, scores, k.tokens.extents[1] - key->extents[1], type);
  if (failed(addends))
    return failure();
  OpBuilder &b = node.builder;
  double scale =
      op.getScale().isZero() ? 1 / std::sqrt(getStaticExtent(query->extents[3])) : op.getScale().convertToDouble();
  Extents result{scores[0], scores[2], scores[1], v.tokens.extents[3]};
  bool isCausal = op.getUnidirectional() && !addsCausality(op);
  auto attention = vitc::vit::AttentionOp::create(
      b, node.loc, node.getType(result, type), op.getQk() ? node.getType(scores, type) : Type(), Type(), query->value,
      k.tokens.value, v.tokens.value, *addends, b.getF32FloatAttr(scale), isCausal ? b.getUnitAttr() : UnitAttr(),
      FloatAttr(), UnitAttr());

  SmallVector<Tensor> results{node.reshape({attention.getResult(), result}, node.getResultExtents())};
  if (op.getPresentKey())
    results.push_back(k.present);
  if (op.getPresentValue())
    results.push_back(v.present);
  if (op.getQk())
    results.push_back({attention.getScores(), scores});
  return results;
}

void vitc::onnx::populateMultiHeadAttentionPatterns(NodePatterns &patterns) { patterns.add(convertMultiHeadAttention); }
