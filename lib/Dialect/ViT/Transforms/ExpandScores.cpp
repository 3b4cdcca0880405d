#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Dialect/ViT/Utils/DropValues.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc::vit {
#define GEN_PASS_DEF_EXPANDSCORESPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc::vit;
using linalg::ElementwiseKind;

namespace {

struct ExpandScores final : OpRewritePattern<ScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScoresOp op, PatternRewriter &rewriter) const override {
    Einsum expand(rewriter, op.getLoc(), op.getResult().getType().getRank() - 3);
    // Queries are the smaller of what a factor can stand at.
    Value scores = expand.contract("*mhd", expand.scale(op.getQuery(), op.getScale()), "*nhd", op.getKey(), "*hmn");
    rewriter.replaceOp(op, expand.add(scores, op.getAddends()));
    return success();
  }
};

struct ExpandAttend final : OpRewritePattern<AttendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttendOp op, PatternRewriter &rewriter) const override {
    Einsum expand(rewriter, op.getLoc(), op.getResult().getType().getRank() - 3);
    Value probs = op.getNormalized() ? op.getScores() : expand.softmax(expand.add(op.getScores(), op.getAddends()));
    SmallVector<Value> results{expand.contract("*hmn", probs, "*nhe", op.getValue(), "*mhe")};
    if (op.getProbs())
      results.push_back(probs);
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ExpandInherit final : OpRewritePattern<InheritOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InheritOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType();
    Einsum expand(rewriter, op.getLoc(), type.getRank() - 3);
    auto alongQueries = [&](Value scores) {
      return op.getPsi() ? expand.contract("pm", op.getPsi(), "*hmn", scores, "*hpn") : scores;
    };
    bool queriesFirst = op.isQueriesFirst();
    Value scores = queriesFirst ? alongQueries(op.getScores()) : op.getScores();
    if (op.getTheta()) {
      SmallVector<int64_t> shape(cast<RankedTensorType>(scores.getType()).getShape());
      shape.back() = type.getShape().back();
      scores = LinearOp::create(rewriter, op.getLoc(), RankedTensorType::get(shape, type.getElementType()), scores,
                                op.getTheta(), op.getThetaBias(), ValueRange(), /*transposed=*/true,
                                rewriter.getArrayAttr({}));
    }
    if (!queriesFirst)
      scores = alongQueries(scores);
    if (op.getPsiBias())
      scores = expand.elementwise(ElementwiseKind::add, "*hpn", scores, "p", op.getPsiBias());
    rewriter.replaceOp(op, scores);
    return success();
  }
};

struct ExpandScoreDown final : OpRewritePattern<ScoreDownOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScoreDownOp op, PatternRewriter &rewriter) const override {
    int64_t stride = op.getStride();
    rewriter.replaceOpWithNewOp<ConvOp>(op, op.getResult().getType(), op.getScores(), op.getFilter(), op.getBias(),
                                        ValueRange(), ArrayRef<int64_t>{stride, stride}, ArrayRef<int64_t>{0, 0, 0, 0},
                                        ArrayRef<int64_t>{1, 1}, op.getGroups(),
                                        /*transposed=*/false, rewriter.getArrayAttr({}));
    return success();
  }
};

struct ExpandReattend final : OpRewritePattern<ReattendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReattendOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    int64_t rank = type.getRank();
    Einsum expand(rewriter, op.getLoc(), rank - 3);
    // Queries and keys as one dimension: the combination is then one product a picture.
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      groups.push_back({dim});
    groups.push_back({rank - 2, rank - 1});
    Value maps = tensor::CollapseShapeOp::create(rewriter, loc, op.getProbs(), groups);
    Value mixed = expand.contract("gh", op.getTheta(), "*hp", maps, "*gp");
    if (op.getShift())
      mixed = expand.elementwise(ElementwiseKind::add, "*gp", mixed, "g", op.getShift());
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, type, mixed, groups, shapes.front());
    return success();
  }
};

struct ExpandScoresPass final : vitc::vit::impl::ExpandScoresPassBase<ExpandScoresPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandScores, ExpandAttend, ExpandInherit, ExpandScoreDown, ExpandReattend>(&getContext());
    populateDropValuesPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
