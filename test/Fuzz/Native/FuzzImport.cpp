#include "Target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const mlir::DialectRegistry registry; // the importer loads what it needs
  vitc::fuzz::runOnModel({reinterpret_cast<const char *>(data), size}, registry,
                         [](mlir::ModuleOp) { return mlir::success(); });
  return 0;
}
