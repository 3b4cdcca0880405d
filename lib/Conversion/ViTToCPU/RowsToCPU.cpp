#include "RowsView.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

/// Replaces `op` by a kernel on (rows, columns): `create` makes it from the operand and an output of that shape.
static void replaceByRowKernel(PatternRewriter &rewriter, Operation *op, Value input,
                               function_ref<Value(Value rows, Value init)> create) {
  Location loc = op->getLoc();
  auto type = cast<RankedTensorType>(input.getType());
  Value rows = viewAsRows(rewriter, loc, input);
  Value init =
      tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, rows), type.getElementType());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, input);
  rewriter.replaceOp(op, viewRowsAs(rewriter, loc, create(rows, init), type, sizes));
}

namespace {

/// `vit.layer_norm`, and `vit.rms_norm`, which takes the mean for 0 and has no bias.
template <typename NormOp>
struct NormToCPU final : OpRewritePattern<NormOp> {
  NormToCPU(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern<NormOp>(context), lanes(target.lanes(sizeof(float))) {}

  LogicalResult matchAndRewrite(NormOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType();
    if (!type.getElementType().isF32() || type.getRank() < 1 || type.isDynamicDim(type.getRank() - 1))
      return rewriter.notifyMatchFailure(op, "expected rows of f32 of static length");
    constexpr bool kCentered = std::is_same_v<NormOp, vit::LayerNormOp>;
    Value bias;
    if constexpr (kCentered)
      bias = op.getBias();
    replaceByRowKernel(rewriter, op, op.getInput(), [&](Value rows, Value init) -> Value {
      return vcpu::LayerNormOp::create(rewriter, op.getLoc(), TypeRange(init.getType()), rows, op.getScale(), bias,
                                       ValueRange(init), op.getEpsilonAttr(),
                                       kCentered ? UnitAttr() : rewriter.getUnitAttr(),
                                       rewriter.getI64IntegerAttr(lanes))
          .getResult(0);
    });
    return success();
  }

  int64_t lanes;
};

/// Softmax over the last dimension; over another it is left to loops.
struct SoftmaxToCPU final : OpRewritePattern<linalg::SoftmaxOp> {
  SoftmaxToCPU(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern(context), lanes(target.lanes(sizeof(float))) {}

  LogicalResult matchAndRewrite(linalg::SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
    if (!type || !type.getElementType().isF32() || type.getRank() < 2 ||
        op.getDimension() + 1 != static_cast<uint64_t>(type.getRank()))
      return rewriter.notifyMatchFailure(op, "expected f32 and the last dimension");
    replaceByRowKernel(rewriter, op, op.getInput(), [&](Value rows, Value init) -> Value {
      return vcpu::SoftmaxOp::create(rewriter, op.getLoc(), init.getType(), rows, init,
                                     rewriter.getI64IntegerAttr(lanes))
          .getResult();
    });
    return success();
  }

  int64_t lanes;
};

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

struct GatherRowsToCPU final : OpRewritePattern<vit::GatherRowsOp> {
  GatherRowsToCPU(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern(context), lanes(target.lanes(sizeof(float))) {}

  LogicalResult matchAndRewrite(vit::GatherRowsOp op, PatternRewriter &rewriter) const override {
    ReifiedRankedShapedTypeDims shapes;
    if (!getElementTypeOrSelf(op.getResult()).isF32() || failed(op.reifyResultShapes(rewriter, shapes)))
      return rewriter.notifyMatchFailure(op, "only f32 is supported");
    Value init = tensor::EmptyOp::create(rewriter, op.getLoc(), shapes.front(), rewriter.getF32Type());
    auto gathered = vcpu::GatherRowsOp::create(rewriter, op.getLoc(), init.getType(), op.getInput(), op.getRows(), init,
                                               rewriter.getI64IntegerAttr(lanes));
    rewriter.replaceOp(op, gathered.getResult());
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
  patterns.add<GatherRowsToCPU, NormToCPU<vit::LayerNormOp>, PatchifyToCPU, NormToCPU<vit::RmsNormOp>, SoftmaxToCPU>(
      patterns.getContext(), target);
}

void vitc::populateViTElementwiseToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ElementwiseToLinalg<vit::GeluOp>, ElementwiseToLinalg<vit::HardSwishOp>,
               ElementwiseToLinalg<vit::SiluOp>, LayerScaleToLinalg>(patterns.getContext());
}
