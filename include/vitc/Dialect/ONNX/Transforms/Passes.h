#ifndef VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H
#define VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace vitc::onnx {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"
} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H
