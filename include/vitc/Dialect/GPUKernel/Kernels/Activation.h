#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_ACTIVATION_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_ACTIVATION_H

#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

namespace vitc::vgpu {

/// Functions of one float. Gelu is erf's, by a polynomial on the FMA units: within 3.6 · 10⁻⁵ of it everywhere, and
/// exact beyond ±5. GeluTanh, Silu (x · σ(x)) and QuickGelu (x · σ(1.702 x)) take one ex2 and one rcp.
enum class Activation { None, Relu, Gelu, GeluTanh, Silu, QuickGelu, HardSwish };

/// As ops and tuning files spell it: "none", "relu", "gelu", "gelu_tanh", "silu", "quick_gelu", "hard_swish".
llvm::StringRef nameOf(Activation activation);
std::optional<Activation> parseActivation(llvm::StringRef name);

mlir::Value emitActivation(NVVMEmitter &emitter, Activation activation, mlir::Value x);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_ACTIVATION_H
