#include "../ViTToCPU/Transposes.h"
#include "ChannelsLast.h"
#include "GemmProduct.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

static std::array<int64_t, 2> pairOf(ArrayRef<int64_t> values) { return {values[0], values[1]}; }

/// The activation that an epilogue is, if it is nothing else; "none" where it is empty, empty where it is more.
static StringRef readActivation(const EpilogueParts &epilogue) {
  if (epilogue.region->empty())
    return "none";
  Block &block = epilogue.region->front();
  Value value = block.getTerminator()->getOperand(0);
  Operation *function = value.getDefiningOp();
  if (!function)
    return value == block.getArgument(0) ? "none" : "";
  return function->getOperand(0) == block.getArgument(0) ? nameActivation(function) : "";
}

namespace {

/// A convolution of as many groups as channels and filters. It reads floats, but rounds what nothing else reads, which
/// is then stored so.
struct DepthwiseToGPU final : KernelPattern<vit::ConvOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    RankedTensorType input = op.getInput().getType(), type = op.getResult().getType(),
                     weight = op.getWeight().getType();
    auto epilogue = EpilogueParts::of(op);
    if (type.getRank() != 4 || !weight.hasStaticShape() || op.getTransposed() || !type.getElementType().isF32() ||
        ShapedType::isDynamicShape(input.getShape().drop_front()) ||
        ShapedType::isDynamicShape(type.getShape().drop_front()) || !epilogue.readsProjections())
      return rewriter.notifyMatchFailure(op, "expected f32, static sizes and an epilogue that reads projections");
    int64_t channels = input.getDimSize(1);
    if (channels == 1 || static_cast<int64_t>(op.getGroups()) != channels || type.getDimSize(1) != channels)
      return rewriter.notifyMatchFailure(op, "expected as many groups and filters as channels");
    vgpu::DepthwiseConfig config = describe(op);
    bool rounds = op.getInput().hasOneUse() && !target.isTF32();
    if (rounds)
      config.input = target.kernelElement();
    vgpu::chooseTile(config);
    if (rounds && !vgpu::whyUnsupported(config).empty()) {
      rounds = false;
      config.input = vgpu::Element::F32;
      vgpu::chooseTile(config);
    }
    if (std::string reason = vgpu::whyUnsupported(config); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);

    Location loc = op.getLoc();
    Value image = putChannelsLast(rewriter, loc, op.getInput());
    if (rounds)
      image = roundTo(target.element, rewriter, loc, image);
    StringRef activation = readActivation(epilogue);
    Value result = create(rewriter, op, config, image, activation.empty() ? "none" : activation);
    if (activation.empty())
      result = applyEpilogue(rewriter, loc, withChannelsLast(rewriter, loc, epilogue), result, 3);
    rewriter.replaceOp(op, putChannelsFirst(rewriter, loc, result));
    return success();
  }

private:
  static vgpu::DepthwiseConfig describe(vit::ConvOp op) {
    vgpu::DepthwiseConfig config;
    config.input = config.output = vgpu::Element::F32;
    config.channels = op.getInput().getType().getDimSize(1);
    config.image = pairOf(op.getInput().getType().getShape().drop_front(2));
    config.result = pairOf(op.getResult().getType().getShape().drop_front(2));
    config.taps = pairOf(op.getWeight().getType().getShape().drop_front(2));
    config.strides = pairOf(op.getStrides());
    config.dilations = pairOf(op.getDilations());
    config.pads = pairOf(op.getPads());
    config.bias = !!op.getBias();
    return config;
  }

  /// (C, 1, kh, kw) as (taps, C).
  static Value arrangeFilters(PatternRewriter &rewriter, vit::ConvOp op) {
    Value rows = tensor::CollapseShapeOp::create(rewriter, op.getLoc(), op.getWeight(),
                                                 ArrayRef<ReassociationIndices>{{0}, {1, 2, 3}});
    return transpose(rewriter, op.getLoc(), rows, {1, 0});
  }

  static Value create(PatternRewriter &rewriter, vit::ConvOp op, const vgpu::DepthwiseConfig &config, Value image,
                      StringRef activation) {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, image, 0)};
    for (int64_t size : {config.result[0], config.result[1], config.channels})
      sizes.push_back(rewriter.getIndexAttr(size));
    Value init = tensor::EmptyOp::create(rewriter, loc, sizes, rewriter.getF32Type());
    auto integers = [&](ArrayRef<int64_t> values) { return rewriter.getDenseI64ArrayAttr(values); };
    return vgpu::DepthwiseConvOp::create(rewriter, loc, init.getType(), image, arrangeFilters(rewriter, op),
                                         op.getBias(), init, rewriter.getStringAttr(activation), integers(config.taps),
                                         integers(config.strides), integers(config.pads), integers(config.dilations))
        .getResult();
  }
};

} // namespace

void vitc::populateViTDepthwiseToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<DepthwiseToGPU>(patterns.getContext(), target);
}
