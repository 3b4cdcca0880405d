#include "RaiseGenerics.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Patterns.h"

namespace vitc {
#define GEN_PASS_DEF_RAISEGENERICS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

bool vitc::isForeign(linalg::LinalgOp op) {
  return !isa<linalg::ContractOp, linalg::ElementwiseOp, linalg::FillOp, linalg::TransposeOp, linalg::BroadcastOp,
              linalg::ReduceOp>(op) &&
         op.hasPureTensorSemantics() && op.getNumDpsInits() == 1 &&
         llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isProjectedPermutation(); });
}

bool vitc::isParallel(linalg::LinalgOp op) { return op.getNumParallelLoops() == op.getNumLoops(); }

/// The only op of a body besides the terminator, whose result it yields; null where there is none.
static Operation *onlyOp(Block &body) {
  Operation &first = body.front();
  bool isOnly = llvm::hasNItems(body, 2) && first.getNumResults() == 1 &&
                body.getTerminator()->getOperands() == ValueRange(first.getResults());
  return isOnly ? &first : nullptr;
}

/// How an operand is read without constants in its index map.
namespace {
struct UnitDims {
  AffineMap map;                ///< with a loop of extent one for each constant that stands where that loop would
  llvm::SmallBitVector dropped; ///< the dimensions that are left with a constant
};
} // namespace

static FailureOr<UnitDims> matchUnitDims(AffineMap map, Value operand, ArrayRef<int64_t> loops, bool isOutput) {
  auto type = dyn_cast<RankedTensorType>(operand.getType());
  SmallVector<AffineExpr> exprs(map.getResults());
  UnitDims dims{map, llvm::SmallBitVector(exprs.size())};
  for (auto [dim, expr] : llvm::enumerate(exprs)) {
    if (isa<AffineDimExpr>(expr))
      continue;
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!type || !constant || constant.getValue() != 0 || type.getDimSize(dim) != 1)
      return failure();
    // Shapes broadcast from the right.
    int64_t loop = static_cast<int64_t>(dim + loops.size()) - type.getRank();
    if (!isOutput && loop >= 0 && loops[loop] == 1 && !map.isFunctionOfDim(loop))
      expr = getAffineDimExpr(loop, map.getContext());
    else
      dims.dropped.set(dim);
  }
  dims.map = AffineMap::get(loops.size(), 0, exprs, map.getContext()).dropResults(dims.dropped);
  return dims;
}

namespace {
/// (d0, d1) -> (d0, 0) on tensor<4x1>  ==>  (d0, d1) -> (d0) on tensor<4>, or (d0, d1) -> (d0, d1) where d1 is one
/// index
struct RaiseUnitDims final : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || op.getNumResults() != 1 || isForeign(op))
      return failure(); // nothing to do, or other things first
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    SmallVector<UnitDims> dims;
    for (OpOperand &operand : op->getOpOperands()) {
      FailureOr<UnitDims> found = matchUnitDims(op.getMatchingIndexingMap(&operand), operand.get(),
                                                op.getStaticLoopRanges(), op.isDpsInit(&operand));
      if (failed(found))
        return rewriter.notifyMatchFailure(op, "an index is more than a dimension");
      dims.push_back(*found);
    }
    SmallVector<Value> operands(op->getOperands());
    for (auto [map, operand, found] : llvm::zip_equal(maps, operands, dims)) {
      map = found.map;
      if (found.dropped.any())
        operand = tensor::dropGivenUnitDims(rewriter, op.getLoc(), operand, found.dropped);
    }
    ValueRange all(operands);
    Value init = operands.back();
    auto smaller = linalg::GenericOp::create(rewriter, op.getLoc(), TypeRange(init.getType()), all.drop_back(), init,
                                             maps, op.getIteratorTypesArray());
    rewriter.inlineRegionBefore(op.getRegion(), smaller.getRegion(), smaller.getRegion().end());
    Value result = smaller.getResult(0);
    if (dims.back().dropped.any())
      result = tensor::ExpandShapeOp::create(rewriter, op.getLoc(), op.getResult(0).getType(), result,
                                             init.getDefiningOp<tensor::CollapseShapeOp>().getReassociationIndices());
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A generic, a matmul, … that multiplies and adds  ==>  linalg.contract
struct RaiseContraction final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    // Upstream's test of the body looks through every unary op: exp(a) · b would do.
    if (!isForeign(op) || !linalg::isaContractionOpInterface(op) || !llvm::hasNItems(*op.getBlock(), 3))
      return failure();
    auto isFloat = [&](Value operand) {
      return isa<FloatType>(getElementTypeOrSelf(operand)) &&
             getElementTypeOrSelf(operand) == getElementTypeOrSelf(op->getResult(0));
    };
    if (!llvm::all_of(op->getOperands(), isFloat))
      return rewriter.notifyMatchFailure(op, "the factors and the sum are not floating-point numbers of one type");
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
      unsigned factors = maps[0].isFunctionOfDim(loop) + maps[1].isFunctionOfDim(loop);
      if (factors < (maps[2].isFunctionOfDim(loop) ? 1 : 2))
        return rewriter.notifyMatchFailure(op, "a factor is repeated along a dimension that only the sum knows");
    }
    rewriter.replaceOpWithNewOp<linalg::ContractOp>(op, op->getResultTypes(), op.getDpsInputs(), op.getDpsInits(),
                                                    rewriter.getAffineMapArrayAttr(maps));
    return success();
  }
};

/// A generic, a map, a named op, … of one scalar op that has a kind  ==>  linalg.elementwise
struct RaiseElementwise final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (!isForeign(op))
      return failure();
    std::optional<Elementwise> match = matchElementwise(op);
    if (!match || !llvm::all_of(op.getDpsInputs(), llvm::IsaPred<TypedValue<RankedTensorType>>))
      return failure();
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand *operand : match->operands) {
      operands.push_back(operand->get());
      maps.push_back(op.getMatchingIndexingMap(operand));
    }
    maps.push_back(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
    rewriter.replaceOpWithNewOp<linalg::ElementwiseOp>(op, operands, op.getDpsInits(),
                                                       linalg::ElementwiseKindAttr::get(op->getContext(), match->kind),
                                                       rewriter.getAffineMapArrayAttr(maps));
    return success();
  }
};

/// A generic that combines along some of the dimensions of its only input  ==>  linalg.reduce
struct RaiseReduction final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (!isForeign(op) || isParallel(op) || op.getNumDpsInputs() != 1 || !onlyOp(*op.getBlock()) ||
        onlyOp(*op.getBlock())->getNumRegions() != 0)
      return failure();
    AffineMap input = op.getMatchingIndexingMap(op.getDpsInputOperand(0));
    AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
    if (!input.isPermutation())
      return rewriter.notifyMatchFailure(op, "the reduced value is repeated");
    SmallVector<int64_t> reduced;
    SmallVector<AffineExpr> kept;
    for (auto [dim, loop] : llvm::enumerate(input.getResults())) {
      if (linalg::isReductionIterator(op.getIteratorTypesArray()[cast<AffineDimExpr>(loop).getPosition()]))
        reduced.push_back(dim);
      else
        kept.push_back(loop);
    }
    if (ArrayRef(kept) != output.getResults())
      return rewriter.notifyMatchFailure(op, "the result of the reduction is transposed");
    Block *body = op.getBlock();
    rewriter.replaceOpWithNewOp<linalg::ReduceOp>(op, op.getDpsInputs(), op.getDpsInits(), reduced,
                                                  [&](OpBuilder &builder, Location loc, ValueRange arguments) {
                                                    IRMapping mapping;
                                                    mapping.map(body->getArguments(), arguments);
                                                    for (Operation &inner : *body)
                                                      builder.clone(inner, mapping);
                                                  });
    return success();
  }
};

/// A generic that moves elements  ==>  its input, linalg.transpose, linalg.broadcast, linalg.fill
struct RaiseCopy final : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (!isForeign(op) || !isParallel(op) || !llvm::hasSingleElement(*op.getBody()))
      return failure();
    Value init = op.getOutputs()[0], yielded = op.getBody()->getTerminator()->getOperand(0);
    auto argument = dyn_cast<BlockArgument>(yielded);
    if (!argument || argument.getOwner() != op.getBody()) {
      rewriter.replaceOpWithNewOp<linalg::FillOp>(op, yielded, init);
      return success();
    }
    OpOperand &operand = op->getOpOperand(argument.getArgNumber());
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (argument.getArgNumber() >= op.getInputs().size() ||
        !op.getMatchingIndexingMap(&op.getOutputsMutable()[0]).isIdentity())
      return failure();
    if (!type) {
      rewriter.replaceOpWithNewOp<linalg::FillOp>(op, operand.get(), init);
      return success();
    }
    rewriter.replaceOp(op, copy(operand.get(), op.getMatchingIndexingMap(&operand), init, rewriter, op.getLoc()));
    return success();
  }

private:
  /// `value` read through `map` as a tensor like `init`.
  static Value copy(Value value, AffineMap map, Value init, PatternRewriter &rewriter, Location loc) {
    // Loops in the order in which the value is read, and the dimension of the value that is each of them.
    SmallVector<int64_t> loops, permutation;
    for (AffineExpr expr : map.getResults())
      loops.push_back(cast<AffineDimExpr>(expr).getPosition());
    permutation.resize(loops.size());
    std::iota(permutation.begin(), permutation.end(), 0);
    llvm::sort(permutation, [&](int64_t a, int64_t b) { return loops[a] < loops[b]; });
    if (!isIdentityPermutation(permutation)) {
      SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
      applyPermutationToVector(sizes, permutation);
      Value target = tensor::EmptyOp::create(rewriter, loc, sizes, getElementTypeOrSelf(value));
      value = linalg::TransposeOp::create(rewriter, loc, value, target, permutation)->getResult(0);
    }
    SmallVector<int64_t> missing;
    for (int64_t loop = 0; loop < map.getNumDims(); ++loop)
      if (!llvm::is_contained(loops, loop))
        missing.push_back(loop);
    if (!missing.empty())
      return linalg::BroadcastOp::create(rewriter, loc, value, init, missing)->getResult(0);
    if (value.getType() != init.getType())
      value = tensor::CastOp::create(rewriter, loc, init.getType(), value);
    return value;
  }
};

/// contract(broadcast(x)), contract(transpose(weight))  ==>  contract(x), with the layout in the index map
struct FoldLayout final : OpRewritePattern<linalg::ContractOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> inputs(op.getInputs());
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (unsigned i = 0; i < 2; ++i) {
      Operation *layout = inputs[i].getDefiningOp();
      if (auto broadcast = dyn_cast_if_present<linalg::BroadcastOp>(layout);
          broadcast && isIndexedElsewhere(maps, i, broadcast.getDimensions()))
        maps[i] = dropResults(maps[i], broadcast.getDimensions());
      else if (auto transpose = dyn_cast_if_present<linalg::TransposeOp>(layout);
               transpose && isInputIndependent(transpose.getInput()))
        maps[i] = maps[i].getSubMap(toUnsigned(invertPermutationVector(transpose.getPermutation())));
      else
        continue;
      inputs[i] = layout->getOperand(0);
      rewriter.replaceOpWithNewOp<linalg::ContractOp>(op, op->getResultTypes(), inputs, op.getOutputs(),
                                                      rewriter.getAffineMapArrayAttr(maps));
      return success();
    }
    return failure();
  }

private:
  /// Whether the loops of these dimensions of operand `i` index another operand as well, so that their extents are
  /// known without it; and the result, so that they stay parallel: a sum over a repeated value is a product with its
  /// extent.
  static bool isIndexedElsewhere(ArrayRef<AffineMap> maps, unsigned i, ArrayRef<int64_t> dims) {
    return llvm::all_of(dims, [&](int64_t dim) {
      unsigned loop = maps[i].getDimPosition(dim);
      return maps[1 - i].isFunctionOfDim(loop) && maps[2].isFunctionOfDim(loop);
    });
  }

  static AffineMap dropResults(AffineMap map, ArrayRef<int64_t> dims) {
    llvm::SmallBitVector dropped(map.getNumResults());
    for (int64_t dim : dims)
      dropped.set(dim);
    return map.dropResults(dropped);
  }

  static SmallVector<unsigned> toUnsigned(ArrayRef<int64_t> values) { return {values.begin(), values.end()}; }
};

/// max(x, −∞)  ==>  x
struct DropMaximum final : OpRewritePattern<linalg::ElementwiseOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::ElementwiseOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != linalg::ElementwiseKind::max_signed || !op.hasPureTensorSemantics())
      return failure();
    for (unsigned i = 0; i < 2; ++i) {
      std::optional<double> bound = matchSplat(op.getInputs()[1 - i]);
      if (!bound || *bound != -std::numeric_limits<double>::infinity() ||
          op.getInputs()[i].getType() != op->getResult(0).getType() || !op.getIndexingMapsArray()[i].isIdentity())
        continue;
      rewriter.replaceOp(op, op.getInputs()[i]);
      return success();
    }
    return failure();
  }
};

struct RaiseGenericsPass final : vitc::impl::RaiseGenericsBase<RaiseGenericsPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRaiseGenericsPatterns(patterns);
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false).setUseTopDownTraversal(true);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config))) {
      getOperation()->emitError("raising did not converge");
      signalPassFailure();
    }
  }
};
} // namespace

void vitc::populateRaiseGenericsPatterns(RewritePatternSet &patterns) {
  // A maximum with its unread index is a maximum.
  linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
  patterns.add<RaiseUnitDims, RaiseContraction, RaiseElementwise, RaiseReduction, RaiseCopy, FoldLayout, DropMaximum>(
      patterns.getContext());
  populateSplitBodiesPatterns(patterns);
  populateRaiseConvolutionPatterns(patterns);
}
