#ifndef VITC_DIALECT_CPUKERNEL_KERNELS_EXP2_H
#define VITC_DIALECT_CPUKERNEL_KERNELS_EXP2_H

#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

namespace vitc::vcpu {

/// 2^x for x ≤ 0, or so little above that it does not overflow: relative error under 1e-7. 0 for −inf, NaN for NaN.
/// With 16 lanes (AVX-512) subnormal results are exact as well; with fewer, results below 2^-126 are 0.
mlir::Value emitExp2(KernelBuilder &kernel, mlir::Value x);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_KERNELS_EXP2_H
