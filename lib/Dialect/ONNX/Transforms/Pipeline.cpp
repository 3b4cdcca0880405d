#include "vitc/Dialect/ONNX/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void vitc::onnx::buildONNXPipeline(OpPassManager &pm, const ONNXOptions &options) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  if (!options.shapes.empty()) {
    BindShapesPassOptions bind;
    bind.shapes.assign(options.shapes.begin(), options.shapes.end());
    functions.addPass(createBindShapesPass(bind));
  }
  functions.addPass(createInferShapesPass());
  // Folders compare types, so that shapes come first. Constants stay where they are: their locations name the
  // initializers, which the canonicalizer would drop as it moves them.
  functions.addPass(createCanonicalizerPass(GreedyRewriteConfig().enableConstantCSE(false)));
  // Equal constants become one.
  functions.addPass(createCSEPass());
  // Dead arithmetic is gone by now: what is left is used.
  functions.addPass(createCheckShapesPass());
}

void vitc::onnx::registerONNXPipelines() {
  PassPipelineRegistration<ONNXOptions>("onnx-pipeline", "infer shapes, fold shape arithmetic, drop dead nodes",
                                        buildONNXPipeline);
}
