#include "vitc/Dialect/ONNX/IR/ONNXControl.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "vitc/Dialect/ONNX/IR/ONNXDialect.cpp.inc"
#include "vitc/Dialect/ONNX/IR/ONNXEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "vitc/Dialect/ONNX/IR/ONNXOps.cpp.inc"

void vitc::onnx::ONNXDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/ONNX/IR/ONNXOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "vitc/Dialect/ONNX/IR/ONNXControlOps.cpp.inc"
      >();
}
