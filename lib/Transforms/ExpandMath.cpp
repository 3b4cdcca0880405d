#include "vitc/Dialect/CPUKernel/Kernels/FastMath.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Support/TargetInfo.h"
#include "vitc/Transforms/MathFunctions.h"
#include "vitc/Transforms/Passes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace vitc {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "vitc/Transforms/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using vitc::vcpu::FastMath;

namespace {

/// An elementwise op on f32 becomes what `expand` emits for it.
template <typename OpTy>
struct ExpandOp final : OpRewritePattern<OpTy> {
  using Expansion = Value (*)(FastMath &, OpTy);

  ExpandOp(MLIRContext *context, Expansion expand, bool permutes)
      : OpRewritePattern<OpTy>(context), expand(expand), permutes(permutes) {}

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op->getResult(0).getType();
    if (isa<TensorType>(type) || !getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not a scalar or a vector of f32");
    FastMath math(rewriter, op.getLoc(), type, permutes);
    rewriter.replaceOp(op, expand(math, op));
    return success();
  }

  Expansion expand;
  bool permutes;
};

/// A conversion between integers and a float of 16 bits goes through f32: processors have no instructions for others.
template <typename OpTy>
struct ConvertByF32 final : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type from = op.getIn().getType(), to = op.getType();
    if (isa<TensorType>(to) || (!isHalf(from) && !isHalf(to)))
      return rewriter.notifyMatchFailure(op, "not a scalar or a vector of f16 or bf16");
    Type f32 = rewriter.getF32Type();
    auto widen = [&](Type type) -> Type {
      auto vector = dyn_cast<VectorType>(type);
      return vector ? Type(vector.clone(f32)) : f32;
    };
    if (isHalf(from)) {
      Value wide = arith::ExtFOp::create(rewriter, op.getLoc(), widen(from), op.getIn());
      rewriter.replaceOpWithNewOp<OpTy>(op, to, wide);
    } else {
      Value wide = OpTy::create(rewriter, op.getLoc(), widen(to), op.getIn());
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, to, wide);
    }
    return success();
  }

private:
  static bool isHalf(Type type) { return isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(type)); }
};

Value expandExp(FastMath &math, math::ExpOp op) { return math.exp(op.getOperand()); }
Value expandSin(FastMath &math, math::SinOp op) { return math.sin(op.getOperand()); }
Value expandCos(FastMath &math, math::CosOp op) { return math.cos(op.getOperand()); }
Value expandPow(FastMath &math, math::PowFOp op) { return math.pow(op.getLhs(), op.getRhs()); }
Value expandSilu(FastMath &math, vitc::vit::SiluOp op) {
  return math.silu(op.getInput(), op.getBeta().convertToFloat());
}
Value expandHardSwish(FastMath &math, vitc::vit::HardSwishOp op) { return math.hardSwish(op.getInput()); }
Value expandGelu(FastMath &math, vitc::vit::GeluOp op) {
  bool isTanh = op.getApproximate() == vitc::vit::GeluApproximate::tanh;
  return isTanh ? math.geluTanh(op.getInput()) : math.geluErf(op.getInput());
}

void populateExpandMathPatterns(RewritePatternSet &patterns, bool permutes) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandOp<math::CosOp>>(context, expandCos, permutes);
  patterns.add<ExpandOp<math::ExpOp>>(context, expandExp, permutes);
  patterns.add<ExpandOp<math::SinOp>>(context, expandSin, permutes);
  patterns.add<ExpandOp<math::PowFOp>>(context, expandPow, permutes);
  vitc::populateExpandDoublesPatterns(patterns);
  patterns.add<ExpandOp<vitc::vit::GeluOp>>(context, expandGelu, permutes);
  patterns.add<ExpandOp<vitc::vit::HardSwishOp>>(context, expandHardSwish, permutes);
  patterns.add<ExpandOp<vitc::vit::SiluOp>>(context, expandSilu, permutes);
  populateMathAlgebraicSimplificationPatterns(patterns);
  // Processors without instructions for it would call a library.
  arith::populateExpandBFloat16Patterns(patterns);
  patterns.add<ConvertByF32<arith::FPToSIOp>, ConvertByF32<arith::FPToUIOp>, ConvertByF32<arith::SIToFPOp>,
               ConvertByF32<arith::UIToFPOp>>(context);
  // Not powf, which upstream expands for positive bases alone.
  math::populateExpansionPatterns(patterns,
                                  {"acosh", "asinh", "atanh", "cosh", "exp2", "fpowi", "rsqrt", "sinh", "tan"});
  auto isNotOurs = [](StringRef name) {
    return !llvm::is_contained(
        {math::CosOp::getOperationName(), math::ExpOp::getOperationName(), math::SinOp::getOperationName()}, name);
  };
  populateMathPolynomialApproximationPatterns(patterns, isNotOurs);
  auto isFunction = [](StringRef name) { return true; };
  populateMathF32ExpansionPatterns(patterns, isFunction);
}

struct ExpandMathPass final : vitc::impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    std::optional<vitc::TargetInfo> target = vitc::TargetInfo::get(level);
    if (!target) {
      emitError(getOperation()->getLoc()) << "unknown CPU level '" << level << "'";
      return signalPassFailure();
    }
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns, target->permutesLanes());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult left = getOperation()->walk([](Operation *op) {
      bool isFunction = isa<math::MathDialect>(op->getDialect()) && !vitc::isNativeFunction(op);
      if (!isFunction && !isa<vitc::vit::GeluOp, vitc::vit::HardSwishOp, vitc::vit::SiluOp>(op))
        return WalkResult::advance();
      op->emitError("cannot be expanded into arithmetic on ") << op->getResultTypes();
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace

bool vitc::isNativeFunction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp, math::IsInfOp,
             math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp, math::RoundOp, math::SqrtOp, math::TruncOp>(op);
}
