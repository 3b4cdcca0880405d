#include "Recognizer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RAISELAYERNORM
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// Follows views and elementwise ops of one operand backwards from an operand of an elementwise op, keeping the map
/// from the loops of that op to where the walk stands, and the ops on the way.
class Walk {
public:
  Walk(linalg::LinalgOp op, OpOperand *operand) : map(traceOperand(op, operand)) {}

  /// The op that defines what the walk stands at.
  std::optional<Elementwise> elementwise() const { return matchElementwise(map.source); }
  std::optional<Reduction> reduction() const { return matchReduction(map.source); }

  /// Steps over `op` to `operand`, which it reads in full.
  LogicalResult step(const Elementwise &op, OpOperand *operand) {
    if (!op.op.getMatchingIndexingMap(operand).isIdentity() || map.scale != 1)
      return failure();
    FailureOr<AxisMap> composed = trace(operand->get()).compose(map);
    if (failed(composed))
      return failure();
    composed->path.push_back(op.op);
    map = *composed;
    return success();
  }

  AxisMap map;
};

/// What a normalisation is made of, as far as it was read.
struct Parts {
  Value input;
  double epsilon = 0;
  llvm::SmallPtrSet<Operation *, 16> interior;
};
} // namespace

static bool isMean(const Walk &walk, int64_t lastDim) {
  std::optional<Reduction> sum = walk.reduction();
  if (!sum || sum->kind != Reduction::Sum || sum->dim != lastDim || !repeatsReduction(walk.map, *sum))
    return false;
  std::optional<int64_t> count = extentOf(sum->input, sum->dim).constant();
  return count && isClose(walk.map.scale, 1.0 / *count);
}

/// x − mean(x) over the last dimension: the x.
static Value matchCentered(Value value, Parts &parts) {
  std::optional<Elementwise> difference = matchElementwise(value);
  if (!difference || difference->kind != ElementwiseKind::sub ||
      !difference->op.getMatchingIndexingMap(difference->operands[0]).isIdentity())
    return nullptr;
  Walk mean(difference->op, difference->operands[1]);
  if (!isMean(mean, difference->op.getNumLoops() - 1) || mean.reduction()->input != difference->operand(0))
    return nullptr;
  parts.interior.insert(mean.map.path.begin(), mean.map.path.end());
  parts.interior.insert(mean.map.source.getDefiningOp());
  parts.interior.insert(difference->op);
  return difference->operand(0);
}

/// The value whose square this is.
static Value matchSquared(Value value, Parts &parts) {
  std::optional<Elementwise> op = matchElementwise(value);
  if (!op || !op->op.getMatchingIndexingMap(op->operands[0]).isIdentity())
    return nullptr;
  parts.interior.insert(op->op);
  switch (op->kind) {
  case ElementwiseKind::square:
    return op->operand(0);
  case ElementwiseKind::mul:
    return op->operand(0) == op->operand(1) && op->op.getMatchingIndexingMap(op->operands[1]).isIdentity()
               ? op->operand(0)
               : nullptr;
  case ElementwiseKind::powf:
    return matchSplat(op->operand(1)) == 2.0 ? op->operand(0) : nullptr;
  default:
    return nullptr;
  }
}

/// Steps over √, or over 1/√ where `inverse`, in any spelling; fails where there is no root.
static LogicalResult stepOverRoot(Walk &walk, bool inverse) {
  std::optional<Elementwise> op = walk.elementwise();
  if (!op)
    return failure();
  OpOperand *first = op->operands[0];
  if (op->kind == (inverse ? ElementwiseKind::rsqrt : ElementwiseKind::sqrt))
    return walk.step(*op, first);
  if (op->kind == ElementwiseKind::powf)
    return success(matchSplat(op->operand(1)) == (inverse ? -0.5 : 0.5) && succeeded(walk.step(*op, first)));
  if (!inverse)
    return failure();
  if (op->kind == ElementwiseKind::reciprocal)
    return success(succeeded(walk.step(*op, first)) && succeeded(stepOverRoot(walk, false)));
  if (op->kind == ElementwiseKind::div && matchSplat(op->operand(0)) == 1.0)
    return success(succeeded(walk.step(*op, op->operands[1])) && succeeded(stepOverRoot(walk, false)));
  return failure();
}

namespace {
/// (x − mean(x)) / √(mean((x − mean(x))²) + ε)  ==>  vit.layer_norm x
/// x / √(mean(x²) + ε)                          ==>  vit.rms_norm x
struct RaiseNormalization final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> root = matchElementwise(op);
    if (!root || (root->kind != ElementwiseKind::div && root->kind != ElementwiseKind::mul))
      return failure();
    bool inverse = root->kind == ElementwiseKind::mul;
    for (unsigned side = inverse ? 0 : 1; side < 2; ++side) {
      if (isInputIndependent(root->operand(side)))
        continue; // a batch normalization
      Walk walk(op, root->operands[side]);
      if (walk.map.scale == 1 && succeeded(stepOverRoot(walk, inverse)))
        return raise(op, root->operands[1 - side], walk, rewriter);
    }
    return failure();
  }

private:
  /// `walk` stands at variance + ε.
  LogicalResult raise(linalg::LinalgOp op, OpOperand *numerator, Walk &walk, PatternRewriter &rewriter) const {
    Parts parts;
    std::optional<Elementwise> sum = walk.elementwise();
    std::optional<OperandAndConstant> addend =
        sum && sum->kind == ElementwiseKind::add ? matchOperandAndConstant(*sum) : std::nullopt;
    std::optional<double> epsilon = addend ? matchSplat(addend->constant->get()) : std::nullopt;
    if (!epsilon || *epsilon < 0 || failed(walk.step(*sum, addend->operand)))
      return rewriter.notifyMatchFailure(op, "the root is not over a sum with a constant epsilon");
    parts.epsilon = *epsilon;
    std::optional<Reduction> squares = walk.reduction();
    if (!squares || squares->kind != Reduction::Sum)
      return rewriter.notifyMatchFailure(op, "the root is not over a mean");
    if (squares->dim + 1 != op.getNumLoops())
      return rewriter.notifyMatchFailure(op, "the variance is not taken over the last dimension");
    if (!isMean(walk, squares->dim))
      return rewriter.notifyMatchFailure(op, "the sum of squares is not divided by the number of channels");
    parts.interior.insert(walk.map.path.begin(), walk.map.path.end());
    parts.interior.insert(squares->op);

    if (!op.getMatchingIndexingMap(numerator).isIdentity())
      return rewriter.notifyMatchFailure(op, "the numerator is broadcast");
    parts.input = matchCentered(numerator->get(), parts);
    Value deviation = matchSquared(squares->input, parts);
    bool isCentered = static_cast<bool>(parts.input);
    if (!isCentered && deviation == numerator->get())
      parts.input = deviation; // no mean is subtracted from anything
    if (!parts.input)
      return rewriter.notifyMatchFailure(op, "the numerator is not the input less its mean over the last dimension");
    if (!deviation || (deviation != numerator->get() && matchCentered(deviation, parts) != parts.input))
      return rewriter.notifyMatchFailure(op, "the variance is not the mean of the squared numerator");
    if (!isPrivate(parts.interior, op))
      return rewriter.notifyMatchFailure(op, "an intermediate value of the normalization has another reader");
    SmallVector<Operation *> others(parts.interior.begin(), parts.interior.end());
    Location loc = fuseLocations(op, others);
    Type type = op->getResult(0).getType();
    FloatAttr epsilonAttr = rewriter.getF32FloatAttr(parts.epsilon);
    if (isCentered)
      rewriter.replaceOp(op, vit::LayerNormOp::create(rewriter, loc, type, parts.input, Value(), Value(), epsilonAttr));
    else
      rewriter.replaceOp(op, vit::RmsNormOp::create(rewriter, loc, type, parts.input, Value(), epsilonAttr));
    return success();
  }
};

/// layer_norm(x) · scale, layer_norm(x) + bias  ==>  vit.layer_norm x scale(scale) bias(bias)
struct FoldAffine final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> root = matchElementwise(op);
    if (!root || (root->kind != ElementwiseKind::add && root->kind != ElementwiseKind::mul))
      return failure();
    bool isScale = root->kind == ElementwiseKind::mul;
    for (unsigned side = 0; side < 2; ++side) {
      auto norm = root->operand(side).getDefiningOp<vit::LayerNormOp>();
      if (!norm || norm.getBias() || (isScale && norm.getScale()) || !norm->hasOneUse() ||
          !op.getMatchingIndexingMap(root->operands[side]).isIdentity())
        continue;
      std::optional<AxisMap> vector = matchPerChannel(op, root->operands[1 - side]);
      if (!vector)
        continue;
      Value parameter = *materialize(rewriter, op.getLoc(), *vector);
      auto affine = vit::LayerNormOp::create(rewriter, fuseLocations(norm, op.getOperation()), norm.getType(),
                                             norm.getInput(), isScale ? parameter : norm.getScale(),
                                             isScale ? Value() : parameter, norm.getEpsilonAttr());
      rewriter.replaceOp(op, affine);
      rewriter.eraseOp(norm);
      return success();
    }
    return failure();
  }
};

/// rms_norm(x) · scale  ==>  vit.rms_norm x scale(scale)
struct FoldScale final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> root = matchElementwise(op);
    if (!root || root->kind != ElementwiseKind::mul)
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      auto norm = root->operand(side).getDefiningOp<vit::RmsNormOp>();
      if (!norm || norm.getScale() || !norm->hasOneUse() ||
          !op.getMatchingIndexingMap(root->operands[side]).isIdentity())
        continue;
      std::optional<AxisMap> vector = matchPerChannel(op, root->operands[1 - side]);
      if (!vector)
        continue;
      Value scale = *materialize(rewriter, op.getLoc(), *vector);
      rewriter.replaceOp(op, vit::RmsNormOp::create(rewriter, fuseLocations(norm, op.getOperation()), norm.getType(),
                                                    norm.getInput(), scale, norm.getEpsilonAttr()));
      rewriter.eraseOp(norm);
      return success();
    }
    return failure();
  }
};
} // namespace

void vitc::populateRaiseLayerNormPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseNormalization, FoldAffine, FoldScale>(patterns.getContext());
}

namespace {
struct RaiseLayerNormPass final : vitc::impl::RaiseLayerNormBase<RaiseLayerNormPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRaiseLayerNormPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "layer_norm")))
      signalPassFailure();
  }
};
} // namespace
