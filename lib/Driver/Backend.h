#ifndef VITC_DRIVER_BACKEND_H
#define VITC_DRIVER_BACKEND_H

#include "WeightPool.h"

#include "vitc/Support/TargetInfo.h"
#include "vitc/Target/Program.h"

#include "mlir/IR/BuiltinOps.h"

namespace vitc::driver {

/// What a library says of its modules in the LLVM dialect, one for each shape and CPU level.
struct LoweredProgram {
  target::Program program;
  WeightPool weights;
};

/// vector → llvm for one level and shape: takes the library's tables and the weights off the module, adds them to those
/// of the levels before (which are better ones, of the same model), and lowers the code.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module, const TargetInfo &target, unsigned shape,
                                LoweredProgram &lowered);

} // namespace vitc::driver

#endif // VITC_DRIVER_BACKEND_H
