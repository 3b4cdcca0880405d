#include "AttentionReaders.h"
#include "Products.h"
#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Constants.h"
#include "vitc/Recognition/Passes.h"

namespace vitc {
#define GEN_PASS_DEF_RECOGNIZEVISUALTOKENS
#include "vitc/Recognition/Passes.h.inc"
} // namespace vitc

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// Whether a value is made of visual tokens and constants alone.
static bool isMadeOfTokens(Value value) {
  return isReachedOnlyThrough(value, [](Operation *op) { return isa<vit::TokenizeOp>(op); });
}

/// The map with factors on the way looked through.
static AxisMap throughScales(const AxisMap &map) {
  FailureOr<AxisMap> whole = trace(map.source).compose(map);
  return succeeded(whole) ? *whole : map;
}

/// Whether two maps read the same elements, a factor apart.
static bool isSame(const AxisMap &a, const AxisMap &b) {
  return a.source == b.source && a.axes == b.axes && a.offsets == b.offsets && a.rolls == b.rolls;
}

/// What the rows of a map are made of: the map itself, and the input of the linear layer that made it.
static SmallVector<AxisMap, 2> originsOf(const AxisMap &map) {
  SmallVector<AxisMap, 2> origins{throughScales(map)};
  if (std::optional<AxisMap> input = matchLayerInput(origins[0]))
    origins.push_back(*input);
  return origins;
}

static std::optional<AxisMap> commonOrigin(const AxisMap &a, const AxisMap &b) {
  for (const AxisMap &origin : originsOf(a))
    for (const AxisMap &other : originsOf(b))
      if (isSame(origin, other))
        return origin;
  return std::nullopt;
}

/// The map of an operand (.., H, D) of one head as rows (.., D).
static AxisMap withoutHead(AxisMap map) {
  map.axes.erase(map.axes.end() - 2);
  return map;
}

/// Axes over dimensions of which `head`, of extent 1, is left out.
static SmallVector<Axis> withoutHead(ArrayRef<Axis> axes, int64_t head) {
  SmallVector<Axis> fewer(axes);
  for (Axis &axis : fewer)
    for (Digit &digit : axis)
      digit.dim -= digit.dim > head ? 1 : 0;
  return fewer;
}

/// (batch.., rows, columns).
static SmallVector<Extent> inBatch(const AttentionMatch &match, Extent rows, Extent columns) {
  SmallVector<Extent> extents(match.batch);
  extents.append({rows, columns});
  return extents;
}

static Location locationOf(const AttentionMatch &match) {
  SmallVector<Operation *> replaced(match.path.begin(), match.path.end());
  replaced.append({match.softmax, match.scoresOp});
  return fuseLocations(match.valuesOp, replaced);
}

/// Builds what a map describes, or takes an operand of `ops` that is it.
static Value build(PatternRewriter &rewriter, Location loc, const AxisMap &map, ArrayRef<Operation *> ops) {
  for (Operation *op : ops)
    for (Value known : op ? ValueRange(op->getOperands()) : ValueRange()) {
      if (!isa<RankedTensorType>(known.getType()))
        continue;
      if (AxisMap other = trace(known); isSame(other, map) && other.scale == 1)
        return known;
    }
  return *Repeated::of(map).materialize(rewriter, loc);
}

/// The attention of one head around a softmax; what is none is left to the recognition of attention, reason included.
static FailureOr<AttentionMatch> matchOneHead(linalg::SoftmaxOp softmax, ScoresOptions options) {
  std::string reason;
  if (softmax->getNumResults() != 1)
    return failure(); // on buffers
  FailureOr<AttentionMatch> match = matchAttention(softmax, reason, options);
  if (failed(match) || !match->heads.isOne() || !match->mixes.empty())
    return failure();
  return match;
}

namespace {

/// contract(softmax over positions (x · w), x or x W_V + b)  ==>  vit.tokenize x, w
struct RecognizeTokenize final : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp softmax, PatternRewriter &rewriter) const override {
    FailureOr<AttentionMatch> match = matchOneHead(softmax, {.convolutions = true});
    if (failed(match) || isMadeOfTokens(match->key.source))
      return failure();
    bool fromTokens = isMadeOfTokens(match->query.source);
    bool pooled = llvm::any_of(originsOf(match->value), [&](const AxisMap &x) { return isSame(x, match->key); });
    if (!fromTokens && !pooled)
      return failure(); // an attention
    if (!fromTokens)
      return rewriter.notifyMatchFailure(softmax, "the weights depend on the input other than through tokens");
    if (!pooled)
      return rewriter.notifyMatchFailure(softmax, "what is pooled is not what the scores are made of");
    for (const ScoreAddend &addend : match->addends) {
      if (addend.fill || !addend.map.axes.back().empty())
        return rewriter.notifyMatchFailure(softmax, "an addend varies from position to position");
      if (!largestMagnitude(addend.map.source))
        return rewriter.notifyMatchFailure(softmax, "an addend is no constant of finite elements");
    }
    if (llvm::any_of(weightsOf(*match).axes, isRepeated))
      return failure(); // an attention: some of the batch has the same weights
    std::string reason;
    FailureOr<ExposedParts> exposed = findExposedParts(*match, match->valuesOp, reason);
    if (failed(exposed))
      return rewriter.notifyMatchFailure(softmax, reason);
    rewrite(*match, *exposed, rewriter);
    return success();
  }

private:
  static bool isRepeated(const Axis &axis) { return !axis.empty() && axis.front().isFree(); }

  /// The weights as (L, C) where all of the batch has the same, or (batch.., L, C).
  static AxisMap weightsOf(const AttentionMatch &match) {
    AxisMap weights = withoutHead(match.query);
    ArrayRef<Axis> batch = ArrayRef(weights.axes).drop_back(2);
    auto hasNone = [](const Axis &axis) { return axis.empty() || isRepeated(axis); };
    if (llvm::all_of(batch, hasNone) && (isInputIndependent(weights.source) || llvm::any_of(batch, isRepeated)))
      weights.axes.erase(weights.axes.begin(), weights.axes.end() - 2);
    return weights;
  }

  static void rewrite(const AttentionMatch &match, const ExposedParts &exposed, PatternRewriter &rewriter) {
    Location loc = locationOf(match);
    rewriter.setInsertionPoint(match.valuesOp);
    auto build = [&](const AxisMap &map) { return ::build(rewriter, loc, map, {match.scoresOp, match.valuesOp}); };
    Value x = build(withoutHead(match.key)), weights = build(weightsOf(match));
    Value values = isSame(match.value, match.key) ? Value() : build(withoutHead(match.value));
    Type element = getElementTypeOrSelf(x), maps = typeOf(element, inBatch(match, match.queries, match.keys));
    auto tokens = vit::TokenizeOp::create(rewriter, loc, typeOf(element, inBatch(match, match.queries, match.features)),
                                          exposed.probs.empty() ? Type() : maps, x, weights, values,
                                          rewriter.getF32FloatAttr(match.scale));
    int64_t batches = match.batch.size(); // heads stand behind it in the maps, one further in the result
    exposeProbs(match, exposed, tokens.getMaps(), withoutHead(match.probsAxes, batches), loc, rewriter);
    AxisMap result = viewOf(tokens.getTokens(), withoutHead(match.resultAxes, batches + 1));
    rewriter.replaceOp(match.valuesOp, build(result));
  }
};

/// What is added to the product of probabilities and values.
struct Residual {
  linalg::LinalgOp sum;
  AxisMap product; ///< of the sum's dimensions over the product
  AxisMap other;   ///< of the sum's dimensions over what is added
};

/// x + contract(softmax over tokens (x W_Q · (t W_K)ᵀ), t W_V)  ==>  vit.project x, x W_Q, t W_K, t W_V
struct RecognizeProject final : OpRewritePattern<linalg::SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::SoftmaxOp softmax, PatternRewriter &rewriter) const override {
    FailureOr<AttentionMatch> match = matchOneHead(softmax, {});
    std::optional<Residual> residual = succeeded(match) ? findResidual(match->valuesOp) : std::nullopt;
    if (!residual || commonOrigin(match->query, match->key))
      return failure(); // an attention
    if (!commonOrigin(match->key, match->value))
      return rewriter.notifyMatchFailure(softmax, "keys and values are not made of the same tokens");
    FailureOr<AxisMap> axes = axesOfSum(*match, *residual);
    std::optional<AxisMap> x;
    for (const AxisMap &origin : originsOf(match->query))
      if (FailureOr<AxisMap> added = succeeded(axes) ? origin.compose(*axes) : axes;
          succeeded(added) && isSame(*added, residual->other) && residual->other.scale == 1)
        x = origin;
    if (!x)
      return rewriter.notifyMatchFailure(softmax, "what is added is not what the queries are made of");
    std::string reason;
    FailureOr<ExposedParts> exposed = findExposedParts(*match, residual->sum, reason);
    if (failed(exposed))
      return rewriter.notifyMatchFailure(softmax, reason);
    rewrite(*match, *exposed, *x, *axes, residual->sum, rewriter);
    return success();
  }

private:
  /// The sum that is the only reader of the product, perhaps through views.
  static std::optional<Residual> findResidual(linalg::LinalgOp product) {
    Value value = product->getResult(0);
    while (value.hasOneUse()) {
      Operation *user = *value.getUsers().begin();
      if (viewedOperand(user, {.scales = false}) == value) {
        value = user->getResult(0);
        continue;
      }
      std::optional<Elementwise> sum = matchElementwise(user);
      if (!sum || sum->kind != ElementwiseKind::add)
        return std::nullopt;
      for (OpOperand *operand : sum->operands)
        if (!sum->op.getMatchingIndexingMap(operand).isIdentity())
          return std::nullopt;
      unsigned side = sum->operand(0) == value ? 0 : 1;
      Residual residual{sum->op, trace(value, {.scales = false}), trace(sum->operand(1 - side))};
      return residual.product.source == product->getResult(0) ? std::optional(residual) : std::nullopt;
    }
    return std::nullopt;
  }

  /// The dimensions of the sum over (batch.., M, H, E).
  static FailureOr<AxisMap> axesOfSum(const AttentionMatch &match, const Residual &residual) {
    AxisMap product; // over a value that is not built yet
    product.axes.assign(match.resultAxes.begin(), match.resultAxes.end());
    product.offsets.assign(match.batch.size() + 3, 0);
    product.rolls = product.offsets;
    return product.compose(residual.product);
  }

  /// An addend (.., H, M, N), of which leading dimensions may be missing, as (.., M, N).
  static ScoreAddend dropHead(ScoreAddend addend) {
    if (addend.map.axes.size() >= 3)
      addend.map.axes.erase(addend.map.axes.end() - 3);
    return addend;
  }

  static void rewrite(const AttentionMatch &match, const ExposedParts &exposed, const AxisMap &positions,
                      const AxisMap &axes, linalg::LinalgOp sum, PatternRewriter &rewriter) {
    Location loc = locationOf(match);
    rewriter.setInsertionPoint(sum);
    SmallVector<Operation *> known{match.scoresOp, match.valuesOp, sum, match.query.source.getDefiningOp()};
    auto build = [&](const AxisMap &map) { return ::build(rewriter, loc, map, known); };
    Value x = build(withoutHead(positions)), query = build(withoutHead(match.query)),
          key = build(withoutHead(match.key)), value = build(withoutHead(match.value));
    Type element = getElementTypeOrSelf(x);
    SmallVector<Value> addends = llvm::map_to_vector(
        match.addends, [&](const ScoreAddend &addend) { return dropHead(addend).build(rewriter, loc, element); });
    Type maps = typeOf(element, inBatch(match, match.queries, match.keys));
    auto project = vit::ProjectOp::create(rewriter, loc, x.getType(), exposed.probs.empty() ? Type() : maps, x, query,
                                          key, value, addends, rewriter.getF32FloatAttr(match.scale));
    int64_t batches = match.batch.size();
    exposeProbs(match, exposed, project.getMaps(), withoutHead(match.probsAxes, batches), loc, rewriter);
    rewriter.replaceOp(sum, build(viewOf(project.getResult(), withoutHead(axes.axes, batches + 1))));
  }
};

} // namespace

void vitc::populateRecognizeTokenizePatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeTokenize>(patterns.getContext());
}

void vitc::populateRecognizeProjectPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeProject>(patterns.getContext());
}

namespace {
struct RecognizeVisualTokensPass final : vitc::impl::RecognizeVisualTokensBase<RecognizeVisualTokensPass> {
  void runOnOperation() override {
    RewritePatternSet tokenizers(&getContext()), projectors(&getContext());
    populateRecognizeTokenizePatterns(tokenizers);
    populateRecognizeProjectPatterns(projectors);
    if (failed(applyRecognizers(getOperation(), std::move(tokenizers), "tokenize")) ||
        failed(applyRecognizers(getOperation(), std::move(projectors), "project")))
      signalPassFailure();
  }
};
} // namespace
