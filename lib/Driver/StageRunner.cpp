#include "StageRunner.h"
#include "ConstantFolding.h"
#include "ElementTypes.h"
#include "OutputShapes.h"

#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// Constants are folded before recognition, which looks at weights; and after it, which leaves arithmetic of prefix
/// tokens and positions.
static LogicalResult finishStage(Stage stage, ModuleOp module) {
  if (stage == Stage::ONNX)
    return checkOutputShapes(module);
  if (stage == Stage::Linalg && failed(checkElementTypes(module)))
    return failure();
  return stage == Stage::Linalg || stage == Stage::ViT ? foldConstantSubgraphs(module) : success();
}

LogicalResult vitc::driver::runStage(Stage stage, ModuleOp module, const TargetInfo &target, Report *report) {
  PassManager pm(module.getContext());
  CPUPipelineOptions cpu;
  cpu.level = target.level;
  cpu.precision = target.precision == Precision::BF16 ? "bf16" : "fp32";
  cpu.plainProducts = target.plainProducts;
  switch (stage) {
  case Stage::ONNX:
    buildONNXPipeline(pm);
    break;
  case Stage::Linalg:
    buildLinalgPipeline(pm);
    break;
  case Stage::ViT:
    buildRecognitionPipeline(pm, report);
    break;
  case Stage::Fused: {
    // Rewrites cut weights into parts, which are constants again before anything is fused with them.
    PassManager rewrites(module.getContext());
    // Before moves of tokens are composed, which may then be one for the whole batch. A GPU wants the batch whole.
    if (!target.isGPU())
      rewrites.addNestedPass<func::FuncOp>(vit::createSplitBatchPass());
    buildRewritePipeline(rewrites, report);
    if (failed(rewrites.run(module)) || failed(foldConstantSubgraphs(module)))
      return failure();
    buildFusedPipeline(pm);
    break;
  }
  case Stage::Tiled:
    // What the roundings cut weights into is constants again before loops are made of them.
    if (target.hasTensorKernels()) {
      PassManager kernels(module.getContext());
      buildGPUKernelPipeline(kernels, target.gpuCapability, target.precision == Precision::FP16 ? "f16" : "bf16");
      if (failed(kernels.run(module)) || failed(foldConstantSubgraphs(module)))
        return failure();
    }
    target.isGPU() ? buildGPUTiledPipeline(pm) : buildCPUTiledPipeline(pm, cpu);
    break;
  case Stage::Vector:
    target.isGPU() ? buildGPUVectorPipeline(pm, target.gpuCapability) : buildCPUVectorPipeline(pm, cpu);
    break;
  case Stage::LLVM:
  case Stage::Library:
    llvm_unreachable("these stages need more than passes");
  }
  return failure(failed(pm.run(module)) || failed(finishStage(stage, module)));
}

LogicalResult vitc::driver::lowerUnfused(ModuleOp module, const TargetInfo &target) {
  if (failed(runStage(Stage::Linalg, module, target, nullptr)))
    return failure();
  PassManager pm(module.getContext());
  buildUnfusedPipeline(pm);
  return pm.run(module);
}
