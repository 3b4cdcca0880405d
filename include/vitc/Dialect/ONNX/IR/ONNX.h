#ifndef VITC_DIALECT_ONNX_IR_ONNX_H
#define VITC_DIALECT_ONNX_IR_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "vitc/Dialect/ONNX/IR/ShapeInference.h"

#include "vitc/Dialect/ONNX/IR/ONNXDialect.h.inc"
#include "vitc/Dialect/ONNX/IR/ONNXEnums.h.inc"

namespace vitc::onnx {
class NodeOpInterface;
namespace detail {
/// Element types of the operands by position; `segments` are the sizes of the operand groups, none where each operand
/// is a group.
llvm::SmallVector<mlir::Type> getInputElementTypes(mlir::Operation *op, llvm::ArrayRef<int32_t> segments);

/// Verifies (E): the element types of the results are those of `NodeOpInterface::inferElementType`.
llvm::LogicalResult verifyElementTypes(NodeOpInterface op);
} // namespace detail
} // namespace vitc::onnx

#include "vitc/Dialect/ONNX/IR/ONNXInterfaces.h.inc"
#include "vitc/Dialect/ONNX/IR/ONNXShapeInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXAttributes.h.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXOps.h.inc"

#endif // VITC_DIALECT_ONNX_IR_ONNX_H
