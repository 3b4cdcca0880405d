#include "Patterns.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"

#include "mlir/AsmParser/AsmParser.h"
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
    auto type = parseType(element, &getContext());
    if (!type || !isa<BFloat16Type, Float16Type>(type)) {
      getOperation()->emitError() << "expected the element bf16 or f16, got '" << element << "'";
      return signalPassFailure();
    }
    KernelTarget target{capability, cast<FloatType>(type), vit::readTuning(getOperation())};
    RewritePatternSet gated(&getContext());
    populateViTGatedToGPUPatterns(gated, target);
    if (failed(applyPatternsGreedily(getOperation(), std::move(gated))))
      return signalPassFailure();
    RewritePatternSet patterns(&getContext());
    if (!target.multipliesByWarps()) {
      populateAttendToGPUPatterns(patterns, target);
      populateTokensToGPUPatterns(patterns, target);
    }
    populateViTAttentionToGPUPatterns(patterns, target);
    populateViTConvToGPUPatterns(patterns, target);
    populateViTDepthwiseToGPUPatterns(patterns, target);
    populateViTLinearToGPUPatterns(patterns, target);
    populateViTRowsToGPUPatterns(patterns);
    populateRoundingPatterns(patterns);
    // Between convolutions channels go first and last again.
    populateTransposeSinkingPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
