#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZELAYERSCALE
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// Whether `op` adds `value` to something else that depends on an input.
static bool addsToResidual(Operation *op, Value value) {
  std::optional<Elementwise> sum = matchElementwise(op);
  if (!sum || sum->kind != ElementwiseKind::add)
    return false;
  Value residual = sum->operand(sum->operand(0) == value ? 1 : 0);
  return residual != value && !isInputIndependent(residual);
}

namespace {
/// residual + x · gamma  ==>  residual + vit.layer_scale x, gamma
struct RecognizeLayerScale final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> product = matchElementwise(op);
    if (!product || product->kind != ElementwiseKind::mul)
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      OpOperand *input = product->operands[side];
      if (isInputIndependent(input->get()))
        continue;
      std::optional<AxisMap> vector = matchPerChannel(op, product->operands[1 - side]);
      if (!vector)
        continue;
      if (!op.getMatchingIndexingMap(input).isIdentity())
        return rewriter.notifyMatchFailure(op, "the scaled value is broadcast");
      SmallVector<Operation *> readers;
      for (Operation *user : op->getResult(0).getUsers())
        if (!isa<tensor::DimOp>(user))
          readers.push_back(user);
      auto addsResult = [&](Operation *user) { return addsToResidual(user, op->getResult(0)); };
      if (llvm::none_of(readers, addsResult))
        return failure(); // a normalization's scale, or the like
      if (readers.size() != 1)
        return rewriter.notifyMatchFailure(op, "the product is not only added to a residual");
      Value gamma = *materialize(rewriter, op.getLoc(), *vector);
      rewriter.replaceOpWithNewOp<vit::LayerScaleOp>(op, op->getResult(0).getType(), input->get(), gamma);
      return success();
    }
    return failure();
  }
};
} // namespace

void vitc::populateRecognizeLayerScalePatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeLayerScale>(patterns.getContext());
}

namespace {
struct RecognizeLayerScalePass final : vitc::impl::RecognizeLayerScaleBase<RecognizeLayerScalePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRecognizeLayerScalePatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "layer_scale")))
      signalPassFailure();
  }
};
} // namespace
