#include "vitc/Transforms/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

namespace vitc {
#define GEN_PASS_DEF_PREPARELOOPSPASS
#include "vitc/Transforms/Passes.h.inc"
} // namespace vitc

using namespace mlir;

namespace {

struct DecomposeSoftmax final : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp op, PatternRewriter &rewriter) const override {
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return rewriter.notifyMatchFailure(op, "cannot be decomposed");
    rewriter.replaceOp(op, *results);
    return success();
  }
};

/// Whether fusing the producer of `operand` computes each of its elements once, as before.
bool readsEachElementOnce(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  Operation *producer = operand->get().getDefiningOp();
  return consumer && producer && producer->hasOneUse() && consumer.getMatchingIndexingMap(operand).isPermutation();
}

struct PrepareLoopsPass final : vitc::impl::PrepareLoopsPassBase<PrepareLoopsPass> {
  void runOnOperation() override {
    if (failed(decompose()) || failed(fuse()))
      return signalPassFailure();
    sinkConstants();
  }

private:
  LogicalResult decompose() {
    RewritePatternSet patterns(&getContext());
    patterns.add<DecomposeSoftmax, linalg::DecomposePadOpPattern>(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    linalg::populateLinalgNamedOpsGeneralizationPatterns(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }

  LogicalResult fuse() {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, readsEachElementOnce);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }

  /// Bodies get their own copies of the constants they read; greedy rewriting would hoist them again.
  void sinkConstants() {
    getOperation()->walk([](linalg::LinalgOp op) {
      llvm::SetVector<Value> captured;
      getUsedValuesDefinedAbove(op->getRegions(), captured);
      OpBuilder builder = OpBuilder::atBlockBegin(op.getBlock());
      for (Value value : captured) {
        if (!matchPattern(value, m_Constant()))
          continue;
        Value copy = builder.clone(*value.getDefiningOp())->getResult(0);
        replaceAllUsesInRegionWith(value, copy, op->getRegion(0));
      }
    });
  }
};

} // namespace
