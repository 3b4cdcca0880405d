#include "Recognizer.h"

#include "vitc/Recognition/Report.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace vitc;

void MissedMatches::notifyPatternBegin(const Pattern &pattern, Operation *op) {
  currentPattern = &pattern;
  currentOp = op;
  auto found = reasons.find(op);
  if (found != reasons.end())
    found->second.erase(&pattern);
}

void MissedMatches::notifyMatchFailure(Location loc, function_ref<void(Diagnostic &)> reason) {
  Diagnostic diagnostic(loc, DiagnosticSeverity::Remark);
  reason(diagnostic);
  reasons[currentOp][currentPattern] = diagnostic.str();
}

void MissedMatches::write(StringRef candidate) {
  for (auto &[op, byPattern] : reasons) {
    if (byPattern.empty())
      continue;
    NamedAttrList missed;
    if (auto earlier = op->getAttrOfType<DictionaryAttr>(kMissedAttrName))
      missed.append(earlier.begin(), earlier.end());
    missed.set(candidate, StringAttr::get(op->getContext(), byPattern.back().second));
    op->setAttr(kMissedAttrName, missed.getDictionary(op->getContext()));
  }
}

LogicalResult vitc::applyRecognizers(Operation *root, RewritePatternSet patterns, StringRef candidate) {
  MissedMatches missed;
  GreedyRewriteConfig config;
  config.setListener(&missed).enableFolding(false).enableConstantCSE(false).setUseTopDownTraversal(true);
  if (failed(applyPatternsGreedily(root, std::move(patterns), config)))
    return root->emitError("recognition of ") << candidate << " did not converge";
  missed.write(candidate);
  return success();
}

SmallVector<Extent> vitc::loopsOf(linalg::LinalgOp op) {
  SmallVector<Extent> loops;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    loops.push_back(extentOf(op->getResult(0), dim));
  return loops;
}

AxisMap vitc::traceOperand(linalg::LinalgOp op, OpOperand *operand, TraceOptions options) {
  return trace(operand->get(), options).inLoops(op.getMatchingIndexingMap(operand), loopsOf(op));
}

bool vitc::repeatsReduction(const AxisMap &map, const Reduction &reduction) {
  if (map.source != reduction.op->getResult(0))
    return false;
  AxisMap expected = AxisMap::identity(map.source);
  Axis repeated;
  appendDigit(repeated, Digit::free(extentOf(reduction.input, reduction.dim)));
  expected.axes.insert(expected.axes.begin() + reduction.dim, repeated);
  return map.axes == expected.axes && map.offsets == expected.offsets && map.rolls == expected.rolls;
}

std::optional<AxisMap> vitc::matchVector(linalg::LinalgOp op, OpOperand *operand, int64_t loop) {
  if (!isInputIndependent(operand->get()))
    return std::nullopt;
  AxisMap map = traceOperand(op, operand, {.scales = false});
  auto varies = [](const Axis &axis) { return llvm::any_of(axis, [](const Digit &digit) { return !digit.isFree(); }); };
  for (auto [at, axis] : llvm::enumerate(map.axes))
    if (varies(axis) != (static_cast<int64_t>(at) == loop))
      return std::nullopt;
  map.axes = {map.axes[loop]};
  return isMaterializable(map) ? std::optional(map) : std::nullopt;
}

std::optional<AxisMap> vitc::matchPerChannel(linalg::LinalgOp op, OpOperand *operand) {
  return op.getNumLoops() == 0 ? std::nullopt : matchVector(op, operand, op.getNumLoops() - 1);
}

RankedTensorType vitc::typeOf(Type element, ArrayRef<Extent> extents) {
  SmallVector<int64_t> shape;
  for (const Extent &extent : extents)
    shape.push_back(extent.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, element);
}

AxisMap vitc::viewOf(Value source, ArrayRef<Axis> axes) {
  AxisMap map = AxisMap::identity(source);
  map.axes.assign(axes.begin(), axes.end());
  return map;
}

Repeated Repeated::of(const AxisMap &map) {
  Repeated value{map, {}, {}};
  value.map.axes.clear();
  for (auto [dim, axis] : llvm::enumerate(map.axes)) {
    value.extents.push_back(extentOf(axis));
    if (!axis.empty() && llvm::all_of(axis, [](const Digit &digit) { return digit.isFree(); }))
      value.dims.push_back(dim);
    else
      value.map.axes.push_back(axis);
  }
  return value;
}

FailureOr<Value> Repeated::materialize(OpBuilder &builder, Location loc) const {
  FailureOr<Value> once = vitc::materialize(builder, loc, map);
  if (failed(once) || dims.empty())
    return once;
  auto sizes = llvm::map_to_vector(extents, [&](const Extent &extent) { return extent.materialize(builder, loc); });
  Value init = tensor::EmptyOp::create(builder, loc, sizes, getElementTypeOrSelf(*once));
  return linalg::BroadcastOp::create(builder, loc, *once, init, dims)->getResult(0);
}

Location vitc::fuseLocations(Operation *root, ArrayRef<Operation *> others) {
  SmallVector<Operation *> ordered(others);
  llvm::erase_if(ordered, [&](Operation *op) { return op == root || op->getBlock() != root->getBlock(); });
  llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  SmallVector<Location> locations{root->getLoc()};
  for (Operation *op : ordered)
    locations.push_back(op->getLoc());
  return FusedLoc::get(root->getContext(), locations);
}
