#include "AttentionAxes.h"
#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZEATTENTION
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;

/// Whether `user` is neither a part of the attention nor shape arithmetic.
static bool isReader(Operation *user, const AttentionMatch &match) {
  return user != match.valuesOp && user != match.softmax && !match.path.contains(user) && !isa<tensor::DimOp>(user);
}

static bool hasOtherReader(Value value, const AttentionMatch &match) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) { return isReader(user, match); });
}

/// The probabilities and their views on the way to the values, as far as something else reads them.
static SmallVector<Value> exposedProbs(Value value, const AttentionMatch &match) {
  SmallVector<Value> exposed;
  if (hasOtherReader(value, match))
    exposed.push_back(value);
  for (Operation *user : value.getUsers())
    if (match.path.contains(user))
      llvm::append_range(exposed, exposedProbs(user->getResult(0), match));
  return exposed;
}

static RankedTensorType typeOf(Type element, ArrayRef<Extent> extents) {
  SmallVector<int64_t> shape;
  for (const Extent &extent : extents)
    shape.push_back(extent.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

/// The map of a value that has these axes over `source`.
static AxisMap viewOf(Value source, ArrayRef<Axis> axes) {
  AxisMap map = AxisMap::identity(source);
  map.axes.assign(axes.begin(), axes.end());
  return map;
}

namespace {
/// contract(softmax(scale · q · kᵀ + addends), v)  ==>  vit.attention q, k, v addends(..)
struct RecognizeAttention final : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp softmax, PatternRewriter &rewriter) const override {
    if (softmax->getNumResults() != 1)
      return failure(); // on buffers
    std::string reason;
    FailureOr<AttentionMatch> match = matchAttention(softmax, reason);
    if (failed(match))
      return rewriter.notifyMatchFailure(softmax, reason);
    Exposed exposed{hasOtherReader(softmax.getInput(), *match), exposedProbs(softmax.getResult()[0], *match)};
    SmallVector<Value> read(exposed.probs);
    if (exposed.scores)
      read.push_back(softmax.getInput());
    for (Value value : read)
      for (Operation *user : value.getUsers())
        if (isReader(user, *match) &&
            (user->getBlock() != match->valuesOp->getBlock() || user->isBeforeInBlock(match->valuesOp)))
          return rewriter.notifyMatchFailure(softmax, "scores or probabilities are read before the values are");
    rewrite(*match, exposed, rewriter);
    return success();
  }

private:
  /// What else than the attention reads of its inside.
  struct Exposed {
    bool scores;
    SmallVector<Value> probs; ///< the softmax's result or views of it
  };

  static void rewrite(AttentionMatch &match, const Exposed &exposed, PatternRewriter &rewriter) {
    SmallVector<Operation *> replaced(match.path.begin(), match.path.end());
    replaced.append({match.softmax, match.scoresOp});
    Location loc = fuseLocations(match.valuesOp, replaced);
    rewriter.setInsertionPoint(match.valuesOp);
    // Every map here was checked, or counts through each dimension of a value once.
    auto build = [&](const AxisMap &map) { return *materialize(rewriter, loc, map); };
    Value query = build(match.query), key = build(match.key), value = build(match.value);
    SmallVector<Value> addends = llvm::map_to_vector(match.addends, build);

    Type element = getElementTypeOrSelf(match.valuesOp->getResult(0));
    SmallVector<Extent> result(match.batch), pairwise(match.batch);
    result.append({match.queries, match.heads, match.features});
    pairwise.append({match.heads, match.queries, match.keys});
    Type scoresType = exposed.scores ? typeOf(element, pairwise) : Type();
    Type probsType = exposed.probs.empty() ? Type() : typeOf(element, pairwise);
    auto attention = vit::AttentionOp::create(rewriter, loc, typeOf(element, result), scoresType, probsType, query, key,
                                              value, addends, rewriter.getF32FloatAttr(match.scale), UnitAttr());
    auto expose = [&](Value from, Value to) {
      rewriter.replaceUsesWithIf(from, to, [&](OpOperand &use) { return isReader(use.getOwner(), match); });
    };
    if (exposed.scores)
      expose(match.softmax.getInput(), build(viewOf(attention.getScores(), match.probsAxes)));
    for (Value from : exposed.probs) {
      AxisMap probs = viewOf(attention.getProbs(), match.probsAxes);
      expose(from, build(*probs.compose(trace(from, {.scales = false}))));
    }
    rewriter.replaceOp(match.valuesOp, build(viewOf(attention.getResult(), match.resultAxes)));
  }
};

struct RecognizeAttentionPass final : vitc::impl::RecognizeAttentionBase<RecognizeAttentionPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RecognizeAttention>(&getContext());
    if (failed(applyRecognizers(getOperation(), std::move(patterns), "attention")))
      signalPassFailure();
  }
};
} // namespace
