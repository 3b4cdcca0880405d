#include "RowsView.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

struct ScatterToCPU final : OpRewritePattern<vit::ScatterOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::ScatterOp op, PatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<vcpu::ScatterOp>(op, op.getResult().getType(), op.getIndices(), op.getUpdates(),
                                                 op.getData(), op.getAxisAttr(), op.getReductionAttr(),
                                                 op.getIsUnsignedAttr());
    return success();
  }
};

struct TopKToCPU final : OpRewritePattern<vit::TopKOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::TopKOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value rows = viewAsRows(rewriter, loc, op.getX());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, rows);
    auto values = cast<RankedTensorType>(op.getValues().getType());
    auto indices = cast<RankedTensorType>(op.getIndices().getType());
    sizes[1] = rewriter.getIndexAttr(values.getShape().back());
    SmallVector<Value> inits = {tensor::EmptyOp::create(rewriter, loc, sizes, values.getElementType()),
                                tensor::EmptyOp::create(rewriter, loc, sizes, rewriter.getI64Type())};
    auto found = vcpu::TopKOp::create(rewriter, loc, ValueRange(inits).getTypes(), rows, inits, op.getSmallestAttr(),
                                      op.getIsUnsignedAttr());
    SmallVector<OpFoldResult> shape = tensor::getMixedSizes(rewriter, loc, op.getX());
    shape.back() = sizes[1];
    rewriter.replaceOp(op, {viewRowsAs(rewriter, loc, found.getResult(0), values, shape),
                            viewRowsAs(rewriter, loc, found.getResult(1), indices, shape)});
    return success();
  }
};

} // namespace

void vitc::populateViTIndexingToCPUPatterns(RewritePatternSet &patterns) {
  patterns.add<ScatterToCPU, TopKToCPU>(patterns.getContext());
}
