#ifndef VITC_TEST_FUZZ_NATIVE_TARGET_H
#define VITC_TEST_FUZZ_NATIVE_TARGET_H

#include "vitc/Import/Import.h"

#include "mlir/IR/DialectRegistry.h"

namespace vitc::fuzz {

/// Imports the bytes of a model, then does `next` with the module. A failure of either without a sentence that says why
/// ends the process.
void runOnModel(llvm::StringRef bytes, const mlir::DialectRegistry &registry,
                llvm::function_ref<llvm::LogicalResult(mlir::ModuleOp)> next);

} // namespace vitc::fuzz

#endif // VITC_TEST_FUZZ_NATIVE_TARGET_H
