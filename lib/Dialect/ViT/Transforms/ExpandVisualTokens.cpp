#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc::vit {
#define GEN_PASS_DEF_EXPANDVISUALTOKENSPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc::vit;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

/// Each dimension by itself, but for `dim`, which is two.
static SmallVector<ReassociationIndices> splitDim(int64_t rank, int64_t dim) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < rank; ++i)
    groups.push_back(i < dim    ? ReassociationIndices{i}
                     : i == dim ? ReassociationIndices{i, i + 1}
                                : ReassociationIndices{i + 1});
  return groups;
}

/// (.., d, ..) → (.., 1, d, ..) or, `after`, (.., d, 1, ..), for dimension `dim`.
static Value addHead(OpBuilder &builder, Location loc, Value value, int64_t dim, bool after) {
  RankedTensorType type = typeOf(value);
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  shape.insert(shape.begin() + dim + after, 1);
  sizes.insert(sizes.begin() + dim + after, builder.getIndexAttr(1));
  return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
                                       splitDim(type.getRank(), dim), sizes);
}

/// (B.., N, D) → (B.., N, 1, D).
static Value rowsAsHead(OpBuilder &builder, Location loc, Value rows) {
  return addHead(builder, loc, rows, typeOf(rows).getRank() - 2, /*after=*/true);
}

/// (B.., N, 1, D) → (B.., N, D), and (B.., 1, M, N) → (B.., M, N).
static Value dropHead(OpBuilder &builder, Location loc, Value value) {
  int64_t rank = typeOf(value).getRank() - 1;
  return tensor::CollapseShapeOp::create(builder, loc, value, splitDim(rank, rank - 2));
}

/// (L, C) → (B.., L, C), the same for all pictures of `x`.
static Value repeatInBatch(OpBuilder &builder, Location loc, Value weights, Value x) {
  int64_t batches = typeOf(x).getRank() - 2;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, x);
  sizes.truncate(batches);
  llvm::append_range(sizes, tensor::getMixedSizes(builder, loc, weights));
  Type element = getElementTypeOrSelf(weights);
  if (llvm::all_of(typeOf(x).getShape().drop_back(2), [](int64_t extent) { return extent == 1; })) {
    SmallVector<int64_t> shape(batches, 1);
    llvm::append_range(shape, typeOf(weights).getShape());
    ReassociationIndices leading = llvm::to_vector<2>(llvm::seq<int64_t>(0, batches + 1));
    return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(shape, element), weights,
                                         ArrayRef<ReassociationIndices>{leading, {batches + 1}}, sizes);
  }
  Value init = tensor::EmptyOp::create(builder, loc, sizes, element);
  SmallVector<int64_t> added = llvm::to_vector(llvm::seq<int64_t>(0, batches));
  return linalg::BroadcastOp::create(builder, loc, weights, init, added).getResults()[0];
}

namespace {

/// An attention of one head; the result, and the probabilities where they are wanted.
struct OneHead {
  Value rows, maps;
};

static OneHead attend(OpBuilder &builder, Location loc, Value query, Value key, Value value, ValueRange addends,
                      FloatAttr scale, bool maps) {
  Value q = rowsAsHead(builder, loc, query), k = rowsAsHead(builder, loc, key), v = rowsAsHead(builder, loc, value);
  int64_t rank = typeOf(q).getRank();
  SmallVector<int64_t> result(typeOf(q).getShape());
  result.back() = typeOf(v).getShape().back();
  SmallVector<int64_t> probs(typeOf(q).getShape().drop_back(3));
  probs.append({1, typeOf(q).getDimSize(rank - 3), typeOf(k).getDimSize(rank - 3)});
  Type element = typeOf(q).getElementType();
  auto attention = AttentionOp::create(builder, loc, RankedTensorType::get(result, element), Type(),
                                       maps ? RankedTensorType::get(probs, element) : Type(), q, k, v, addends, scale,
                                       UnitAttr(), FloatAttr(), UnitAttr());
  return {dropHead(builder, loc, attention.getResult()), maps ? dropHead(builder, loc, attention.getProbs()) : Value()};
}

struct ExpandTokenize final : OpRewritePattern<TokenizeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(TokenizeOp op, PatternRewriter &rewriter) const override {
    bool isShared = typeOf(op.getWeights()).getRank() == 2;
    Value weights =
        isShared ? repeatInBatch(rewriter, op.getLoc(), op.getWeights(), op.getX()) : Value(op.getWeights());
    OneHead parts = attend(rewriter, op.getLoc(), weights, op.getX(), op.getValues() ? op.getValues() : op.getX(),
                           ValueRange(), op.getScaleAttr(), op.getMaps() != nullptr);
    rewriter.replaceOp(op, parts.maps ? ValueRange{parts.rows, parts.maps} : ValueRange{parts.rows});
    return success();
  }
};

struct ExpandProject final : OpRewritePattern<ProjectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ProjectOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<Value> addends;
    for (Value addend : op.getAddends()) { // (.., P, L) → (.., 1, P, L)
      int64_t rank = typeOf(addend).getRank();
      addends.push_back(rank > 2 ? addHead(rewriter, loc, addend, rank - 2, /*after=*/false) : addend);
    }
    OneHead parts = attend(rewriter, loc, op.getQuery(), op.getKey(), op.getValue(), addends, op.getScaleAttr(),
                           op.getMaps() != nullptr);
    Value init = tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getX()),
                                         getElementTypeOrSelf(op.getX()));
    Value sum =
        linalg::ElementwiseOp::create(rewriter, loc, ValueRange{op.getX(), parts.rows}, ValueRange{init},
                                      linalg::ElementwiseKindAttr::get(op.getContext(), linalg::ElementwiseKind::add),
                                      rewriter.getAffineMapArrayAttr(SmallVector<AffineMap>(
                                          3, rewriter.getMultiDimIdentityMap(typeOf(op.getX()).getRank()))))
            ->getResult(0);
    rewriter.replaceOp(op, parts.maps ? ValueRange{sum, parts.maps} : ValueRange{sum});
    return success();
  }
};

struct ExpandVisualTokensPass final : vitc::vit::impl::ExpandVisualTokensPassBase<ExpandVisualTokensPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandTokenize, ExpandProject>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
