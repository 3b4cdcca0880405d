#include "../ViTToCPU/RowsView.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {

/// `vit.layer_norm`, and `vit.rms_norm`, which takes the mean for 0 and has no bias.
template <typename NormOp>
struct NormToGPU final : OpRewritePattern<NormOp> {
  using OpRewritePattern<NormOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(NormOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType();
    if (!type.getElementType().isF32() || type.getRank() < 1 || type.isDynamicDim(type.getRank() - 1))
      return rewriter.notifyMatchFailure(op, "expected rows of f32 of static length");
    constexpr bool kCentered = std::is_same_v<NormOp, vit::LayerNormOp>;
    Value bias;
    if constexpr (kCentered)
      bias = op.getBias();
    vgpu::LayerNormConfig config;
    config.width = type.getShape().back();
    config.output = vgpu::Element::F32;
    if (std::string reason = whyUnsupported(config); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, op.getInput());
    Value rows = viewAsRows(rewriter, loc, op.getInput());
    Value init =
        tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, rows), type.getElementType());
    Value result = vgpu::LayerNormOp::create(rewriter, loc, init.getType(), rows, op.getScale(), bias, init,
                                             op.getEpsilonAttr(), kCentered ? UnitAttr() : rewriter.getUnitAttr())
                       .getResult();
    rewriter.replaceOp(op, viewRowsAs(rewriter, loc, result, type, sizes));
    return success();
  }
};

} // namespace

void vitc::populateViTRowsToGPUPatterns(RewritePatternSet &patterns) {
  patterns.add<NormToGPU<vit::LayerNormOp>, NormToGPU<vit::RmsNormOp>>(patterns.getContext());
}
