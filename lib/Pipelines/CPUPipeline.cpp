#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void vitc::buildCPUTiledPipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  pm.addPass(createConvertViTToCPUPass({options.level, options.precision, options.plainProducts}));
  // The sizes of kernel outputs come from their inputs; resolved, equal extents become one value.
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(vcpu::createFoldConstantPacksPass());
  pm.addPass(createPrepareLoopsPass());
}

/// Inputs may not be written; every other buffer is the program's own.
static bufferization::OneShotBufferizePassOptions getBufferizationOptions() {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  return options;
}

void vitc::buildBufferPipeline(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(vcpu::createProtectInputsPass());
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  pm.addPass(bufferization::createOneShotBufferizePass(getBufferizationOptions()));
  // Buffers' sizes must lead to the inputs, not to other buffers.
  pm.addPass(memref::createResolveShapedTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(vcpu::createPlanMemoryPass());
  // Sizes that were read off arguments are symbols now; equal ones become one value before kernels compare operands.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

void vitc::buildCPUVectorPipeline(OpPassManager &pm, const CPUPipelineOptions &options) {
  buildBufferPipeline(pm);
  pm.addPass(vcpu::createEmitKernelsPass());
  pm.addPass(vcpu::createLowerLaunchesPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createExpandMathPass({options.level}));
}

void vitc::buildCPULLVMPipeline(OpPassManager &pm) {
  pm.addPass(createConvertVectorToSCFPass(VectorTransferToSCFOptions().enableFullUnroll()));
  pm.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  // Subviews become arithmetic on strides before memrefs become descriptors.
  pm.addPass(createExpandDynamicShapesPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createConvertCPUKernelToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
}
