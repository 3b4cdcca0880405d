#ifndef VITC_DIALECT_ONNX_IR_ONNXOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"
include "vitc/Dialect/ONNX/IR/ONNXActivationOps.td"
include "vitc/Dialect/ONNX/IR/ONNXAttentionOps.td"
include "vitc/Dialect/ONNX/IR/ONNXBitwiseOps.td"
include "vitc/Dialect/ONNX/IR/ONNXDataOps.td"
include "vitc/Dialect/ONNX/IR/ONNXElementwiseOps.td"
include "vitc/Dialect/ONNX/IR/ONNXIndexingOps.td"
include "vitc/Dialect/ONNX/IR/ONNXNNOps.td"
include "vitc/Dialect/ONNX/IR/ONNXQuantizationOps.td"
include "vitc/Dialect/ONNX/IR/ONNXRecurrentOps.td"
include "vitc/Dialect/ONNX/IR/ONNXReductionOps.td"
include "vitc/Dialect/ONNX/IR/ONNXSamplingOps.td"
include "vitc/Dialect/ONNX/IR/ONNXShapeOps.td"
include "vitc/Dialect/ONNX/IR/ONNXSignalOps.td"
include "vitc/Dialect/ONNX/IR/ONNXWindowOps.td"

def ONNX_ConstantOp : ONNX_Op<"Constant", [ConstantLike],
    ["attribute(\"value\") ? ::llvm::cast<::mlir::ElementsAttr>(attribute(\"value\")).getElementType() : ::mlir::Type()"]> {
  let summary = "a tensor known at compile time";
  let description = [{
    An initializer, or what a `Constant` node says in any of its forms. Large values are `dense_resource`, whose blob
    may point into the mapped file.

    - (C1) The result has the shape and the element type of `value`; it may have an encoding.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs ONNX_Tensor:$output);
  let assemblyFormat = "$value attr-dict `:` type($output)";
  let builders = [OpBuilder<(ins "::mlir::ElementsAttr":$value), [{
    build($_builder, $_state, value.getShapedType(), value);
  }]>];
  let hasFolder = 1;
  let hasVerifier = 1;
}

#endif
