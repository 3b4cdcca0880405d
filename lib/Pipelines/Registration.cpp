#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"
#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"
#include "vitc/Dialect/GPUKernel/Transforms/ExternalModels.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Pipelines/Pipelines.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/TilingInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

void vitc::registerDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, arith::ArithDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, func::FuncDialect, gpu::GPUDialect, LLVM::LLVMDialect, NVVM::NVVMDialect,
                  linalg::LinalgDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  tensor::TensorDialect, ub::UBDialect, vector::VectorDialect, onnx::ONNXDialect, vit::ViTDialect,
                  vcpu::CPUKernelDialect, vgpu::GPUKernelDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  linalg::registerTilingInterfaceExternalModels(registry);
  scf::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerInferTypeOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  vector::registerBufferizableOpInterfaceExternalModels(registry);
  vcpu::registerBufferizableOpInterfaceExternalModels(registry);
  vcpu::registerLinalgKernelExternalModels(registry);
  vcpu::registerProcedureExternalModels(registry);
  vgpu::registerBufferizableOpInterfaceExternalModels(registry);
}

void vitc::registerPipelines() {
  PassPipelineRegistration<>("vitc-onnx", "imported → onnx", buildONNXPipeline);
  PassPipelineRegistration<>("vitc-fused", "vit → fused", buildFusedPipeline);
  PassPipelineRegistration<CPUPipelineOptions>("vitc-cpu-tiled", "fused → tiled", buildCPUTiledPipeline);
  PassPipelineRegistration<CPUPipelineOptions>("vitc-cpu-vector", "tiled → vector", buildCPUVectorPipeline);
  PassPipelineRegistration<>("vitc-cpu-llvm", "vector → llvm", buildCPULLVMPipeline);
  PassPipelineRegistration<>("vitc-gpu-kernels", "what has a kernel for a GPU",
                             [](OpPassManager &pm) { buildGPUKernelPipeline(pm, /*capability=*/90, "bf16"); });
  PassPipelineRegistration<>("vitc-gpu-tiled", "fused → tiled for a GPU", buildGPUTiledPipeline);
  PassPipelineRegistration<>("vitc-gpu-vector", "tiled → vector for a GPU",
                             [](OpPassManager &pm) { buildGPUVectorPipeline(pm, /*capability=*/90); });
  PassPipelineRegistration<>("vitc-gpu-llvm", "vector → llvm for a GPU", buildGPULLVMPipeline);
}
