#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_DEPTHWISECONVOLUTION_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_DEPTHWISECONVOLUTION_H

#include "vitc/Dialect/GPUKernel/Kernels/Activation.h"
#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LogicalResult.h"

#include <string>

namespace vitc::vgpu {

/// What a block of a depthwise convolution computes: a tile of pixels, whose threads have a strip of neighbouring
/// pixels of a row each, with the channels of 16 bytes of the image.
struct DepthwiseTile {
  int64_t groups = 0; ///< of such channels
  int64_t strips = 0; ///< beside each other
  int64_t rows = 0;   ///< of strips
  int64_t pixels = 0; ///< of a strip
};

/// y = activation(x ∗ filter + bias), each channel with a filter of its own, channels last: x (B, H, W, C), y (B,
/// height, width, C), summed in f32. Pairs are of height and width. For sm_80 and later.
///
/// Arguments: x, filters: f32 (taps, C), taps row by row; y, bias: f32 (C), where it is asked for: pointers to dense
/// elements that begin at multiples of 16 bytes; B is the launch's batch.
struct DepthwiseConfig {
  Element input = Element::BF16, output = Element::BF16; ///< BF16, F16 or F32
  int64_t channels = 0;                                  ///< a multiple of those of 16 bytes
  std::array<int64_t, 2> image = {0, 0}, result = {0, 0};
  std::array<int64_t, 2> taps = {1, 1}, strides = {1, 1}, dilations = {1, 1};
  std::array<int64_t, 2> pads = {0, 0}; ///< above and left
  bool bias = false;
  Activation activation = Activation::None;
  DepthwiseTile tile = {};

  int64_t channelsOfThread() const { return 16 / bytesOf(input); }
};

/// Sets the tile to that with the least expected time that fits into shared memory, if there is one.
void chooseTile(DepthwiseConfig &config);

/// Why no kernel of this configuration, its tile chosen, can be emitted; empty if one can.
std::string whyUnsupported(const DepthwiseConfig &config);

LaunchPlan planDepthwise(llvm::StringRef name, const DepthwiseConfig &config);

/// Adds the kernel to a module. Fails, with a diagnostic at the module, where the configuration is not supported.
llvm::LogicalResult emitDepthwise(mlir::OpBuilder &builder, mlir::gpu::GPUModuleOp module, llvm::StringRef name,
                                  const DepthwiseConfig &config);

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_DEPTHWISECONVOLUTION_H
