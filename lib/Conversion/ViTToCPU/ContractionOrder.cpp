#include "ContractLoops.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

/// transpose(contract)  ==>  contract with its result in another order, which a product of matrices may write as it is.
struct FoldTransposeIntoContract final : OpRewritePattern<linalg::TransposeOp> {
  FoldTransposeIntoContract(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(linalg::TransposeOp op, PatternRewriter &rewriter) const override {
    auto contract = op.getInput().getDefiningOp<linalg::ContractOp>();
    auto fill = contract ? contract.getDpsInits()[0].getDefiningOp<linalg::FillOp>() : nullptr;
    if (!fill || !contract->hasOneUse() || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not of a contraction that alone is read and starts from one value");
    ArrayRef<int64_t> permutation = op.getPermutation();
    Value init = linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(), op.getInit()).getResult(0);
    SmallVector<AffineMap> maps = contract.getIndexingMapsArray();
    maps.back() = AffineMap::get(maps.back().getNumDims(), 0, applyPermutation(maps.back().getResults(), permutation),
                                 op.getContext());
    SmallVector<Value> operands(contract.getDpsInputs());
    operands.push_back(init);
    Operation *moved = clone(rewriter, contract, init.getType(), operands);
    moved->setAttr("indexing_maps", rewriter.getAffineMapArrayAttr(maps));
    rewriter.replaceOp(op, moved->getResults());
    return success();
  }
};

/// Columns that are several neighbouring dimensions of B and of the result (the heads and features of tokens that a map
/// shared by the heads moves) become one.
struct MergeColumns final : OpRewritePattern<linalg::ContractOp> {
  MergeColumns(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const override;

private:
  static AffineMap withoutLoop(AffineMap map, int64_t loop);
};

} // namespace

/// The map without the dimension that `loop` indexes, and without the loop.
AffineMap MergeColumns::withoutLoop(AffineMap map, int64_t loop) {
  SmallVector<AffineExpr> results;
  for (int64_t dim : loopsOf(map))
    if (dim != loop)
      results.push_back(getAffineDimExpr(dim - (dim > loop), map.getContext()));
  return AffineMap::get(map.getNumDims() - 1, 0, results, map.getContext());
}

LogicalResult MergeColumns::matchAndRewrite(linalg::ContractOp op, PatternRewriter &rewriter) const {
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  SmallVector<int64_t> result = loopsOf(op.getMatchingIndexingMap(op.getDpsInitOperand(0)));
  if (!fill || !op.hasPureTensorSemantics() || result.size() < 2)
    return rewriter.notifyMatchFailure(op, "accumulates, or has one dimension");
  int64_t outer = result[result.size() - 2], inner = result.back();
  OpOperand *columns = nullptr;
  for (OpOperand *operand : op.getDpsInputOperands()) {
    SmallVector<int64_t> loops = loopsOf(op.getMatchingIndexingMap(operand));
    auto *found = llvm::find(loops, outer);
    bool hasOuter = found != loops.end(), hasInner = llvm::is_contained(loops, inner);
    if (!hasOuter && !hasInner)
      continue;
    if (columns || !hasOuter || std::next(found) == loops.end() || *std::next(found) != inner)
      return rewriter.notifyMatchFailure(op, "the last dimensions of the result are no neighbours in one operand");
    columns = operand;
  }
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  if (!columns || ShapedType::isDynamic(extents[outer]) || ShapedType::isDynamic(extents[inner]))
    return rewriter.notifyMatchFailure(op, "the last dimensions are of dynamic size");

  auto merge = [&](Value value, int64_t dim) -> Value {
    SmallVector<ReassociationIndices> groups;
    for (int64_t index = 0, rank = cast<ShapedType>(value.getType()).getRank(); index < rank; ++index)
      if (index == dim + 1)
        groups.back().push_back(index);
      else
        groups.push_back({index});
    return tensor::CollapseShapeOp::create(rewriter, op.getLoc(), value, groups);
  };
  SmallVector<int64_t> loops = loopsOf(op.getMatchingIndexingMap(columns));
  SmallVector<Value> operands(op.getDpsInputs());
  operands[columns->getOperandNumber()] = merge(columns->get(), std::distance(loops.begin(), llvm::find(loops, outer)));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, op.getLoc(), fill.getOutputs()[0]), merged = sizes;
  merged.pop_back();
  merged.back() = rewriter.getIndexAttr(extents[outer] * extents[inner]);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value init = tensor::EmptyOp::create(rewriter, op.getLoc(), merged, type.getElementType());
  operands.push_back(linalg::FillOp::create(rewriter, op.getLoc(), fill.getInputs(), init).getResult(0));
  SmallVector<AffineMap> maps =
      llvm::map_to_vector(op.getIndexingMapsArray(), [&](AffineMap map) { return withoutLoop(map, outer); });
  Operation *product = clone(rewriter, op, init.getType(), operands);
  product->setAttr("indexing_maps", rewriter.getAffineMapArrayAttr(maps));
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim + 1 < type.getRank(); ++dim)
    groups.push_back({dim});
  groups.back().push_back(type.getRank() - 1);
  rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, type, product->getResult(0), groups, sizes);
  return success();
}

void vitc::populateContractionOrderPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldTransposeIntoContract, MergeColumns>(patterns.getContext());
}
