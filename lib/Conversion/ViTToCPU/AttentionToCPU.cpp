#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/CostModel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

struct AttentionToCPU final : OpRewritePattern<vit::AttentionOp> {
  AttentionToCPU(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern(context), schedule(chooseGemmSchedule(target)) {}

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getResult()).isF32())
      return rewriter.notifyMatchFailure(op, "only f32 is supported");
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    SmallVector<Value> outputs;
    for (ArrayRef<OpFoldResult> shape : shapes)
      outputs.push_back(tensor::EmptyOp::create(rewriter, op.getLoc(), shape, rewriter.getF32Type()));
    auto attention = vcpu::AttentionOp::create(
        rewriter, op.getLoc(), TypeRange(ValueRange(outputs)), op.getQuery(), packKeys(op, rewriter), op.getValue(),
        op.getAddends(), outputs, op.getScaleAttr(), op.getCausalAttr(), op.getSoftcapAttr(), op.getZeroMaskedAttr(),
        op.getScores() ? rewriter.getUnitAttr() : UnitAttr(), op.getProbs() ? rewriter.getUnitAttr() : UnitAttr(),
        rewriter.getI64IntegerAttr(schedule.mr), rewriter.getI64IntegerAttr(schedule.lanes));
    rewriter.replaceOp(op, attention.getResults());
    return success();
  }

private:
  /// (B.., N, G, D) → (B.., G, ⌈N / nr⌉, D, nr).
  Value packKeys(vit::AttentionOp op, PatternRewriter &rewriter) const {
    Location loc = op.getLoc();
    auto key = cast<TypedValue<RankedTensorType>>(op.getKey());
    int64_t rank = key.getType().getRank(), token = rank - 3, head = rank - 2, feature = rank - 1;
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, key);
    AffineExpr tokens = getAffineSymbolExpr(0, op.getContext());
    OpFoldResult panels = affine::makeComposedFoldedAffineApply(
        rewriter, loc, AffineMap::get(0, 1, tokens.ceilDiv(schedule.nr)), {sizes[token]});
    SmallVector<OpFoldResult> packed(ArrayRef(sizes).drop_back(3));
    packed.append({sizes[head], panels, sizes[feature], rewriter.getIndexAttr(schedule.nr)});
    SmallVector<int64_t> permutation;
    for (int64_t dim = 0; dim < token; ++dim)
      permutation.push_back(dim);
    permutation.append({head, feature, token});
    Value init = tensor::EmptyOp::create(rewriter, loc, packed, rewriter.getF32Type());
    return vcpu::PackOp::create(rewriter, loc, init.getType(), key, init, permutation, schedule.lanes).getResult();
  }

  GemmSchedule schedule;
};

} // namespace

void vitc::populateViTAttentionToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<AttentionToCPU>(patterns.getContext(), target);
}
