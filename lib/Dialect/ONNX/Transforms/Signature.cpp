#include "Signature.h"

#include "vitc/Dialect/ONNX/IR/Extent.h"

using namespace mlir;
using namespace vitc::onnx;

void vitc::onnx::updateSignature(func::FuncOp function) {
  MLIRContext *context = function.getContext();
  Operation *terminator = function.getBody().front().getTerminator();
  function.setFunctionType(
      FunctionType::get(context, function.getBody().getArgumentTypes(), terminator->getOperandTypes()));
  StringRef dims = "vit.dims";
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (FailureOr<SymbolicShape> extents = getExtents(type); succeeded(extents))
      function.setArgAttr(index, dims, getDimsAttr(*extents, context));
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    if (FailureOr<SymbolicShape> extents = getExtents(type); succeeded(extents))
      function.setResultAttr(index, dims, getDimsAttr(*extents, context));
}
