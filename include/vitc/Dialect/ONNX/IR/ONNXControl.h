#ifndef VITC_DIALECT_ONNX_IR_ONNXCONTROL_H
#define VITC_DIALECT_ONNX_IR_ONNXCONTROL_H

#include "vitc/Dialect/ONNX/IR/ONNX.h"

namespace vitc::onnx {

/// The type of sequences of tensors with these elements.
inline mlir::TupleType getSequenceType(mlir::Type elementType) {
  return mlir::TupleType::get(elementType.getContext(), {mlir::UnrankedTensorType::get(elementType)});
}
/// The elements of a tensor, or of the tensors in a sequence.
inline mlir::Type getElementTypeOf(mlir::Type type) {
  auto sequence = llvm::dyn_cast<mlir::TupleType>(type);
  return mlir::getElementTypeOrSelf(sequence ? sequence.getType(0) : type);
}

} // namespace vitc::onnx

#define GET_OP_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXControlOps.h.inc"

#endif // VITC_DIALECT_ONNX_IR_ONNXCONTROL_H
