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

/// A chain of insertions, into which producers may write in place. Bufferization compares all links of a chain with one
/// another, so that long lists are left to it: they become one copy an operand.
struct DecomposeConcat final : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    constexpr size_t mostInsertions = 32;
    if (op.getInputs().size() > mostInsertions)
      return rewriter.notifyMatchFailure(op, "has too many operands for a chain");
    FailureOr<SmallVector<Value>> results = op.decomposeOperation(rewriter);
    if (failed(results))
      return rewriter.notifyMatchFailure(op, "cannot be decomposed");
    rewriter.replaceOp(op, *results);
    return success();
  }
};

size_t countBodyOps(linalg::GenericOp op) { return op.getBody()->getOperations().size(); }

/// Whether fusing the producer of `operand` computes each of its elements once, as before. Each fusion copies both
/// bodies, so that they have a bound.
bool readsEachElementOnce(OpOperand *operand) {
  constexpr size_t mostBodyOps = 128;
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  return consumer && producer && producer->hasOneUse() && consumer.getMatchingIndexingMap(operand).isPermutation() &&
         countBodyOps(producer) + countBodyOps(consumer) <= mostBodyOps;
}

/// The structured op with parallel loops alone that computes a tensor, if there is one and nothing else reads it.
linalg::GenericOp getLoopsOf(Value tensor) {
  auto loops = tensor.getDefiningOp<linalg::GenericOp>();
  bool fits = loops && tensor.hasOneUse() && loops.getNumParallelLoops() == loops.getNumLoops();
  return fits ? loops : linalg::GenericOp();
}

/// Whether parallel loops read each element of an operand once.
bool readsInLoops(OpOperand &operand) {
  auto loops = dyn_cast<linalg::GenericOp>(operand.getOwner());
  return loops && loops.isDpsInput(&operand) && loops.getNumParallelLoops() == loops.getNumLoops() &&
         loops.getMatchingIndexingMap(&operand).isPermutation();
}

/// Whether `operand` is a view of one op's loops that another op's read, or those loops themselves where the view
/// splits their axes: expanded, both have the same axes, and fuse.
bool isBetweenLoops(OpOperand *operand) {
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(operand->getOwner()))
    return getLoopsOf(operand->get()) && expand->hasOneUse() && readsInLoops(*expand->use_begin());
  auto collapse = operand->get().getDefiningOp<tensor::CollapseShapeOp>();
  return collapse && collapse->hasOneUse() && getLoopsOf(collapse.getSrc()) && readsInLoops(*operand);
}

struct PrepareLoopsPass final : vitc::impl::PrepareLoopsPassBase<PrepareLoopsPass> {
  using PrepareLoopsPassBase::PrepareLoopsPassBase;

  void runOnOperation() override {
    if (failed(decompose()) || failed(fuse()))
      return signalPassFailure();
    sinkConstants();
    separateOperands();
  }

private:
  LogicalResult decompose() {
    RewritePatternSet patterns(&getContext());
    patterns.add<DecomposeConcat, DecomposeSoftmax, linalg::DecomposePadOpPattern>(&getContext());
    linalg::populateLinalgNamedOpsGeneralizationPatterns(patterns);
    return applyPatternsGreedily(getOperation(), std::move(patterns));
  }

  LogicalResult fuse() {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, readsEachElementOnce);
    if (throughViews)
      linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, isBetweenLoops);
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

  /// Bufferization compares all ops that write into one `tensor.empty`, and all that read one constant: each op gets
  /// its own. Equal constants are one buffer all the same.
  void separateOperands() {
    getOperation()->walk([](Operation *op) {
      bool isConstant = op->hasTrait<OpTrait::ConstantLike>() && isa<TensorType>(op->getResultTypes()[0]);
      if ((!isa<tensor::EmptyOp>(op) && !isConstant) || op->use_empty())
        return;
      OpBuilder builder(op);
      for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op->getUses())))
        use.set(builder.clone(*op)->getResult(0));
    });
  }
};

} // namespace
