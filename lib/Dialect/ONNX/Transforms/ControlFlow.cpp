#include "ControlFlow.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace vitc::onnx;

/// Loops within loops, and sequences in loops, can describe any number of ops in a few bytes.
static constexpr int64_t mostIterations = 1024;
static constexpr size_t mostCopies = 1 << 16;

bool ControlFlow::handles(Operation *op) {
  return isa<IfOp, LoopOp, SequenceConstructOp, SequenceInsertOp, SequenceEraseOp, SequenceAtOp, SequenceLengthOp,
             SplitToSequenceOp, ConcatFromSequenceOp>(op);
}

LogicalResult ControlFlow::resolve(Operation *op) {
  if (auto branch = dyn_cast<IfOp>(op))
    return resolveIf(branch);
  if (auto loop = dyn_cast<LoopOp>(op))
    return resolveLoop(loop);
  return resolveSequence(op);
}

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

std::optional<int64_t> ControlFlow::getInteger(Value value) {
  const SmallTensor *contents = env.contents(value);
  return contents && contents->size() == 1 ? (*contents)[0].asInteger() : std::nullopt;
}

Value ControlFlow::constant(Operation *op, ArrayRef<int64_t> values, bool isScalar) {
  SmallVector<int64_t, 1> shape;
  if (!isScalar)
    shape.push_back(static_cast<int64_t>(values.size()));
  auto type = RankedTensorType::get(shape, rewriter.getI64Type());
  return ConstantOp::create(rewriter, op->getLoc(), DenseIntElementsAttr::get(type, values));
}

LogicalResult ControlFlow::countCopies(Operation *op, size_t count) {
  numCopies += count;
  if (numCopies <= mostCopies)
    return success();
  return op->emitOpError() << "expected loops and sequences that unroll to at most " << mostCopies << " nodes";
}

LogicalResult ControlFlow::inferCreated(Operation *op, llvm::function_ref<void()> create) {
  Operation *before = op->getPrevNode();
  rewriter.setInsertionPoint(op);
  create();
  return inferOps(before ? before->getNextNode() : &op->getBlock()->front(), op);
}

Value ControlFlow::asScalar(Operation *op, Value condition) {
  auto type = RankedTensorType::get({}, rewriter.getI1Type());
  if (condition.getType() == type)
    return condition;
  return ReshapeOp::create(rewriter, op->getLoc(), type, condition, Value(), rewriter.getBoolAttr(false));
}

/// Values that are used by an op while others are inferred, and replaced, before it.
static YieldOp hold(OpBuilder &builder, Operation *op, ValueRange values) {
  return YieldOp::create(builder, op->getLoc(), values);
}

/// The one dimension in which two types differ.
static std::optional<int64_t> getOpenAxis(Type a, Type b) {
  FailureOr<SymbolicShape> x = getExtents(a), y = getExtents(b);
  if (failed(x) || failed(y) || getElementTypeOrSelf(a) != getElementTypeOrSelf(b) || x->size() != y->size())
    return std::nullopt;
  std::optional<int64_t> axis;
  for (auto [dim, extents] : llvm::enumerate(llvm::zip_equal(*x, *y))) {
    if (std::get<0>(extents) == std::get<1>(extents))
      continue;
    if (axis)
      return std::nullopt;
    axis = dim;
  }
  return axis;
}

/// Both in a row, of which the run takes the part that the condition says: an extent that it computes.
FailureOr<Value> ControlFlow::chooseShape(Operation *op, Value condition, Value x, Value y, int64_t axis) {
  YieldOp held;
  LogicalResult inferred = inferCreated(op, [&] {
    Location loc = op->getLoc();
    auto type = UnrankedTensorType::get(getElementTypeOf(x.getType()));
    auto list = UnrankedTensorType::get(rewriter.getI64Type());
    auto getLength = [&](Value value) -> Value {
      return ShapeOp::create(rewriter, loc, list, value, rewriter.getI64IntegerAttr(axis),
                             rewriter.getI64IntegerAttr(axis + 1));
    };
    Value scalar = asScalar(op, condition), zero = constant(op, {0}), axes = constant(op, {axis});
    Value whole = ConcatOp::create(rewriter, loc, Type(type), ValueRange{x, y}, rewriter.getI64IntegerAttr(axis));
    Value ofX = getLength(x), ofBoth = getLength(whole);
    Value start = WhereOp::create(rewriter, loc, list, scalar, zero, ofX);
    Value end = WhereOp::create(rewriter, loc, list, scalar, ofX, ofBoth);
    held = hold(rewriter, op, SliceOp::create(rewriter, loc, type, whole, start, end, axes, Value()).getResult());
  });
  Value chosen = held.getOutputs().front();
  rewriter.eraseOp(held);
  return failed(inferred) ? FailureOr<Value>() : chosen;
}

FailureOr<Value> ControlFlow::choose(Operation *op, Value condition, Value x, Value y) {
  if (x == y)
    return x;
  if (std::optional<int64_t> axis = getOpenAxis(x.getType(), y.getType()))
    return chooseShape(op, condition, x, y, *axis);
  if (!isa<TensorType>(x.getType()) || x.getType() != y.getType())
    return op->emitOpError() << "expected values of one type, since its condition depends on data, got " << x.getType()
                             << " and " << y.getType();
  YieldOp held;
  LogicalResult inferred = inferCreated(op, [&] {
    auto type = UnrankedTensorType::get(getElementTypeOf(x.getType()));
    Value scalar = asScalar(op, condition);
    held = hold(rewriter, op, WhereOp::create(rewriter, op->getLoc(), type, scalar, x, y).getResult());
  });
  Value chosen = held.getOutputs().front();
  rewriter.eraseOp(held);
  return failed(inferred) ? FailureOr<Value>() : chosen;
}

/// The tensors side by side in a new dimension.
FailureOr<Value> ControlFlow::stack(Operation *op, ArrayRef<Value> tensors, int64_t axis) {
  YieldOp held;
  LogicalResult inferred = inferCreated(op, [&] {
    auto type = UnrankedTensorType::get(getElementTypeOf(tensors.front().getType()));
    Value axes = constant(op, {axis});
    auto parts = llvm::map_to_vector(tensors, [&](Value tensor) -> Value {
      return UnsqueezeOp::create(rewriter, op->getLoc(), type, tensor, axes);
    });
    Value whole = ConcatOp::create(rewriter, op->getLoc(), Type(type), parts, rewriter.getI64IntegerAttr(axis));
    held = hold(rewriter, op, whole);
  });
  Value whole = held.getOutputs().front();
  rewriter.eraseOp(held);
  return failed(inferred) ? FailureOr<Value>() : whole;
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> ControlFlow::inlineBranch(Region &branch, IfOp op) {
  Operation *first = &branch.front().front(), *yield = branch.front().getTerminator();
  op->getBlock()->getOperations().splice(op->getIterator(), branch.front().getOperations());
  LogicalResult inferred = inferOps(first, yield);
  SmallVector<Value> outputs(yield->getOperands());
  rewriter.eraseOp(yield);
  return failed(inferred) ? FailureOr<SmallVector<Value>>() : outputs;
}

LogicalResult ControlFlow::resolveIf(IfOp op) {
  std::optional<int64_t> condition = getInteger(op.getCondition());
  if (condition) {
    FailureOr<SmallVector<Value>> outputs = inlineBranch(*condition ? op.getThenBranch() : op.getElseBranch(), op);
    if (failed(outputs))
      return failure();
    rewriter.replaceOp(op, *outputs);
    return success();
  }
  FailureOr<SmallVector<Value>> then = inlineBranch(op.getThenBranch(), op);
  if (failed(then))
    return failure();
  FailureOr<SmallVector<Value>> otherwise = inlineBranch(op.getElseBranch(), op);
  if (failed(otherwise))
    return failure();
  SmallVector<Value> outputs;
  for (auto [x, y] : llvm::zip_equal(*then, *otherwise)) {
    FailureOr<Value> output = choose(op, op.getCondition(), x, y);
    if (failed(output))
      return failure();
    outputs.push_back(*output);
  }
  rewriter.replaceOp(op, outputs);
  return success();
}

//===----------------------------------------------------------------------===//
// Loop
//===----------------------------------------------------------------------===//

FailureOr<std::optional<bool>> ControlFlow::runs(LoopOp op, int64_t index, Value condition) {
  std::optional<int64_t> count = getInteger(op.getTripCount());
  std::optional<bool> holds = true;
  if (condition) {
    std::optional<int64_t> value = getInteger(condition);
    holds = value ? std::optional(*value != 0) : std::nullopt;
  }
  if ((count && index >= *count) || holds == false)
    return std::optional(false);
  bool isBounded = count || (!op.getTripCount() && holds);
  if (!isBounded)
    return op.emitOpError()
           << "expected a number of iterations that is constant, got one that depends on data or symbolic extents";
  if (index >= mostIterations)
    return op.emitOpError() << "expected at most " << mostIterations << " iterations";
  return holds;
}

FailureOr<ControlFlow::Iteration> ControlFlow::inlineBody(LoopOp op, int64_t index, Value condition,
                                                          ArrayRef<Value> carried) {
  size_t size = 0;
  op.getBody().walk([&](Operation *) { ++size; });
  if (index > 0 && failed(countCopies(op, size)))
    return failure();
  rewriter.setInsertionPoint(op);
  Block &body = op.getBody().front();
  IRMapping mapping;
  Operation *before = op->getPrevNode();
  mapping.map(body.getArgument(0), constant(op, {index}, /*isScalar=*/true));
  if (!condition) {
    auto yes = DenseElementsAttr::get(RankedTensorType::get({}, rewriter.getI1Type()), true);
    condition = ConstantOp::create(rewriter, op.getLoc(), cast<ElementsAttr>(yes));
  }
  mapping.map(body.getArgument(1), condition);
  for (auto [argument, value] : llvm::zip_equal(body.getArguments().drop_front(2), carried))
    mapping.map(argument, value);
  for (Operation &inner : body)
    rewriter.clone(inner, mapping);
  auto yield = cast<YieldOp>(op->getPrevNode());
  LogicalResult inferred = inferOps(before ? before->getNextNode() : &op->getBlock()->front(), yield);
  SmallVector<Value> outputs(yield.getOutputs());
  rewriter.eraseOp(yield);
  if (failed(inferred))
    return failure();
  ArrayRef<Value> rest = ArrayRef(outputs).drop_front();
  return Iteration{outputs.front(), SmallVector<Value>(rest.take_front(carried.size())),
                   SmallVector<Value>(rest.drop_front(carried.size()))};
}

/// After the end of a loop whose condition is known at run time alone, values stay what they were.
LogicalResult ControlFlow::keepWhereOver(LoopOp op, Iteration &next, Value condition, ArrayRef<Value> before) {
  if (!next.collected.empty())
    return op.emitOpError() << "expected a condition that is constant, since the loop collects elements";
  for (auto [value, old] : llvm::zip_equal(next.carried, before)) {
    FailureOr<Value> chosen = choose(op, condition, value, old);
    if (failed(chosen))
      return failure();
    value = *chosen;
  }
  YieldOp held;
  LogicalResult inferred = inferCreated(op, [&] {
    auto type = UnrankedTensorType::get(rewriter.getI1Type());
    Value a = asScalar(op, condition), b = asScalar(op, next.condition);
    held = hold(rewriter, op, AndOp::create(rewriter, op.getLoc(), type, a, b).getResult());
  });
  next.condition = held.getOutputs().front();
  rewriter.eraseOp(held);
  return inferred;
}

LogicalResult ControlFlow::resolveLoop(LoopOp op) {
  SmallVector<Value> carried(op.getInitial());
  SmallVector<SmallVector<Value>> collected(op.getNumResults() - carried.size());
  Value condition = op.getCondition();
  for (int64_t index = 0;; ++index) {
    FailureOr<std::optional<bool>> runsOn = runs(op, index, condition);
    if (failed(runsOn))
      return failure();
    if (*runsOn == false)
      break;
    FailureOr<Iteration> next = inlineBody(op, index, condition, carried);
    if (failed(next))
      return failure();
    if (!*runsOn && failed(keepWhereOver(op, *next, condition, carried)))
      return failure();
    condition = next->condition;
    carried = next->carried;
    for (auto [elements, element] : llvm::zip_equal(collected, next->collected))
      elements.push_back(element);
  }
  for (auto [index, elements] : llvm::enumerate(collected)) {
    if (elements.empty())
      return op.emitOpError() << "expected at least one iteration, since the loop collects elements";
    if (index < op.getOutputDirections().size() && op.getOutputDirections()[index] == 1)
      std::reverse(elements.begin(), elements.end());
    int64_t axis = index < op.getOutputAxes().size() ? op.getOutputAxes()[index] : 0;
    int64_t rank = cast<RankedTensorType>(elements.front().getType()).getRank() + 1;
    if (axis < -rank || axis >= rank)
      return op.emitOpError() << "expected output axes in [" << -rank << ", " << rank << "), got " << axis;
    FailureOr<Value> whole = stack(op, elements, fromFront(axis, rank));
    if (failed(whole))
      return failure();
    carried.push_back(*whole);
  }
  rewriter.replaceOp(op, carried);
  return success();
}
