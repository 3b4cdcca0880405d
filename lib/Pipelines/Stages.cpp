#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/ONNX/Transforms/Passes.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void vitc::buildONNXPipeline(OpPassManager &pm) {
  OpPassManager &functions = pm.nest<func::FuncOp>();
  functions.addPass(onnx::createInferShapesPass());
  // Folders compare types, so that shapes come first. Constants stay where they are: their locations name the
  // initializers, which the canonicalizer would drop as it moves them.
  functions.addPass(createCanonicalizerPass(GreedyRewriteConfig().enableConstantCSE(false)));
  // Equal constants become one.
  functions.addPass(createCSEPass());
  // Dead arithmetic is gone by now: what is left is used.
  functions.addPass(onnx::createCheckShapesPass());
  // Shape inference computes constants as their types say, rounded, so that it comes first.
  functions.addPass(onnx::createWidenFloatsPass());
}

void vitc::buildLinalgPipeline(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createConvertONNXToLinalgPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void vitc::buildUnfusedPipeline(OpPassManager &pm) {
  pm.addPass(vit::createExpandTokensPass());
  // What becomes attention first: of one whose values nobody reads the scores alone are left.
  pm.addPass(vit::createExpandVisualTokensPass());
  pm.addPass(vit::createExpandScoresPass());
  // Extents must not hang on the results of contractions: a tensor.dim would count as a second reader.
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void vitc::buildFusedPipeline(OpPassManager &pm) {
  buildUnfusedPipeline(pm);
  pm.addPass(vit::createFuseEpiloguesPass());
}
