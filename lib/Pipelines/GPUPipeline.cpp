#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void vitc::buildGPUKernelPipeline(OpPassManager &pm, int64_t capability, StringRef element, bool explain) {
  pm.addPass(createConvertViTToGPUPass({capability, element.str(), explain}));
  // Roundings of whole tensors are loops from now on, those of constants to be folded.
  pm.addPass(createConvertElementwiseToLinalgPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void vitc::buildGPUTiledPipeline(OpPassManager &pm) {
  pm.addPass(createConvertViTToLinalgPass());
  // The sizes of kernel outputs come from their inputs; resolved, equal extents become one value.
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createPrepareLoopsPass({/*throughViews=*/true}));
}

void vitc::buildGPUVectorPipeline(OpPassManager &pm, int64_t capability) {
  buildBufferPipeline(pm);
  pm.addPass(vgpu::createOutlineKernelsPass());
  if (capability >= 90)
    pm.addPass(vgpu::createOverlapLaunchesPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addNestedPass<gpu::GPUModuleOp>(createExpandMathPass({/*level=*/"x86-64-v3"}));
}

void vitc::buildGPULLVMPipeline(OpPassManager &pm) {
  // On the whole module: some of these passes run on nothing else.
  pm.addPass(createConvertVectorToSCFPass());
  pm.addPass(createSCFToControlFlowPass());
  // Subviews become arithmetic on strides before memrefs become descriptors.
  pm.addPass(createExpandDynamicShapesPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  // Not convert-gpu-to-nvvm, whose kernels call libdevice.
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertNVVMToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
}
