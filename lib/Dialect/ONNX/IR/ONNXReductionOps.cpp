#include "ONNXVerification.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"

using namespace mlir;
using namespace vitc::onnx;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

template <typename ReduceOp>
static LogicalResult verifyReduction(ReduceOp op) {
  if (failed(verifyList(op, {"axes", op.getAxes()}))) // reduce_c1
    return failure();
  if (std::optional<SmallVector<int64_t>> axes = getConstantInts(op.getAxes()))
    if (failed(verifyAxes(op, *axes, getRank(op.getData())))) // reduce_c1
      return failure();
  if (!op.getKeepdims())
    return success();
  return verifySameRank(op, {{"data", op.getData()}, {"reduced", op.getReduced()}}); // reduce_c2
}

LogicalResult ReduceL1Op::verify() { return verifyReduction(*this); }
LogicalResult ReduceL2Op::verify() { return verifyReduction(*this); }
LogicalResult ReduceLogSumExpOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceLogSumOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceMaxOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceMeanOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceMinOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceProdOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceSumOp::verify() { return verifyReduction(*this); }
LogicalResult ReduceSumSquareOp::verify() { return verifyReduction(*this); }

//===----------------------------------------------------------------------===//
// Along one dimension
//===----------------------------------------------------------------------===//

LogicalResult ArgMaxOp::verify() { return verifyAxis(*this, getAxis(), getData()); } // arg_max_c1
LogicalResult ArgMinOp::verify() { return verifyAxis(*this, getAxis(), getData()); } // arg_max_c1

LogicalResult LogSoftmaxOp::verify() { return verifyAxis(*this, getAxis(), getInput()); } // softmax_c2
LogicalResult SoftmaxOp::verify() { return verifyAxis(*this, getAxis(), getInput()); }    // softmax_c2

LogicalResult vitc::onnx::detail::verifyCumulative(Operation *op, Value axis) {
  Value x = op->getOperand(0);
  if (failed(verifySameShape(op, {"x", x}, {"y", op->getResult(0)}))) // cum_sum_c1
    return failure();
  if (failed(verifyScalar(op, {"axis", axis}))) // cum_sum_c2
    return failure();
  std::optional<SmallVector<int64_t>> constant = getConstantInts(axis);
  return constant && constant->size() == 1 ? verifyAxis(op, constant->front(), x) : success(); // cum_sum_c2
}

LogicalResult TopKOp::verify() {
  if (failed(verifyAxis(*this, getAxis(), getX()))) // top_k_c1
    return failure();
  if (failed(verifyScalar(*this, {"k", getK()}))) // top_k_c2
    return failure();
  return verifySameShape(*this, {"values", getValues()}, {"indices", getIndices()}); // top_k_c3
}
