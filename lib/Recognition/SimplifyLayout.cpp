#include "Recognizer.h"

#include "mlir/Pass/Pass.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_SIMPLIFYLAYOUT
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

namespace {
constexpr TraceOptions kViews{.scales = false};

/// A chain of views  ==>  the shortest one with the same map
struct SimplifyViews final : RewritePattern {
  SimplifyViews(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!viewedOperand(op, kViews))
      return failure();
    auto isView = [](Operation *user) { return viewedOperand(user, kViews) != nullptr; };
    if (llvm::all_of(op->getUsers(), isView))
      return failure(); // the chain goes on
    AxisMap map = trace(op->getResult(0), kViews);
    LayoutCost now;
    for (Operation *view : map.path) {
      if (isa<tensor::CastOp>(view))
        continue; // what is materialized may need one again
      ++now.ops;
      now.transposes += !isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp>(view);
    }
    FailureOr<LayoutCost> then = materializationCost(map);
    if (failed(then) || !(*then < now))
      return failure();
    Value value = *materialize(rewriter, op->getLoc(), map);
    if (value.getType() != op->getResult(0).getType())
      value = tensor::CastOp::create(rewriter, op->getLoc(), op->getResult(0).getType(), value);
    rewriter.replaceOp(op, value);
    return success();
  }
};
} // namespace

void vitc::populateSimplifyLayoutPatterns(RewritePatternSet &patterns) {
  patterns.add<SimplifyViews>(patterns.getContext());
}

namespace {
struct SimplifyLayoutPass final : vitc::impl::SimplifyLayoutBase<SimplifyLayoutPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateSimplifyLayoutPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "layout")))
      signalPassFailure();
  }
};
} // namespace
