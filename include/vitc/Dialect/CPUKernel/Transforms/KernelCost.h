#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

namespace vitc::vcpu {

/// The `cost` of a launch of `op`, whose products take `macs` multiplications with an addition (null: none) and which
/// reads `captured` besides its operands; null where a size does not follow from the symbols of the entry function.
mlir::AffineMapAttr getKernelCost(mlir::Operation *op, mlir::OpFoldResult macs, mlir::ValueRange captured);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_KERNELCOST_H
