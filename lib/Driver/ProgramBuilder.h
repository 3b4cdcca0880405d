#ifndef VITC_DRIVER_PROGRAMBUILDER_H
#define VITC_DRIVER_PROGRAMBUILDER_H

#include "vitc/Target/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace vitc::driver {

/// Whether an expression has no division and no remainder.
bool isPolynomial(mlir::AffineExpr expr);

/// The least polynomial this code can find that is nowhere below `expr`, an expression of non-negative symbols: floor
/// divisions become divisions, whose coefficients are rounded up.
mlir::FailureOr<target::Polynomial> boundFromAbove(mlir::AffineExpr expr);

/// What the memory plan left on an entry function (`vcpu.inputs`, …), as the library's table has it.
mlir::FailureOr<target::Function> describeFunction(mlir::func::FuncOp entry, const TargetInfo &target);

} // namespace vitc::driver

#endif // VITC_DRIVER_PROGRAMBUILDER_H
