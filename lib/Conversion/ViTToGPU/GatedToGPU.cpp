#include "../ViTToCPU/RowsView.h"
#include "GemmProduct.h"
#include "IndexBuilder.h"
#include "Patterns.h"

#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {

/// The halves of a product's columns, one of which gates the other.
struct GatedProduct {
  vit::LinearOp linear;
  int64_t gate, up; ///< where their columns begin
  StringRef activation;

  int64_t columns() const { return cast<RankedTensorType>(linear->getResult(0).getType()).getShape().back() / 2; }
  /// Which row of the weight is row `row` of the kernel's, which has them in turns of eight, gates first.
  Value sourceOf(const IndexBuilder &index, Value row) const {
    Value half = index.div(index.rem(row, 16), 8);
    Value column = index.add(index.mul(index.div(row, 16), 8), index.rem(row, 8));
    return index.add(column, index.add(index.mul(half, up - gate), index.constant(gate)));
  }
};

} // namespace

/// Whether an open size of a slice may be less than that of its source: it is no size of a tensor.
static bool mayCutRows(tensor::ExtractSliceOp slice) {
  return llvm::any_of(slice.getSizes(), [](Value size) { return !size.getDefiningOp<tensor::DimOp>(); });
}

/// Half of the columns of a product, and where they begin.
static vit::LinearOp findHalf(Value value, int64_t &begin) {
  auto slice = value.getDefiningOp<tensor::ExtractSliceOp>();
  auto linear = slice ? slice.getSource().getDefiningOp<vit::LinearOp>() : vit::LinearOp();
  if (!linear || !slice.hasUnitStride() || mayCutRows(slice) ||
      slice.getType().getRank() != slice.getSourceType().getRank())
    return {};
  ArrayRef<int64_t> offsets = slice.getStaticOffsets();
  int64_t columns = slice.getSourceType().getShape().back();
  bool isHalf = llvm::all_of(offsets.drop_back(), [](int64_t offset) { return offset == 0; }) &&
                slice.getType().getShape().drop_back() == slice.getSourceType().getShape().drop_back() &&
                2 * slice.getType().getShape().back() == columns;
  begin = offsets.back();
  return isHalf && (begin == 0 || begin == columns / 2) ? linear : vit::LinearOp();
}

/// activation(gate) · up of the halves of a product that nothing else reads.
static std::optional<GatedProduct> findGated(Value activated, Value up) {
  Operation *function = activated.getDefiningOp();
  if (!function || !function->hasOneUse() || !up.hasOneUse())
    return std::nullopt;
  GatedProduct product;
  product.activation = nameActivation(function);
  if (product.activation.empty() || !function->getOperand(0).hasOneUse())
    return std::nullopt;
  product.linear = findHalf(function->getOperand(0), product.gate);
  if (!product.linear || product.linear != findHalf(up, product.up) || product.gate == product.up ||
      !product.linear.getEpilogue().empty() || !llvm::hasNItems(product.linear->getUses(), 2))
    return std::nullopt;
  return product;
}

namespace {

/// SwiGLU and the like (Shazeer, arXiv 2002.05202) as one product, whose kernel multiplies the halves.
struct GatedToGPU final : KernelPattern<linalg::ElementwiseOp> {
  using KernelPattern::KernelPattern;

  LogicalResult matchAndRewrite(linalg::ElementwiseOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != linalg::ElementwiseKind::mul ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
      return rewriter.notifyMatchFailure(op, "not the product of two tensors");
    Value lhs = op.getInputs()[0], rhs = op.getInputs()[1];
    std::optional<GatedProduct> gated = findGated(lhs, rhs);
    if (!gated)
      gated = findGated(rhs, lhs);
    if (!gated)
      return rewriter.notifyMatchFailure(op, "not a half of a product that gates the other");
    vit::LinearOp linear = gated->linear;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    RankedTensorType weight = linear.getWeight().getType(), input = linear.getInput().getType();
    if (!type.getElementType().isF32() || type.getRank() < 2 || !weight.hasStaticShape() ||
        input.isDynamicDim(input.getRank() - 1))
      return rewriter.notifyMatchFailure(op, "expected f32 and a static weight");
    EpilogueParts epilogue = EpilogueParts::of(linear);
    GemmProduct product(target, epilogue, countRows(input), weight.getNumElements() / input.getShape().back(),
                        paddedDepth(input.getShape().back()), gated->activation);
    if (std::string reason = product.whyUnsupported(); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);

    Location loc = op.getLoc();
    rewriter.setInsertionPoint(linear);
    Value a =
        padDepth(rewriter, loc, roundTo(target.stored(), rewriter, loc, viewAsRows(rewriter, loc, linear.getInput())));
    Value w = weaveRows(rewriter, *gated);
    if (linear.getBias())
      product.setBias(weaveBias(rewriter, *gated));
    ReifiedRankedShapedTypeDims shapes;
    (void)linear.reifyResultShapes(rewriter, shapes);
    SmallVector<OpFoldResult> sizes(shapes.front());
    sizes.back() = rewriter.getIndexAttr(gated->columns());
    rewriter.replaceOp(op, viewRowsAs(rewriter, loc, product.create(rewriter, loc, a, w), type, sizes));
    return success();
  }

private:
  /// The weight as (N, K), rounded, gates and what they gate in turns.
  Value weaveRows(PatternRewriter &rewriter, const GatedProduct &gated) const {
    vit::LinearOp linear = gated.linear;
    Location loc = linear.getLoc();
    int64_t depth = linear.getInput().getType().getShape().back();
    Value weight = roundWeight(target, rewriter, loc, linear.getWeight());
    SmallVector<OpFoldResult> sizes{rewriter.getIndexAttr(2 * gated.columns()),
                                    rewriter.getIndexAttr(paddedDepth(depth))};
    return generate(rewriter, loc, sizes, target.stored(), [&](const IndexBuilder &index) {
      Value row = gated.sourceOf(index, index.loop(0)), k = index.loop(1), inside = index.isBelow(k, depth);
      k = index.orZero(inside, k);
      return index.readInside(weight, linear.getTransposed() ? ValueRange{row, k} : ValueRange{k, row}, inside);
    });
  }

  static Value weaveBias(PatternRewriter &rewriter, const GatedProduct &gated) {
    vit::LinearOp linear = gated.linear;
    SmallVector<OpFoldResult> sizes{rewriter.getIndexAttr(2 * gated.columns())};
    return generate(rewriter, linear.getLoc(), sizes, rewriter.getF32Type(), [&](const IndexBuilder &index) {
      Value row = gated.sourceOf(index, index.loop(0));
      return index.read(linear.getBias(), row);
    });
  }
};

} // namespace

void vitc::populateViTGatedToGPUPatterns(RewritePatternSet &patterns, const KernelTarget &target) {
  patterns.add<GatedToGPU>(patterns.getContext(), target);
}
