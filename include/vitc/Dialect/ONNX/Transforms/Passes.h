#ifndef VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H
#define VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace vitc::onnx {

#define GEN_PASS_DECL
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"

struct ONNXOptions : mlir::PassPipelineOptions<ONNXOptions> {
  ListOption<std::string> shapes{*this, "shapes", llvm::cl::desc("Inputs and their shapes: x=1x3x224x224")};
};

/// From an imported graph to one whose shapes are known, shape arithmetic folded and dead nodes gone.
void buildONNXPipeline(mlir::OpPassManager &pm, const ONNXOptions &options);

#define GEN_PASS_REGISTRATION
#include "vitc/Dialect/ONNX/Transforms/Passes.h.inc"

/// `onnx-pipeline`.
void registerONNXPipelines();

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_TRANSFORMS_PASSES_H
