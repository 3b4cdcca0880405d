#ifndef VITC_DIALECT_ONNX_IR_ONNXOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

#endif
