#ifndef VITC_DRIVER_LAUNCHLIST_H
#define VITC_DRIVER_LAUNCHLIST_H

#include "vitc/Target/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::driver {

/// Writes the launches of an entry function for a GPU into the variant that describeFunction made of it, once the
/// weights have their places.
llvm::LogicalResult describeLaunches(mlir::func::FuncOp entry, const TargetInfo &target, unsigned shape,
                                     target::Program &program);

/// Compiles the kernels of a module for a GPU, with ptxas where there is one, into the variants made of it. `warn` is
/// told, in sentences, of kernels that ptxas makes slower than they were written to be.
llvm::Error compileKernelsOf(mlir::ModuleOp module, const TargetInfo &target, unsigned shape, target::Program &program,
                             llvm::function_ref<void(const llvm::Twine &)> warn);

} // namespace vitc::driver

#endif // VITC_DRIVER_LAUNCHLIST_H
