#include "RaiseGenerics.h"
#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// Where batch, channels, height and width stand in image and result; output and input channels, height and width in
/// the weight.
struct ConvLayout {
  SmallVector<int64_t> image, weight;
};
} // namespace

static ConvLayout layoutOf(linalg::Conv2DNchwFchwOp) { return {{0, 1, 2, 3}, {0, 1, 2, 3}}; }
static ConvLayout layoutOf(linalg::Conv2DNhwcHwcfOp) { return {{0, 3, 1, 2}, {3, 2, 0, 1}}; }
static ConvLayout layoutOf(linalg::Conv2DNhwcFhwcOp) { return {{0, 3, 1, 2}, {0, 3, 1, 2}}; }

static Value transpose(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> permutation) {
  if (isIdentityPermutation(permutation))
    return value;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  applyPermutationToVector(sizes, permutation);
  Value init = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(value));
  return linalg::TransposeOp::create(builder, loc, value, init, permutation)->getResult(0);
}

/// The vector that `init` repeats along all dimensions but the channels; null where it is none.
static Value matchBias(Value init, int64_t channels) {
  auto broadcast = init.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast || broadcast.getDimensions().size() != 3 || llvm::is_contained(broadcast.getDimensions(), channels))
    return nullptr;
  return broadcast.getInput();
}

namespace {
/// linalg.conv_2d_*  ==>  vit.conv, with the layout around it
template <typename Convolution>
struct RaiseConvolution final : OpRewritePattern<Convolution> {
  using OpRewritePattern<Convolution>::OpRewritePattern;

  LogicalResult matchAndRewrite(Convolution op, PatternRewriter &rewriter) const override {
    auto structured = cast<linalg::LinalgOp>(op.getOperation());
    auto type = dyn_cast<RankedTensorType>(op->getOperand(2).getType());
    auto isOfType = [&](Value operand) { return getElementTypeOrSelf(operand) == type.getElementType(); };
    if (!type || !structured.hasPureTensorSemantics() || !isa<FloatType>(type.getElementType()) ||
        !llvm::all_of(op->getOperands(), isOfType))
      return rewriter.notifyMatchFailure(op, "image, weight and result are not floating-point numbers of one type");
    ConvLayout layout = layoutOf(op);
    Value init = op->getOperand(2), bias = matchBias(init, layout.image[1]);
    if (!bias && matchSplat(init) != 0.0)
      return rewriter.notifyMatchFailure(op, "the sum starts neither from zero nor from a vector along the channels");
    Location loc = op.getLoc();
    Value image = transpose(rewriter, loc, op->getOperand(0), layout.image);
    Value weight = transpose(rewriter, loc, op->getOperand(1), layout.weight);
    auto conv = vit::ConvOp::create(
        rewriter, loc, type.clone(applyPermutation(type.getShape(), layout.image)), image, weight, bias, ValueRange(),
        llvm::to_vector(op.getStrides().template getValues<int64_t>()), SmallVector<int64_t>(4, 0),
        llvm::to_vector(op.getDilations().template getValues<int64_t>()), /*groups=*/1, /*transposed=*/false);
    rewriter.replaceOp(op, transpose(rewriter, loc, conv.getResult(), invertPermutationVector(layout.image)));
    return success();
  }
};

/// view(vit.conv x, W) + b  ==>  view(vit.conv x, W bias(b)), where b is a vector along the channels
struct FoldConvBias final : OpRewritePattern<linalg::ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ElementwiseOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> sum = matchElementwise(op);
    if (!sum || sum->kind != ElementwiseKind::add)
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      OpOperand *sequence = sum->operands[side];
      AxisMap map = trace(sequence->get(), {.scales = false});
      auto conv = map.source.getDefiningOp<vit::ConvOp>();
      if (!conv || conv.getBias() || !conv.getEpilogue().empty() ||
          !sum->op.getMatchingIndexingMap(sequence).isIdentity())
        continue;
      auto isRead = [](Operation *view) { return view->hasOneUse(); };
      const auto *channels = llvm::find_if(map.axes, [&](const Axis &axis) { return matchWholeDim(map, axis) == 1; });
      if (channels == map.axes.end() || !conv->hasOneUse() || !llvm::all_of(map.path, isRead))
        return rewriter.notifyMatchFailure(op, "the convolution is read without what is added to it as well");
      std::optional<AxisMap> bias = matchVector(sum->op, sum->operands[1 - side], channels - map.axes.begin());
      if (!bias)
        continue;
      rewriter.setInsertionPoint(conv);
      return fold(op, conv, sequence->get(), *bias, rewriter);
    }
    return failure();
  }

private:
  static LogicalResult fold(linalg::ElementwiseOp op, vit::ConvOp conv, Value sequence, const AxisMap &bias,
                            PatternRewriter &rewriter) {
    Operation *source = bias.source.getDefiningOp();
    if (source && (source->getBlock() != conv->getBlock() || !source->isBeforeInBlock(conv)))
      return rewriter.notifyMatchFailure(op, "the vector is made after the convolution");
    Value vector = *materialize(rewriter, op.getLoc(), bias);
    rewriter.modifyOpInPlace(conv, [&] {
      conv.getBiasMutable().assign(vector);
      conv->setLoc(fuseLocations(conv, op.getOperation()));
    });
    rewriter.replaceOp(op, sequence);
    return success();
  }
};
} // namespace

void vitc::populateRaiseConvolutionPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseConvolution<linalg::Conv2DNchwFchwOp>, RaiseConvolution<linalg::Conv2DNhwcHwcfOp>,
               RaiseConvolution<linalg::Conv2DNhwcFhwcOp>, FoldConvBias>(patterns.getContext());
}
