#include "AttentionAxes.h"

#include "AttentionAtoms.h"
#include "Products.h"
#include "Recognizer.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace vitc;

namespace {
/// Which loops of a contraction index which operands.
struct ContractionLoops {
  SmallVector<Extent> extents;
  int64_t contracted = -1;

  static FailureOr<ContractionLoops> of(linalg::LinalgOp op);
};

/// Finds an attention step by step; every step gives a reason where it fails.
class Matcher {
public:
  Matcher(linalg::SoftmaxOp softmax, std::string &reason, ScoresOptions options) : reason(reason), options(options) {
    match.softmax = softmax;
  }

  FailureOr<AttentionMatch> run() {
    if (failed(findValues()) || failed(findScores()) || failed(findQueryAndKey()) || failed(cutLoops()) ||
        failed(assignRoles()) || failed(checkMixes()) || failed(checkTokenOrder()) || failed(buildOperands()) ||
        failed(buildAddends()))
      return failure();
    buildResults();
    return std::move(match);
  }

private:
  LogicalResult refuse(const Twine &why) {
    reason = why.str();
    return failure();
  }
  void lookedThrough(const AxisMap &map) { match.path.insert(map.path.begin(), map.path.end()); }

  LogicalResult findValues();
  AxisMap traceProbs(OpOperand *operand);
  LogicalResult checkMixes();
  LogicalResult findScores();
  LogicalResult findQueryAndKey();
  LogicalResult cutLoops();
  LogicalResult assignRoles();
  LogicalResult assignRole(Atom &atom, unsigned loop);
  bool isMixed(unsigned loop) const;
  LogicalResult checkTokenOrder();
  LogicalResult buildOperands();
  LogicalResult buildAddends();
  void buildResults();

  std::string &reason;
  ScoresOptions options;
  AttentionMatch match;
  AxisMap scores;                ///< of the softmax's dimensions over the scores contraction
  AxisMap probs;                 ///< in the loops of the values contraction, over the softmax's result
  SmallVector<AxisMap, 0> mixed; ///< likewise, over the result of each mix
  AxisMap values;                ///< in those loops
  AxisMap queries, keys;         ///< over the softmax's dimensions, then in those loops
  Axis queryFeature, keyFeature;
  ContractionLoops valueLoops;
  Atoms atoms; ///< of the loops of the values contraction
};
} // namespace

FailureOr<ContractionLoops> ContractionLoops::of(linalg::LinalgOp op) {
  ContractionLoops loops;
  loops.extents.resize(op.getNumLoops());
  for (OpOperand *operand : op.getDpsInputOperands())
    for (auto [dim, expr] : llvm::enumerate(op.getMatchingIndexingMap(operand).getResults()))
      loops.extents[cast<AffineDimExpr>(expr).getPosition()] = extentOf(operand->get(), dim);
  if (op.getNumReductionLoops() != 1)
    return failure();
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      loops.contracted = loop;
  return loops;
}

/// The contraction that reads the probabilities, possibly through views.
LogicalResult Matcher::findValues() {
  SmallVector<Value> worklist{match.softmax.getResult()[0]};
  SmallVector<linalg::LinalgOp> found;
  while (!worklist.empty())
    for (Operation *user : worklist.pop_back_val().getUsers()) {
      if (isContraction(user))
        found.push_back(cast<linalg::LinalgOp>(user));
      else if (viewedOperand(user, {.scales = false}) || matchHeadMix(user))
        worklist.push_back(user->getResult(0));
    }
  if (found.empty())
    return refuse("no contraction reads the probabilities");
  // Beside the values, a layer that inherits the probabilities may multiply them with constants.
  if (found.size() > 1)
    llvm::erase_if(found, [](linalg::LinalgOp op) { return llvm::any_of(op.getDpsInputs(), isInputIndependent); });
  if (found.empty())
    return refuse("several contractions with constants read the probabilities");
  if (found.size() > 1)
    return refuse("several contractions read the probabilities");
  match.valuesOp = found.front();
  FailureOr<ContractionLoops> loops = ContractionLoops::of(match.valuesOp);
  if (failed(loops))
    return refuse("the product of probabilities and values does not contract one dimension");
  valueLoops = *loops;

  OpOperand *left = match.valuesOp.getDpsInputOperand(0), *right = match.valuesOp.getDpsInputOperand(1);
  probs = traceProbs(left);
  if (probs.source != match.softmax.getResult()[0]) {
    std::swap(left, right);
    probs = traceProbs(left);
  }
  if (probs.source != match.softmax.getResult()[0])
    return refuse("the probabilities reach the product with the values through something opaque");
  values =
      trace(right->get(), {.scales = false}).inLoops(match.valuesOp.getMatchingIndexingMap(right), valueLoops.extents);
  lookedThrough(probs);
  lookedThrough(values);

  int64_t dim = match.softmax.getDimension();
  Axis whole;
  appendDigit(whole, {extentOf(match.softmax.getResult()[0], dim), dim, 1});
  if (probs.axes[valueLoops.contracted] != whole)
    return refuse("softmax does not run over the contracted keys");
  return success();
}

/// Follows an operand of the values contraction back through views and mixes of the heads, towards the softmax.
AxisMap Matcher::traceProbs(OpOperand *operand) {
  match.mixes.clear();
  mixed.clear();
  AxisMap map = trace(operand->get(), {.scales = false})
                    .inLoops(match.valuesOp.getMatchingIndexingMap(operand), valueLoops.extents);
  while (std::optional<HeadMix> mix = matchHeadMix(map.source.getDefiningOp())) {
    FailureOr<AxisMap> before = trace(mix->maps, {.scales = false}).compose(map);
    if (failed(before))
      break;
    match.mixes.insert(match.mixes.begin(), *mix);
    match.path.insert(mix->op);
    lookedThrough(map);
    mixed.push_back(map);
    map = *before;
  }
  return map;
}

/// Mixes are over the heads, all of them, and start with a combination.
LogicalResult Matcher::checkMixes() {
  if (!match.mixes.empty() && !match.mixes.front().weight)
    return refuse("the probabilities are scaled head by head");
  for (auto [loop, cut] : llvm::enumerate(atoms.loops)) {
    bool isHead = llvm::any_of(cut, [](const Atom &atom) { return atom.role == Atom::Head; });
    for (const AxisMap &map : mixed)
      if (isMixed(loop) != isHead ||
          (isHead && (matchWholeDim(map, map.axes[loop]) != HeadMix::kHeadDim || cut.size() != 1)))
        return refuse("the probabilities are combined along what is not the heads");
  }
  return success();
}

LogicalResult Matcher::findScores() {
  FailureOr<ScoresPath> path = followScores(match.softmax, reason, options);
  if (failed(path))
    return failure();
  match.scoresOp = path->product;
  match.scale = path->scores.scale;
  match.addends = std::move(path->addends);
  match.path.insert(path->ops.begin(), path->ops.end());
  scores = std::move(path->scores);
  return success();
}

/// The operands of the scores contraction as maps over the softmax's dimensions, then over the loops of the values.
LogicalResult Matcher::findQueryAndKey() {
  std::optional<Product> product = matchContraction(match.scoresOp);
  if (!product)
    product = matchPointwiseProduct(match.scoresOp);
  if (!product)
    return refuse("the product of queries and keys does not contract one dimension");
  AxisMap layout = scores; // without the factor, which is counted once
  layout.scale = 1;
  auto over = [&](const Factor &factor, Axis &feature) -> FailureOr<AxisMap> {
    lookedThrough(factor.rows);
    feature = factor.features;
    FailureOr<AxisMap> bySoftmax = factor.rows.compose(layout);
    return succeeded(bySoftmax) ? bySoftmax->compose(probs) : bySoftmax;
  };
  FailureOr<AxisMap> left = over(product->left, queryFeature);
  FailureOr<AxisMap> right = over(product->right, keyFeature);
  if (failed(left) || failed(right))
    return refuse("queries and keys do not follow the layout of the scores");
  // The keys are what the contracted loop of the values indexes.
  auto isKeys = [&](const AxisMap &map) {
    return llvm::any_of(map.axes[valueLoops.contracted], [](const Digit &digit) { return !digit.isFree(); });
  };
  if (isKeys(*left)) {
    std::swap(left, right);
    std::swap(queryFeature, keyFeature);
  }
  queries = *left;
  keys = *right;
  match.scale *= queries.scale * keys.scale;
  for (ScoreAddend &addend : match.addends) {
    FailureOr<AxisMap> composed = addend.map.compose(probs);
    if (failed(composed))
      return refuse("an addend does not follow the layout of the probabilities");
    addend.map = *composed;
  }
  return success();
}

LogicalResult Matcher::cutLoops() {
  for (unsigned loop = 0; loop < valueLoops.extents.size(); ++loop) {
    SmallVector<Axis> axes{queries.axes[loop], keys.axes[loop], values.axes[loop], probs.axes[loop]};
    for (const ScoreAddend &addend : match.addends)
      axes.push_back(addend.map.axes[loop]);
    if (failed(atoms.addLoop(std::move(axes))))
      return refuse("queries, keys and values divide a dimension differently");
  }
  return success();
}

LogicalResult Matcher::assignRoles() {
  if (queryFeature.size() > 1 || keyFeature.size() > 1)
    return refuse("queries or keys are contracted over features that are not contiguous in order");
  for (auto [loop, cut] : llvm::enumerate(atoms.loops))
    for (Atom &atom : cut)
      if (failed(assignRole(atom, loop)))
        return failure();
  return success();
}

/// Whether re-attention combines what this loop counts.
bool Matcher::isMixed(unsigned loop) const {
  return llvm::any_of(mixed, [&](const AxisMap &map) {
    return llvm::any_of(map.axes[loop], [](const Digit &digit) { return digit.dim == HeadMix::kHeadDim; });
  });
}

LogicalResult Matcher::assignRole(Atom &atom, unsigned loop) {
  bool inQuery = !atom.digits[kQuery].isFree(), inKey = !atom.digits[kKey].isFree(),
       inValue = !atom.digits[kValue].isFree(), inProbs = !atom.digits[kProbs].isFree();
  if (static_cast<int64_t>(loop) == valueLoops.contracted) {
    atom.role = Atom::Key;
    return !inQuery && inKey && inValue ? success() : refuse("softmax does not run over the keys of the scores");
  }
  if (!inProbs) {
    atom.role = Atom::Feature;
    return success(inValue);
  }
  if (inQuery && !inKey && !inValue) {
    atom.role = Atom::Query;
    return success();
  }
  if (!inKey || !inValue)
    return refuse("keys or values are the same for a part of the batch or heads");
  // Heads cut the features, or are combined; all else that keys and values share is batch. Queries may be the same for
  // all of it: learned ones.
  auto besideFeature = [&](Reader reader, const Axis &feature) {
    return feature.size() == 1 && atom.digits[reader].dim == feature[0].dim;
  };
  bool isHead = isMixed(loop) || ((!inQuery || besideFeature(kQuery, queryFeature)) && besideFeature(kKey, keyFeature));
  atom.role = isHead ? Atom::Head : Atom::Batch;
  return success();
}

/// How a reader counts two neighbouring stretches of indices: 1 from outer to inner, −1 from inner to outer, 0 where
/// they are of different dimensions.
static int directionOf(const Digit &first, const Digit &second) {
  if (first.isFree() || first.dim != second.dim)
    return 0;
  return first.stride.dividedBy(second.stride) ? 1 : -1;
}

/// Keys and values of one token have to meet: neither may be read column by column where the other is not.
LogicalResult Matcher::checkTokenOrder() {
  ArrayRef<Atom> cut = atoms.loops[valueLoops.contracted];
  if (cut.empty())
    return success(); // one key
  for (auto [first, second] : llvm::zip(cut, cut.drop_front()))
    if (directionOf(first.digits[kKey], second.digits[kKey]) *
            directionOf(first.digits[kValue], second.digits[kValue]) <
        0)
      return refuse("keys and values count the tokens in different orders");
  return success();
}

LogicalResult Matcher::buildOperands() {
  match.query = atoms.withAxes(queries, kQuery, {Atom::Query, Atom::Head});
  match.query.axes.push_back(queryFeature);
  match.key = atoms.withAxes(keys, kKey, {Atom::Key, Atom::Head});
  match.key.axes.push_back(keyFeature);
  match.value = atoms.withAxes(values, kValue, {Atom::Key, Atom::Head, Atom::Feature});
  if (match.value.axes.back().size() > 1)
    return refuse("the features of a value are not contiguous");
  for (auto [map, name] :
       {std::pair(&match.query, "queries"), std::pair(&match.key, "keys"), std::pair(&match.value, "values")})
    if (!isMaterializable(Repeated::of(*map).map))
      return refuse(Twine("the ") + name + " are not a slice of their source");
  match.batch.clear();
  size_t batches = match.key.axes.size() - 3;
  for (size_t i = 0; i < batches; ++i)
    match.batch.push_back(extentOf(match.key.axes[i]));
  match.queries = extentOf(*(match.query.axes.end() - 3));
  match.heads = extentOf(match.key.axes[batches + 1]);
  match.keys = extentOf(match.key.axes[batches]);
  match.features = extentOf(match.value.axes[batches + 2]);
  return success();
}

LogicalResult Matcher::buildAddends() {
  for (auto [index, addend] : llvm::enumerate(match.addends)) {
    AxisMap map =
        atoms.withAxes(addend.map, static_cast<Reader>(kAddends + index), {Atom::Head, Atom::Query, Atom::Key});
    for (Axis &axis : map.axes) {
      bool free = llvm::any_of(axis, [](const Digit &digit) { return digit.isFree(); });
      if (free && axis.size() > 1)
        return refuse("an addend repeats along a part of a dimension");
      if (free)
        axis.clear();
    }
    while (map.axes.size() > 1 && map.axes.front().empty())
      map.axes.erase(map.axes.begin());
    if (!isMaterializable(map))
      return refuse("an addend is not a slice of its source");
    addend.map = std::move(map);
  }
  return success();
}

void Matcher::buildResults() {
  linalg::LinalgOp op = match.valuesOp;
  SmallVector<Axis> byLoop = atoms.axesOfLoops({Atom::Query, Atom::Head, Atom::Feature});
  for (AffineExpr expr : op.getMatchingIndexingMap(op.getDpsInitOperand(0)).getResults())
    match.resultAxes.push_back(byLoop[cast<AffineDimExpr>(expr).getPosition()]);
  for (int64_t dim = 0; dim < match.softmax.getInput().getType().getRank(); ++dim) {
    match.probsAxes.push_back(atoms.axisOfProbs(dim, {Atom::Head, Atom::Query, Atom::Key}));
    match.isWhole &= probs.offsets[dim] == 0 && extentOf(match.probsAxes[dim]) == extentOf(probs.source, dim);
  }
}

FailureOr<AttentionMatch> vitc::matchAttention(linalg::SoftmaxOp softmax, std::string &reason, ScoresOptions options) {
  return Matcher(softmax, reason, options).run();
}
