#include "Patterns.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc {
#define GEN_PASS_DEF_CONVERTVITTOLINALGPASS
#include "vitc/Conversion/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {

struct ConvertViTToLinalgPass final : vitc::impl::ConvertViTToLinalgPassBase<ConvertViTToLinalgPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateViTAttentionToLinalgPatterns(patterns);
    populateViTProductsToLinalgPatterns(patterns);
    populateViTRowsToLinalgPatterns(patterns);
    populateViTElementwiseToLinalgPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
