#ifndef VITC_CONVERSION_VITTOCPU_CONVWINDOWS_H
#define VITC_CONVERSION_VITTOCPU_CONVWINDOWS_H

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/PatternMatch.h"

#include <array>

namespace vitc {

/// One axis (height or width) of a plain convolution that computes part of a vit.conv: every `outputStride`-th element
/// of the output from `outputOffset` on, from the padded input from `inputOffset` on and every `tapStride`-th tap of
/// the filter from `tapOffset` on, which it reads backwards where the convolution is transposed.
struct ConvAxis {
  int64_t taps, tapOffset = 0, tapStride = 1;
  int64_t stride, dilation;
  int64_t inputOffset = 0;
  mlir::OpFoldResult inputSize;
  int64_t outputOffset = 0, outputStride = 1;
  mlir::OpFoldResult outputSize;
};

/// How one axis of a vit.conv becomes plain convolutions over an input padded with zeros.
struct ConvAxisPlan {
  int64_t padLow = 0, padHigh = 0;
  mlir::OpFoldResult inputSize, outputSize; ///< of the whole axis, the input's before padding
  llvm::SmallVector<ConvAxis> parts;
};

/// The plan of axis 0 (height) or 1 (width). A transposed convolution of stride s is s plain ones of stride 1: output
/// element o = s · q + r reads the taps congruent to o + pad modulo s, each from the input element it was spread from
/// (sub-pixel convolution, Shi et al., arXiv 1609.07009). Fails, with a reason, where there is no such plan.
mlir::FailureOr<ConvAxisPlan> planConvAxis(vit::ConvOp op, int64_t axis, mlir::PatternRewriter &rewriter);

} // namespace vitc

#endif // VITC_CONVERSION_VITTOCPU_CONVWINDOWS_H
