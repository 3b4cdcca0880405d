#ifndef VITC_DIALECT_ONNX_IR_ONNX_H
#define VITC_DIALECT_ONNX_IR_ONNX_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "vitc/Dialect/ONNX/IR/ONNXDialect.h.inc"
#include "vitc/Dialect/ONNX/IR/ONNXEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXAttributes.h.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXOps.h.inc"

#endif // VITC_DIALECT_ONNX_IR_ONNX_H
