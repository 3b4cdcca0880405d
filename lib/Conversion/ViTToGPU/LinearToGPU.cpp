#include "../ViTToCPU/RowsView.h"
#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace vitc;

namespace {

/// An epilogue in the form residual + table + scale · activation(sum + bias).
class EpilogueReader {
public:
  explicit EpilogueReader(vit::LinearOp op) : op(op) {}

  /// False where it has another form.
  bool read() {
    if (op.getEpilogue().empty())
      return true;
    Value value = op.getEpilogue().front().getTerminator()->getOperand(0);
    while (auto sum = value.getDefiningOp<arith::AddFOp>())
      if (!takeTerm(sum.getLhs(), sum.getRhs(), value) && !takeTerm(sum.getRhs(), sum.getLhs(), value))
        return false;
    if (auto product = value.getDefiningOp<arith::MulFOp>())
      if (!takeScale(product.getLhs(), product.getRhs(), value) &&
          !takeScale(product.getRhs(), product.getLhs(), value))
        return false;
    if (Operation *function = value.getDefiningOp()) {
      activation = nameActivation(function);
      value = function->getOperand(0);
    }
    return !activation.empty() && value == op.getEpilogue().getArgument(0);
  }

  Value residual, table, scale;
  StringRef activation = "none";

private:
  /// The extra operand that a scalar of the region is read from, and how.
  Value findExtra(Value scalar, AffineMap &map) {
    auto argument = dyn_cast<BlockArgument>(scalar);
    if (!argument || argument.getArgNumber() == 0)
      return Value();
    unsigned index = argument.getArgNumber() - 1;
    map = cast<AffineMapAttr>(op.getExtraMaps()[index]).getValue();
    return op.getExtras()[index];
  }

  /// `term` as the residual or the table, with `rest` to be read on.
  bool takeTerm(Value rest, Value term, Value &value) {
    AffineMap map;
    Value extra = findExtra(term, map);
    if (!extra)
      return false;
    int64_t rank = op.getResult().getType().getRank();
    if (map.isIdentity() && !residual)
      residual = extra;
    else if (rank >= 3 && !table && map == map.getMinorIdentityMap(rank, 2, op.getContext()))
      table = extra;
    else
      return false;
    value = rest;
    return true;
  }

  bool takeScale(Value rest, Value factor, Value &value) {
    AffineMap map;
    Value extra = findExtra(factor, map);
    if (!extra || map != AffineMap::getMinorIdentityMap(op.getResult().getType().getRank(), 1, op.getContext()))
      return false;
    scale = extra;
    value = rest;
    return true;
  }

  /// Empty for an op that no kernel has.
  static StringRef nameActivation(Operation *function) {
    if (auto gelu = dyn_cast<vit::GeluOp>(function))
      return gelu.getApproximate() == vit::GeluApproximate::tanh ? "gelu_tanh" : "gelu";
    if (auto silu = dyn_cast<vit::SiluOp>(function)) {
      float beta = silu.getBeta().convertToFloat();
      return beta == 1.0f ? "silu" : beta == 1.702f ? "quick_gelu" : "";
    }
    if (isa<vit::HardSwishOp>(function))
      return "hard_swish";
    if (auto maximum = dyn_cast<arith::MaximumFOp>(function))
      return matchPattern(maximum.getRhs(), m_AnyZeroFloat()) ? "relu" : "";
    return "";
  }

  vit::LinearOp op;
};

struct LinearToGPU final : OpRewritePattern<vit::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::LinearOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = op.getResult().getType(), weight = op.getWeight().getType();
    EpilogueReader epilogue(op);
    if (!type.getElementType().isF32() || type.getRank() < 2 || !weight.hasStaticShape() || !epilogue.read())
      return rewriter.notifyMatchFailure(op, "expected f32, a static weight and an epilogue that a kernel has");
    vgpu::GemmConfig config;
    config.n = type.getShape().back();
    config.k = op.getInput().getType().getShape().back();
    config.epilogue.output = vgpu::Element::F32;
    config.epilogue.bias = !!op.getBias();
    config.epilogue.residual = !!epilogue.residual;
    config.epilogue.scale = !!epilogue.scale;
    config.epilogue.tableRows = epilogue.table ? type.getDimSize(type.getRank() - 2) : 0;
    if (epilogue.table && ShapedType::isDynamic(type.getDimSize(type.getRank() - 2)))
      return rewriter.notifyMatchFailure(op, "a table of an open number of rows");
    constexpr int64_t manyRows = 64 * 197; // of an open number
    int64_t rows = countRows(op);
    vgpu::chooseSchedule(config, ShapedType::isDynamic(rows) ? manyRows : rows);
    if (std::string reason = whyUnsupported(config); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    Location loc = op.getLoc();
    Value a = roundToBF16(rewriter, loc, viewAsRows(rewriter, loc, op.getInput()));
    Value w = roundToBF16(rewriter, loc, transposeWeight(op, rewriter));
    Value residual = epilogue.residual ? viewAsRows(rewriter, loc, epilogue.residual) : Value();
    Value init = tensor::EmptyOp::create(
        rewriter, loc,
        ArrayRef<OpFoldResult>{tensor::getMixedSize(rewriter, loc, a, 0), rewriter.getIndexAttr(config.n)},
        type.getElementType());
    Value result = vgpu::GemmOp::create(
                       rewriter, loc, init.getType(), a, w, op.getBias(), epilogue.scale, epilogue.table, residual,
                       init, rewriter.getStringAttr(epilogue.activation), rewriter.getI64IntegerAttr(config.tileM),
                       rewriter.getI64IntegerAttr(config.tileN), rewriter.getI64IntegerAttr(config.splits))
                       .getResult();
    ReifiedRankedShapedTypeDims shapes;
    (void)op.reifyResultShapes(rewriter, shapes);
    rewriter.replaceOp(op, viewRowsAs(rewriter, loc, result, type, shapes.front()));
    return success();
  }

private:
  static int64_t countRows(vit::LinearOp op) {
    int64_t rows = 1;
    for (int64_t extent : op.getInput().getType().getShape().drop_back()) {
      if (ShapedType::isDynamic(extent))
        return ShapedType::kDynamic;
      rows *= extent;
    }
    return rows;
  }

  /// The weight as (N, K).
  static Value transposeWeight(vit::LinearOp op, PatternRewriter &rewriter) {
    if (op.getTransposed())
      return op.getWeight();
    RankedTensorType type = op.getWeight().getType();
    Value init = tensor::EmptyOp::create(
        rewriter, op.getLoc(), ArrayRef<int64_t>{type.getDimSize(1), type.getDimSize(0)}, type.getElementType());
    return linalg::TransposeOp::create(rewriter, op.getLoc(), op.getWeight(), init, ArrayRef<int64_t>{1, 0})
        ->getResult(0);
  }
};

} // namespace

void vitc::populateViTLinearToGPUPatterns(RewritePatternSet &patterns) {
  patterns.add<LinearToGPU>(patterns.getContext());
}
