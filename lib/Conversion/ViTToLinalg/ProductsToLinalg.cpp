#include "Epilogue.h"
#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Utils/Einsum.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace vitc;

static Value zeros(PatternRewriter &rewriter, Location loc, ArrayRef<OpFoldResult> sizes, Type element) {
  Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(element));
  Value empty = tensor::EmptyOp::create(rewriter, loc, sizes, element);
  return linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
}

namespace {

struct LinearToLinalg final : OpRewritePattern<vit::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::LinearOp op, PatternRewriter &rewriter) const override {
    auto epilogue = EpilogueParts::of(op);
    if (!epilogue.readsProjections())
      return rewriter.notifyMatchFailure(op, "an epilogue that reads no projection");
    int64_t rank = op.getResult().getType().getRank();
    vit::Einsum expand(rewriter, op.getLoc(), rank - 1);
    Value sums = expand.contract("*k", op.getInput(), op.getTransposed() ? "nk" : "kn", op.getWeight(), "*n");
    rewriter.replaceOp(op, applyEpilogue(rewriter, op.getLoc(), epilogue, sums, rank - 1));
    return success();
  }
};

/// The loops of a convolution over (batch, group, filter, y, x, channel, tap y, tap x).
class WindowLoops {
public:
  WindowLoops(PatternRewriter &rewriter, vit::ConvOp op) : rewriter(rewriter), op(op), loc(op.getLoc()) {}

  Value build() {
    int64_t groups = op.getGroups();
    Value image = op.getTransposed() ? spread() : pad(op.getInput(), op.getPads());
    Value filters = op.getTransposed() ? turnFilters() : op.getWeight();
    Value x = splitDim(image, 1, groups), w = splitDim(filters, 0, groups);
    auto batch = tensor::getMixedSize(rewriter, loc, image, 0), filter = tensor::getMixedSize(rewriter, loc, w, 1);
    Type element = op.getResult().getType().getElementType();
    Value init = zeros(rewriter, loc,
                       {batch, rewriter.getIndexAttr(groups), filter, countWindows(image, filters, 0),
                        countWindows(image, filters, 1)},
                       element);
    Value sums =
        linalg::GenericOp::create(rewriter, loc, TypeRange(init.getType()), ValueRange{x, w}, init, maps(), iterators(),
                                  [](OpBuilder &b, Location loc, ValueRange arguments) {
                                    Value product = arith::MulFOp::create(b, loc, arguments[0], arguments[1]);
                                    Value sum = arith::AddFOp::create(b, loc, arguments[2], product);
                                    linalg::YieldOp::create(b, loc, sum);
                                  })
            .getResult(0);
    return tensor::CollapseShapeOp::create(rewriter, loc, op.getResult().getType(), sums, mergeOf(4, 1));
  }

private:
  static SmallVector<ReassociationIndices> mergeOf(int64_t rank, int64_t dim) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t i = 0; i < rank; ++i)
      groups.push_back(i < dim ? ReassociationIndices{i} : ReassociationIndices{i + 1});
    groups[dim] = {dim, dim + 1};
    return groups;
  }

  /// Of a transposed convolution the image has been spread instead.
  int64_t strideOf(int64_t axis) { return op.getTransposed() ? 1 : op.getStrides()[axis]; }

  /// The windows along an axis of the padded image, whose extent may be open.
  OpFoldResult countWindows(Value image, Value filters, int64_t axis) {
    int64_t taps = cast<RankedTensorType>(filters.getType()).getDimSize(2 + axis);
    int64_t reach = op.getDilations()[axis] * (taps - 1);
    AffineExpr count = (rewriter.getAffineSymbolExpr(0) - (reach + 1)).floorDiv(strideOf(axis)) + 1;
    return affine::makeComposedFoldedAffineApply(rewriter, loc, AffineMap::get(0, 1, count),
                                                 {tensor::getMixedSize(rewriter, loc, image, 2 + axis)});
  }

  SmallVector<AffineMap> maps() {
    AffineExpr d[8];
    for (unsigned i = 0; i < 8; ++i)
      d[i] = rewriter.getAffineDimExpr(i);
    ArrayRef<int64_t> dilations = op.getDilations();
    MLIRContext *context = rewriter.getContext();
    return {AffineMap::get(
                8, 0,
                {d[0], d[1], d[5], d[3] * strideOf(0) + d[6] * dilations[0], d[4] * strideOf(1) + d[7] * dilations[1]},
                context),
            AffineMap::get(8, 0, {d[1], d[2], d[5], d[6], d[7]}, context),
            AffineMap::get(8, 0, {d[0], d[1], d[2], d[3], d[4]}, context)};
  }

  static SmallVector<utils::IteratorType> iterators() {
    SmallVector<utils::IteratorType> loops(8, utils::IteratorType::parallel);
    std::fill(loops.begin() + 5, loops.end(), utils::IteratorType::reduction);
    return loops;
  }

  /// (.., C, ..) as (.., count, C / count, ..).
  Value splitDim(Value value, int64_t dim, int64_t count) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, value);
    int64_t rest = shape[dim] / count;
    shape[dim] = rest;
    shape.insert(shape.begin() + dim, count);
    sizes[dim] = rewriter.getIndexAttr(rest);
    sizes.insert(sizes.begin() + dim, rewriter.getIndexAttr(count));
    return tensor::ExpandShapeOp::create(rewriter, loc, RankedTensorType::get(shape, type.getElementType()), value,
                                         mergeOf(4, dim), sizes);
  }

  /// `pads` are top, left, bottom, right.
  Value pad(Value image, ArrayRef<int64_t> pads) {
    if (llvm::all_of(pads, [](int64_t size) { return size == 0; }))
      return image;
    auto type = cast<RankedTensorType>(image.getType());
    auto attr = [&](int64_t size) -> OpFoldResult { return rewriter.getIndexAttr(size); };
    SmallVector<OpFoldResult> low{attr(0), attr(0), attr(pads[0]), attr(pads[1])};
    SmallVector<OpFoldResult> high{attr(0), attr(0), attr(pads[2]), attr(pads[3])};
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
    return tensor::PadOp::create(rewriter, loc, Type(), image, low, high, zero);
  }

  /// What a transposed convolution reads as a plain one of stride 1: the image with stride − 1 zeros between its
  /// elements, in a border such that each tap of each output finds its place. Its sizes are static.
  Value spread() {
    RankedTensorType input = op.getInput().getType(), output = op.getResult().getType();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, op.getInput());
    SmallVector<OpFoldResult> extents(sizes), offsets(4, rewriter.getIndexAttr(0)), steps(4, rewriter.getIndexAttr(1));
    for (int64_t axis = 0; axis < 2; ++axis) {
      int64_t reach = (op.getWeight().getType().getDimSize(2 + axis) - 1) * op.getDilations()[axis];
      int64_t offset = reach - op.getPads()[axis], extent = output.getDimSize(2 + axis) + reach;
      offsets[2 + axis] = rewriter.getIndexAttr(offset);
      extents[2 + axis] = rewriter.getIndexAttr(extent);
      steps[2 + axis] = rewriter.getIndexAttr(op.getStrides()[axis]);
    }
    Value border = zeros(rewriter, loc, extents, input.getElementType());
    return tensor::InsertSliceOp::create(rewriter, loc, op.getInput(), border, offsets, sizes, steps);
  }

  /// (C, F / groups, kh, kw) as (F, C / groups, kh, kw), the taps backwards.
  Value turnFilters() {
    RankedTensorType type = op.getWeight().getType();
    int64_t groups = op.getGroups(), share = type.getDimSize(0) / groups, filters = type.getDimSize(1);
    auto turned =
        RankedTensorType::get({groups * filters, share, type.getDimSize(2), type.getDimSize(3)}, type.getElementType());
    Value init = tensor::EmptyOp::create(rewriter, loc, turned.getShape(), turned.getElementType());
    SmallVector<AffineMap> identity{rewriter.getMultiDimIdentityMap(4)};
    SmallVector<utils::IteratorType> parallel(4, utils::IteratorType::parallel);
    return linalg::GenericOp::create(
               rewriter, loc, TypeRange(turned), ValueRange(), init, identity, parallel,
               [&](OpBuilder &b, Location loc, ValueRange) {
                 auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
                 auto index = [&](int64_t dim) -> Value { return linalg::IndexOp::create(b, loc, dim); };
                 auto backwards = [&](int64_t dim) -> Value {
                   return arith::SubIOp::create(b, loc, constant(type.getDimSize(dim) - 1), index(dim));
                 };
                 Value group = arith::DivUIOp::create(b, loc, index(0), constant(filters));
                 Value filter = arith::RemUIOp::create(b, loc, index(0), constant(filters));
                 Value channel = arith::MulIOp::create(b, loc, group, constant(share));
                 channel = arith::AddIOp::create(b, loc, channel, index(1));
                 Value element = tensor::ExtractOp::create(b, loc, op.getWeight(),
                                                           ValueRange{channel, filter, backwards(2), backwards(3)});
                 linalg::YieldOp::create(b, loc, element);
               })
        .getResult(0);
  }

  PatternRewriter &rewriter;
  vit::ConvOp op;
  Location loc;
};

struct ConvToLinalg final : OpRewritePattern<vit::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    RankedTensorType image = op.getInput().getType(), weight = op.getWeight().getType(),
                     output = op.getResult().getType();
    auto epilogue = EpilogueParts::of(op);
    if (!weight.hasStaticShape() || image.isDynamicDim(1) || !epilogue.readsProjections())
      return rewriter.notifyMatchFailure(op, "channels are not static, or an epilogue reads no projection");
    if (op.getTransposed() && (output.isDynamicDim(2) || output.isDynamicDim(3) || !fitsBorder(op)))
      return rewriter.notifyMatchFailure(op, "a transposed convolution of dynamic size, or padded beyond its kernel");
    rewriter.replaceOp(op, applyEpilogue(rewriter, op.getLoc(), epilogue, WindowLoops(rewriter, op).build(), 1));
    return success();
  }

private:
  /// Whether the spread image starts inside its border.
  static bool fitsBorder(vit::ConvOp op) {
    for (int64_t axis = 0; axis < 2; ++axis) {
      int64_t reach = (op.getWeight().getType().getDimSize(2 + axis) - 1) * op.getDilations()[axis];
      int64_t input = op.getInput().getType().getDimSize(2 + axis),
              output = op.getResult().getType().getDimSize(2 + axis);
      int64_t offset = reach - op.getPads()[axis];
      if (offset < 0 || offset + (input - 1) * op.getStrides()[axis] + 1 > output + reach)
        return false;
    }
    return true;
  }
};

} // namespace

void vitc::populateViTProductsToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvToLinalg, LinearToLinalg>(patterns.getContext());
}
