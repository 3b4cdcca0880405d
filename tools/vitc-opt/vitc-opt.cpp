#include "mlir/IR/DialectRegistry.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

#include "vitc/Conversion/Passes.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"
#include "vitc/Dialect/CPUKernel/Transforms/ExternalModels.h"
#include "vitc/Dialect/CPUKernel/Transforms/Passes.h"
#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  vitc::registerConversionPasses();
  vitc::registerRecognitionPasses();
  vitc::registerTransformsPasses();
  vitc::vit::registerViTPasses();
  vitc::vcpu::registerCPUKernelPasses();
  vitc::vcpu::registerBufferizableOpInterfaceExternalModels(registry);
  vitc::vcpu::registerLinalgKernelExternalModels(registry);
  registry.insert<vitc::onnx::ONNXDialect, vitc::vit::ViTDialect, vitc::vcpu::CPUKernelDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "vitc pass driver\n", registry));
}
