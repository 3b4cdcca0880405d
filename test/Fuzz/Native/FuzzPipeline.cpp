#include "Target.h"

#include "Driver/ElementTypes.h"
#include "Driver/OutputShapes.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Passes.h"

using namespace mlir;
using namespace vitc;

/// The stages up to `vit` as the driver runs them, but for the folding of constants, which compiles and runs programs.
static LogicalResult runStages(ModuleOp module) {
  PassManager onnx(module.getContext()), rest(module.getContext());
  buildONNXPipeline(onnx);
  if (failed(onnx.run(module)) || failed(driver::checkElementTypes(module)) ||
      failed(driver::checkOutputShapes(module)))
    return failure();
  Report report;
  buildLinalgPipeline(rest);
  buildRecognitionPipeline(rest, &report);
  return rest.run(module);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const DialectRegistry registry = [] {
    DialectRegistry made;
    registerDialects(made);
    return made;
  }();
  fuzz::runOnModel({reinterpret_cast<const char *>(data), size}, registry, runStages);
  return 0;
}
