#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

/// (B.., tokens, H, D) with its dimensions of the batch as groups of one that is first.
static SmallVector<ReassociationIndices> groupBatch(int64_t rank) {
  int64_t more = std::max<int64_t>(rank, 4) - 4;
  SmallVector<ReassociationIndices> groups(1);
  for (int64_t dim = 0; dim <= more; ++dim)
    groups.front().push_back(dim);
  for (int64_t dim = more + 1; dim < more + 4; ++dim)
    groups.push_back({dim});
  return groups;
}

/// (B.., tokens, H, D) as (B, tokens, H, D).
static Value viewAsBatch(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getRank() == 4)
    return tensor;
  if (type.getRank() > 4)
    return tensor::CollapseShapeOp::create(builder, loc, tensor, groupBatch(type.getRank()));
  SmallVector<int64_t> shape{1};
  llvm::append_range(shape, type.getShape());
  SmallVector<ReassociationIndices> groups{{0, 1}, {2}, {3}};
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(shape), tensor, groups);
}

/// The inverse of viewAsBatch: `sizes` are those of the result.
static Value viewBatchAs(OpBuilder &builder, Location loc, Value tensor, RankedTensorType type,
                         ArrayRef<OpFoldResult> sizes) {
  if (type.getRank() == 4)
    return tensor;
  if (type.getRank() > 4)
    return tensor::ExpandShapeOp::create(builder, loc, type, tensor, groupBatch(type.getRank()), sizes);
  SmallVector<ReassociationIndices> groups{{0, 1}, {2}, {3}};
  return tensor::CollapseShapeOp::create(builder, loc, type, tensor, groups);
}

namespace {

/// The addends of an attention, and its causal mask, as the one bias that the kernel takes.
class BiasBuilder {
public:
  explicit BiasBuilder(vit::AttentionOp op) : op(op), type(op.getQuery().getType()) {
    int64_t rank = type.getRank();
    heads = type.getDimSize(rank - 2);
    queries = type.getDimSize(rank - 3);
    keys = op.getKey().getType().getDimSize(rank - 3);
  }

  /// Why there is no such bias; empty where there is, of so many `batches` (0 for none).
  std::string read() {
    if (op.getAddends().empty() && !op.getCausal())
      return "";
    if (op.getZeroMasked())
      return "rows that a mask empties are to be zero";
    batches = 1;
    for (Value addend : op.getAddends()) {
      auto added = cast<RankedTensorType>(addend.getType());
      if (!added.getElementType().isF32() || !added.hasStaticShape())
        return "expected addends of f32 and static sizes";
      int64_t number = 1, read = 1;
      bool isOpen = false;
      for (int64_t dim = added.getRank() - 4; dim >= 0; --dim) {
        int64_t extent = type.getDimSize(dim + type.getRank() - added.getRank());
        isOpen |= ShapedType::isDynamic(extent);
        number *= isOpen ? 1 : extent;
        if (added.getDimSize(dim) == 1)
          continue;
        if (isOpen)
          return "a bias of an open number of batches";
        read = number;
      }
      batches = std::max(batches, read);
    }
    return "";
  }

  /// f32 (batches, H, M, columns), times log2(e), with zeros behind the keys. Numbers that this takes below the least
  /// are that, so that only minus infinity masks.
  Value build(OpBuilder &builder, int64_t columns) {
    Location loc = op.getLoc();
    SmallVector<int64_t> batchDims = getBatchDims(), shape = batchDims;
    shape.append({heads, queries, keys});
    auto result = RankedTensorType::get(shape, builder.getF32Type());
    int64_t rank = result.getRank();
    SmallVector<AffineMap> maps;
    SmallVector<Value> addends;
    for (Value addend : op.getAddends())
      addends.push_back(broadcast(builder, addend, rank, maps));
    maps.push_back(builder.getMultiDimIdentityMap(rank));
    Value init = tensor::EmptyOp::create(builder, loc, shape, builder.getF32Type());
    SmallVector<utils::IteratorType> parallel(rank, utils::IteratorType::parallel);
    Value bias =
        linalg::GenericOp::create(builder, loc, TypeRange(result), addends, init, maps, parallel,
                                  [&](OpBuilder &b, Location loc, ValueRange arguments) {
                                    linalg::YieldOp::create(b, loc, compute(b, loc, arguments.drop_back(), rank));
                                  })
            .getResult(0);
    bias = viewAsBatch(builder, loc, bias);
    if (columns == keys)
      return bias;
    Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
    SmallVector<OpFoldResult> low(4, builder.getIndexAttr(0)), high = low;
    high.back() = builder.getIndexAttr(columns - keys);
    return tensor::PadOp::create(builder, loc,
                                 RankedTensorType::get({batches, heads, queries, columns}, result.getElementType()),
                                 bias, low, high, zero);
  }

  int64_t batches = 0;

private:
  /// The innermost dimensions of the batch that the addends tell apart, at least one.
  SmallVector<int64_t> getBatchDims() {
    SmallVector<int64_t> dims;
    int64_t number = 1;
    for (int64_t dim = type.getRank() - 4; dim >= 0 && number < batches; --dim) {
      dims.insert(dims.begin(), type.getDimSize(dim));
      number *= type.getDimSize(dim);
    }
    if (dims.empty())
      dims.push_back(1);
    return dims;
  }

  /// The addend without the dimensions that are 1, and where its others are among `rank` ones.
  Value broadcast(OpBuilder &builder, Value addend, int64_t rank, SmallVectorImpl<AffineMap> &maps) {
    auto added = cast<RankedTensorType>(addend.getType());
    SmallVector<AffineExpr> read;
    SmallVector<int64_t> shape;
    for (auto [dim, extent] : llvm::enumerate(added.getShape())) {
      if (extent == 1)
        continue;
      shape.push_back(extent);
      read.push_back(builder.getAffineDimExpr(rank - added.getRank() + dim));
    }
    maps.push_back(AffineMap::get(rank, 0, read, builder.getContext()));
    auto reduced = RankedTensorType::get(shape, added.getElementType());
    if (reduced == added)
      return addend;
    SmallVector<OpFoldResult> offsets(added.getRank(), builder.getIndexAttr(0)),
        strides(added.getRank(), builder.getIndexAttr(1)),
        sizes = getAsIndexOpFoldResult(builder.getContext(), added.getShape());
    return tensor::ExtractSliceOp::create(builder, op.getLoc(), reduced, addend, offsets, sizes, strides);
  }

  Value compute(OpBuilder &b, Location loc, ValueRange addends, int64_t rank) {
    auto constant = [&](const APFloat &number) -> Value {
      return arith::ConstantOp::create(b, loc, b.getFloatAttr(b.getF32Type(), number));
    };
    const llvm::fltSemantics &single = APFloat::IEEEsingle();
    Value infinity = constant(APFloat::getInf(single, /*Negative=*/true)), sum;
    for (Value addend : addends)
      sum = sum ? arith::AddFOp::create(b, loc, sum, addend).getResult() : addend;
    if (!sum)
      sum = constant(APFloat(0.0f));
    Value scaled = arith::MulFOp::create(b, loc, sum, constant(APFloat(1.44269504f)));
    Value finite = arith::MaximumFOp::create(b, loc, scaled, constant(APFloat::getLargest(single, /*Negative=*/true)));
    Value isMasked = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, sum, infinity);
    if (op.getCausal()) {
      Value query = linalg::IndexOp::create(b, loc, rank - 2), key = linalg::IndexOp::create(b, loc, rank - 1);
      Value last = arith::AddIOp::create(b, loc, query, arith::ConstantIndexOp::create(b, loc, keys - queries));
      Value isLater = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sgt, key, last);
      isMasked = arith::OrIOp::create(b, loc, isMasked, isLater);
    }
    return arith::SelectOp::create(b, loc, isMasked, infinity, finite);
  }

  vit::AttentionOp op;
  RankedTensorType type;
  int64_t heads, queries, keys;
};

struct AttentionToGPU final : KernelPattern<vit::AttentionOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(vit::AttentionOp op, PatternRewriter &rewriter) const override {
    RankedTensorType query = op.getQuery().getType(), key = op.getKey().getType(), value = op.getValue().getType();
    if ((op.getScores() && op.getProbs()) || op.getSoftcap() || !op.hasOwnKeys())
      return rewriter.notifyMatchFailure(op, "a kind of attention without a kernel");
    for (RankedTensorType type : {query, key, value})
      if (!type.getElementType().isF32() || llvm::any_of(type.getShape().take_back(3), ShapedType::isDynamic))
        return rewriter.notifyMatchFailure(op, "expected f32 and static numbers of tokens, heads and features");
    BiasBuilder bias(op);
    if (std::string reason = bias.read(); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    vgpu::AttentionConfig config =
        vgpu::chooseAttention(target.kernelElement(), query.getShape().end()[-3], key.getShape().end()[-3],
                              query.getShape().back(), op.getScale().convertToDouble(), bias.batches,
                              op.getScores()  ? vgpu::AttentionTap::Scores
                              : op.getProbs() ? vgpu::AttentionTap::Probabilities
                                              : vgpu::AttentionTap::None,
                              value.getShape().back(), /*mmaSync=*/target.multipliesTokensByWarps());
    if (std::string reason = vgpu::whyUnsupported(config); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    auto prepare = [&](Value operand) {
      return viewAsBatch(rewriter, loc, roundTo(target.stored(), rewriter, loc, operand));
    };
    Value q = prepare(op.getQuery()), k = prepare(op.getKey()), v = prepare(op.getValue());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, q);
    sizes.back() = rewriter.getIndexAttr(value.getShape().back());
    SmallVector<Value> inits{tensor::EmptyOp::create(rewriter, loc, sizes, target.stored())};
    if (config.tap != vgpu::AttentionTap::None) {
      std::swap(sizes[1], sizes[2]);
      sizes.back() = rewriter.getIndexAttr(config.keys);
      inits.push_back(tensor::EmptyOp::create(rewriter, loc, sizes, rewriter.getF32Type()));
    }
    Value added = bias.batches ? bias.build(rewriter, biasColumns(config)) : Value();
    auto attention = vgpu::AttentionOp::create(rewriter, loc, TypeRange(inits), q, k, v, added, inits,
                                               op.getScaleAttr(), op.getProbs() ? rewriter.getUnitAttr() : UnitAttr(),
                                               config.mmaSync ? rewriter.getUnitAttr() : UnitAttr());
    ReifiedRankedShapedTypeDims shapes;
    (void)op.reifyResultShapes(rewriter, shapes);
    SmallVector<Value> results;
    for (auto [made, result, shape] : llvm::zip(attention.getResults(), op.getResults(), shapes)) {
      auto type = cast<RankedTensorType>(result.getType());
      Value viewed = viewBatchAs(rewriter, loc, made, type.clone(getElementTypeOrSelf(made)), shape);
      results.push_back(widenToF32(rewriter, loc, viewed));
    }
    rewriter.replaceOp(op, results);
    return success();
  }
};

} // namespace

void vitc::populateViTAttentionToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<AttentionToGPU>(patterns.getContext(), target);
}
