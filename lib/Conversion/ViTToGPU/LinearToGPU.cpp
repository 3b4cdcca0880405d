#include "../ViTToCPU/RowsView.h"
#include "GemmProduct.h"
#include "IndexBuilder.h"
#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {

struct LinearToGPU final : KernelPattern<vit::LinearOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(vit::LinearOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType(), weight = op.getWeight().getType();
    auto epilogue = EpilogueParts::of(op);
    int64_t rank = type.getRank();
    int64_t depth = op.getInput().getType().getShape().back();
    if (!type.getElementType().isF32() || rank < 2 || !weight.hasStaticShape() || ShapedType::isDynamic(depth) ||
        !epilogue.readsProjections())
      return rewriter.notifyMatchFailure(op, "expected f32, a static weight and an epilogue that reads projections");
    int64_t period = type.isDynamicDim(rank - 2) ? 0 : type.getDimSize(rank - 2);
    GemmProduct product(target, epilogue, rank, rank - 1, countRows(op.getInput().getType()), type.getDimSize(rank - 1),
                        paddedDepth(depth), period);
    if (std::string reason = product.whyUnsupported(); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    Value a =
        padDepth(rewriter, loc, roundTo(target.stored(), rewriter, loc, viewAsRows(rewriter, loc, op.getInput())));
    Value w = padDepth(rewriter, loc, roundWeight(target, rewriter, loc, transposeWeight(op, rewriter)));
    if (product.residual)
      product.residual = viewAsRows(rewriter, loc, product.residual);
    ReifiedRankedShapedTypeDims shapes;
    (void)op.reifyResultShapes(rewriter, shapes);
    Value result = viewRowsAs(rewriter, loc, product.create(rewriter, loc, a, w), type, shapes.front());
    if (!product.isWhole()) {
      epilogue.bias = Value();
      result = applyEpilogue(rewriter, loc, epilogue, result, rank - 1);
    }
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  /// The weight as (N, K).
  static Value transposeWeight(vit::LinearOp op, PatternRewriter &rewriter) {
    if (op.getTransposed())
      return op.getWeight();
    RankedTensorType type = op.getWeight().getType();
    Value init = tensor::EmptyOp::create(
        rewriter, op.getLoc(), ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
    return linalg::TransposeOp::create(rewriter, op.getLoc(), op.getWeight(), init, ArrayRef<int64_t>{1, 0})
        ->getResult(0);
  }
};

} // namespace

void vitc::populateViTLinearToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<LinearToGPU>(patterns.getContext(), target);
}
