#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/RegionUtils.h"

namespace vitc::vit {
#define GEN_PASS_DEF_FUSEEPILOGUESPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc;
using namespace vitc::vit;

namespace {

/// The epilogue of a contraction while more is being appended to it.
template <typename ContractionOp>
class EpilogueBuilder {
public:
  EpilogueBuilder(RewriterBase &rewriter, ContractionOp op) : rewriter(rewriter), op(op) {
    Region &region = op.getEpilogue();
    Type element = getElementTypeOrSelf(op.getResult());
    OpBuilder::InsertionGuard guard(rewriter);
    if (region.empty()) {
      Block *block = rewriter.createBlock(&region, {}, {element}, {op.getLoc()});
      YieldOp::create(rewriter, op.getLoc(), block->getArgument(0));
    }
    yield = cast<YieldOp>(region.front().getTerminator());
    for (Attribute map : op.getExtraMaps())
      maps.push_back(map);
  }

  /// The value the epilogue yields so far.
  Value current() { return yield.getValue(); }

  /// One element of `operand`, read through `map` from the result's indices.
  Value element(Value operand, AffineMap map) {
    SplatElementsAttr splat;
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(yield);
    if (matchPattern(operand, m_Constant(&splat)))
      return arith::ConstantOp::create(rewriter, op.getLoc(), splat.getSplatValue<TypedAttr>());
    auto mapAttr = AffineMapAttr::get(map);
    for (auto [index, extra] : llvm::enumerate(op.getExtras()))
      if (extra == operand && maps[index] == mapAttr)
        return yield->getBlock()->getArgument(1 + index);
    maps.push_back(mapAttr);
    op.getExtrasMutable().append(operand);
    op.setExtraMapsAttr(rewriter.getArrayAttr(maps));
    return yield->getBlock()->addArgument(getElementTypeOrSelf(operand), op.getLoc());
  }

  /// Appends `build`'s value after what the epilogue holds.
  void append(function_ref<Value(OpBuilder &)> build) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(yield);
    yield.getValueMutable().assign(build(rewriter));
  }

private:
  RewriterBase &rewriter;
  ContractionOp op;
  YieldOp yield;
  SmallVector<Attribute> maps;
};

/// Moves the elementwise op that alone reads a contraction's result into its epilogue.
template <typename ContractionOp>
struct FuseEpilogue final : OpRewritePattern<ContractionOp> {
  using OpRewritePattern<ContractionOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractionOp op, PatternRewriter &rewriter) const override {
    if (!op.getResult().hasOneUse())
      return rewriter.notifyMatchFailure(op, "the result has several readers");
    if (op.getResult().getType().getRank() < 2)
      return rewriter.notifyMatchFailure(op, "the result has no rows");
    Operation *user = *op.getResult().user_begin();
    if (failed(checkElementwise(op, user, rewriter)))
      return failure();

    rewriter.setInsertionPoint(user);
    auto fused = cast<ContractionOp>(rewriter.clone(*op));
    fused->setLoc(rewriter.getFusedLoc({op.getLoc(), user->getLoc()}));
    fused.getResult().setType(cast<RankedTensorType>(user->getResult(0).getType()));
    EpilogueBuilder<ContractionOp> epilogue(rewriter, fused);
    appendUser(op, user, epilogue);
    rewriter.replaceOp(user, fused.getResult());
    rewriter.eraseOp(op);
    return success();
  }

private:
  static LogicalResult checkElementwise(ContractionOp op, Operation *user, PatternRewriter &rewriter) {
    if (!hasElementType(op, user))
      return rewriter.notifyMatchFailure(op, "the reader computes with other element types");
    if (isa<GeluOp, HardSwishOp, SiluOp>(user))
      return success();
    if (auto scale = dyn_cast<LayerScaleOp>(user)) {
      if (scale.getInput() == op.getResult())
        return success();
      return rewriter.notifyMatchFailure(op, "the result is a layer scale's factor");
    }
    auto structured = dyn_cast<linalg::LinalgOp>(user);
    if (!structured || structured.getNumParallelLoops() != structured.getNumLoops() || user->getNumResults() != 1 ||
        structured.hasIndexSemantics())
      return rewriter.notifyMatchFailure(op, "the reader is not elementwise");
    if (structured.isDpsInit(&*op.getResult().use_begin()))
      return rewriter.notifyMatchFailure(op, "the reader writes into the result");
    if (structured.payloadUsesValueFromOperand(structured.getDpsInitOperand(0)))
      return rewriter.notifyMatchFailure(op, "the reader accumulates");
    AffineMap read = structured.getMatchingIndexingMap(&*op.getResult().use_begin());
    AffineMap written = structured.getIndexingMapMatchingResult(structured->getResult(0));
    if (!read.isIdentity() || !written.isIdentity())
      return rewriter.notifyMatchFailure(op, "the reader permutes or broadcasts the result");
    if (!llvm::all_of(getCapturedValues(structured), [](Value value) { return matchPattern(value, m_Constant()); }))
      return rewriter.notifyMatchFailure(op, "the reader's body reads values from outside");
    return success();
  }

  /// Whether the reader's tensors, but for splat constants, have the contraction's element type.
  static bool hasElementType(ContractionOp op, Operation *user) {
    Type element = getElementTypeOrSelf(op.getResult());
    auto fits = [&](Value value) {
      return getElementTypeOrSelf(value) == element || matchPattern(value, m_Constant<SplatElementsAttr>(nullptr));
    };
    return llvm::all_of(user->getOperands(), fits) && llvm::all_of(user->getResults(), fits);
  }

  static llvm::SetVector<Value> getCapturedValues(linalg::LinalgOp op) {
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op->getRegions(), captured);
    return captured;
  }

  static void appendUser(ContractionOp op, Operation *user, EpilogueBuilder<ContractionOp> &epilogue) {
    if (isa<GeluOp, HardSwishOp, SiluOp>(user)) {
      epilogue.append([&](OpBuilder &builder) -> Value {
        IRMapping mapping;
        mapping.map(user->getOperand(0), epilogue.current());
        Operation *scalar = builder.clone(*user, mapping);
        scalar->getResult(0).setType(getElementTypeOrSelf(user->getResult(0)));
        return scalar->getResult(0);
      });
      return;
    }
    if (auto scale = dyn_cast<LayerScaleOp>(user)) {
      unsigned rank = scale.getResult().getType().getRank();
      AffineMap map = AffineMap::get(rank, 0, getAffineDimExpr(rank - 1, user->getContext()));
      Value gamma = epilogue.element(scale.getGamma(), map);
      epilogue.append([&](OpBuilder &builder) -> Value {
        return arith::MulFOp::create(builder, user->getLoc(), epilogue.current(), gamma);
      });
      return;
    }
    auto structured = cast<linalg::LinalgOp>(user);
    IRMapping mapping;
    for (OpOperand *operand : structured.getDpsInputOperands()) {
      Value element = operand->get() == op.getResult()
                          ? epilogue.current()
                          : epilogue.element(operand->get(), structured.getMatchingIndexingMap(operand));
      mapping.map(structured.getMatchingBlockArgument(operand), element);
    }
    epilogue.append([&](OpBuilder &builder) -> Value {
      for (Value constant : getCapturedValues(structured))
        mapping.map(constant, builder.clone(*constant.getDefiningOp())->getResult(0));
      for (Operation &scalar : structured.getBlock()->without_terminator())
        builder.clone(scalar, mapping);
      return mapping.lookupOrDefault(structured.getBlock()->getTerminator()->getOperand(0));
    });
  }
};

/// activation(views(contraction))  ==>  views(activation(contraction)), where nothing else reads what is in between:
/// the tokens of a convolution, say, which are its channels flattened and transposed.
template <typename ActivationOp>
struct ApplyBeforeViews final : OpRewritePattern<ActivationOp> {
  using OpRewritePattern<ActivationOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(ActivationOp op, PatternRewriter &rewriter) const override {
    OpOperand *read = &op.getInputMutable();
    while (Operation *view = getView(read->get()))
      read = &view->getOpOperand(0);
    Operation *contraction = read->get().getDefiningOp();
    if (read->getOwner() == op || !isa_and_nonnull<LinearOp, ConvOp>(contraction) || !read->get().hasOneUse())
      return rewriter.notifyMatchFailure(op, "does not read views of a contraction that alone are read");
    rewriter.setInsertionPointAfter(contraction);
    IRMapping mapping;
    mapping.map(op.getInput(), read->get());
    auto activated = cast<ActivationOp>(rewriter.clone(*op, mapping));
    activated.getResult().setType(cast<RankedTensorType>(read->get().getType()));
    rewriter.modifyOpInPlace(read->getOwner(), [&] { read->set(activated.getResult()); });
    rewriter.replaceOp(op, op.getInput());
    return success();
  }

private:
  static Operation *getView(Value value) {
    Operation *view = value.getDefiningOp();
    bool isView = isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp, linalg::TransposeOp>(view);
    return isView && value.hasOneUse() ? view : nullptr;
  }
};

/// Whether an elementwise op reads the rows of a linear layer merged: (B, N, C) as (B · N, C), as batch norms do. It
/// can as well compute on (B, N, C), where it fuses.
bool readsMergedRows(OpOperand *operand) {
  auto collapse = operand->get().getDefiningOp<tensor::CollapseShapeOp>();
  auto reader = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  return collapse && reader && collapse.getResultType().hasStaticShape() &&
         reader.getNumParallelLoops() == reader.getNumLoops() && collapse.getSrc().getDefiningOp<LinearOp>() &&
         collapse.getSrc().hasOneUse() && collapse->hasOneUse() &&
         collapse.getReassociationIndices().back().size() == 1;
}

struct FuseEpiloguesPass final : vitc::vit::impl::FuseEpiloguesPassBase<FuseEpiloguesPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FuseEpilogue<LinearOp>, FuseEpilogue<ConvOp>>(&getContext());
    patterns.add<ApplyBeforeViews<GeluOp>, ApplyBeforeViews<HardSwishOp>, ApplyBeforeViews<SiluOp>>(&getContext());
    linalg::populateFoldReshapeOpsByExpansionPatterns(patterns, readsMergedRows);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
