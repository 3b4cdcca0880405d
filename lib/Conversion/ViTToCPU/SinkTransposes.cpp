#include "Transposes.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

Value vitc::transpose(OpBuilder &builder, Location loc, Value input, ArrayRef<int64_t> permutation) {
  if (isIdentityPermutation(permutation))
    return input;
  SmallVector<OpFoldResult> sizes = applyPermutation(tensor::getMixedSizes(builder, loc, input), permutation);
  Value init = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(input));
  return linalg::TransposeOp::create(builder, loc, input, init, permutation)->getResult(0);
}

/// Whether a group of neighbouring dimensions has two dynamic sizes, into which upstream cannot expand a buffer.
static bool hasOpenGroup(RankedTensorType type, ArrayRef<ReassociationIndices> groups) {
  return llvm::any_of(groups, [&](const ReassociationIndices &group) {
    return llvm::count_if(group, [&](int64_t dim) { return type.isDynamicDim(dim); }) > 1;
  });
}

namespace {

/// elementwise(transpose(x), ..)  ==>  transpose(elementwise(x, ..)), so that it meets the transpose of a reader.
struct SinkTranspose final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (!isa<linalg::GenericOp, linalg::ElementwiseOp>(op) || !op.hasPureTensorSemantics() ||
        op.getNumDpsInits() != 1 || !linalg::isElementwise(op) || op.hasIndexSemantics())
      return rewriter.notifyMatchFailure(op, "not elementwise with one result");
    if (!op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
        !op.getDpsInits()[0].getDefiningOp<tensor::EmptyOp>())
      return rewriter.notifyMatchFailure(op, "its result is not made in order, or starts from a value");
    linalg::TransposeOp transpose = commonTranspose(op);
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "its full operands are not transposes by one permutation");
    rewrite(op, transpose, rewriter);
    return success();
  }

private:
  /// The transpose that every operand of the result's shape comes from, up to its input; null where they differ.
  static linalg::TransposeOp commonTranspose(linalg::LinalgOp op) {
    linalg::TransposeOp common;
    for (OpOperand *input : op.getDpsInputOperands()) {
      if (!op.getMatchingIndexingMap(input).isIdentity())
        continue;
      auto transpose = input->get().getDefiningOp<linalg::TransposeOp>();
      if (!transpose || (common && common.getPermutation() != transpose.getPermutation()))
        return {};
      common = transpose;
    }
    return common;
  }

  static void rewrite(linalg::LinalgOp op, linalg::TransposeOp transpose, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    ArrayRef<int64_t> permutation = transpose.getPermutation();
    SmallVector<AffineExpr> dims; // dimension i was dimension permutation[i] of the input
    for (int64_t dim : permutation)
      dims.push_back(rewriter.getAffineDimExpr(dim));
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand *input : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(input);
      operands.push_back(map.isIdentity() ? input->get().getDefiningOp<linalg::TransposeOp>().getInput()
                                          : input->get());
      maps.push_back(map.isIdentity() ? map : map.replaceDimsAndSymbols(dims, {}, dims.size(), 0));
    }
    maps.push_back(rewriter.getMultiDimIdentityMap(dims.size()));
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value init = tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, transpose.getInput()),
                                         type.getElementType());
    operands.push_back(init);
    Operation *before = clone(rewriter, op, init.getType(), operands);
    before->setAttr("indexing_maps", rewriter.getAffineMapArrayAttr(maps));
    rewriter.replaceOp(op, vitc::transpose(rewriter, loc, before->getResult(0), permutation));
  }
};

/// expand_shape(transpose(x))  ==>  transpose(expand_shape(x)): tokens that are transposed to be read as an image meet
/// the transpose of a convolution, which works on channel-last images.
struct SinkTransposeThroughExpand final : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp op, PatternRewriter &rewriter) const override {
    auto source = op.getSrc().getDefiningOp<linalg::TransposeOp>();
    if (!source)
      return rewriter.notifyMatchFailure(op, "not of a transpose");
    SmallVector<ReassociationIndices> groups = op.getReassociationIndices(), before(groups.size());
    RankedTensorType type = op.getResultType();
    if (hasOpenGroup(type, groups))
      return rewriter.notifyMatchFailure(op, "a group has two dynamic sizes");

    // Group d of the result is group permutation[d] of the input.
    ArrayRef<int64_t> permutation = source.getPermutation();
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), sizesBefore;
    SmallVector<int64_t> shape, fromBefore(type.getRank());
    for (int64_t dim = 0, rank = groups.size(); dim < rank; ++dim)
      for (int64_t to : groups[std::distance(permutation.begin(), llvm::find(permutation, dim))]) {
        before[dim].push_back(shape.size());
        fromBefore[to] = shape.size();
        shape.push_back(type.getDimSize(to));
        sizesBefore.push_back(sizes[to]);
      }
    Value expanded =
        tensor::ExpandShapeOp::create(rewriter, op.getLoc(), type.clone(shape), source.getInput(), before, sizesBefore);
    rewriter.replaceOp(op, transpose(rewriter, op.getLoc(), expanded, fromBefore));
    return success();
  }
};

/// collapse_shape(transpose(x))  ==>  transpose(collapse_shape(x)), where what is merged are neighbours in x, too.
struct SinkTransposeThroughCollapse final : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op, PatternRewriter &rewriter) const override {
    auto source = op.getSrc().getDefiningOp<linalg::TransposeOp>();
    if (!source)
      return rewriter.notifyMatchFailure(op, "not of a transpose");
    ArrayRef<int64_t> permutation = source.getPermutation();
    SmallVector<std::pair<ReassociationIndices, int64_t>> groups; // of the input, and which of the result each is
    for (auto [index, group] : llvm::enumerate(op.getReassociationIndices())) {
      ReassociationIndices of = llvm::map_to_vector<2>(group, [&](int64_t dim) { return permutation[dim]; });
      for (auto [dim, next] : llvm::zip(of, ArrayRef(of).drop_front()))
        if (next != dim + 1)
          return rewriter.notifyMatchFailure(op, "merges what are no neighbours in the transpose's input");
      groups.emplace_back(std::move(of), index);
    }
    llvm::sort(groups, [](const auto &lhs, const auto &rhs) { return lhs.first.front() < rhs.first.front(); });
    SmallVector<ReassociationIndices> before;
    SmallVector<int64_t> fromBefore(groups.size());
    for (auto [position, group] : llvm::enumerate(groups)) {
      before.push_back(group.first);
      fromBefore[group.second] = position;
    }
    Value collapsed = tensor::CollapseShapeOp::create(rewriter, op.getLoc(), source.getInput(), before);
    rewriter.replaceOp(op, transpose(rewriter, op.getLoc(), collapsed, fromBefore));
    return success();
  }
};

/// transpose(collapse_shape(transpose(x)))  ==>  collapse_shape(transpose(x)): blocks of an image that are put together
/// and read channel-last are copied once.
struct MergeTransposesAroundCollapse final : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op, PatternRewriter &rewriter) const override {
    auto collapse = op.getInput().getDefiningOp<tensor::CollapseShapeOp>();
    auto source = collapse ? collapse.getSrc().getDefiningOp<linalg::TransposeOp>() : nullptr;
    if (!source)
      return rewriter.notifyMatchFailure(op, "not of a collapsed transpose");
    SmallVector<ReassociationIndices> groups = collapse.getReassociationIndices(), merged;
    SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation()) {
      int64_t first = permutation.size();
      llvm::append_range(permutation, groups[dim]);
      merged.push_back(llvm::to_vector<2>(llvm::seq<int64_t>(first, permutation.size())));
    }
    // As one: a transpose of a transpose would sink below the new collapse again.
    SmallVector<int64_t> both = applyPermutation(source.getPermutation(), permutation);
    Value moved = transpose(rewriter, op.getLoc(), source.getInput(), both);
    rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(op, op->getResult(0).getType(), moved, merged);
    return success();
  }
};

} // namespace

void vitc::populateTransposeSinkingPatterns(RewritePatternSet &patterns) {
  linalg::TransposeOp::getCanonicalizationPatterns(patterns, patterns.getContext());
  patterns.add<SinkTranspose, SinkTransposeThroughExpand, SinkTransposeThroughCollapse, MergeTransposesAroundCollapse>(
      patterns.getContext());
}
