#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc::vit {
#define GEN_PASS_DEF_EXPANDSCORESPASS
#include "vitc/Dialect/ViT/Transforms/Passes.h.inc"
} // namespace vitc::vit

using namespace mlir;
using namespace vitc::vit;
using linalg::ElementwiseKind;

namespace {

/// Structured ops on tensors of named dimensions, as in an einsum: "bhmn" has one letter a dimension, "*" stands for
/// the batch dimensions.
class Expansion {
public:
  Expansion(Operation *op, int64_t batchRank, PatternRewriter &rewriter)
      : rewriter(rewriter), loc(op->getLoc()), batchRank(batchRank) {}

  /// Σ lhs · rhs over the letters that `out` lacks.
  Value contract(StringRef lhsDims, Value lhs, StringRef rhsDims, Value rhs, StringRef outDims) {
    std::string letters = outDims.str();
    for (char letter : lhsDims)
      if (!StringRef(letters).contains(letter))
        letters += letter;
    SmallVector<OpFoldResult> sizes(positionsOf(letters, outDims).size());
    for (auto [dims, value] : {std::pair(lhsDims, lhs), std::pair(rhsDims, rhs)})
      for (auto [dim, position] : llvm::enumerate(positionsOf(letters, dims)))
        if (position < static_cast<int64_t>(sizes.size()))
          sizes[position] = tensor::getMixedSize(rewriter, loc, value, dim);
    Type element = getElementTypeOrSelf(lhs);
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(element));
    Value init =
        linalg::FillOp::create(rewriter, loc, zero, tensor::EmptyOp::create(rewriter, loc, sizes, element).getResult())
            .getResult(0);
    SmallVector<Attribute> maps;
    for (StringRef dims : {lhsDims, rhsDims, outDims})
      maps.push_back(AffineMapAttr::get(mapOf(letters, dims)));
    return linalg::ContractOp::create(rewriter, loc, ValueRange{lhs, rhs}, ValueRange{init},
                                      rewriter.getArrayAttr(maps))
        ->getResult(0);
  }

  /// lhs ∘ rhs, whose letters are among lhs's.
  Value elementwise(ElementwiseKind kind, StringRef lhsDims, Value lhs, StringRef rhsDims, Value rhs) {
    AffineMap whole = mapOf(lhsDims, lhsDims);
    return elementwise(kind, lhs, rhs, {whole, mapOf(lhsDims, rhsDims), whole});
  }

  Value scale(Value value, const APFloat &factor) {
    if (factor.isExactlyValue(1.0))
      return value;
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    auto scalar = RankedTensorType::get({}, getElementTypeOrSelf(value));
    Value constant =
        arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(scalar, ArrayRef<APFloat>(factor)));
    AffineMap whole = rewriter.getMultiDimIdentityMap(rank);
    return elementwise(ElementwiseKind::mul, value, constant,
                       {whole, AffineMap::get(rank, 0, rewriter.getContext()), whole});
  }

  /// scores + addends, each of which broadcasts from the right.
  Value add(Value scores, ValueRange addends) {
    int64_t rank = cast<RankedTensorType>(scores.getType()).getRank();
    AffineMap whole = rewriter.getMultiDimIdentityMap(rank);
    for (Value addend : addends) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(addend.getType()).getShape();
      llvm::SmallBitVector units(shape.size());
      SmallVector<AffineExpr> read;
      for (auto [dim, extent] : llvm::enumerate(shape))
        if (extent == 1)
          units.set(dim);
        else
          read.push_back(rewriter.getAffineDimExpr(rank - shape.size() + dim));
      Value vector = units.any() ? tensor::dropGivenUnitDims(rewriter, loc, addend, units) : addend;
      scores = elementwise(ElementwiseKind::add, scores, vector,
                           {whole, AffineMap::get(rank, 0, read, rewriter.getContext()), whole});
    }
    return scores;
  }

  Value softmax(Value scores) {
    auto type = cast<RankedTensorType>(scores.getType());
    return linalg::SoftmaxOp::create(rewriter, loc, TypeRange(type), scores, emptyLike(scores),
                                     rewriter.getI64IntegerAttr(type.getRank() - 1))
        .getResult()[0];
  }

private:
  Value emptyLike(Value value) {
    return tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, value),
                                   getElementTypeOrSelf(value));
  }

  Value elementwise(ElementwiseKind kind, Value lhs, Value rhs, ArrayRef<AffineMap> maps) {
    return linalg::ElementwiseOp::create(rewriter, loc, ValueRange{lhs, rhs}, ValueRange{emptyLike(lhs)},
                                         linalg::ElementwiseKindAttr::get(rewriter.getContext(), kind),
                                         rewriter.getAffineMapArrayAttr(maps))
        ->getResult(0);
  }

  /// Where each dimension of `dims` stands among the dimensions of `letters`.
  SmallVector<int64_t> positionsOf(StringRef letters, StringRef dims) const {
    auto width = [&](char letter) { return letter == '*' ? batchRank : 1; };
    SmallVector<int64_t> positions;
    for (char letter : dims) {
      int64_t start = 0;
      for (char before : letters.take_until([&](char other) { return other == letter; }))
        start += width(before);
      for (int64_t i = 0; i < width(letter); ++i)
        positions.push_back(start + i);
    }
    return positions;
  }

  AffineMap mapOf(StringRef letters, StringRef dims) const {
    SmallVector<AffineExpr> results;
    for (int64_t position : positionsOf(letters, dims))
      results.push_back(rewriter.getAffineDimExpr(position));
    return AffineMap::get(positionsOf(letters, letters).size(), 0, results, rewriter.getContext());
  }

  PatternRewriter &rewriter;
  Location loc;
  int64_t batchRank;
};

struct ExpandScores final : OpRewritePattern<ScoresOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScoresOp op, PatternRewriter &rewriter) const override {
    Expansion expand(op, op.getResult().getType().getRank() - 3, rewriter);
    // Queries are the smaller of what a factor can stand at.
    Value scores = expand.contract("*mhd", expand.scale(op.getQuery(), op.getScale()), "*nhd", op.getKey(), "*hmn");
    rewriter.replaceOp(op, expand.add(scores, op.getAddends()));
    return success();
  }
};

struct ExpandAttend final : OpRewritePattern<AttendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttendOp op, PatternRewriter &rewriter) const override {
    Expansion expand(op, op.getResult().getType().getRank() - 3, rewriter);
    Value probs = op.getNormalized() ? op.getScores() : expand.softmax(expand.add(op.getScores(), op.getAddends()));
    SmallVector<Value> results{expand.contract("*hmn", probs, "*nhe", op.getValue(), "*mhe")};
    if (op.getProbs())
      results.push_back(probs);
    rewriter.replaceOp(op, results);
    return success();
  }
};

struct ExpandInherit final : OpRewritePattern<InheritOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(InheritOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType();
    Expansion expand(op, type.getRank() - 3, rewriter);
    Value scores = op.getScores();
    if (op.getTheta()) {
      SmallVector<int64_t> shape(cast<RankedTensorType>(scores.getType()).getShape());
      shape.back() = type.getShape().back();
      scores = LinearOp::create(rewriter, op.getLoc(), RankedTensorType::get(shape, type.getElementType()), scores,
                                op.getTheta(), op.getThetaBias(), ValueRange(), /*transposed=*/true,
                                rewriter.getArrayAttr({}));
    }
    if (op.getPsi())
      scores = expand.contract("pm", op.getPsi(), "*hmn", scores, "*hpn");
    if (op.getPsiBias())
      scores = expand.elementwise(ElementwiseKind::add, "*hpn", scores, "p", op.getPsiBias());
    rewriter.replaceOp(op, scores);
    return success();
  }
};

struct ExpandScoreDown final : OpRewritePattern<ScoreDownOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScoreDownOp op, PatternRewriter &rewriter) const override {
    int64_t stride = op.getStride();
    rewriter.replaceOpWithNewOp<ConvOp>(op, op.getResult().getType(), op.getScores(), op.getFilter(), op.getBias(),
                                        ValueRange(), ArrayRef<int64_t>{stride, stride}, ArrayRef<int64_t>{0, 0, 0, 0},
                                        ArrayRef<int64_t>{1, 1}, op.getGroups(),
                                        /*transposed=*/false, rewriter.getArrayAttr({}));
    return success();
  }
};

struct ExpandReattend final : OpRewritePattern<ReattendOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReattendOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    int64_t rank = type.getRank();
    Expansion expand(op, rank - 3, rewriter);
    // Queries and keys as one dimension: the combination is then one product a picture.
    SmallVector<ReassociationIndices> groups;
    for (int64_t dim = 0; dim < rank - 2; ++dim)
      groups.push_back({dim});
    groups.push_back({rank - 2, rank - 1});
    Value maps = tensor::CollapseShapeOp::create(rewriter, loc, op.getProbs(), groups);
    Value mixed = expand.contract("gh", op.getTheta(), "*hp", maps, "*gp");
    if (op.getShift())
      mixed = expand.elementwise(ElementwiseKind::add, "*gp", mixed, "g", op.getShift());
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(rewriter, shapes)))
      return failure();
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(op, type, mixed, groups, shapes.front());
    return success();
  }
};

/// An attention of which only the inside is read.
struct DropValues final : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    if (!op.getResult().use_empty() || op.getCausal())
      return failure();
    Value known = op.getScores() ? op.getScores() : op.getProbs();
    if (!known)
      return failure();
    Value scores = ScoresOp::create(rewriter, op.getLoc(), known.getType(), op.getQuery(), op.getKey(), op.getAddends(),
                                    op.getScaleAttr());
    Expansion expand(op, op.getResult().getType().getRank() - 3, rewriter);
    if (op.getProbs())
      rewriter.replaceAllUsesWith(op.getProbs(), expand.softmax(scores));
    if (op.getScores())
      rewriter.replaceAllUsesWith(op.getScores(), scores);
    rewriter.eraseOp(op);
    return success();
  }
};

struct ExpandScoresPass final : vitc::vit::impl::ExpandScoresPassBase<ExpandScoresPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandScores, ExpandAttend, ExpandInherit, ExpandScoreDown, ExpandReattend, DropValues>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
