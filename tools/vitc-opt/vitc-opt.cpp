#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/GPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ONNX/Transforms/Passes.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  vitc::registerConversionPasses();
  vitc::registerRecognitionPasses();
  vitc::registerRecognitionPipelines();
  vitc::registerTransformsPasses();
  vitc::onnx::registerONNXTransformsPasses();
  vitc::vit::registerViTPasses();
  vitc::vcpu::registerCPUKernelPasses();
  vitc::vgpu::registerGPUKernelPasses();
  vitc::registerPipelines();
  vitc::registerDialects(registry);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "vitc pass driver\n", registry));
}
