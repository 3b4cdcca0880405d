#include "Patterns.h"

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

static Type withElement(Value tensor, Type element) { return cast<RankedTensorType>(tensor.getType()).clone(element); }

Value vitc::roundTo(FloatType element, OpBuilder &builder, Location loc, Value tensor) {
  if (getElementTypeOrSelf(tensor) == element)
    return tensor;
  return arith::TruncFOp::create(builder, loc, withElement(tensor, element), tensor);
}

/// tf32 is the upper 19 bits of f32. Half of the last bit is added, and carried on: away from zero where two are as
/// near (cvt.rna.tf32). What would become infinite, and what is no number, stays as it is.
static Value roundBits(OpBuilder &builder, Location loc, Value number) {
  constexpr int64_t half = 1 << 12, upper = 0xFFFFE000, magnitude = 0x7FFFFFFF, firstTooLarge = 0x7F7FF000;
  Type i32 = builder.getI32Type();
  auto constant = [&](int64_t bits) -> Value { return arith::ConstantIntOp::create(builder, loc, i32, bits); };
  Value bits = arith::BitcastOp::create(builder, loc, i32, number);
  Value rounded = arith::AndIOp::create(builder, loc, arith::AddIOp::create(builder, loc, bits, constant(half)),
                                        constant(static_cast<int32_t>(upper)));
  Value isRounded =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                            arith::AndIOp::create(builder, loc, bits, constant(magnitude)), constant(firstTooLarge));
  Value chosen = arith::SelectOp::create(builder, loc, isRounded, rounded, bits);
  return arith::BitcastOp::create(builder, loc, number.getType(), chosen);
}

Value vitc::roundWeight(const KernelTarget &target, OpBuilder &builder, Location loc, Value tensor) {
  if (!target.isTF32())
    return roundTo(target.element, builder, loc, tensor);
  auto type = cast<RankedTensorType>(tensor.getType());
  Value init =
      tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, tensor), type.getElementType());
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  auto body = [](OpBuilder &b, Location loc, ValueRange arguments) {
    linalg::YieldOp::create(b, loc, roundBits(b, loc, arguments.front()));
  };
  return linalg::GenericOp::create(builder, loc, type, tensor, init, maps, parallel, body).getResult(0);
}

Value vitc::widenToF32(OpBuilder &builder, Location loc, Value tensor) {
  Type f32 = builder.getF32Type();
  if (getElementTypeOrSelf(tensor) == f32)
    return tensor;
  return arith::ExtFOp::create(builder, loc, withElement(tensor, f32), tensor);
}

static bool isView(Operation *op) {
  return isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::ExtractSliceOp>(op);
}

/// Whether a tensor is a view of what a kernel writes.
static bool isOfKernel(Value tensor) {
  while (Operation *op = tensor.getDefiningOp()) {
    if (isa<vgpu::KernelOpInterface>(op))
      return true;
    if (!isView(op))
      return false;
    tensor = op->getOperand(0);
  }
  return false;
}

/// Whether an op reads nothing but the sizes of its operand, or nothing any more.
static bool readsSizes(Operation *op) {
  bool passesOn = isView(op) || isa<linalg::TransposeOp>(op);
  return isa<tensor::DimOp>(op) || (passesOn && llvm::all_of(op->getUsers(), readsSizes));
}

namespace {

/// round(view(x)) → view(round(x)). Of a slice only where a kernel writes x: all of it is then rounded for nothing.
struct RoundBeforeView final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Operation *view = op.getIn().getDefiningOp();
    if (!isView(view))
      return rewriter.notifyMatchFailure(op, "not of a view");
    if (isa<tensor::ExtractSliceOp>(view) && !isOfKernel(op.getIn()))
      return rewriter.notifyMatchFailure(op, "of a slice of what no kernel writes");
    Type element = getElementTypeOrSelf(op);
    rewriter.setInsertionPoint(view);
    Value source = view->getOperand(0);
    Value rounded = arith::TruncFOp::create(rewriter, op.getLoc(), withElement(source, element), source);
    IRMapping mapping;
    mapping.map(source, rounded);
    Operation *moved = rewriter.clone(*view, mapping);
    moved->getResult(0).setType(withElement(view->getResult(0), element));
    rewriter.replaceOp(op, moved->getResults());
    return success();
  }
};

/// round(move(x)) → move(round(x)) where a kernel writes x, and fewer bytes move: tokens that become windows.
struct RoundBeforeMove final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Operation *move = op.getIn().getDefiningOp();
    if (!isa_and_nonnull<linalg::TransposeOp, vit::GatherRowsOp>(move) || !move->hasOneUse() ||
        !isOfKernel(move->getOperand(0)))
      return rewriter.notifyMatchFailure(op, "not of what alone reads a kernel's result in another order");
    Type element = getElementTypeOrSelf(op);
    Location loc = move->getLoc();
    rewriter.setInsertionPoint(move);
    Value rounded = move->getOperand(0);
    rounded = arith::TruncFOp::create(rewriter, op.getLoc(), withElement(rounded, element), rounded);
    if (auto gather = dyn_cast<vit::GatherRowsOp>(move)) {
      rewriter.replaceOpWithNewOp<vit::GatherRowsOp>(op, op.getType(), rounded, gather.getRows());
      return success();
    }
    auto transpose = cast<linalg::TransposeOp>(move);
    Value init =
        tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, transpose.getInit()), element);
    rewriter.replaceOpWithNewOp<linalg::TransposeOp>(op, rounded, init, transpose.getPermutation());
    return success();
  }
};

/// Whether there is a kernel like `op` that writes another element.
static bool canWrite(Operation *op, Type type) {
  vgpu::Element element = type.isBF16() ? vgpu::Element::BF16 : vgpu::Element::F16;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<vgpu::ConvOp, vgpu::GemmOp, vgpu::BatchGemmOp>([&](auto gemm) {
        vgpu::GemmConfig config = gemm.getConfig();
        config.epilogue.output = element;
        return vgpu::whyUnsupported(config).empty();
      })
      .Case([&](vgpu::LayerNormOp norm) {
        vgpu::LayerNormConfig config = norm.getConfig();
        config.output = element;
        return vgpu::whyUnsupported(config).empty();
      })
      .Case([](vgpu::DepthwiseConvOp) { return true; }) // its tile follows from what it reads
      .Default(false);
}

/// A kernel whose result is only read rounded writes it rounded.
struct RoundInKernel final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    Operation *kernel = op.getIn().getDefiningOp();
    if (!isa_and_nonnull<vgpu::BatchGemmOp, vgpu::ConvOp, vgpu::DepthwiseConvOp, vgpu::GemmOp, vgpu::LayerNormOp>(
            kernel))
      return rewriter.notifyMatchFailure(op, "not of a kernel that writes floats");
    auto gemm = dyn_cast<vgpu::GemmOp>(kernel);
    auto conv = dyn_cast<vgpu::ConvOp>(kernel);
    if ((gemm && gemm.getResidual()) || (conv && conv.getResidual()))
      return rewriter.notifyMatchFailure(op, "the residual stream stays f32");
    Value result = kernel->getResult(0);
    bool isOnlyRounded = llvm::all_of(result.getUsers(), [&](Operation *user) {
      return readsSizes(user) || (isa<arith::TruncFOp>(user) && user->getResult(0).getType() == op.getType());
    });
    if (!isOnlyRounded)
      return rewriter.notifyMatchFailure(op, "it is read as f32, too");
    if (!canWrite(kernel, getElementTypeOrSelf(op)))
      return rewriter.notifyMatchFailure(op, "there is no kernel that writes rows of so few bytes");
    rewriter.setInsertionPoint(kernel);
    Value init = cast<DestinationStyleOpInterface>(kernel).getDpsInits()[0];
    Value rounded = tensor::EmptyOp::create(
        rewriter, kernel->getLoc(), tensor::getMixedSizes(rewriter, kernel->getLoc(), init), getElementTypeOrSelf(op));
    IRMapping mapping;
    mapping.map(init, rounded);
    Operation *made = rewriter.clone(*kernel, mapping);
    made->getResult(0).setType(rounded.getType());
    for (Operation *user : llvm::make_early_inc_range(result.getUsers()))
      if (isa<arith::TruncFOp>(user))
        rewriter.replaceOp(user, made->getResults());
    // What reads sizes of it goes on doing so.
    rewriter.replaceOpWithNewOp<arith::ExtFOp>(kernel, result.getType(), made->getResult(0));
    return success();
  }
};

/// round(widen(x)) is x.
struct DropRounding final : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    auto widen = op.getIn().getDefiningOp<arith::ExtFOp>();
    if (!widen || widen.getIn().getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not of what was widened");
    rewriter.replaceOp(op, widen.getIn());
    return success();
  }
};

} // namespace

void vitc::populateRoundingPatterns(RewritePatternSet &patterns) {
  patterns.add<DropRounding, RoundBeforeMove, RoundBeforeView, RoundInKernel>(patterns.getContext());
}
