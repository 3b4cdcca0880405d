#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace vitc::onnx;

static int64_t countDirections(StringRef direction) { return direction == "bidirectional" ? 2 : 1; }

/// An extent of a tensor that has a static one there.
static LogicalResult verifyExtent(Operation *op, Named tensor, unsigned dim, int64_t expected) {
  std::optional<ArrayRef<int64_t>> shape = getShape(tensor.value);
  if (!shape || areCompatible((*shape)[dim], expected))
    return success();
  return op->emitOpError() << "expected " << tensor.name << " with an extent of " << expected << " in dimension " << dim
                           << ", got " << (*shape)[dim];
}

static LogicalResult verifyActivations(Operation *op, ArrayAttr activations, size_t count) {
  static const llvm::StringSet<> known = {"affine",   "elu",        "hardsigmoid",    "leakyrelu",
                                          "relu",     "scaledtanh", "sigmoid",        "softplus",
                                          "softsign", "tanh",       "thresholdedrelu"};
  if (!activations || activations.empty())
    return success();
  if (activations.size() != count)
    return op->emitOpError() << "expected " << count << " activations, got " << activations.size();
  for (StringRef name : activations.getAsValueRange<StringAttr>())
    if (!known.contains(name.lower()))
      return op->emitOpError() << "expected the name of an activation, got '" << name << "'";
  return success();
}

/// `gates` of a step and `functions`, the nonlinearities of a direction.
template <typename OpTy>
static LogicalResult verifyRecurrent(OpTy op, int64_t gates, size_t functions) {
  for (Named tensor : {Named{"x", op.getX()}, {"w", op.getW()}, {"r", op.getR()}})
    if (failed(verifyRank(op, tensor, 3))) // recurrent_c1
      return failure();
  if (failed(verifyRank(op, {"b", op.getB()}, 2)) || failed(verifyList(op, {"sequence_lens", op.getSequenceLens()})))
    return failure(); // recurrent_c1
  int64_t directions = countDirections(op.getDirection());
  std::optional<ArrayRef<int64_t>> r = getShape(op.getR());
  for (Named tensor : {Named{"w", op.getW()}, {"r", op.getR()}, {"b", op.getB()}})
    if (failed(verifyExtent(op, tensor, 0, directions))) // recurrent_c2
      return failure();
  if (r && op.getHiddenSize() && failed(verifyExtent(op, {"r", op.getR()}, 2, *op.getHiddenSize()))) // recurrent_c2
    return failure();
  if (r && !ShapedType::isDynamic((*r)[2]))
    for (auto [tensor, size] : {std::pair(Named{"w", op.getW()}, gates * (*r)[2]),
                                {Named{"r", op.getR()}, gates * (*r)[2]},
                                {Named{"b", op.getB()}, 2 * gates * (*r)[2]}})
      if (failed(verifyExtent(op, tensor, 1, size))) // recurrent_c2
        return failure();
  if (op.getLayout() != 0 && op.getLayout() != 1) // recurrent_c3
    return op.emitOpError() << "expected layout 0 or 1, got " << op.getLayout();
  return verifyActivations(op, op.getActivationsAttr(), directions * functions); // recurrent_c4
}

LogicalResult GRUOp::verify() { return verifyRecurrent(*this, 3, 2); }
LogicalResult LSTMOp::verify() {
  if (failed(verifyRank(*this, {"p", getP()}, 2))) // recurrent_c1
    return failure();
  return verifyRecurrent(*this, 4, 3);
}
LogicalResult RNNOp::verify() { return verifyRecurrent(*this, 1, 1); }

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult vitc::onnx::detail::inferRecurrent(Operation *op, SmallVectorImpl<SymbolicShape> &shapes) {
  SymbolicShape x = extentsOf(op->getOperand(0)), r = extentsOf(op->getOperand(2));
  SymbolicShape w = extentsOf(op->getOperand(1));
  if (x[2] != w[2])
    return op->emitOpError() << "the extents of vectors in x and w differ: " << x[2].str() << " and " << w[2].str();
  auto layout = op->getAttrOfType<IntegerAttr>("layout");
  bool isBatchFirst = layout && layout.getInt() == 1;
  Extent steps = x[isBatchFirst ? 1 : 0], batch = x[isBatchFirst ? 0 : 1];
  SymbolicShape y = {steps, r[0], batch, r[2]}, state = {r[0], batch, r[2]};
  if (isBatchFirst) {
    y = {batch, steps, r[0], r[2]};
    state = {batch, r[0], r[2]};
  }
  shapes.push_back(y);
  shapes.append(op->getNumResults() - 1, state);
  return success();
}
