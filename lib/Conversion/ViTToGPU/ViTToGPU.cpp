#include "Patterns.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc {
#define GEN_PASS_DEF_CONVERTVITTOGPUPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

struct ConvertViTToGPUPass final : vitc::impl::ConvertViTToGPUPassBase<ConvertViTToGPUPass> {
  using ConvertViTToGPUPassBase::ConvertViTToGPUPassBase;

  void runOnOperation() override {
    RewritePatternSet gated(&getContext());
    populateViTGatedToGPUPatterns(gated, capability);
    if (failed(applyPatternsGreedily(getOperation(), std::move(gated))))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    if (capability >= 90) {
      populateAttendToGPUPatterns(patterns);
      populateTokensToGPUPatterns(patterns);
    }
    populateViTAttentionToGPUPatterns(patterns, capability);
    populateViTConvToGPUPatterns(patterns, capability);
    populateViTLinearToGPUPatterns(patterns, capability);
    populateViTRowsToGPUPatterns(patterns);
    populateRoundingPatterns(patterns);
    // Between convolutions channels go first and last again.
    linalg::TransposeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
