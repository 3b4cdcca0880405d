#include "RowSlices.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Report.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

/// The columns of a projection, as one of its own.
static Value projectTo(vit::LinearOp linear, const Rows &columns, PatternRewriter &rewriter) {
  Location loc = linear.getLoc();
  int64_t dim = linear.getTransposed() ? 0 : 1;
  Value weight = takeRows(rewriter, loc, linear.getWeight(), {dim, columns.offset, columns.size});
  Value bias =
      linear.getBias() ? takeRows(rewriter, loc, linear.getBias(), {0, columns.offset, columns.size}) : Value();
  SmallVector<int64_t> shape(linear.getResult().getType().getShape());
  shape.back() = columns.size;
  return vit::LinearOp::create(rewriter, loc, linear.getResult().getType().clone(shape), linear.getInput(), weight,
                               bias, ValueRange(), linear.getTransposed(), rewriter.getArrayAttr({}));
}

/// Whether few of the tokens of (.., N, H, D) are read.
static bool hasLiveRows(Value heads) {
  int64_t rank = cast<RankedTensorType>(heads.getType()).getRank();
  return llvm::any_of(llvm::seq<int64_t>(0, rank - 2),
                      [&](int64_t dim) { return findLiveRows(heads, dim).has_value(); });
}

namespace {

/// Heads of a projection of which fewer rows are read than of the others  ==>  a projection of their own
struct SplitProjection final : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExtractSliceOp heads, PatternRewriter &rewriter) const override {
    std::optional<Rows> columns = matchRows(heads);
    auto expand = heads.getSource().getDefiningOp<tensor::ExpandShapeOp>();
    auto linear = expand ? expand.getSrc().getDefiningOp<vit::LinearOp>() : nullptr;
    if (!columns || !linear || !linear.getExtras().empty() || !linear.getEpilogue().empty() || !hasLiveRows(heads))
      return failure();
    // (.., N, H · D) read as (.., N, H, D), and heads of it.
    SmallVector<ReassociationIndices> groups = expand.getReassociationIndices();
    int64_t rank = expand.getResultType().getRank();
    if (groups.back().size() != 2 || columns->dim != rank - 2 || expand.getResultType().isDynamicDim(rank - 1))
      return failure();
    int64_t width = expand.getResultType().getDimSize(rank - 1);
    Rows part{0, columns->offset * width, columns->size * width};
    rewriter.setInsertionPoint(heads);
    Value narrow = projectTo(linear, part, rewriter);
    SmallVector<OpFoldResult> shape = heads.getMixedSizes();
    rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(heads, heads.getType(), narrow, groups, shape);
    return success();
  }
};

/// A projection of which some heads are never read  ==>  a narrower one
class NarrowProjection final : public OpRewritePattern<tensor::ExpandShapeOp> {
public:
  NarrowProjection(MLIRContext *context, SmallVectorImpl<std::string> &narrowed)
      : OpRewritePattern(context), narrowed(narrowed) {}

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp expand, PatternRewriter &rewriter) const override {
    auto linear = expand.getSrc().getDefiningOp<vit::LinearOp>();
    int64_t rank = expand.getResultType().getRank();
    SmallVector<ReassociationIndices> groups = expand.getReassociationIndices();
    if (!linear || !linear->hasOneUse() || !linear.getExtras().empty() || !linear.getEpilogue().empty() ||
        groups.back().size() != 2 || expand.getResultType().isDynamicDim(rank - 1))
      return failure();
    int64_t first = expand.getResultType().getDimSize(rank - 2), all = first, end = 0;
    SmallVector<tensor::ExtractSliceOp> readers;
    for (Operation *user : expand->getUsers()) {
      if (isa<tensor::DimOp>(user))
        continue;
      auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
      std::optional<Rows> heads = slice ? matchRows(slice) : std::nullopt;
      if (!heads || heads->dim != rank - 2)
        return failure();
      readers.push_back(slice);
      first = std::min(first, heads->offset);
      end = std::max(end, heads->offset + heads->size);
    }
    if (readers.empty() || end - first == all)
      return failure();
    int64_t width = expand.getResultType().getDimSize(rank - 1);
    rewriter.setInsertionPoint(expand);
    narrowed.push_back(nodeName(linear.getLoc()));
    Value narrow = projectTo(linear, {0, first * width, (end - first) * width}, rewriter);
    SmallVector<int64_t> shape(expand.getResultType().getShape());
    SmallVector<OpFoldResult> sizes = expand.getMixedOutputShape();
    shape[rank - 2] = end - first;
    sizes[rank - 2] = rewriter.getIndexAttr(end - first);
    Value heads = tensor::ExpandShapeOp::create(rewriter, expand.getLoc(), expand.getResultType().clone(shape), narrow,
                                                groups, sizes);
    for (tensor::ExtractSliceOp reader : readers) {
      Rows rows = *matchRows(reader);
      rewriter.setInsertionPoint(reader);
      rewriter.replaceOp(reader,
                         takeRows(rewriter, reader.getLoc(), heads, {rows.dim, rows.offset - first, rows.size}));
    }
    return success();
  }

private:
  SmallVectorImpl<std::string> &narrowed;
};

} // namespace

void vitc::populateSplitProjectionPatterns(RewritePatternSet &patterns, SmallVectorImpl<std::string> &narrowed) {
  patterns.add<SplitProjection>(patterns.getContext());
  patterns.add<NarrowProjection>(patterns.getContext(), narrowed);
}
