#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

/// A transpose that swaps two groups of neighbouring dimensions, as channel-first and channel-last images do:
/// (batch.., K.., N..) → (batch.., N.., K..) packs into one panel as wide as the last group.
struct TransposeToPack final : OpRewritePattern<linalg::TransposeOp> {
  TransposeToPack(MLIRContext *context, const TargetInfo &target)
      : OpRewritePattern(context), lanes(target.lanes(sizeof(float))) {}

  LogicalResult matchAndRewrite(linalg::TransposeOp op, PatternRewriter &rewriter) const override {
    auto input = cast<TypedValue<RankedTensorType>>(op.getInput());
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    ArrayRef<int64_t> permutation = op.getPermutation();
    int64_t rank = type.getRank(), batch = 0;
    while (batch < rank && permutation[batch] == batch)
      ++batch;
    if (batch == rank || !type.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "not a transpose of f32");
    int64_t moved = permutation[batch]; // input dimensions [batch, moved) go behind [moved, rank)
    for (int64_t dim = batch; dim < rank; ++dim)
      if (permutation[dim] != (moved - batch + dim - batch) % (rank - batch) + batch)
        return rewriter.notifyMatchFailure(op, "does not swap two groups of neighbouring dimensions");
    ArrayRef<int64_t> last = type.getShape().take_back(moved - batch);
    if (ShapedType::isDynamicShape(last))
      return rewriter.notifyMatchFailure(op, "the last group has a dynamic size");
    // Upstream cannot expand a buffer into two dynamic sizes.
    if (llvm::count_if(type.getShape().slice(batch, rank - moved), ShapedType::isDynamic) > 1)
      return rewriter.notifyMatchFailure(op, "a group has two dynamic sizes");
    rewriter.replaceOp(op, pack(op, input, type, batch, moved, rewriter));
    return success();
  }

private:
  Value pack(linalg::TransposeOp op, Value input, RankedTensorType type, int64_t batch, int64_t moved,
             PatternRewriter &rewriter) const;

  int64_t lanes;
};

} // namespace

/// `single` dimensions by themselves, then groups of dimensions that end before each of `ends`.
static SmallVector<ReassociationIndices> groupDims(int64_t single, ArrayRef<int64_t> ends) {
  SmallVector<ReassociationIndices> groups;
  int64_t dim = 0;
  for (; dim < single; ++dim)
    groups.push_back({dim});
  for (int64_t end : ends) {
    ReassociationIndices group;
    for (; dim < end; ++dim)
      group.push_back(dim);
    groups.push_back(group);
  }
  return groups;
}

Value TransposeToPack::pack(linalg::TransposeOp op, Value input, RankedTensorType type, int64_t batch, int64_t moved,
                            PatternRewriter &rewriter) const {
  Location loc = op.getLoc();
  int64_t rank = type.getRank();
  // (batch.., N.., K..) → (batch.., N, K)
  Value matrix = input;
  if (rank > batch + 2)
    matrix = tensor::CollapseShapeOp::create(rewriter, loc, input, groupDims(batch, {moved, rank}));
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, matrix);
  SmallVector<OpFoldResult> packedSizes(ArrayRef(sizes).take_front(batch));
  packedSizes.append({rewriter.getIndexAttr(1), sizes[batch + 1], sizes[batch]});
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq(batch));
  permutation.append({batch + 1, batch});
  Value init = tensor::EmptyOp::create(rewriter, loc, packedSizes, type.getElementType());
  Value packed = vcpu::PackOp::create(rewriter, loc, init.getType(), matrix, init, permutation, lanes).getResult();
  // (batch.., 1, K, N) → (batch.., K, N) → (batch.., K.., N..)
  SmallVector<ReassociationIndices> dropOne = groupDims(batch, {batch + 2, batch + 3});
  Value swapped = tensor::CollapseShapeOp::create(rewriter, loc, packed, dropOne);
  if (rank == batch + 2)
    return swapped;
  int64_t inner = rank - moved;
  return tensor::ExpandShapeOp::create(rewriter, loc, type, swapped, groupDims(batch, {batch + inner, rank}),
                                       tensor::getMixedSizes(rewriter, loc, op.getInit()));
}

void vitc::populateTransposeToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<TransposeToPack>(patterns.getContext(), target);
}
