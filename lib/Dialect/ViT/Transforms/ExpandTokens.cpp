#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc::vit {
#define GEN_PASS_DEF_EXPANDTOKENSPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc::vit;

/// Reads a (F, C, h, w) weight as (F, C·h·w). A constant keeps its bytes: only its type changes.
static Value flattenFilters(PatternRewriter &rewriter, Location loc, TypedValue<RankedTensorType> weight) {
  RankedTensorType type = weight.getType();
  auto flat =
      RankedTensorType::get({type.getDimSize(0), type.getNumElements() / type.getDimSize(0)}, type.getElementType());
  ElementsAttr value;
  if (matchPattern(weight, m_Constant(&value))) {
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      return arith::ConstantOp::create(rewriter, loc, DenseResourceElementsAttr::get(flat, resource.getRawHandle()));
    if (auto dense = dyn_cast<DenseElementsAttr>(value))
      return arith::ConstantOp::create(rewriter, loc, dense.reshape(flat));
  }
  return tensor::CollapseShapeOp::create(rewriter, loc, flat, weight, ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
}

/// The extents of a value as tensor.empty takes them.
static SmallVector<OpFoldResult> withTokens(OpBuilder &builder, Location loc, Value tokens, int64_t count) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, tokens);
  sizes[1] = builder.getIndexAttr(count);
  return sizes;
}

/// Whether the channels of an image (B, C, H, W) are innermost where it comes from: tokens, or another image.
static bool isChannelLast(Value image) {
  auto expand = image.getDefiningOp<tensor::ExpandShapeOp>();
  auto transpose = (expand ? expand.getSrc() : image).getDefiningOp<linalg::TransposeOp>();
  if (!transpose)
    return false;
  ArrayRef<int64_t> permutation = transpose.getPermutation();
  return expand ? permutation == ArrayRef<int64_t>{0, 2, 1} : permutation == ArrayRef<int64_t>{0, 3, 1, 2};
}

namespace {

/// A patch of a channel-last image is a few runs of memory: it is convolved where it lies.
struct ConvolveChannelLast final : OpRewritePattern<PatchEmbedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PatchEmbedOp op, PatternRewriter &rewriter) const override {
    if (!isChannelLast(op.getImage()))
      return rewriter.notifyMatchFailure(op, "the image is channel-first");
    Location loc = op.getLoc();
    RankedTensorType image = op.getImage().getType(), tokens = op.getResult().getType();
    ArrayRef<int64_t> filter = op.getWeight().getType().getShape(), patch = filter.take_back(2);
    int64_t rows = image.getDimSize(2) / patch[0], columns = image.getDimSize(3) / patch[1];
    auto conv =
        ConvOp::create(rewriter, loc, tokens.clone({image.getDimSize(0), filter[0], rows, columns}), op.getImage(),
                       op.getWeight(), op.getBias(), ValueRange(), patch, ArrayRef<int64_t>{0, 0, 0, 0},
                       ArrayRef<int64_t>{1, 1}, 1, false, rewriter.getArrayAttr({}));
    Value flat = tensor::CollapseShapeOp::create(rewriter, loc, conv.getResult(),
                                                 ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, flat);
    std::swap(sizes[1], sizes[2]);
    Value init = tensor::EmptyOp::create(rewriter, loc, sizes, tokens.getElementType());
    rewriter.replaceOpWithNewOp<linalg::TransposeOp>(op, flat, init, ArrayRef<int64_t>{0, 2, 1});
    return success();
  }
};

struct ExpandPatchEmbed final : OpRewritePattern<PatchEmbedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PatchEmbedOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    ArrayRef<int64_t> filter = op.getWeight().getType().getShape();
    RankedTensorType result = op.getResult().getType();
    auto rows = RankedTensorType::get({result.getDimSize(0), result.getDimSize(1), filter[1] * filter[2] * filter[3]},
                                      result.getElementType());
    Value patches = PatchifyOp::create(rewriter, loc, rows, op.getImage(), filter.take_back(2));
    rewriter.replaceOpWithNewOp<LinearOp>(op, result, patches, flattenFilters(rewriter, loc, op.getWeight()),
                                          op.getBias(), ValueRange(), /*transposed=*/true, rewriter.getArrayAttr({}));
    return success();
  }
};

struct ExpandAssemble final : OpRewritePattern<AssembleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AssembleOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value patches = addPosition(op, rewriter);
    if (!op.getPrefix()) {
      rewriter.replaceOp(op, patches);
      return success();
    }
    RankedTensorType type = op.getResult().getType();
    if (type.hasStaticShape() && type.getDimSize(0) == 1) {
      rewriter.replaceOp(op, joinRows(op, patches, rewriter));
      return success();
    }
    int64_t prefixRows = op.getPrefix().getType().getDimSize(0);
    int64_t patchRows = type.getDimSize(1) - prefixRows;
    auto empty = [&](int64_t rows) {
      return tensor::EmptyOp::create(rewriter, loc, withTokens(rewriter, loc, op.getPatches(), rows),
                                     type.getElementType());
    };
    Value prefix = linalg::BroadcastOp::create(rewriter, loc, op.getPrefix(), empty(prefixRows), ArrayRef<int64_t>{0})
                       ->getResult(0);
    Value tokens = insertRows(rewriter, loc, patches, empty(prefixRows + patchRows), prefixRows, patchRows);
    rewriter.replaceOp(op, insertRows(rewriter, loc, prefix, tokens, 0, prefixRows));
    return success();
  }

private:
  /// The tokens of one picture as a matrix: what makes the patches writes them where they are to be. For that, the
  /// buffer has to be there before.
  static Value joinRows(AssembleOp op, Value patches, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    int64_t rows = type.getDimSize(1), channels = type.getDimSize(2), first = op.getPrefix().getType().getDimSize(0);
    auto insert = [&](Value part, Value whole, int64_t begin, int64_t count) -> Value {
      auto attributes = [&](ArrayRef<int64_t> values) { return getAsIndexOpFoldResult(rewriter.getContext(), values); };
      return tensor::InsertSliceOp::create(rewriter, loc, part, whole, attributes({begin, 0}),
                                           attributes({count, channels}), attributes({1, 1}));
    };
    SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
    Value matrix = tensor::CollapseShapeOp::create(rewriter, loc, patches, groups), empty;
    {
      OpBuilder::InsertionGuard guard(rewriter);
      rewriter.setInsertionPointToStart(op->getBlock());
      empty = tensor::EmptyOp::create(rewriter, loc, ArrayRef<int64_t>{rows, channels}, type.getElementType());
    }
    Value tokens = insert(op.getPrefix(), insert(matrix, empty, first, rows - first), 0, first);
    return tensor::ExpandShapeOp::create(rewriter, loc, type, tokens, groups);
  }

  static Value addPosition(AssembleOp op, PatternRewriter &rewriter) {
    if (!op.getPosition())
      return op.getPatches();
    MLIRContext *context = op.getContext();
    AffineMap identity = AffineMap::getMultiDimIdentityMap(3, context);
    AffineMap maps[] = {identity, identity.getSubMap({1, 2}), identity};
    Value init =
        tensor::EmptyOp::create(rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), op.getPatches()),
                                op.getResult().getType().getElementType());
    return linalg::ElementwiseOp::create(rewriter, op.getLoc(), ValueRange{op.getPatches(), op.getPosition()},
                                         ValueRange{init},
                                         linalg::ElementwiseKindAttr::get(context, linalg::ElementwiseKind::add),
                                         rewriter.getAffineMapArrayAttr(maps))
        ->getResult(0);
  }

  static Value insertRows(PatternRewriter &rewriter, Location loc, Value rows, Value tokens, int64_t first,
                          int64_t count) {
    SmallVector<OpFoldResult> sizes = withTokens(rewriter, loc, rows, count);
    SmallVector<OpFoldResult> offsets(3, rewriter.getIndexAttr(0)), strides(3, rewriter.getIndexAttr(1));
    offsets[1] = rewriter.getIndexAttr(first);
    return tensor::InsertSliceOp::create(rewriter, loc, rows, tokens, offsets, sizes, strides);
  }
};

struct ExpandTokensPass final : vitc::vit::impl::ExpandTokensPassBase<ExpandTokensPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandPatchEmbed, ExpandAssemble>(&getContext());
    patterns.add<ConvolveChannelLast>(&getContext(), /*benefit=*/2);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
