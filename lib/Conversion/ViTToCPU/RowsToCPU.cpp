#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

struct PatchifyToCPU final : OpRewritePattern<vit::PatchifyOp> {
  PatchifyToCPU(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern(context), lanes(target.lanes(sizeof(float))) {}

  LogicalResult matchAndRewrite(vit::PatchifyOp op, PatternRewriter &rewriter) const override {
    ReifiedRankedShapedTypeDims shapes;
    if (!getElementTypeOrSelf(op.getResult()).isF32() || failed(op.reifyResultShapes(rewriter, shapes)))
      return rewriter.notifyMatchFailure(op, "only f32 is supported");
    Value init = tensor::EmptyOp::create(rewriter, op.getLoc(), shapes.front(), rewriter.getF32Type());
    auto patches = vcpu::PatchifyOp::create(rewriter, op.getLoc(), init.getType(), op.getImage(), init,
                                            op.getPatchAttr(), rewriter.getI64IntegerAttr(lanes));
    rewriter.replaceOp(op, patches.getResult());
    return success();
  }

  int64_t lanes;
};

/// An elementwise vit op on tensors as a linalg.generic with the same op on scalars.
template <typename ElementwiseOp>
struct ElementwiseToLinalg final : OpRewritePattern<ElementwiseOp> {
  using OpRewritePattern<ElementwiseOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ElementwiseOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getResult().getType());
    if (!type)
      return rewriter.notifyMatchFailure(op, "not on tensors");
    Location loc = op.getLoc();
    Value init = tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getInput()),
                                         type.getElementType());
    SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(type.getRank()));
    SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
    auto generic =
        linalg::GenericOp::create(rewriter, loc, TypeRange(type), ValueRange(op.getInput()), ValueRange(init), maps,
                                  parallel, [&](OpBuilder &builder, Location loc, ValueRange arguments) {
                                    IRMapping mapping;
                                    mapping.map(op.getInput(), arguments[0]);
                                    Operation *scalar = builder.clone(*op.getOperation(), mapping);
                                    scalar->getResult(0).setType(type.getElementType());
                                    linalg::YieldOp::create(builder, loc, scalar->getResults());
                                  });
    rewriter.replaceOp(op, generic.getResults());
    return success();
  }
};

struct LayerScaleToLinalg final : OpRewritePattern<vit::LayerScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::LayerScaleOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    Value init = tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getInput()),
                                         type.getElementType());
    AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
    AffineMap maps[] = {identity, identity.getMinorSubMap(1), identity};
    rewriter.replaceOp(op, linalg::ElementwiseOp::create(
                               rewriter, loc, ValueRange{op.getInput(), op.getGamma()}, ValueRange{init},
                               linalg::ElementwiseKindAttr::get(op.getContext(), linalg::ElementwiseKind::mul),
                               rewriter.getAffineMapArrayAttr(maps)));
    return success();
  }
};

} // namespace

void vitc::populateViTRowsToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<PatchifyToCPU>(patterns.getContext(), target);
}

void vitc::populateViTElementwiseToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ElementwiseToLinalg<vit::GeluOp>, ElementwiseToLinalg<vit::SiluOp>, LayerScaleToLinalg>(
      patterns.getContext());
}
