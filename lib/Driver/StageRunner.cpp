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

static void buildKernelPipeline(PassManager &pm, const TargetInfo &target, bool explain = false) {
  buildGPUKernelPipeline(pm, target.gpuCapability, target.multipliedElement(), explain);
}

std::vector<Report::Missed> vitc::driver::findLoops(ModuleOp module, const TargetInfo &target) {
  OwningOpRef<ModuleOp> clone = module.clone();
  PassManager pm(module.getContext());
  buildKernelPipeline(pm, target, /*explain=*/true);
  if (!target.hasTensorKernels() || failed(pm.run(*clone)))
    return {};
  std::vector<Report::Missed> loops;
  SmallVector<int64_t> others;
  for (Report::Missed &missed : Report::collect(*clone).missed) {
    auto same = llvm::find_if(
        loops, [&](const Report::Missed &loop) { return loop.op == missed.op && loop.reason == missed.reason; });
    if (same != loops.end()) {
      ++others[same - loops.begin()];
      continue;
    }
    missed.candidate = target.level + " kernel";
    loops.push_back(std::move(missed));
    others.push_back(0);
  }
  for (auto [loop, more] : llvm::zip_equal(loops, others))
    if (more > 0)
      loop.reason += "; and " + std::to_string(more) + " more";
  return loops;
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
      buildKernelPipeline(kernels, target);
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
