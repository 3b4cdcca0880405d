#include "ScoresPath.h"

#include "Products.h"
#include "Recognizer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Recognition/Constants.h"
#include <limits>

using namespace mlir;
using namespace vitc;
using linalg::ElementwiseKind;

/// Whether `value` is computed from the result of `op`, both in one block.
static bool dependsOn(Value value, Operation *op) {
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty()) {
    Operation *next = worklist.pop_back_val().getDefiningOp();
    if (next == op)
      return true;
    if (!next || next->getBlock() != op->getBlock() || next->isBeforeInBlock(op) || !seen.insert(next).second)
      continue;
    next->walk([&](Operation *inner) { llvm::append_range(worklist, inner->getOperands()); });
  }
  return false;
}

namespace {
/// Goes from the softmax towards the product, one op at a time.
class Follower {
public:
  Follower(linalg::SoftmaxOp softmax, std::string &reason, ScoresOptions options)
      : softmax(softmax), reason(reason), options(options) {}

  FailureOr<ScoresPath> run() {
    path.scores = trace(softmax.getInput());
    while (true) {
      llvm::append_range(path.ops, path.scores.path);
      Operation *op = path.scores.source.getDefiningOp();
      if (isContraction(op) || (options.convolutions && matchPointwiseProduct(op))) {
        path.product = op;
        if (failed(takeBias(dyn_cast<vit::ConvOp>(op))))
          return failure();
        if (llvm::any_of(path.addends, [&](const ScoreAddend &addend) { return dependsOn(addend.map.source, op); }))
          return refuse("an addend is computed from the scores");
        if (failed(checkMasks()))
          return failure();
        return std::move(path);
      }
      if (failed(takeStep(matchElementwise(op))))
        return failure();
      path.ops.push_back(op);
    }
  }

private:
  LogicalResult refuse(const Twine &why) {
    reason = why.str();
    return failure();
  }

  LogicalResult takeStep(const std::optional<Elementwise> &step) {
    if (step && (step->kind == ElementwiseKind::add || step->kind == ElementwiseKind::sub))
      return takeSum(*step);
    if (step && step->kind == ElementwiseKind::select)
      return takeMask(*step);
    const std::string &opaque = path.scores.opaque;
    return refuse(opaque.empty() ? Twine("the scores do not come from a contraction") : Twine(opaque));
  }

  LogicalResult takeSum(const Elementwise &sum);
  LogicalResult takeMask(const Elementwise &select);
  LogicalResult takeBias(vit::ConvOp conv);
  LogicalResult goOn(const Elementwise &step, OpOperand *rest);
  LogicalResult checkMasks();

  linalg::SoftmaxOp softmax;
  std::string &reason;
  ScoresOptions options;
  ScoresPath path;
};
} // namespace

/// Whether a value is, perhaps with addends and masks, the product of two tensors that depend on the input.
static bool isProductOfActivations(Value value) {
  static constexpr size_t kMostAddends = 64;
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty() && seen.size() < kMostAddends) {
    Operation *op = trace(worklist.pop_back_val()).source.getDefiningOp();
    if (!op || !seen.insert(op).second)
      continue;
    if (isContraction(op) && llvm::none_of(cast<linalg::LinalgOp>(op).getDpsInputs(), isInputIndependent))
      return true;
    std::optional<Elementwise> step = isContraction(op) ? std::nullopt : matchElementwise(op);
    if (!step || (step->kind != ElementwiseKind::add && step->kind != ElementwiseKind::sub &&
                  step->kind != ElementwiseKind::select))
      continue;
    for (OpOperand *operand : step->operands)
      if (isa<FloatType>(getElementTypeOrSelf(operand->get())))
        worklist.push_back(operand->get());
  }
  return false;
}

/// Numbers as low as this do not change by the scores that are added to them.
static constexpr double kVanishing = -1e30;

/// Whether no number that `value` is computed from is greater than `limit` in magnitude; what the input, products and
/// reductions give is taken to be like scores.
static bool isWithin(Value value, double limit, bool besidesMinusInfinity) {
  SmallVector<Value> worklist{value};
  llvm::SmallPtrSet<Operation *, 16> seen;
  while (!worklist.empty()) {
    Operation *op = worklist.pop_back_val().getDefiningOp();
    auto structured = dyn_cast_if_present<linalg::LinalgOp>(op);
    if (!op || !seen.insert(op).second || (structured && structured.getNumReductionLoops() > 0))
      continue;
    bool isLarge = false;
    op->walk([&](Operation *inner) {
      llvm::append_range(worklist, inner->getOperands());
      auto constant = dyn_cast<arith::ConstantOp>(inner);
      if (!constant || !isa<FloatType>(getElementTypeOrSelf(constant.getType())))
        return;
      std::optional<double> largest = std::nullopt;
      if (auto scalar = dyn_cast<FloatAttr>(constant.getValue()))
        largest = std::abs(scalar.getValueAsDouble());
      else
        largest = largestMagnitude(constant, besidesMinusInfinity);
      isLarge |= !largest || !(*largest <= limit);
    });
    if (isLarge)
      return false;
  }
  return true;
}

/// A mask replaces what it covers, which would stay if it was added: −∞ must not cover +∞ or what is no number, and a
/// finite number no other mask. One that is not low enough for a whole row must be the only mask, above others as well.
LogicalResult Follower::checkMasks() {
  constexpr double kLargestScore = 1e7;
  for (auto [index, mask] : llvm::enumerate(path.addends)) {
    if (!mask.fill)
      continue;
    bool isInfinite = std::isinf(*mask.fill);
    auto stays = [&](const ScoreAddend &other) {
      if (other.fill)
        return isInfinite;
      double limit =
          isInfinite ? std::numeric_limits<float>::max() : kLargestScore / std::max(1.0, std::abs(other.factor));
      return isWithin(other.map.source, limit, /*besidesMinusInfinity=*/isInfinite && other.factor > 0);
    };
    auto others = ArrayRef(path.addends).drop_front(*mask.fill <= kVanishing ? index + 1 : 0);
    if (llvm::any_of(others, [&, &mask = mask](const ScoreAddend &other) { return &other != &mask && !stays(other); }))
      return refuse("beside a mask, an addend may be larger than the scores");
  }
  return success();
}

/// Steps to the operand that holds the product of queries and keys; the other one is an addend.
LogicalResult Follower::takeSum(const Elementwise &sum) {
  bool first = isInputIndependent(sum.operand(0)), second = isInputIndependent(sum.operand(1));
  if (first && second)
    return refuse("the scores do not depend on the input");
  if (!first && !second) {
    first = !isProductOfActivations(sum.operand(0)), second = !isProductOfActivations(sum.operand(1));
    if (first == second)
      return refuse(first ? "neither side of a sum is a product of queries and keys"
                          : "both sides of a sum are products");
  }
  OpOperand *operand = sum.operands[first ? 0 : 1], *rest = sum.operands[first ? 1 : 0];
  if (!sum.op.getMatchingIndexingMap(rest).isIdentity())
    return refuse("the scores are broadcast by an addend");
  FailureOr<AxisMap> map = traceOperand(sum.op, operand, {.scales = false}).compose(path.scores);
  if (failed(map))
    return refuse("an addend does not follow the layout of the scores");
  ScoreAddend addend{*map, path.scores.scale, std::nullopt};
  if (sum.kind == ElementwiseKind::sub)
    (first ? path.scores.scale : addend.factor) *= -1;
  path.addends.push_back(std::move(addend));
  return goOn(sum, rest);
}

/// Steps to the scores that a mask replaces by one number.
LogicalResult Follower::takeMask(const Elementwise &select) {
  std::optional<double> whereTrue = matchSplat(select.operand(1)), whereFalse = matchSplat(select.operand(2));
  if (whereTrue.has_value() == whereFalse.has_value())
    return refuse("the scores are selected from two values");
  OpOperand *condition = select.operands[0], *rest = select.operands[whereTrue ? 2 : 1];
  if (!select.op.getMatchingIndexingMap(rest).isIdentity())
    return refuse("the scores are broadcast by a mask");
  FailureOr<AxisMap> map = traceOperand(select.op, condition, {.scales = false}).compose(path.scores);
  if (failed(map))
    return refuse("a mask does not follow the layout of the scores");
  double fill = (whereTrue ? *whereTrue : *whereFalse) * path.scores.scale;
  ScoreAddend mask{*map, 1, fill, whereTrue.has_value()};
  // Added to the lowest number a score vanishes in rounding; a row of equal numbers, which becomes the mean of the
  // values, stays one. With higher numbers it would not, so that no row may be masked as a whole.
  constexpr double kNoWeight = -1e8;
  if (!(fill <= kVanishing) && !(fill <= kNoWeight && mask.leavesScores(softmax.getDimension())))
    return refuse("a mask may replace all scores of a row by a number that is not low enough");
  path.addends.push_back(std::move(mask));
  return goOn(select, rest);
}

/// The bias of a convolution, one number for each of its filters, is an addend.
LogicalResult Follower::takeBias(vit::ConvOp conv) {
  if (!conv || !conv.getBias())
    return success();
  AffineMap filters = AffineMap::get(4, 0, getAffineDimExpr(1, conv.getContext()));
  SmallVector<Extent> loops =
      llvm::map_to_vector(llvm::seq<int64_t>(0, 4), [&](int64_t dim) { return extentOf(conv.getResult(), dim); });
  FailureOr<AxisMap> bias = trace(conv.getBias(), {.scales = false}).inLoops(filters, loops).compose(path.scores);
  if (failed(bias))
    return refuse("an addend does not follow the layout of the scores");
  path.addends.push_back({*bias, path.scores.scale, std::nullopt});
  return success();
}

/// Goes on with the operand of `step` that holds the scores.
LogicalResult Follower::goOn(const Elementwise &step, OpOperand *rest) {
  FailureOr<AxisMap> composed = trace(rest->get()).compose(path.scores);
  if (failed(composed))
    return refuse("the scores change layout between addends in a way that does not divide");
  path.scores = *composed;
  return success();
}

bool ScoreAddend::leavesScores(int64_t dim) const {
  std::optional<int64_t> source = matchWholeDim(map, map.axes[dim]);
  return source && everyLineHas(map.source, *source, [&](double element) {
           return fill ? (element != 0) != replaces : std::isfinite(element);
         });
}

FailureOr<ScoresPath> vitc::followScores(linalg::SoftmaxOp softmax, std::string &reason, ScoresOptions options) {
  return Follower(softmax, reason, options).run();
}

static Value buildScalar(OpBuilder &builder, Location loc, Type element, double value) {
  auto type = RankedTensorType::get({}, element);
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, builder.getFloatAttr(element, value)));
}

Value ScoreAddend::build(OpBuilder &builder, Location loc, Type element) const {
  Value value = *materialize(builder, loc, map);
  if (!fill && factor == 1)
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  AffineMap whole = builder.getMultiDimIdentityMap(type.getRank());
  AffineMap scalar = AffineMap::get(type.getRank(), 0, builder.getContext());
  Value init = tensor::EmptyOp::create(builder, loc, tensor::getMixedSizes(builder, loc, value), element);
  auto create = [&](ElementwiseKind kind, ValueRange operands, ArrayRef<AffineMap> maps) {
    return linalg::ElementwiseOp::create(builder, loc, operands, ValueRange{init},
                                         linalg::ElementwiseKindAttr::get(builder.getContext(), kind),
                                         builder.getAffineMapArrayAttr(maps))
        ->getResult(0);
  };
  if (!fill)
    return create(ElementwiseKind::mul, {value, buildScalar(builder, loc, element, factor)}, {whole, scalar, whole});
  Value zero = buildScalar(builder, loc, element, 0), low = buildScalar(builder, loc, element, *fill);
  return create(ElementwiseKind::select, {value, replaces ? low : zero, replaces ? zero : low},
                {whole, scalar, scalar, whole});
}
