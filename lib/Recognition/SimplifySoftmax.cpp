#include "Recognizer.h"
#include "ScoresPath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Recognition/Constants.h"
#include "vitc/Recognition/Passes.h"
#include <limits>

namespace vitc {
#define GEN_PASS_DEF_SIMPLIFYSOFTMAX
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// The value that `value` says, element by element, whether it is no number; null where it does not.
static Value matchIsNaN(Value value) {
  auto op = value.getDefiningOp<linalg::LinalgOp>();
  if (!op || op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 1 || !op.hasPureTensorSemantics() ||
      op.getNumParallelLoops() != op.getNumLoops() ||
      !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
    return nullptr;
  Block *body = op.getBlock();
  auto compare = dyn_cast<arith::CmpFOp>(body->front());
  bool isNaN = compare && llvm::hasNItems(*body, 2) && compare.getLhs() == body->getArgument(0) &&
               compare.getRhs() == body->getArgument(0) && body->getTerminator()->getOperand(0) == compare &&
               (compare.getPredicate() == arith::CmpFPredicate::UNO ||
                compare.getPredicate() == arith::CmpFPredicate::UNE); // only NaN differs from itself
  return isNaN ? op.getDpsInputOperand(0)->get() : Value();
}

/// Why a row of the scores, whose products are finite, may be −∞ as a whole, or have +∞ or NaN in it; empty where none
/// can.
static StringRef findMaskedRow(linalg::SoftmaxOp softmax) {
  constexpr StringLiteral kUnknown =
      "a row of the scores may be masked as a whole: an addend is not known to be finite";
  std::string reason;
  FailureOr<ScoresPath> path = followScores(softmax, reason);
  if (failed(path))
    return "a row of the scores may be masked as a whole: they are no sum of products and constants";
  double bound = 0; // on the sum of all addends; products of queries and keys are nothing beside the largest float
  unsigned infinite = 0;
  for (const ScoreAddend &addend : path->addends) {
    std::optional<double> largest = addend.fill;
    bool isFinite = addend.fill && std::isfinite(*addend.fill);
    if (!addend.fill) {
      if (!isInputIndependent(addend.map.source))
        return "a row of the scores may be masked as a whole: an addend depends on the input";
      isFinite = largestMagnitude(addend.map.source).has_value();
      largest = largestMagnitude(addend.map.source, /*besidesMinusInfinity=*/true);
    }
    if (!largest || (!isFinite && (addend.factor <= 0 || !addend.leavesScores(softmax.getDimension()))))
      return kUnknown;
    infinite += !isFinite;
    bound += isFinite || !addend.fill ? std::abs(*largest) * std::max(1.0, std::abs(addend.factor)) : 0;
  }
  if (infinite > 1)
    return "a row of the scores may be masked as a whole: by two masks together";
  bool finite = std::isfinite(path->scores.scale) && bound <= std::numeric_limits<float>::max();
  return finite ? "" : "a row of the scores may be masked as a whole: constants may make it infinite";
}

namespace {
/// select(isnan(p), 0, p), where p = softmax(scores)  ==>  p
struct DropGuard final : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> select = matchElementwise(op);
    if (!select || select->kind != ElementwiseKind::select)
      return failure();
    auto softmax = select->operand(2).getDefiningOp<linalg::SoftmaxOp>();
    Value tested = matchIsNaN(select->operand(0));
    if (!softmax || !tested)
      return failure();
    auto isWhole = [&](unsigned i) { return op.getMatchingIndexingMap(select->operands[i]).isIdentity(); };
    if (tested != select->operand(2) || !isWhole(0) || !isWhole(2))
      return rewriter.notifyMatchFailure(op, "the guard tests other values than the probabilities");
    if (matchSplat(select->operand(1)) != 0.0)
      return rewriter.notifyMatchFailure(op, "the guard replaces the probabilities by other values than 0");
    if (StringRef reason = findMaskedRow(softmax); !reason.empty())
      return rewriter.notifyMatchFailure(op, reason);
    rewriter.replaceOp(op, select->operand(2));
    return success();
  }
};
} // namespace

void vitc::populateSimplifySoftmaxPatterns(RewritePatternSet &patterns) {
  patterns.add<DropGuard>(patterns.getContext());
}

namespace {
struct SimplifySoftmaxPass final : vitc::impl::SimplifySoftmaxBase<SimplifySoftmaxPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateSimplifySoftmaxPatterns(patterns);
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "softmax")))
      signalPassFailure();
  }
};
} // namespace
