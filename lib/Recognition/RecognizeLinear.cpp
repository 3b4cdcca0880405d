#include "Recognizer.h"

#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZELINEAR
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// x · W for a constant matrix W  ==>  vit.linear x, W
struct RecognizeLinear final : OpRewritePattern<linalg::ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    auto structured = cast<linalg::LinalgOp>(op.getOperation());
    Value input = op.getInputs()[0], weight = op.getInputs()[1];
    auto weightType = dyn_cast<RankedTensorType>(weight.getType());
    if (!weightType || weightType.getRank() != 2 || !isInputIndependent(weight) || isInputIndependent(input))
      return failure(); // not a candidate: a product of two activations, a batch of constants, or only constants
    if (!weightType.hasStaticShape())
      return failure(); // not a candidate: weights that a run computes, as of an interpolation to its sizes
    SmallVector<AffineMap> maps = structured.getIndexingMapsArray();
    if (structured.getNumReductionLoops() != 1)
      return rewriter.notifyMatchFailure(op, "more than one dimension is contracted");
    unsigned k = structured.getNumLoops();
    for (auto [loop, type] : llvm::enumerate(structured.getIteratorTypesArray()))
      if (type == utils::IteratorType::reduction)
        k = loop;

    AffineMap inputMap = maps[0], weightMap = maps[1], resultMap = maps[2];
    auto loopOf = [](AffineExpr expr) { return cast<AffineDimExpr>(expr).getPosition(); };
    unsigned rank = resultMap.getNumResults();
    unsigned n = loopOf(resultMap.getResult(rank - 1));
    if (!weightMap.isFunctionOfDim(n))
      return failure(); // not a candidate: a matrix for rows or columns, as of an interpolation
    if (loopOf(inputMap.getResult(inputMap.getNumResults() - 1)) != k)
      return rewriter.notifyMatchFailure(op, "the contracted dimension is not the last of the input");
    if (inputMap.getResults().drop_back() != resultMap.getResults().drop_back())
      return rewriter.notifyMatchFailure(op, "the rows of the result are not those of the input in order");
    unsigned row = loopOf(weightMap.getResult(0)), column = loopOf(weightMap.getResult(1));
    bool transposed = row == n && column == k;
    if (!transposed && (row != k || column != n))
      return rewriter.notifyMatchFailure(op, "the weight is not indexed by contracted and output features");
    if (matchSplat(op.getOutputs()[0]) != 0.0)
      return rewriter.notifyMatchFailure(op, "the sum does not start from zero");
    Type element = getElementTypeOrSelf(input.getType());
    if (!isa<FloatType>(element) || element.isF64())
      return rewriter.notifyMatchFailure(op, "the elements are not floating-point numbers that kernels take");

    auto linear = vit::LinearOp::create(rewriter, op.getLoc(), op.getResult(0).getType(), input, weight, Value(),
                                        ValueRange(), transposed, rewriter.getAffineMapArrayAttr({}));
    rewriter.replaceOp(op, linear);
    return success();
  }
};

/// vit.linear x, W + b  ==>  vit.linear x, W bias(b)
struct FoldBias final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> sum = matchElementwise(op);
    if (!sum || sum->kind != ElementwiseKind::add)
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      auto linear = sum->operand(side).getDefiningOp<vit::LinearOp>();
      if (!linear || linear.getBias() || !linear.getEpilogue().empty() || !linear->hasOneUse() ||
          !op.getMatchingIndexingMap(sum->operands[side]).isIdentity())
        continue;
      std::optional<AxisMap> bias = matchPerChannel(op, sum->operands[1 - side]);
      if (!bias)
        continue;
      Value vector = *materialize(rewriter, op.getLoc(), *bias);
      auto biased = vit::LinearOp::create(rewriter, fuseLocations(linear, op.getOperation()), linear.getType(),
                                          linear.getInput(), linear.getWeight(), vector, ValueRange(),
                                          linear.getTransposed(), linear.getExtraMapsAttr());
      rewriter.replaceOp(op, biased);
      rewriter.eraseOp(linear);
      return success();
    }
    return failure();
  }
};
} // namespace

void vitc::populateRecognizeLinearPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeLinear, FoldBias>(patterns.getContext());
}

namespace {
struct RecognizeLinearPass final : vitc::impl::RecognizeLinearBase<RecognizeLinearPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRecognizeLinearPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "linear")))
      signalPassFailure();
  }
};
} // namespace
