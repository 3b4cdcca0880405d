#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

namespace {
/// A value that is the scores (or probabilities) of an earlier op with its dimensions in some order.
struct ScoresView {
  Value scores;                  ///< (B.., H, M, N)
  SmallVector<int64_t> dims;     ///< of `scores`, one a dimension of the view; −1 for an extent of 1, or a loop apart
  SmallVector<Operation *> path; ///< ops looked through
};
} // namespace

/// Whether a value holds scores of an attention, as (B.., H, M, N).
static bool isScores(Value value) {
  if (auto attention = value.getDefiningOp<vit::AttentionOp>())
    return value != attention.getResult();
  if (auto attend = value.getDefiningOp<vit::AttendOp>())
    return value != attend.getResult();
  return isa_and_present<vit::ScoresOp, vit::InheritOp, vit::ScoreDownOp, vit::ReattendOp>(value.getDefiningOp());
}

/// `map`, one axis a dimension or a loop, as a view of scores whose dimensions it keeps whole. Only a loop that
/// `mayBeAbsent` may be none of theirs: along any other the view would repeat them.
static std::optional<ScoresView> asScoresView(const AxisMap &map, function_ref<bool(int64_t)> mayBeAbsent = nullptr) {
  if (!isScores(map.source) || map.scale != 1)
    return std::nullopt;
  ScoresView view{map.source, {}, map.path};
  for (int64_t offset : map.offsets)
    if (offset != 0)
      return std::nullopt;
  for (auto [loop, axis] : llvm::enumerate(map.axes)) {
    if (axis.empty() || (axis.size() == 1 && axis[0].isFree() && mayBeAbsent && mayBeAbsent(loop))) {
      view.dims.push_back(-1);
      continue;
    }
    std::optional<int64_t> dim = matchWholeDim(map, axis);
    if (!dim)
      return std::nullopt;
    view.dims.push_back(*dim);
  }
  return view;
}

/// Whether a view has all dimensions of its scores, as they are.
static bool isInOrder(const ScoresView &view) {
  return view.dims.size() == static_cast<size_t>(cast<RankedTensorType>(view.scores.getType()).getRank()) &&
         llvm::all_of(llvm::enumerate(view.dims),
                      [](auto dim) { return dim.value() == -1 || dim.value() == static_cast<int64_t>(dim.index()); });
}

/// One axis a dimension: dimension dims[i] of a value of these extents, or none.
static SmallVector<Axis> axesOf(ArrayRef<int64_t> dims, ArrayRef<Extent> extents) {
  SmallVector<Axis> axes;
  for (int64_t dim : dims) {
    Axis &axis = axes.emplace_back();
    if (dim >= 0)
      appendDigit(axis, {extents[dim], dim, 1});
  }
  return axes;
}

static SmallVector<Extent> extentsOf(Value value) {
  return llvm::map_to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(value.getType()).getRank()),
                             [&](int64_t dim) { return extentOf(value, dim); });
}

static vit::InheritStage stageOf(Value scores) {
  if (auto attention = scores.getDefiningOp<vit::AttentionOp>())
    return scores == attention.getProbs() ? vit::InheritStage::post : vit::InheritStage::pre;
  if (auto inherit = scores.getDefiningOp<vit::InheritOp>())
    return inherit.getStage();
  if (auto down = scores.getDefiningOp<vit::ScoreDownOp>())
    return stageOf(down.getScores());
  return isa<vit::AttendOp, vit::ReattendOp>(scores.getDefiningOp()) ? vit::InheritStage::post : vit::InheritStage::pre;
}

namespace {

/// contract(scores, W) along keys or queries, W constant  ==>  vit.inherit scores theta(W) or psi(W)
struct RecognizeInherit final : RewritePattern {
  explicit RecognizeInherit(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isContraction(op))
      return failure();
    auto product = cast<linalg::LinalgOp>(op);
    SmallVector<utils::IteratorType> iterators = product.getIteratorTypesArray();
    if (product.getNumReductionLoops() != 1)
      return failure();
    int64_t contracted = std::distance(iterators.begin(), llvm::find(iterators, utils::IteratorType::reduction));
    for (int64_t side : {0, 1}) {
      OpOperand *scores = product.getDpsInputOperand(side), *factor = product.getDpsInputOperand(1 - side);
      AffineMap read = product.getMatchingIndexingMap(factor);
      std::optional<ScoresView> view =
          asScoresView(loopsOver(product, scores), [&](int64_t loop) { return read.isFunctionOfDim(loop); });
      if (view && isInputIndependent(factor->get()))
        return rewrite(product, *view, contracted, factor, rewriter);
    }
    return failure();
  }

private:
  /// The operand's axes, one a loop of the product.
  static AxisMap loopsOver(linalg::LinalgOp product, OpOperand *operand) {
    SmallVector<Extent> loops(product.getNumLoops());
    for (OpOperand *each : product.getDpsInputOperands())
      for (auto [dim, expr] : llvm::enumerate(product.getMatchingIndexingMap(each).getResults()))
        loops[cast<AffineDimExpr>(expr).getPosition()] = extentOf(each->get(), dim);
    return trace(operand->get()).inLoops(product.getMatchingIndexingMap(operand), loops);
  }

  static LogicalResult rewrite(linalg::LinalgOp product, const ScoresView &view, int64_t contracted, OpOperand *factor,
                               PatternRewriter &rewriter) {
    Value scores = view.scores;
    SmallVector<Extent> extents = extentsOf(scores);
    int64_t rank = extents.size(), dim = view.dims[contracted];
    if (dim != rank - 1 && dim != rank - 2)
      return rewriter.notifyMatchFailure(product, "scores are combined along what is neither queries nor keys");
    // The factor is a matrix from the contracted loop to one that the scores do not have.
    AffineMap map = product.getMatchingIndexingMap(factor);
    if (map.getNumResults() != 2)
      return rewriter.notifyMatchFailure(product, "scores are combined by factors that are not the same for all heads");
    auto loop = [&](unsigned i) -> int64_t { return cast<AffineDimExpr>(map.getResult(i)).getPosition(); };
    bool transposed = loop(0) == contracted;
    int64_t output = loop(transposed ? 1 : 0);
    SmallVector<int64_t> seen(view.dims);
    llvm::sort(seen);
    if (view.dims[output] != -1 || std::count(seen.begin(), seen.end(), -1) > 1 + llvm::count_if(extents, isOne))
      return rewriter.notifyMatchFailure(product, "scores are combined by factors that are not the same for all heads");

    Location loc = fuseLocations(product, view.path);
    AxisMap factors = AxisMap::identity(factor->get());
    if (transposed)
      std::swap(factors.axes[0], factors.axes[1]);
    Value weight = *materialize(rewriter, loc, factors);
    extents[dim] = extentOf(weight, 0);
    bool alongKeys = dim == rank - 1;
    auto inherit = vit::InheritOp::create(rewriter, loc, typeOf(getElementTypeOrSelf(scores), extents), scores,
                                          alongKeys ? weight : Value(), Value(), alongKeys ? Value() : weight, Value(),
                                          vit::InheritStageAttr::get(product.getContext(), stageOf(scores)));
    SmallVector<int64_t> dims(view.dims);
    dims[output] = dim;
    SmallVector<int64_t> inResult;
    for (AffineExpr expr : product.getMatchingIndexingMap(product.getDpsInitOperand(0)).getResults())
      inResult.push_back(dims[cast<AffineDimExpr>(expr).getPosition()]);
    AxisMap result = viewOf(inherit, axesOf(inResult, extents));
    rewriter.replaceOp(product, *materialize(rewriter, loc, result));
    return success();
  }

  static bool isOne(const Extent &extent) { return extent.isOne(); }
};

/// vit.inherit scores theta(W) + constant  ==>  vit.inherit scores theta(W) theta_bias(constant), and so for psi
struct TakeInheritBias final : RewritePattern {
  explicit TakeInheritBias(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    std::optional<Elementwise> sum = matchElementwise(op);
    std::optional<OperandAndConstant> sides =
        sum && sum->kind == ElementwiseKind::add ? matchOperandAndConstant(*sum) : std::nullopt;
    if (!sides)
      return failure();
    AxisMap map = trace(sides->operand->get());
    auto inherit = map.source.getDefiningOp<vit::InheritOp>();
    std::optional<ScoresView> view = asScoresView(map);
    if (!inherit || !view || !inherit->hasOneUse() ||
        (inherit.getPsi() ? inherit.getPsiBias() : inherit.getThetaBias()))
      return failure();
    int64_t rank = inherit.getResult().getType().getRank(), dim = inherit.getPsi() ? rank - 2 : rank - 1;
    // What was applied last has the bias. The constant varies along the one dimension that the factor made.
    AxisMap bias = traceOperand(sum->op, sides->constant, {.scales = false});
    Axis along;
    for (auto [axis, shown] : llvm::zip_equal(bias.axes, view->dims)) {
      bool varies = llvm::any_of(axis, [](const Digit &digit) { return !digit.isFree(); });
      if (varies && shown != dim)
        return failure();
      if (shown == dim)
        along = axis;
    }
    bias.axes = {along};
    if (!isMaterializable(bias))
      return failure();
    Location loc = fuseLocations(op, {inherit});
    rewriter.setInsertionPoint(op);
    Value vector = *materialize(rewriter, loc, bias);
    auto whole = vit::InheritOp::create(rewriter, loc, inherit.getResult().getType(), inherit.getScores(),
                                        inherit.getTheta(), inherit.getPsi() ? inherit.getThetaBias() : vector,
                                        inherit.getPsi(), inherit.getPsi() ? vector : Value(), inherit.getStageAttr());
    rewriter.replaceOp(op, *materialize(rewriter, loc, viewOf(whole, map.axes)));
    return success();
  }
};

/// vit.inherit (vit.inherit scores theta(T)) psi(P)  ==>  vit.inherit scores theta(T) psi(P)
struct MergeInherit final : OpRewritePattern<vit::InheritOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::InheritOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getScores().getDefiningOp<vit::InheritOp>();
    if (!inner || !inner->hasOneUse() || op.getTheta() || inner.getPsi())
      return failure();
    rewriter.replaceOpWithNewOp<vit::InheritOp>(op, op.getResult().getType(), inner.getScores(), inner.getTheta(),
                                                inner.getThetaBias(), op.getPsi(), op.getPsiBias(),
                                                inner.getStageAttr());
    return success();
  }
};

/// A convolution of scores that makes them smaller, or of what such a one made  ==>  vit.score_down
struct RecognizeScoreDown final : OpRewritePattern<vit::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vit::ConvOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> strides = op.getStrides(), dims = op.getResult().getType().getShape();
    auto isZero = [](int64_t pad) { return pad == 0; };
    std::optional<ScoresView> view = asScoresView(trace(op.getInput()));
    if (!view || !isInOrder(*view) || view->dims.size() != 4 || op.getTransposed() || !op.getEpilogue().empty() ||
        !llvm::all_of(op.getPads(), isZero) || strides[0] != strides[1] || !isInputIndependent(op.getWeight()) ||
        ShapedType::isDynamicShape(dims.drop_front()))
      return failure();
    if (!llvm::all_of(op.getDilations(), [](int64_t dilation) { return dilation == 1; }) ||
        (strides[0] == 1 && !view->scores.getDefiningOp<vit::ScoreDownOp>()))
      return failure();
    rewriter.replaceOpWithNewOp<vit::ScoreDownOp>(op, op.getResult().getType(), view->scores, op.getWeight(),
                                                  op.getBias(), strides[0], op.getGroups());
    return success();
  }
};

/// contract(softmax(scores of an earlier layer + addends), v)  ==>  vit.attend scores, v
struct RecognizeAttend final : OpRewritePattern<linalg::SoftmaxOp> {
  explicit RecognizeAttend(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(linalg::SoftmaxOp softmax, PatternRewriter &rewriter) const override {
    if (softmax->getNumResults() != 1)
      return failure(); // on buffers
    std::optional<ScoresView> view = asScoresView(trace(softmax.getInput()));
    Operation *source = view ? view->scores.getDefiningOp() : nullptr;
    if (!isa_and_present<vit::InheritOp, vit::ScoreDownOp>(source))
      return failure();
    linalg::LinalgOp product = productWithValues(softmax.getResult()[0]);
    if (!product || view->dims[softmax.getDimension()] != static_cast<int64_t>(view->dims.size()) - 1)
      return failure();
    for (Operation *user : softmax.getResult()[0].getUsers())
      if (user->getBlock() != product->getBlock() || user->isBeforeInBlock(product))
        return rewriter.notifyMatchFailure(softmax, "probabilities are read before the values are");
    return rewrite(softmax, *view, product, rewriter);
  }

private:
  /// The one contraction of the probabilities with something that depends on the input.
  static linalg::LinalgOp productWithValues(Value probs) {
    linalg::LinalgOp found;
    for (Operation *user : probs.getUsers()) {
      if (!isContraction(user) || llvm::any_of(cast<linalg::LinalgOp>(user).getDpsInputs(), isInputIndependent))
        continue;
      if (found)
        return nullptr;
      found = cast<linalg::LinalgOp>(user);
    }
    return found;
  }

  static LogicalResult rewrite(linalg::SoftmaxOp softmax, const ScoresView &view, linalg::LinalgOp product,
                               PatternRewriter &rewriter) {
    bool first = product.getDpsInputs()[0] == softmax.getResult()[0];
    OpOperand *probs = product.getDpsInputOperand(first ? 0 : 1), *value = product.getDpsInputOperand(first ? 1 : 0);
    // Which dimension of the scores each loop is; features are those of no score.
    SmallVector<int64_t> loopDims(product.getNumLoops(), -1);
    for (auto [dim, expr] : llvm::enumerate(product.getMatchingIndexingMap(probs).getResults()))
      loopDims[cast<AffineDimExpr>(expr).getPosition()] = view.dims[dim];
    int64_t rank = view.dims.size(), feature = rank;
    SmallVector<Extent> extents = extentsOf(view.scores);
    AxisMap values = AxisMap::identity(value->get());
    SmallVector<Axis> valueAxes(rank); // (b.., n, h, e)
    auto place = [&](int64_t dim) { return dim == rank - 1 ? rank - 3 : dim == rank - 3 ? rank - 2 : dim; };
    for (auto [dim, expr] : llvm::enumerate(product.getMatchingIndexingMap(value).getResults())) {
      int64_t &loop = loopDims[cast<AffineDimExpr>(expr).getPosition()];
      if (loop == rank - 2)
        return rewriter.notifyMatchFailure(softmax, "values differ from query to query");
      if (loop == -1) {
        if (values.axes[dim].empty())
          continue;
        loop = feature;
        extents.push_back(extentOf(value->get(), dim));
      }
      Axis &axis = valueAxes[loop == feature ? rank - 1 : place(loop)];
      if (!axis.empty())
        return rewriter.notifyMatchFailure(softmax, "values have several dimensions that are no scores'");
      axis = values.axes[dim];
    }
    for (int64_t dim = 0; dim < rank; ++dim)
      if (dim != rank - 2 && valueAxes[place(dim)].empty() && !extents[dim].isOne())
        return rewriter.notifyMatchFailure(softmax, "values are the same for a part of the batch or heads");
    values.axes = SmallVector<Axis, 5>(valueAxes.begin(), valueAxes.end());
    if (!isMaterializable(values))
      return rewriter.notifyMatchFailure(softmax, "the values are not a slice of their source");

    rewriter.setInsertionPoint(product);
    SmallVector<Operation *> replaced(view.path);
    replaced.push_back(softmax);
    Location loc = fuseLocations(product, replaced);
    Extent features = extents.size() > static_cast<size_t>(rank) ? extents[rank] : Extent();
    SmallVector<Extent> result(ArrayRef(extents).take_front(rank - 3));
    result.append({extents[rank - 2], extents[rank - 3], features}); // (b.., m, h, e)
    Type element = getElementTypeOrSelf(view.scores);
    auto isOther = [&](OpOperand &use) { return use.getOwner() != product && !isa<tensor::DimOp>(use.getOwner()); };
    bool exposed = llvm::any_of(softmax.getResult()[0].getUses(), isOther);
    auto attend =
        vit::AttendOp::create(rewriter, loc, typeOf(element, result), exposed ? view.scores.getType() : Type(),
                              view.scores, *materialize(rewriter, loc, values), ValueRange(),
                              /*normalized=*/false);
    if (exposed) {
      Value probs = *materialize(rewriter, loc, viewOf(attend.getProbs(), axesOf(view.dims, extents)));
      rewriter.replaceUsesWithIf(softmax.getResult()[0], probs, isOther);
    }
    SmallVector<Axis> axes;
    for (AffineExpr expr : product.getMatchingIndexingMap(product.getDpsInitOperand(0)).getResults()) {
      int64_t dim = loopDims[cast<AffineDimExpr>(expr).getPosition()];
      Axis &axis = axes.emplace_back();
      int64_t to = dim == feature ? rank - 1 : dim == rank - 2 ? rank - 3 : dim == rank - 3 ? rank - 2 : dim;
      if (dim != -1)
        appendDigit(axis, {result[to], to, 1});
    }
    rewriter.replaceOp(product, *materialize(rewriter, loc, viewOf(attend.getResult(), axes)));
    return success();
  }
};

} // namespace

void vitc::populateRecognizeInheritedAttentionPatterns(RewritePatternSet &patterns) {
  patterns.add<RecognizeInherit, TakeInheritBias, MergeInherit, RecognizeScoreDown, RecognizeAttend>(
      patterns.getContext());
}
