#include "vitc/Dialect/ONNX/Transforms/Passes.h"

#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"

#include "mlir/IR/Matchers.h"

namespace vitc::onnx {
#define GEN_PASS_DEF_CHECKSHAPESPASS
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace vitc::onnx

using namespace mlir;
using namespace vitc::onnx;

static LogicalResult checkResults(Operation *op) {
  for (Value result : op->getResults())
    if (failed(getExtents(result.getType())))
      return op->emitOpError() << "expected results of known extents, got " << result.getType();
  return success();
}

static LogicalResult checkShapeOperands(Operation *op) {
  auto shaped = dyn_cast<ShapedByOperandsOpInterface>(op);
  if (!shaped)
    return success();
  for (Value operand : shaped.getShapeOperands())
    if (!matchPattern(operand, m_Constant()) && !isKeptForExtents(op, operand)) {
      InFlightDiagnostic diagnostic = op->emitOpError() << "expected constant operands that state shapes";
      diagnostic.attachNote(operand.getLoc()) << "this one is not constant";
      return diagnostic;
    }
  return success();
}

namespace {
struct CheckShapesPass final : vitc::onnx::impl::CheckShapesPassBase<CheckShapesPass> {
  void runOnOperation() override {
    bool areKnown = true;
    for (Block &block : getOperation().getBody())
      for (Operation &op : block) {
        areKnown &= succeeded(checkResults(&op));
        areKnown &= succeeded(checkShapeOperands(&op));
      }
    if (!areKnown)
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
