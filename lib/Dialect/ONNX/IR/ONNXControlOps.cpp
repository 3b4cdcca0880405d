#include "vitc/Dialect/ONNX/IR/ONNXControl.h"

#include "ONNXVerification.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace vitc::onnx;

#define GET_OP_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXControlOps.cpp.inc"

LogicalResult IfOp::verify() {
  if (failed(verifyScalar(*this, {"condition", getCondition()}))) // if_c1
    return failure();
  for (Region *branch : getRegions()) {
    auto yield = dyn_cast<YieldOp>(branch->front().getTerminator());
    if (!yield || yield.getOutputs().size() != getNumResults()) // if_c2
      return emitOpError() << "expected subgraphs that yield " << getNumResults() << " values";
    for (auto [output, result] : llvm::zip_equal(yield.getOutputs(), getResults()))
      if (getElementTypeOf(output.getType()) != getElementTypeOf(result.getType())) // if_c2
        return emitOpError() << "expected subgraphs that yield elements of type " << getElementTypeOf(result.getType())
                             << ", got " << getElementTypeOf(output.getType());
  }
  return success();
}

LogicalResult LoopOp::verify() {
  if (failed(verifyScalar(*this, {"trip_count", getTripCount()})) ||
      failed(verifyScalar(*this, {"condition", getCondition()}))) // loop_c1
    return failure();
  size_t carried = getInitial().size();
  if (getBody().getNumArguments() != carried + 2 || getNumResults() < carried) // loop_c2
    return emitOpError() << "expected a subgraph of " << carried + 2 << " arguments and at least " << carried
                         << " results, got " << getBody().getNumArguments() << " and " << getNumResults();
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || yield.getOutputs().size() != getNumResults() + 1) // loop_c2
    return emitOpError() << "expected a subgraph that yields " << getNumResults() + 1 << " values";
  return success();
}
