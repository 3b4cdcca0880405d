#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZEPATCHEMBED
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

/// Why the convolution does not cut the image into patches; empty where it does.
static StringRef refusal(vit::ConvOp conv) {
  RankedTensorType image = conv.getInput().getType(), weight = conv.getWeight().getType();
  if (!conv.getEpilogue().empty())
    return "the convolution has an epilogue";
  if (!weight.hasStaticShape() || ArrayRef(weight.getShape()).drop_front(2) != conv.getStrides())
    return "the stride of the convolution is not its kernel";
  if (llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; }) ||
      llvm::any_of(conv.getDilations(), [](int64_t dilation) { return dilation != 1; }))
    return "the convolution is padded or dilated";
  for (int64_t dim : {2, 3})
    if (image.isDynamicDim(dim) || image.getDimSize(dim) % weight.getDimSize(dim) != 0)
      return "the patches do not divide the image";
  return "";
}

/// The digits of all axes in one sequence.
static Axis flatten(const AxisMap &map) {
  Axis all;
  for (const Axis &axis : map.axes)
    for (const Digit &digit : axis)
      appendDigit(all, digit);
  return all;
}

namespace {
/// vit.conv with stride = kernel, read as (B, P, C)  ==>  vit.patch_embed
struct RecognizePatchEmbed final : OpRewritePattern<vit::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::ConvOp conv, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> kernel = conv.getWeight().getType().getShape().drop_front(2);
    auto isOne = [](int64_t extent) { return extent == 1; };
    if (conv.getTransposed() || conv.getGroups() != 1 || llvm::all_of(kernel, isOne) ||
        llvm::all_of(conv.getStrides(), isOne))
      return failure(); // a decoder, a depthwise or a pointwise convolution, or one at every pixel
    SmallVector<Operation *> path;
    Value tokens = findTokens(conv, path);
    StringRef reason = refusal(conv);
    if (!tokens) // a convolution of a pyramid or of a CNN, unless it cuts patches
      return reason.empty() ? rewriter.notifyMatchFailure(conv, "the patches are not read as rows (patch, channel)")
                            : failure();
    if (!reason.empty())
      return rewriter.notifyMatchFailure(conv, reason);
    rewrite(conv, tokens, trace(tokens, {.scales = false}), path, rewriter);
    return success();
  }

private:
  /// The last value down the chain of views in which channels are innermost, and patches in raster order.
  static Value findTokens(vit::ConvOp conv, SmallVectorImpl<Operation *> &path) {
    AxisMap raster = AxisMap::identity(conv.getResult());
    raster.axes = {raster.axes[0], raster.axes[2], raster.axes[3], raster.axes[1]};
    Axis expected = flatten(raster);
    Value value = conv.getResult(), tokens;
    while (value.hasOneUse() && viewedOperand(*value.user_begin(), {.scales = false})) {
      path.push_back(*value.user_begin());
      value = path.back()->getResult(0);
      AxisMap map = trace(value, {.scales = false});
      if (map.source == conv.getResult() && flatten(map) == expected)
        tokens = value;
    }
    return tokens;
  }

  static void rewrite(vit::ConvOp conv, Value tokens, AxisMap map, ArrayRef<Operation *> path,
                      PatternRewriter &rewriter) {
    RankedTensorType type = conv.getResult().getType();
    rewriter.setInsertionPointAfterValue(tokens);
    Location loc = fuseLocations(conv, path);
    auto embed = vit::PatchEmbedOp::create(
        rewriter, loc, type.clone({type.getDimSize(0), type.getDimSize(2) * type.getDimSize(3), type.getDimSize(1)}),
        conv.getInput(), conv.getWeight(), conv.getBias());
    // The same view of (B, P, C) instead of (B, C, h, w).
    map.source = embed.getResult();
    map.offsets.assign(3, 0);
    map.rolls.assign(3, 0);
    for (Axis &axis : map.axes) {
      Axis renamed;
      for (Digit digit : axis) {
        if (digit.dim == 2)
          digit.stride = digit.stride * type.getDimSize(3);
        digit.dim = digit.dim == 1 ? 2 : digit.dim == 0 ? 0 : 1;
        appendDigit(renamed, digit);
      }
      axis = renamed;
    }
    rewriter.replaceOp(tokens.getDefiningOp(), *materialize(rewriter, loc, map));
  }
};
} // namespace

void vitc::populateRecognizePatchEmbedPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizePatchEmbed>(patterns.getContext());
}

namespace {
struct RecognizePatchEmbedPass final : vitc::impl::RecognizePatchEmbedBase<RecognizePatchEmbedPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRecognizePatchEmbedPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "patch_embed")))
      signalPassFailure();
  }
};
} // namespace
