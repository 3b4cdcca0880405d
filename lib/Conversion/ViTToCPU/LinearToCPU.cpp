#include "Epilogue.h"
#include "Products.h"
#include "RowsView.h"

#include "vitc/Conversion/ViTToCPU/ViTToCPU.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace vitc;

namespace {

/// An operand of the epilogue, as vcpu.gemm reads it.
struct GemmExtra {
  Value value;
  AffineMap map; ///< from (m, n)
};

struct LinearToCPU final : OpRewritePattern<vit::LinearOp> {
  LinearToCPU(MLIRContext *context, const TargetInfo &target) : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(vit::LinearOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResult().getType();
    if (!type.getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "only f32 is supported");
    if (type.getRank() == 1 && (!op.getExtras().empty() || op.getInput().getType().isDynamicDim(0)))
      return rewriter.notifyMatchFailure(op, "a vector of dynamic length, or with an epilogue");

    Value rows = viewAsRows(rewriter, loc, op.getInput());
    PanelFormat format = PanelFormat::chooseForGemm(target, op.getWeight(), op.getInput().getType().getShape().back());
    GemmOperands operands{rows, packWeight(op, format, rewriter), {}, {}, {}};
    operands.output = tensor::EmptyOp::create(rewriter, loc,
                                              ArrayRef<OpFoldResult>{tensor::getMixedSize(rewriter, loc, rows, 0),
                                                                     rewriter.getIndexAttr(type.getShape().back())},
                                              type.getElementType());
    for (GemmExtra &extra : getExtras(op, rewriter)) {
      operands.extras.push_back(extra.value);
      operands.maps.push_back(extra.map);
    }
    operands.group = rowsOfImage(op, op.getInput().getType());
    Gemm gemm = createGemm(rewriter, loc, target, operands, format);
    buildKernelEpilogue(rewriter, loc, op.getEpilogue(), !!op.getBias(), operands.extras.size(), type.getElementType(),
                        gemm.epilogue);
    replaceByRows(op, gemm.result, rewriter);
    return success();
  }

private:
  Value packWeight(vit::LinearOp op, PanelFormat format, PatternRewriter &rewriter) const {
    RankedTensorType type = op.getWeight().getType();
    int64_t columnDim = op.getTransposed() ? 0 : 1;
    auto size = [&](int64_t dim) { return rewriter.getIndexAttr(type.getDimSize(dim)); };
    return packPanels(rewriter, op.getLoc(), target, op.getWeight(), {{}, size(1 - columnDim), size(columnDim)},
                      {1 - columnDim, columnDim}, format);
  }

  /// The bias first, then the epilogue's operands, each with rows for leading dimensions.
  SmallVector<GemmExtra> getExtras(vit::LinearOp op, PatternRewriter &rewriter) const {
    MLIRContext *context = op.getContext();
    SmallVector<GemmExtra> extras;
    if (op.getBias())
      extras.push_back({op.getBias(), AffineMap::get(2, 0, getAffineDimExpr(1, context))});
    for (auto [value, map] : llvm::zip(op.getExtras(), op.getExtraMaps().getAsRange<AffineMapAttr>()))
      extras.push_back(getExtra(op, value, map.getValue(), rewriter));
    return extras;
  }

  GemmExtra getExtra(vit::LinearOp op, Value value, AffineMap map, PatternRewriter &rewriter) const {
    MLIRContext *context = op.getContext();
    int64_t rank = op.getResult().getType().getRank();
    AffineExpr row = getAffineDimExpr(0, context), column = getAffineDimExpr(1, context);
    if (map.isIdentity())
      return {viewAsRows(rewriter, op.getLoc(), value), AffineMap::getMultiDimIdentityMap(2, context)};
    // A map that reads the last dimension, a static one before it, or none: rows repeat with that dimension's extent.
    int64_t period = rank >= 3 ? op.getResult().getType().getDimSize(rank - 2) : ShapedType::kDynamic;
    SmallVector<AffineExpr> results;
    for (AffineExpr result : map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      if (dim && dim.getPosition() + 1 == rank)
        results.push_back(column);
      else if (dim && dim.getPosition() + 2 == rank && rank == 2)
        results.push_back(row);
      else if (dim && dim.getPosition() + 2 == rank && !ShapedType::isDynamic(period))
        results.push_back(row % period);
      else if (isa<AffineConstantExpr>(result))
        results.push_back(result);
      else
        return {viewAsRows(rewriter, op.getLoc(), broadcast(op, value, map, rewriter)),
                AffineMap::getMultiDimIdentityMap(2, context)};
    }
    return {value, AffineMap::get(2, 0, results, context)};
  }

  /// `value` read through `map`, as a tensor of the result's shape: for the rare maps a GEMM cannot read through.
  static Value broadcast(vit::LinearOp op, Value value, AffineMap map, PatternRewriter &rewriter) {
    ReifiedRankedShapedTypeDims shapes;
    (void)op.reifyResultShapes(rewriter, shapes);
    RankedTensorType type = op.getResult().getType();
    Value init = tensor::EmptyOp::create(rewriter, op.getLoc(), shapes.front(), type.getElementType());
    SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
    return linalg::GenericOp::create(rewriter, op.getLoc(), init.getType(), value, init,
                                     ArrayRef<AffineMap>{map, rewriter.getMultiDimIdentityMap(type.getRank())},
                                     parallel,
                                     [](OpBuilder &builder, Location loc, ValueRange arguments) {
                                       linalg::YieldOp::create(builder, loc, arguments[0]);
                                     })
        .getResult(0);
  }

  static void replaceByRows(vit::LinearOp op, Value rows, PatternRewriter &rewriter) {
    ReifiedRankedShapedTypeDims shapes;
    (void)op.reifyResultShapes(rewriter, shapes);
    rewriter.replaceOp(op, viewRowsAs(rewriter, op.getLoc(), rows, op.getResult().getType(), shapes.front()));
  }

  TargetInfo target;
};

} // namespace

void vitc::populateViTLinearToCPUPatterns(RewritePatternSet &patterns, const TargetInfo &target) {
  patterns.add<LinearToCPU>(patterns.getContext(), target);
}
