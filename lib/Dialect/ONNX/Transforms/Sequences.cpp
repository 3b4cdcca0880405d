#include "ControlFlow.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc::onnx;

FailureOr<int64_t> ControlFlow::getPosition(Operation *op, Value position, int64_t size, bool mayBeEnd) {
  std::optional<int64_t> index = getInteger(position);
  int64_t most = mayBeEnd ? size : size - 1;
  if (!index || *index < -size || *index > most)
    return op->emitOpError() << "expected a constant position in a sequence of " << size << " tensors";
  return *index < 0 ? *index + size : *index;
}

/// The lengths of the parts of SplitToSequence.
static FailureOr<SmallVector<int64_t>> getLengths(SplitToSequenceOp op, ShapeEnv &env, int64_t extent) {
  if (!op.getSplit())
    return SmallVector<int64_t>(extent, 1);
  FailureOr<SmallVector<int64_t>> lengths = constantIntegers(op, env, op.getSplit(), "split");
  if (failed(lengths))
    return failure();
  if (cast<RankedTensorType>(op.getSplit().getType()).getRank() == 0 && lengths->front() > 0) {
    int64_t length = lengths->front();
    lengths->assign(extent / length, length);
    if (extent % length != 0)
      lengths->push_back(extent % length);
  }
  if (llvm::any_of(*lengths, [](int64_t length) { return length < 0; }) ||
      std::accumulate(lengths->begin(), lengths->end(), int64_t(0)) != extent)
    return op.emitOpError() << "expected lengths that sum to " << extent;
  return lengths;
}

LogicalResult ControlFlow::split(SplitToSequenceOp op) {
  SymbolicShape shape = extentsOf(op.getInput());
  auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = op.getAxis();
  if (axis < -rank || axis >= rank)
    return op.emitOpError() << "expected axis in [" << -rank << ", " << rank << "), got " << axis;
  axis = fromFront(axis, rank);
  std::optional<int64_t> extent = shape[axis].asConstant();
  if (!extent || *extent > (1 << 12))
    return op.emitOpError() << "expected a constant extent of at most 4096, got " << shape[axis].str();
  FailureOr<SmallVector<int64_t>> lengths = getLengths(op, env, *extent);
  if (failed(lengths) || failed(countCopies(op, lengths->size())))
    return failure();
  auto type = UnrankedTensorType::get(getElementTypeOrSelf(op.getInput()));
  bool drops = !op.getKeepdims() && !op.getSplit();
  YieldOp held;
  LogicalResult inferred = inferCreated(op, [&] {
    SmallVector<Value> parts;
    int64_t begin = 0;
    Value axes = constant(op, {axis});
    for (int64_t length : *lengths) {
      Value part = SliceOp::create(rewriter, op.getLoc(), Type(type), op.getInput(), constant(op, {begin}),
                                   constant(op, {begin + length}), axes, Value());
      if (drops)
        part = SqueezeOp::create(rewriter, op.getLoc(), Type(type), part, axes);
      parts.push_back(part);
      begin += length;
    }
    held = YieldOp::create(rewriter, op.getLoc(), parts);
  });
  sequences[op.getSequence()] = SmallVector<Value>(held.getOutputs());
  rewriter.eraseOp(held);
  return inferred;
}

LogicalResult ControlFlow::concat(ConcatFromSequenceOp op) {
  SmallVector<Value> parts = sequences.lookup(op.getSequence());
  if (parts.empty())
    return op.emitOpError() << "expected a sequence that is not empty";
  int64_t rank = cast<RankedTensorType>(parts.front().getType()).getRank() + (op.getNewAxis() ? 1 : 0);
  auto axis = static_cast<int64_t>(op.getAxis());
  if (axis < -rank || axis >= rank)
    return op.emitOpError() << "expected axis in [" << -rank << ", " << rank << "), got " << axis;
  axis = fromFront(axis, rank);
  if (op.getNewAxis()) {
    FailureOr<Value> whole = stack(op, parts, axis);
    if (failed(whole))
      return failure();
    rewriter.replaceOp(op, *whole);
    return success();
  }
  rewriter.setInsertionPoint(op);
  auto whole = ConcatOp::create(rewriter, op.getLoc(), op.getType(), parts, rewriter.getI64IntegerAttr(axis));
  rewriter.replaceOp(op, whole);
  return inferOps(whole, whole->getNextNode());
}

LogicalResult ControlFlow::resolveSequence(Operation *op) {
  constexpr size_t fraction = 64; // of a node's memory, that an entry of a sequence takes
  if (op->getNumOperands() != 0 && isa<TupleType>(op->getOperand(0).getType()) &&
      failed(countCopies(op, sequences.lookup(op->getOperand(0)).size() / fraction)))
    return failure();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](SequenceConstructOp construct) {
        sequences[construct.getSequence()] = SmallVector<Value>(construct.getInputs());
        return success();
      })
      .Case([&](SequenceInsertOp insert) -> LogicalResult {
        SmallVector<Value> tensors = sequences.lookup(insert.getSequence());
        FailureOr<int64_t> position = static_cast<int64_t>(tensors.size());
        if (insert.getPosition())
          position = getPosition(op, insert.getPosition(), *position, /*mayBeEnd=*/true);
        if (failed(position))
          return failure();
        tensors.insert(tensors.begin() + *position, insert.getTensor());
        sequences[insert.getOutput()] = std::move(tensors);
        return success();
      })
      .Case([&](SequenceEraseOp erase) -> LogicalResult {
        SmallVector<Value> tensors = sequences.lookup(erase.getSequence());
        FailureOr<int64_t> position = static_cast<int64_t>(tensors.size()) - 1;
        if (erase.getPosition() || tensors.empty())
          position = getPosition(op, erase.getPosition(), static_cast<int64_t>(tensors.size()), /*mayBeEnd=*/false);
        if (failed(position))
          return failure();
        tensors.erase(tensors.begin() + *position);
        sequences[erase.getOutput()] = std::move(tensors);
        return success();
      })
      .Case([&](SequenceAtOp at) -> LogicalResult {
        SmallVector<Value> tensors = sequences.lookup(at.getSequence());
        FailureOr<int64_t> position =
            getPosition(op, at.getPosition(), static_cast<int64_t>(tensors.size()), /*mayBeEnd=*/false);
        if (failed(position))
          return failure();
        rewriter.replaceOp(op, tensors[*position]);
        return success();
      })
      .Case([&](SequenceLengthOp length) {
        rewriter.setInsertionPoint(op);
        auto size = static_cast<int64_t>(sequences.lookup(length.getSequence()).size());
        rewriter.replaceOp(op, constant(op, {size}, /*isScalar=*/true));
        return success();
      })
      .Case([&](SplitToSequenceOp splitting) { return split(splitting); })
      .Case([&](ConcatFromSequenceOp concatenation) { return concat(concatenation); });
}
