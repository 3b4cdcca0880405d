// What operators require of their operands' extents where the shape of the result does not tell.

#include "Requirements.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {

/// Requires relations of one op's operands; says at the op what never holds, or what no run could check.
class OperandChecker {
public:
  OperandChecker(Operation *op, ShapeEnv &env) : op(op), env(env) {}

  LogicalResult equal(StringRef what, const Extent &a, const Extent &b) { return checkEqual(op, env, what, a, b); }

  LogicalResult sameShape(StringRef what, ArrayRef<Extent> a, ArrayRef<Extent> b) {
    if (a.size() != b.size())
      return op->emitOpError() << what << " differ: " << str(a) << " and " << str(b);
    for (auto [left, right] : llvm::zip_equal(a, b))
      if (failed(equal(what, left, right)))
        return failure();
    return success();
  }

  /// Lists with an element for each channel.
  LogicalResult channels(Value of, int64_t dim, ValueRange lists) {
    SymbolicShape shape = extentsOf(of);
    for (Value list : lists)
      if (list && dim < static_cast<int64_t>(shape.size()) &&
          failed(equal("the numbers of channels and of their parameters", shape[dim], extentsOf(list).front())))
        return failure();
    return success();
  }

  /// Operands whose extents are 1 or those of `to`.
  LogicalResult broadcast(Value to, ValueRange operands) {
    SymbolicShape shape = extentsOf(to);
    for (Value operand : operands) {
      SymbolicShape extents = operand ? extentsOf(operand) : SymbolicShape();
      for (auto [extent, into] : llvm::zip(llvm::reverse(extents), llvm::reverse(shape)))
        if (extent != Extent(1) && failed(equal("extents that broadcast", into, extent)))
          return failure();
    }
    return success();
  }

  /// In every dimension but `axis` the indices lie within `data`.
  LogicalResult within(Value data, Value indices, int64_t axis) {
    SymbolicShape most = extentsOf(data), shape = extentsOf(indices);
    axis = fromFront(axis, most.size());
    for (auto [dim, extent, bound] : llvm::enumerate(shape, most))
      if (static_cast<int64_t>(dim) != axis && !env.requireAtLeast(op, bound, extent))
        return op->emitOpError() << "expected at most " << bound.str() << " indices in dimension " << dim << ", got "
                                 << extent.str();
    return success();
  }

private:
  Operation *op;
  ShapeEnv &env;
};

} // namespace

/// Updates have the shape of the indices without the last dimension, then that of the parts of `data`.
static LogicalResult checkScatterND(ScatterNDOp op, OperandChecker &check) {
  SymbolicShape data = extentsOf(op.getData()), expected = extentsOf(op.getIndices());
  std::optional<int64_t> length = expected.pop_back_val().asConstant();
  if (!length)
    return op.emitOpError() << "expected index vectors of a constant length";
  llvm::append_range(expected, ArrayRef(data).drop_front(*length));
  return check.sameShape("the shapes of updates and of what they replace", extentsOf(op.getUpdates()), expected);
}

static LogicalResult checkAttention(AttentionOp op, OperandChecker &check) {
  for (Value other : {op.getK(), op.getV(), op.getPastKey(), op.getPastValue()})
    if (other &&
        failed(check.equal("the batches of queries, keys and values", extentsOf(op.getQ())[0], extentsOf(other)[0])))
      return failure();
  return success();
}

/// Sequences and their lengths and first states are as many.
template <typename RecurrentOp>
static LogicalResult checkRecurrent(RecurrentOp op, OperandChecker &check) {
  bool isBatchFirst = op.getLayout() == 1;
  Extent batch = extentsOf(op.getX())[isBatchFirst ? 0 : 1];
  if (op.getSequenceLens() &&
      failed(check.equal("the numbers of sequences and of lengths", batch, extentsOf(op.getSequenceLens())[0])))
    return failure();
  if (!op.getInitialH())
    return success();
  return check.equal("the numbers of sequences and of first states", batch,
                     extentsOf(op.getInitialH())[isBatchFirst ? 0 : 1]);
}

LogicalResult vitc::onnx::requireOperands(Operation *op, ShapeEnv &env) {
  OperandChecker check(op, env);
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](PReluOp prelu) { return check.broadcast(prelu.getX(), prelu.getSlope()); })
      .Case([&](LayerNormalizationOp norm) { return check.broadcast(norm.getX(), {norm.getScale(), norm.getB()}); })
      .Case([&](RMSNormalizationOp norm) { return check.broadcast(norm.getX(), norm.getScale()); })
      .Case([&](BatchNormalizationOp norm) { return check.channels(norm.getX(), 1, norm->getOperands().drop_front()); })
      .Case([&](InstanceNormalizationOp norm) {
        return check.channels(norm.getInput(), 1, {norm.getScale(), norm.getB()});
      })
      .Case(
          [&](GroupNormalizationOp norm) { return check.channels(norm.getX(), 1, {norm.getScale(), norm.getBias()}); })
      .Case([&](ReverseSequenceOp reverse) {
        return check.channels(reverse.getInput(), reverse.getBatchAxis(), reverse.getSequenceLens());
      })
      .Case([&](GatherElementsOp gather) {
        return check.within(gather.getData(), gather.getIndices(), gather.getAxis());
      })
      .Case([&](ScatterElementsOp scatter) {
        if (failed(check.sameShape("the shapes of indices and updates", extentsOf(scatter.getIndices()),
                                   extentsOf(scatter.getUpdates()))))
          return failure();
        return check.within(scatter.getData(), scatter.getIndices(), scatter.getAxis());
      })
      .Case([&](ScatterNDOp scatter) { return checkScatterND(scatter, check); })
      .Case([&](AttentionOp attention) { return checkAttention(attention, check); })
      .Case<GRUOp, LSTMOp, RNNOp>([&](auto recurrent) { return checkRecurrent(recurrent, check); })
      .Default([](Operation *) { return success(); });
}
