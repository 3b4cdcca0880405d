#ifndef VITC_RECOGNITION_HEADMIX_H
#define VITC_RECOGNITION_HEADMIX_H

#include "vitc/Recognition/AxisMap.h"

#include <optional>

namespace vitc {

/// One step of what re-attention does with maps of shape (B, H, M, N): a constant combination of the heads (a 1 × 1
/// convolution over them), or a constant factor or shift of each (the norm after it).
struct HeadMix {
  mlir::Operation *op;
  mlir::Value maps;              ///< the operand that is mixed
  mlir::Value weight, bias;      ///< of a convolution, (H, H, 1, 1) and (H) or null
  std::optional<AxisMap> vector; ///< (H): of a factor or a shift
  bool isFactor = false;

  static constexpr int64_t kHeadDim = 1;
};
std::optional<HeadMix> matchHeadMix(mlir::Operation *op);

/// The steps, first to last, as one map: Θ (H, H) and shift (H), null where it is zero.
struct ComposedMix {
  mlir::Value theta, shift;
};
ComposedMix compose(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<HeadMix> mixes);

} // namespace vitc

#endif // VITC_RECOGNITION_HEADMIX_H
