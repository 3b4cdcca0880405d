#ifndef VITC_DIALECT_ONNX_TRANSFORMS_SIGNATURE_H
#define VITC_DIALECT_ONNX_TRANSFORMS_SIGNATURE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::onnx {

/// Makes a function's type that of its body, and states the extents of arguments and results as `vit.dims`, where they
/// are known.
void updateSignature(mlir::func::FuncOp function);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_SIGNATURE_H
