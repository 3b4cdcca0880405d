#include "vitc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc {
#define GEN_PASS_DEF_EXPANDDYNAMICSHAPESPASS
#include "vitc/Transforms/Passes.h.inc"
} // namespace vitc

using namespace mlir;

static bool hasSeveralDynamicSizes(ArrayRef<int64_t> group, MemRefType type) {
  return llvm::count_if(group, [&](int64_t dim) { return type.isDynamicDim(dim); }) > 1;
}

namespace {

/// memref.expand_shape with several dynamic sizes in a group  ==>  memref.reinterpret_cast
struct ExpandDynamicShape final : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::ExpandShapeOp op, PatternRewriter &rewriter) const override {
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices();
    MemRefType type = op.getResultType();
    if (llvm::none_of(groups, [&](ArrayRef<int64_t> group) { return hasSeveralDynamicSizes(group, type); }))
      return rewriter.notifyMatchFailure(op, "upstream's pattern takes it");
    Location loc = op.getLoc();
    auto metadata = memref::ExtractStridedMetadataOp::create(rewriter, loc, op.getSrc());
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), strides(sizes.size());
    SmallVector<OpFoldResult> sourceStrides = metadata.getConstifiedMixedStrides();
    AffineExpr product = rewriter.getAffineSymbolExpr(0) * rewriter.getAffineSymbolExpr(1);
    for (auto [group, stride] : llvm::zip_equal(groups, sourceStrides))
      for (int64_t dim : llvm::reverse(group)) {
        strides[dim] = stride;
        stride =
            affine::makeComposedFoldedAffineApply(rewriter, loc, AffineMap::get(0, 2, product), {stride, sizes[dim]});
      }
    rewriter.replaceOpWithNewOp<memref::ReinterpretCastOp>(op, type, metadata.getBaseBuffer(),
                                                           metadata.getConstifiedMixedOffset(), sizes, strides);
    return success();
  }
};

struct ExpandDynamicShapesPass final : vitc::impl::ExpandDynamicShapesPassBase<ExpandDynamicShapesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandDynamicShape>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
