#include "vitc/Dialect/ViT/Utils/DropValues.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

using namespace mlir;
using namespace vitc::vit;

namespace {

struct DropValues final : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    if (!op.getResult().use_empty() || op.getCausal() || op.getSoftcap() || op.getZeroMasked() || !op.hasOwnKeys())
      return failure();
    Value known = op.getScores() ? op.getScores() : op.getProbs();
    if (!known)
      return failure();
    Value scores = ScoresOp::create(rewriter, op.getLoc(), known.getType(), op.getQuery(), op.getKey(), op.getAddends(),
                                    op.getScaleAttr());
    Einsum expand(rewriter, op.getLoc(), op.getResult().getType().getRank() - 3);
    if (op.getProbs())
      rewriter.replaceAllUsesWith(op.getProbs(), expand.softmax(scores));
    if (op.getScores())
      rewriter.replaceAllUsesWith(op.getScores(), scores);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void vitc::vit::populateDropValuesPatterns(RewritePatternSet &patterns) {
  patterns.add<DropValues>(patterns.getContext());
}
