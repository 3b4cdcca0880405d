#include "Patterns.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Pass/PassManager.h"
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
    if (failed(convertConvolutions(target)) || failed(convertGated(target)) || failed(convertOthers(target)))
      signalPassFailure();
  }

private:
  /// Between convolutions, and around what is elementwise there, channels go first and last again. What then follows a
  /// product without a transpose becomes part of its epilogue.
  LogicalResult convertConvolutions(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateViTConvToGPUPatterns(patterns, target);
    populateViTDepthwiseToGPUPatterns(patterns, target);
    populateTransposeSinkingPatterns(patterns);
    populateChannelLastImagePatterns(patterns);
    OpPassManager fusion;
    fusion.addPass(vit::createFuseEpiloguesPass());
    return failed(applyPatternsGreedily(getOperation(), std::move(patterns))) ? failure()
                                                                              : runPipeline(fusion, getOperation());
  }

  LogicalResult convertGated(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateViTGatedToGPUPatterns(patterns, target);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }

  LogicalResult convertOthers(const KernelTarget &target) {
    RewritePatternSet patterns(&getContext());
    populateAttendToGPUPatterns(patterns, target);
    if (!target.multipliesByWarps())
      populateTokensToGPUPatterns(patterns, target);
    populateViTAttentionToGPUPatterns(patterns, target);
    populateViTLinearToGPUPatterns(patterns, target);
    populateViTRowsToGPUPatterns(patterns);
    populateRoundingPatterns(patterns);
    populateTransposeSinkingPatterns(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};

} // namespace
