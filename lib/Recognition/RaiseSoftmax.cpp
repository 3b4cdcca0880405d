#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RAISESOFTMAX
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// The operand that divides: the second of a quotient, or what a factor is the reciprocal of.
static std::optional<AxisMap> matchDivisor(const Elementwise &root, unsigned side) {
  AxisMap map = traceOperand(root.op, root.operands[side]);
  if (map.scale != 1)
    return std::nullopt;
  if (root.kind == ElementwiseKind::div)
    return side == 1 ? std::optional(map) : std::nullopt;
  std::optional<Elementwise> inverse = matchElementwise(map.source);
  if (!inverse)
    return std::nullopt;
  OpOperand *divisor = nullptr;
  if (inverse->kind == ElementwiseKind::reciprocal)
    divisor = inverse->operands[0];
  else if (inverse->kind == ElementwiseKind::div && matchSplat(inverse->operand(0)) == 1.0)
    divisor = inverse->operands[1];
  if (!divisor || !inverse->op.getMatchingIndexingMap(divisor).isIdentity())
    return std::nullopt;
  FailureOr<AxisMap> composed = trace(divisor->get()).compose(map);
  if (failed(composed) || composed->scale != 1)
    return std::nullopt;
  composed->path.push_back(inverse->op);
  return *composed;
}

namespace {
/// exp(x − max(x)) / Σ exp(x − max(x)), or exp(x) / Σ exp(x)  ==>  linalg.softmax x
struct RaiseSoftmax final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> root = matchElementwise(op);
    if (!root || (root->kind != ElementwiseKind::div && root->kind != ElementwiseKind::mul))
      return failure();
    for (unsigned side = 0; side < 2; ++side) {
      std::optional<Elementwise> exponential = matchElementwise(root->operand(1 - side));
      if (!exponential || exponential->kind != ElementwiseKind::exp)
        continue;
      if (std::optional<AxisMap> divisor = matchDivisor(*root, side))
        if (std::optional<Reduction> sum = matchReduction(divisor->source); sum && sum->kind == Reduction::Sum)
          return raise(*root, *exponential, *divisor, *sum, rewriter);
    }
    return failure();
  }

private:
  LogicalResult raise(const Elementwise &root, const Elementwise &exponential, const AxisMap &divisor,
                      const Reduction &sum, PatternRewriter &rewriter) const {
    linalg::LinalgOp op = root.op;
    if (sum.input != exponential.op->getResult(0) || !repeatsReduction(divisor, sum))
      return rewriter.notifyMatchFailure(op, "the divisor is not the sum of the exponentials along one dimension");
    llvm::SmallPtrSet<Operation *, 16> interior{exponential.op, sum.op};
    interior.insert(divisor.path.begin(), divisor.path.end());
    SmallVector<Operation *, 4> spelled{exponential.op, sum.op};
    Value input = exponential.operand(0);
    std::optional<Elementwise> shifted = matchElementwise(input);
    AxisMap shift;
    std::optional<Reduction> maximum;
    if (shifted && shifted->kind == ElementwiseKind::sub) {
      shift = traceOperand(shifted->op, shifted->operands[1]);
      maximum = matchReduction(shift.source);
    }
    // Without a maximum the quotient is the same wherever it is a number.
    if (maximum && maximum->kind == Reduction::Max) {
      if (maximum->input != shifted->operand(0) || shift.scale != 1 ||
          !shifted->op.getMatchingIndexingMap(shifted->operands[0]).isIdentity())
        return rewriter.notifyMatchFailure(op, "the exponent is not a difference from the maximum of the same value");
      if (maximum->dim != sum.dim || !repeatsReduction(shift, *maximum))
        return rewriter.notifyMatchFailure(op, "maximum and sum run over different dimensions");
      input = shifted->operand(0);
      spelled.append({shifted->op, maximum->op});
      interior.insert_range(shift.path);
      interior.insert_range(ArrayRef(spelled));
    }
    if (!isPrivate(interior, op))
      return rewriter.notifyMatchFailure(op, "an intermediate value of the softmax has another reader");
    Location loc = fuseLocations(op, spelled);
    rewriter
        .replaceOpWithNewOp<linalg::SoftmaxOp>(op, op->getResultTypes(), input, op.getDpsInitOperand(0)->get(),
                                               static_cast<uint64_t>(sum.dim))
        ->setLoc(loc);
    return success();
  }
};
} // namespace

void vitc::populateRaiseSoftmaxPatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseSoftmax>(patterns.getContext());
}

namespace {
struct RaiseSoftmaxPass final : vitc::impl::RaiseSoftmaxBase<RaiseSoftmaxPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateRaiseSoftmaxPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "softmax")))
      signalPassFailure();
  }
};
} // namespace
