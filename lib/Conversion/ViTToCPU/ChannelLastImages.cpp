#include "Transposes.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

/// Of the transpose from a channel-last image, (B, H, W, C) → (B, C, H, W).
static constexpr int64_t toChannelFirst[] = {0, 3, 1, 2};

namespace {

/// pad(transpose(x))  ==>  transpose(pad(x)), with one value all around.
struct SinkTransposeThroughPad final : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::PadOp op, PatternRewriter &rewriter) const override {
    auto source = op.getSource().getDefiningOp<linalg::TransposeOp>();
    Value filler = op.getConstantPaddingValue();
    if (!source || !filler)
      return rewriter.notifyMatchFailure(op, "not of a transpose, or with more than one value");
    SmallVector<int64_t> inverse = invertPermutationVector(source.getPermutation());
    auto before = [&](SmallVector<OpFoldResult> pads) { return applyPermutation(pads, inverse); };
    auto type = cast<RankedTensorType>(op.getType());
    Value padded = tensor::PadOp::create(rewriter, op.getLoc(), type.clone(applyPermutation(type.getShape(), inverse)),
                                         source.getInput(), before(op.getMixedLowPad()), before(op.getMixedHighPad()),
                                         filler, op.getNofold());
    rewriter.replaceOp(op, transpose(rewriter, op.getLoc(), padded, source.getPermutation()));
    return success();
  }
};

/// pooling(transpose(x))  ==>  transpose(pooling(x)) over neighbouring channels, the innermost loop.
template <typename PoolingOp>
struct PoolChannelLast final : OpRewritePattern<PoolingOp> {
  using OpRewritePattern<PoolingOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(PoolingOp op, PatternRewriter &rewriter) const override {
    auto image = op.getInputs()[0].template getDefiningOp<linalg::TransposeOp>();
    auto fill = op.getOutputs()[0].template getDefiningOp<linalg::FillOp>();
    if (!op.hasPureTensorSemantics() || !fill || !image || image.getPermutation() != ArrayRef(toChannelFirst))
      return rewriter.notifyMatchFailure(op, "not of a channel-last image, or accumulates");
    Location loc = op.getLoc();
    SmallVector<int64_t> toChannelLast = invertPermutationVector(toChannelFirst);
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, fill.getOutputs()[0]);
    Value init = tensor::EmptyOp::create(rewriter, loc, applyPermutation(sizes, toChannelLast),
                                         getElementTypeOrSelf(op.getOutputs()[0]));
    init = linalg::FillOp::create(rewriter, loc, fill.getInputs(), init).getResult(0);
    auto pooled =
        linalg::GenericOp::create(rewriter, loc, init.getType(), ValueRange{image.getInput(), op.getInputs()[1]}, init,
                                  getMaps(op), getIterators());
    rewriter.cloneRegionBefore(op->getRegion(0), pooled.getRegion(), pooled.getRegion().end());
    rewriter.replaceOp(op, transpose(rewriter, loc, pooled.getResult(0), toChannelFirst));
    return success();
  }

private:
  /// From the loops (b, y, x, i, j, c).
  static SmallVector<AffineMap> getMaps(PoolingOp op) {
    MLIRContext *context = op.getContext();
    AffineExpr b, y, x, i, j, c;
    bindDims(context, b, y, x, i, j, c);
    auto strides = op.getStrides().template getValues<int64_t>(),
         dilations = op.getDilations().template getValues<int64_t>();
    AffineExpr row = y * strides[0] + i * dilations[0], column = x * strides[1] + j * dilations[1];
    return {AffineMap::get(6, 0, {b, row, column, c}, context), AffineMap::get(6, 0, {i, j}, context),
            AffineMap::get(6, 0, {b, y, x, c}, context)};
  }

  static SmallVector<utils::IteratorType> getIterators() {
    SmallVector<utils::IteratorType> iterators(6, utils::IteratorType::parallel);
    iterators[3] = iterators[4] = utils::IteratorType::reduction;
    return iterators;
  }
};

/// reduce(transpose(x))  ==>  reduce(x), where the dimensions that stay are in the same order.
struct ReduceUntransposed final : OpRewritePattern<linalg::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ReduceOp op, PatternRewriter &rewriter) const override {
    auto source = op.getInputs().size() == 1 ? op.getInputs()[0].getDefiningOp<linalg::TransposeOp>() : nullptr;
    if (!source || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not of one transpose");
    SmallVector<int64_t> reduced, kept;
    for (auto [dim, before] : llvm::enumerate(source.getPermutation()))
      (llvm::is_contained(op.getDimensions(), static_cast<int64_t>(dim)) ? reduced : kept).push_back(before);
    if (!llvm::is_sorted(kept))
      return rewriter.notifyMatchFailure(op, "the dimensions that stay change their order");
    llvm::sort(reduced);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputsMutable().assign(source.getInput());
      op.setDimensions(reduced);
    });
    return success();
  }
};

} // namespace

void vitc::populateChannelLastImagePatterns(RewritePatternSet &patterns) {
  patterns.add<SinkTransposeThroughPad, PoolChannelLast<linalg::PoolingNchwMaxOp>,
               PoolChannelLast<linalg::PoolingNchwSumOp>, ReduceUntransposed>(patterns.getContext());
}
