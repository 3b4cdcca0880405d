#include "Products.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/CostModel.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

struct AttentionToCPU final : OpRewritePattern<vit::AttentionOp> {
  AttentionToCPU(MLIRContext *context, const TargetInfo &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getResult()).isF32())
      return rewriter.notifyMatchFailure(op, "only f32 is supported");
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    SmallVector<Value> outputs;
    for (ArrayRef<OpFoldResult> shape : shapes)
      outputs.push_back(tensor::EmptyOp::create(rewriter, op.getLoc(), shape, rewriter.getF32Type()));
    // Not rounded before run time: only pairs gain.
    Type f32 = rewriter.getF32Type(), bf16 = rewriter.getBF16Type();
    PanelFormat format = target.multipliesBF16() ? PanelFormat{bf16, 2} : PanelFormat{f32, 1};
    GemmSchedule schedule = chooseGemmSchedule(target);
    auto attention = vcpu::AttentionOp::create(
        rewriter, op.getLoc(), TypeRange(ValueRange(outputs)), op.getQuery(), packKeys(op, format, rewriter),
        op.getValue(), format.isOfPairs() ? packValues(op, format, rewriter) : Value(), op.getAddends(), outputs,
        op.getScaleAttr(), op.getCausalAttr(), op.getSoftcapAttr(), op.getZeroMaskedAttr(),
        op.getScores() ? rewriter.getUnitAttr() : UnitAttr(), op.getProbs() ? rewriter.getUnitAttr() : UnitAttr(),
        rewriter.getI64IntegerAttr(schedule.mr), rewriter.getI64IntegerAttr(schedule.lanes));
    rewriter.replaceOp(op, attention.getResults());
    return success();
  }

private:
  /// (B.., N, G, D) → (B.., G, ⌈N / nr⌉, D, nr), or pairs of features.
  Value packKeys(vit::AttentionOp op, PanelFormat format, PatternRewriter &rewriter) const {
    return packHeads(op.getLoc(), op.getKey(), /*tokensAreColumns=*/true, format, rewriter);
  }

  /// (B.., N, G, E) → (B.., G, ⌈E / nr⌉, ⌈N / 2⌉, 2 · nr).
  Value packValues(vit::AttentionOp op, PanelFormat format, PatternRewriter &rewriter) const {
    return packHeads(op.getLoc(), op.getValue(), /*tokensAreColumns=*/false, format, rewriter);
  }

  Value packHeads(Location loc, Value operand, bool tokensAreColumns, PanelFormat format,
                  PatternRewriter &rewriter) const {
    int64_t rank = cast<RankedTensorType>(operand.getType()).getRank();
    int64_t token = rank - 3, head = rank - 2, feature = rank - 1;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, operand);
    PanelSizes panels{SmallVector<OpFoldResult>(ArrayRef(sizes).take_front(token)), sizes[feature], sizes[token]};
    panels.batch.push_back(sizes[head]);
    auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, token));
    permutation.append({head, feature, token});
    if (!tokensAreColumns) {
      std::swap(panels.depth, panels.columns);
      std::swap(permutation[rank - 1], permutation[rank - 2]);
    }
    return packPanels(rewriter, loc, target, operand, panels, permutation, format);
  }

  TargetInfo target;
};

} // namespace

void vitc::populateViTAttentionToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<AttentionToCPU>(patterns.getContext(), target);
}
