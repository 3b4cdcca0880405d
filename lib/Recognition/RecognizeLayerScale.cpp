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

/// Whether `value` is added to something that depends on an input, and nothing else reads it.
static bool isBranch(Value value) {
  SmallVector<Operation *> readers;
  for (Operation *user : value.getUsers())
    if (!isa<tensor::DimOp>(user))
      readers.push_back(user);
  if (readers.size() != 1)
    return false;
  std::optional<Elementwise> sum = matchElementwise(readers.front());
  if (!sum || sum->kind != ElementwiseKind::add)
    return false;
  unsigned residual = sum->operand(0) == value ? 1 : 0;
  return sum->operand(residual) != value && !isInputIndependent(sum->operand(residual));
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
      if (!isBranch(op->getResult(0)))
        return rewriter.notifyMatchFailure(op, "the product is not only added to a residual");
      Value gamma = *materialize(rewriter, op.getLoc(), *vector);
      rewriter.replaceOpWithNewOp<vit::LayerScaleOp>(op, op->getResult(0).getType(), input->get(), gamma);
      return success();
    }
    return failure();
  }
};

struct RecognizeLayerScalePass final : vitc::impl::RecognizeLayerScaleBase<RecognizeLayerScalePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RecognizeLayerScale>(&getContext());
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "layer_scale")))
      signalPassFailure();
  }
};
} // namespace
