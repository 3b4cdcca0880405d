#ifndef VITC_DRIVER_BACKEND_H
#define VITC_DRIVER_BACKEND_H

#include "ProgramBuilder.h"

#include "vitc/Support/TargetInfo.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// A module in the LLVM dialect with what the library says of it.
struct LoweredModule {
  target::Program program;
  PlacedWeights weights;
};

/// vector → llvm: takes the library's tables and the weights off the module, then lowers its code.
mlir::FailureOr<LoweredModule> lowerToLLVM(mlir::ModuleOp module, const TargetInfo &target, llvm::StringRef name);

} // namespace vitc::driver

#endif // VITC_DRIVER_BACKEND_H
