#include "Products.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/Transforms/PackConstant.h"
#include "vitc/Support/CostModel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace vitc;

PanelFormat PanelFormat::choose(const TargetInfo &target, Value operand) {
  Builder builder(operand.getContext());
  if (target.multipliesBF16())
    return {builder.getBF16Type(), 2};
  bool isStored = target.precision == Precision::BF16 && vcpu::ConstantView::get(operand);
  return {isStored ? Type(builder.getBF16Type()) : builder.getF32Type(), 1};
}

PanelFormat PanelFormat::chooseForGemm(const TargetInfo &target, Value operand, int64_t depth) {
  constexpr int64_t depthOfTile = 32;
  if (target.multipliesTiles() && depth % depthOfTile == 0)
    return {BFloat16Type::get(operand.getContext()), 2, /*tiles=*/true};
  return choose(target, operand);
}

Value vitc::packPanels(OpBuilder &builder, Location loc, const TargetInfo &target, Value operand,
                       const PanelSizes &sizes, ArrayRef<int64_t> permutation, PanelFormat format) {
  GemmSchedule schedule = chooseGemmSchedule(target);
  auto divide = [&](OpFoldResult size, int64_t divisor) {
    AffineExpr quotient = builder.getAffineSymbolExpr(0).ceilDiv(divisor);
    return affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, 1, quotient), {size});
  };
  SmallVector<OpFoldResult> shape = sizes.batch;
  shape.append({divide(sizes.columns, schedule.nr), divide(sizes.depth, format.interleave),
                builder.getIndexAttr(schedule.nr * format.interleave)});
  Value panels = tensor::EmptyOp::create(builder, loc, shape, format.element);
  return vcpu::PackOp::create(builder, loc, panels.getType(), operand, panels, permutation, schedule.lanes,
                              format.interleave)
      .getResult();
}

/// Room for what vcpu.strassen_rows gives of `rows` (M, K).
static Value createSums(OpBuilder &builder, Location loc, Value rows, int64_t group) {
  // An odd number of cache lines, so that the rows of a tile fall into different sets of L1.
  constexpr int64_t line = 16;
  int64_t depth = cast<ShapedType>(rows.getType()).getDimSize(1) / 2;
  AffineExpr halves = builder.getAffineSymbolExpr(0).floorDiv(group) * llvm::divideCeil(group, 2);
  OpFoldResult count = affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, 1, halves),
                                                             {tensor::getMixedSize(builder, loc, rows, 0)});
  SmallVector<OpFoldResult> shape{builder.getIndexAttr(4), count,
                                  builder.getIndexAttr((llvm::divideCeil(depth, line) | 1) * line)};
  return tensor::EmptyOp::create(builder, loc, shape, builder.getF32Type());
}

/// vcpu.strassen_gemm, with the sums that it multiplies.
static Gemm createStrassenGemm(OpBuilder &builder, Location loc, const GemmSchedule &schedule,
                               const GemmOperands &operands) {
  int64_t group = operands.group;
  Value sums = createSums(builder, loc, operands.rows, group);
  sums = vcpu::StrassenRowsOp::create(builder, loc, sums.getType(), operands.rows, sums, group, schedule.lanes)
             .getResult();
  auto gemm = vcpu::StrassenGemmOp::create(builder, loc, TypeRange(operands.output.getType()), operands.rows, sums,
                                           operands.panels, operands.extras, ValueRange(operands.output),
                                           builder.getAffineMapArrayAttr(operands.maps), group, schedule.mr,
                                           schedule.nr, schedule.lanes);
  return {gemm.getResult(0), gemm.getEpilogue()};
}

Gemm vitc::createGemm(OpBuilder &builder, Location loc, const TargetInfo &target, const GemmOperands &operands,
                      PanelFormat format) {
  GemmSchedule schedule = chooseGemmSchedule(target);
  constexpr int64_t rowsOfTiles = 32;
  ArrayRef<int64_t> rows = cast<ShapedType>(operands.rows.getType()).getShape();
  int64_t columns = cast<ShapedType>(operands.output.getType()).getShape().back();
  if (format.element.isF32() && savesByStrassen(target, {rows[rows.size() - 2], rows.back(), columns}, operands.group))
    return createStrassenGemm(builder, loc, schedule, operands);
  GemmChunk chunk =
      chooseGemmChunk(target, {rows[rows.size() - 2], rows.back(), columns}, /*isRounded=*/format.isOfPairs());
  auto gemm =
      vcpu::GemmOp::create(builder, loc, TypeRange(operands.output.getType()), operands.rows, operands.panels,
                           operands.extras, ValueRange(operands.output), builder.getAffineMapArrayAttr(operands.maps),
                           format.tiles ? rowsOfTiles : schedule.mr, schedule.nr, schedule.lanes, chunk.mc, chunk.packA,
                           format.isOfPairs(), format.tiles);
  return {gemm.getResult(0), gemm.getEpilogue()};
}

namespace {

/// strassen_rows(strassen_gemm)  ==>  strassen_gemm with the sums of its result.
struct SumQuadrantsInGemm final : OpRewritePattern<vcpu::StrassenRowsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vcpu::StrassenRowsOp op, PatternRewriter &rewriter) const override {
    auto gemm = op.getInput().getDefiningOp<vcpu::StrassenGemmOp>();
    if (!gemm || gemm.givesSums() || gemm.getGroup() != op.getGroup())
      return rewriter.notifyMatchFailure(op, "not of a product of the same groups whose sums are still to be formed");
    Location loc = gemm.getLoc();
    rewriter.setInsertionPoint(gemm);
    Value result = gemm.getOutputs()[0], sums = createSums(rewriter, loc, result, gemm.getGroup());
    auto both =
        vcpu::StrassenGemmOp::create(rewriter, loc, TypeRange{result.getType(), sums.getType()}, gemm.getA(),
                                     gemm.getSums(), gemm.getB(), gemm.getExtras(), ValueRange{result, sums},
                                     gemm.getExtraMaps(), gemm.getGroup(), gemm.getMr(), gemm.getNr(), gemm.getLanes());
    both.getEpilogue().takeBody(gemm.getEpilogue());
    rewriter.replaceOp(gemm, both.getResult(0));
    rewriter.replaceOpWithNewOp<tensor::CastOp>(op, op.getResult().getType(), both.getResult(1));
    return success();
  }
};

} // namespace

void vitc::populateStrassenPatterns(RewritePatternSet &patterns) {
  patterns.add<SumQuadrantsInGemm>(patterns.getContext());
}
