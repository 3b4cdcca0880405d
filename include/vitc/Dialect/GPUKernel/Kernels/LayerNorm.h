#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_LAYERNORM_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_LAYERNORM_H

#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

namespace vitc::vgpu {

/// y = (x − mean) / √(variance + epsilon) · weight + bias over rows of `width` elements, one warp a row: the row stays
/// in registers, mean and then variance are summed in f32. With `rms` the mean is taken to be zero (RMS norm).
///
/// Rows begin at multiples of 16 bytes, as do weight and bias, which are in f32.
///
/// Arguments: x, y, weight, bias: pointers (the last two where they are asked for); rows: how many.
struct LayerNormConfig {
  int64_t width = 0; ///< a multiple of 8 up to 2048
  Element input = Element::F32, output = Element::BF16;
  double epsilon = 1e-6;
  bool rms = false, weight = true, bias = true;
};

/// Why no kernel of this configuration can be emitted; empty if one can.
std::string whyUnsupported(const LayerNormConfig &config);

LaunchPlan planLayerNorm(llvm::StringRef name, const LayerNormConfig &config);

/// Adds the kernel to a module. Fails, with a diagnostic at the module, where the configuration is not supported.
llvm::LogicalResult emitLayerNorm(mlir::OpBuilder &builder, mlir::gpu::GPUModuleOp module, llvm::StringRef name,
                                  const LayerNormConfig &config);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_LAYERNORM_H
