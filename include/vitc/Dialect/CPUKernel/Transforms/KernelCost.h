#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

namespace vitc::vcpu {

/// The `cost` of a launch of `op`, which reads `captured` besides its operands; null where a size does not follow from
/// the symbols of the entry function.
mlir::AffineMapAttr getKernelCost(KernelOpInterface op, mlir::ValueRange captured, mlir::OpBuilder &builder);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H
