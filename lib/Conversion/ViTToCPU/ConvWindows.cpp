#include "ConvWindows.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc;

namespace {

/// The numbers of one axis of a vit.conv.
struct AxisParameters {
  int64_t kernel, stride, dilation, padLow, padHigh, input, output; ///< extents may be dynamic
};

} // namespace

static AxisParameters parametersOf(vit::ConvOp op, int64_t axis) {
  return {op.getWeight().getType().getDimSize(2 + axis),
          op.getStrides()[axis],
          op.getDilations()[axis],
          op.getPads()[axis],
          op.getPads()[2 + axis],
          op.getInput().getType().getDimSize(2 + axis),
          op.getResult().getType().getDimSize(2 + axis)};
}

static ConvAxisPlan planPlainAxis(vit::ConvOp op, int64_t axis, const AxisParameters &p, PatternRewriter &rewriter) {
  OpFoldResult size = tensor::getMixedSize(rewriter, op.getLoc(), op.getInput(), 2 + axis);
  AffineExpr padded = getAffineSymbolExpr(0, op.getContext()) + (p.padLow + p.padHigh);
  AffineExpr windows = (padded - ((p.kernel - 1) * p.dilation + 1)).floorDiv(p.stride) + 1;
  auto apply = [&](AffineExpr expr) {
    return affine::makeComposedFoldedAffineApply(rewriter, op.getLoc(), AffineMap::get(0, 1, expr), {size});
  };
  ConvAxisPlan plan;
  plan.padLow = p.padLow, plan.padHigh = p.padHigh;
  plan.inputSize = size, plan.outputSize = apply(windows);
  ConvAxis part;
  part.taps = p.kernel, part.stride = p.stride, part.dilation = p.dilation;
  part.inputSize = apply(padded), part.outputSize = plan.outputSize;
  plan.parts.push_back(part);
  return plan;
}

/// Tap k = r + s · t of output o = s · q + r − pad (over all integers q) reads input q − t: with the taps read
/// backwards, a window from q − (taps − 1) on.
static FailureOr<ConvAxisPlan> planTransposedAxis(vit::ConvOp op, const AxisParameters &p, PatternRewriter &rewriter) {
  if (ShapedType::isDynamic(p.input) || ShapedType::isDynamic(p.output))
    return rewriter.notifyMatchFailure(op, "a transposed convolution of an image of dynamic size");
  if (p.dilation != 1)
    return rewriter.notifyMatchFailure(op, "a transposed convolution with dilation");
  if (p.kernel < p.stride)
    return rewriter.notifyMatchFailure(op, "a transposed convolution whose stride exceeds its kernel");
  ConvAxisPlan plan;
  plan.inputSize = rewriter.getIndexAttr(p.input), plan.outputSize = rewriter.getIndexAttr(p.output);
  SmallVector<int64_t> starts;
  for (int64_t offset = 0; offset < std::min(p.stride, p.output); ++offset) {
    ConvAxis part;
    part.tapOffset = (offset + p.padLow) % p.stride, part.tapStride = p.stride;
    part.taps = llvm::divideCeilSigned(p.kernel - part.tapOffset, p.stride);
    part.stride = 1, part.dilation = 1;
    part.outputOffset = offset, part.outputStride = p.stride;
    int64_t count = llvm::divideCeilSigned(p.output - offset, p.stride);
    part.outputSize = rewriter.getIndexAttr(count);
    part.inputSize = rewriter.getIndexAttr(count + part.taps - 1);
    int64_t start = (offset + p.padLow) / p.stride - (part.taps - 1);
    plan.padLow = std::max(plan.padLow, -start);
    plan.padHigh = std::max(plan.padHigh, start + count + part.taps - 1 - p.input);
    starts.push_back(start);
    plan.parts.push_back(part);
  }
  for (auto [part, start] : llvm::zip(plan.parts, starts))
    part.inputOffset = start + plan.padLow;
  return plan;
}

FailureOr<ConvAxisPlan> vitc::planConvAxis(vit::ConvOp op, int64_t axis, PatternRewriter &rewriter) {
  AxisParameters parameters = parametersOf(op, axis);
  return op.getTransposed() ? planTransposedAxis(op, parameters, rewriter)
                            : FailureOr<ConvAxisPlan>(planPlainAxis(op, axis, parameters, rewriter));
}
