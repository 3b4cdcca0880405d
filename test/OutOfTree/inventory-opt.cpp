#include "AttentionInventory.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Recognition/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                  mlir::tensor::TensorDialect, vitc::vit::ViTDialect>();
  vitc::registerRecognitionPasses();
  vitc::registerRecognitionPipelines();
  mlir::registerPass(createAttentionInventoryPass);
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "a pass over vitc's dialect\n", registry));
}
