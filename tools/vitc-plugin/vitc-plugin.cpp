#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Dialect/ViT/Transforms/Passes.h"
#include "vitc/Recognition/Passes.h"

/// The passes and pipelines that need nothing but upstream's dialects and `vit`.
static void registerPasses() {
  vitc::registerRecognitionPasses();
  vitc::registerRecognitionPipelines();
  vitc::vit::registerViTPasses();
}

/// What `mlir-opt --load-dialect-plugin` looks for. Any program that reads the output of recognition needs it.
extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "vitc", VITC_VERSION,
          [](mlir::DialectRegistry *registry) { registry->insert<vitc::vit::ViTDialect>(); }};
}

/// What `mlir-opt --load-pass-plugin` looks for.
extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT mlir::PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "vitc", VITC_VERSION, registerPasses};
}
