#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

/// A linalg.generic that replaces each element of `value` by what `compute` makes of it and of its position.
static Value mapElements(OpBuilder &builder, Location loc, Value value,
                         function_ref<Value(OpBuilder &, Location, Value)> compute) {
  auto type = cast<RankedTensorType>(value.getType());
  Value init = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value), type.getElementType());
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, TypeRange(type), value, init, maps, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                     linalg::YieldOp::create(b, loc, compute(b, loc, arguments[0]));
                                   })
      .getResult(0);
}

/// c · tanh(s / c)
static Value capScores(OpBuilder &builder, Location loc, Value scores, const APFloat &softcap) {
  return mapElements(builder, loc, scores, [&](OpBuilder &b, Location loc, Value score) -> Value {
    Value cap = arith::ConstantOp::create(b, loc, b.getFloatAttr(score.getType(), softcap.convertToDouble()));
    Value ratio = arith::DivFOp::create(b, loc, score, cap);
    return arith::MulFOp::create(b, loc, math::TanhOp::create(b, loc, ratio), cap);
  });
}

/// −∞ where n > m + (N − M).
static Value maskFuture(OpBuilder &builder, Location loc, Value scores) {
  int64_t rank = cast<RankedTensorType>(scores.getType()).getRank();
  Value queries = getValueOrCreateConstantIndexOp(builder, loc, tensor::getMixedSize(builder, loc, scores, rank - 2));
  Value keys = getValueOrCreateConstantIndexOp(builder, loc, tensor::getMixedSize(builder, loc, scores, rank - 1));
  Value offset = arith::SubIOp::create(builder, loc, keys, queries);
  return mapElements(builder, loc, scores, [&](OpBuilder &b, Location loc, Value score) -> Value {
    Value query = linalg::IndexOp::create(b, loc, rank - 2), key = linalg::IndexOp::create(b, loc, rank - 1);
    Value last = arith::AddIOp::create(b, loc, query, offset);
    Value isFuture = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, key, last);
    auto type = cast<FloatType>(score.getType());
    Value infinity = arith::ConstantOp::create(
        b, loc, b.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true)));
    return arith::SelectOp::create(b, loc, isFuture, infinity, score);
  });
}

/// Zeros instead of the NaN that softmax makes of a row of −∞.
static Value replaceNaN(OpBuilder &builder, Location loc, Value probs) {
  return mapElements(builder, loc, probs, [&](OpBuilder &b, Location loc, Value prob) -> Value {
    Value isNaN = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, prob, prob);
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(prob.getType()));
    return arith::SelectOp::create(b, loc, isNaN, zero, prob);
  });
}

/// (B.., N, G, D) → (B.., N, H, D): each head of the keys or values as often as queries share it.
static Value repeatHeads(OpBuilder &builder, Location loc, Value keys, int64_t heads) {
  auto type = cast<RankedTensorType>(keys.getType());
  int64_t rank = type.getRank(), groups = type.getDimSize(rank - 2);
  if (groups == heads)
    return keys;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, keys);
  sizes[rank - 2] = builder.getIndexAttr(heads);
  Value init = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<AffineMap> maps{builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, TypeRange(init.getType()), ValueRange(), init, maps, parallel,
                                   [&](OpBuilder &b, Location loc, ValueRange) {
                                     SmallVector<Value> position;
                                     for (int64_t dim = 0; dim < rank; ++dim)
                                       position.push_back(linalg::IndexOp::create(b, loc, dim));
                                     Value share = arith::ConstantIndexOp::create(b, loc, heads / groups);
                                     position[rank - 2] = arith::DivUIOp::create(b, loc, position[rank - 2], share);
                                     Value element = tensor::ExtractOp::create(b, loc, keys, position);
                                     linalg::YieldOp::create(b, loc, element);
                                   })
      .getResult(0);
}

namespace {

struct AttentionToLinalg final : OpRewritePattern<vit::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getQuery().getType();
    int64_t rank = type.getRank(), heads = type.getDimSize(rank - 2);
    if (!op.hasOwnKeys() && ShapedType::isDynamic(heads))
      return rewriter.notifyMatchFailure(op, "a dynamic number of heads that share keys");
    Value key = repeatHeads(rewriter, loc, op.getKey(), heads);
    Value value = repeatHeads(rewriter, loc, op.getValue(), heads);
    vit::Einsum expand(rewriter, loc, rank - 3);
    Value scores = expand.contract("*mhd", expand.scale(op.getQuery(), op.getScale()), "*nhd", key, "*hmn");
    if (op.getSoftcap())
      scores = capScores(rewriter, loc, scores, *op.getSoftcap());
    scores = expand.add(scores, op.getAddends());
    if (op.getCausal())
      scores = maskFuture(rewriter, loc, scores);
    Value probs = expand.softmax(scores);
    if (op.getZeroMasked())
      probs = replaceNaN(rewriter, loc, probs);
    SmallVector<Value> results{expand.contract("*hmn", probs, "*nhe", value, "*mhe")};
    if (op.getScores())
      results.push_back(scores);
    if (op.getProbs())
      results.push_back(probs);
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void vitc::populateViTAttentionToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<AttentionToLinalg>(patterns.getContext());
}
