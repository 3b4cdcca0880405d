#include "AttentionReaders.h"
#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZEATTENTION
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {
/// contract(softmax(scale · q · kᵀ + addends), v)  ==>  vit.attention q, k, v addends(..)
/// With the heads mixed in between  ==>  vit.attend(vit.reattend(softmax(vit.scores q, k)), v)
struct RecognizeAttention final : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp softmax, PatternRewriter &rewriter) const override {
    if (softmax->getNumResults() != 1 || softmax.getInput().getDefiningOp<vit::ScoresOp>())
      return failure(); // on buffers, or a part of a re-attention
    std::string reason;
    FailureOr<AttentionMatch> match = matchAttention(softmax, reason);
    if (failed(match))
      return rewriter.notifyMatchFailure(softmax, reason);
    FailureOr<ExposedParts> exposed = findExposedParts(*match, match->valuesOp, reason);
    if (failed(exposed))
      return rewriter.notifyMatchFailure(softmax, reason);
    rewrite(*match, *exposed, rewriter);
    return success();
  }

private:
  static void rewrite(AttentionMatch &match, const ExposedParts &exposed, PatternRewriter &rewriter) {
    SmallVector<Operation *> replaced(match.path.begin(), match.path.end());
    replaced.append({match.softmax, match.scoresOp});
    Location loc = fuseLocations(match.valuesOp, replaced);
    rewriter.setInsertionPoint(match.valuesOp);
    // Every map here was checked, or counts through each dimension of a value once.
    auto build = [&](const AxisMap &map) { return *Repeated::of(map).materialize(rewriter, loc); };
    Value query = build(match.query), key = build(match.key), value = build(match.value);
    SmallVector<Value> addends = llvm::map_to_vector(match.addends, [&](const ScoreAddend &addend) {
      return addend.build(rewriter, loc, getElementTypeOrSelf(query));
    });

    Parts parts = match.mixes.empty() ? buildAttention(rewriter, loc, match, exposed, query, key, value, addends)
                                      : buildReattention(rewriter, loc, match, query, key, value, addends);
    if (exposed.scores)
      exposeTo(match, match.softmax.getInput(), build(viewOf(parts.scores, match.probsAxes)), rewriter);
    exposeProbs(match, exposed, parts.probs, match.probsAxes, loc, rewriter);
    rewriter.replaceOp(match.valuesOp, build(viewOf(parts.result, match.resultAxes)));
  }

  /// What stands for the inside of an attention after it is recognised; scores and probs only where they are read.
  struct Parts {
    Value result, scores, probs;
  };

  static Parts buildAttention(PatternRewriter &rewriter, Location loc, const AttentionMatch &match,
                              const ExposedParts &exposed, Value query, Value key, Value value, ValueRange addends) {
    Type element = getElementTypeOrSelf(query), pairwise = typeOf(element, pairwiseExtents(match));
    auto attention = vit::AttentionOp::create(
        rewriter, loc, typeOf(element, resultExtents(match)), exposed.scores ? pairwise : Type(),
        exposed.probs.empty() ? Type() : pairwise, query, key, value, addends, rewriter.getF32FloatAttr(match.scale),
        UnitAttr(), FloatAttr(), UnitAttr());
    return {attention.getResult(), attention.getScores(), attention.getProbs()};
  }

  static Parts buildReattention(PatternRewriter &rewriter, Location loc, const AttentionMatch &match, Value query,
                                Value key, Value value, ValueRange addends) {
    Type element = getElementTypeOrSelf(query);
    RankedTensorType pairwise = typeOf(element, pairwiseExtents(match));
    Value scores =
        vit::ScoresOp::create(rewriter, loc, pairwise, query, key, addends, rewriter.getF32FloatAttr(match.scale));
    Value init = tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, scores), element);
    Value probs = linalg::SoftmaxOp::create(rewriter, loc, TypeRange(pairwise), scores, init,
                                            rewriter.getI64IntegerAttr(pairwise.getRank() - 1))
                      .getResult()[0];
    ComposedMix mix = compose(rewriter, loc, match.mixes);
    Value mixed = vit::ReattendOp::create(rewriter, loc, pairwise, probs, mix.theta, mix.shift);
    Value result = vit::AttendOp::create(rewriter, loc, typeOf(element, resultExtents(match)), Type(), mixed, value,
                                         ValueRange(), /*normalized=*/true)
                       .getResult();
    return {result, scores, probs};
  }

  /// (batch.., M, H, E).
  static SmallVector<Extent> resultExtents(const AttentionMatch &match) {
    SmallVector<Extent> extents(match.batch);
    extents.append({match.queries, match.heads, match.features});
    return extents;
  }

  /// (batch.., H, M, N).
  static SmallVector<Extent> pairwiseExtents(const AttentionMatch &match) {
    SmallVector<Extent> extents(match.batch);
    extents.append({match.heads, match.queries, match.keys});
    return extents;
  }
};
} // namespace

void vitc::populateRecognizeAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeAttention>(patterns.getContext());
}

namespace {
struct RecognizeAttentionPass final : vitc::impl::RecognizeAttentionBase<RecognizeAttentionPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRecognizeAttentionPatterns(patterns);
    populateRecognizeInheritedAttentionPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "attention")))
      signalPassFailure();
  }
};
} // namespace
