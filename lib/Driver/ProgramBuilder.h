#ifndef VITC_DRIVER_PROGRAMBUILDER_H
#define VITC_DRIVER_PROGRAMBUILDER_H

#include "vitc/Target/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::driver {

/// Adds what the memory plan left on an entry function (`vcpu.inputs`, …) to the library's table: a function for one of
/// the model's shapes, or the variant of one that another level has described.
llvm::LogicalResult describeFunction(mlir::func::FuncOp entry, const TargetInfo &target, unsigned shape,
                                     target::Program &program);

} // namespace vitc::driver

#endif // VITC_DRIVER_PROGRAMBUILDER_H
