#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc {
#define GEN_PASS_DEF_CONVERTVITTOCPUPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

struct ConvertViTToCPUPass final : vitc::impl::ConvertViTToCPUPassBase<ConvertViTToCPUPass> {
  using ConvertViTToCPUPassBase::ConvertViTToCPUPassBase;

  void runOnOperation() override {
    std::optional<TargetInfo> target = TargetInfo::get(level);
    if (!target) {
      emitError(getOperation()->getLoc()) << "unknown CPU level '" << level << "'";
      return signalPassFailure();
    }
    target = target->withPrecision(precision);
    if (!target) {
      emitError(getOperation()->getLoc()) << "unknown precision '" << precision << "'";
      return signalPassFailure();
    }
    target->plainProducts = plainProducts;
    target->tuning = vit::readTuning(getOperation());
    RewritePatternSet patterns(&getContext());
    populateViTLinearToCPUPatterns(patterns, *target);
    populateStrassenPatterns(patterns);
    populateContractToCPUPatterns(patterns, *target);
    populateContractionOrderPatterns(patterns);
    populateViTAttentionToCPUPatterns(patterns, *target);
    populateViTRowsToCPUPatterns(patterns, *target);
    populateViTIndexingToCPUPatterns(patterns);
    populateViTConvToCPUPatterns(patterns, *target);
    populateTransposeSinkingPatterns(patterns);
    populateChannelLastImagePatterns(patterns);
    populateViTElementwiseToLinalgPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))) || failed(reportLeftovers()))
      return signalPassFailure();
    // Only now: transposes that cancel must still be recognised as such.
    RewritePatternSet transposes(&getContext());
    populateTransposeToCPUPatterns(transposes, *target);
    if (failed(applyPatternsGreedily(getOperation(), std::move(transposes))))
      signalPassFailure();
  }

private:
  /// Every vit op that no pattern took is an error at its node; scalar ones live on in epilogues and bodies, and a
  /// procedure is a kernel by itself.
  LogicalResult reportLeftovers() {
    bool failed = false;
    getOperation()->walk([&](Operation *op) {
      if (!isa_and_nonnull<vit::ViTDialect>(op->getDialect()) || isa<vit::ProcedureOp>(op) ||
          llvm::none_of(op->getResultTypes(), llvm::IsaPred<TensorType>))
        return;
      op->emitError("expected ") << op->getName() << " in a form that has a CPU kernel, got results of type "
                                 << op->getResultTypes();
      failed = true;
    });
    return failure(failed);
  }
};

} // namespace
