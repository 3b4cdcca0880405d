#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_WINDOWCOORDINATES_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_WINDOWCOORDINATES_H

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"
#include "vitc/Dialect/GPUKernel/Kernels/NVVMEmitter.h"

#include <string>

namespace vitc::vgpu {

/// Why the kernel cannot read A as windows; empty if it can.
std::string whyWindowsUnsupported(const GemmConfig &config);

/// Makes the map of an operand (A, W, C or residual), of columns and rows, one of images or of filters.
void mapWindows(TensorMapPlan &map, llvm::StringRef role, const GemmWindows &windows);

/// Row tiles, `factor` of each, of as many images as the launch has, or a few more.
GridExtent rowTilesOfWindows(const GemmConfig &config, int64_t factor);

/// Coordinates in the tensor maps of a product whose rows are windows: of images and C (channel, x, y, image), of the
/// filters (channel, tap, filter).
class WindowCoordinates {
public:
  using Value = mlir::Value;
  using Values = NVVMEmitter::Values;
  /// `columns`: elements of a stage.
  WindowCoordinates(NVVMEmitter &emitter, const GemmWindows &windows, unsigned columns)
      : e(emitter), windows(windows), columns(columns) {}

  /// Tiles of `rectangles` rectangles each that the images of the launch have.
  Value countTiles(unsigned rectangles);
  /// x, y and image of the first window of the rectangle whose rows begin at `row`.
  Values placeOf(Value row);
  /// Where the pixels of such a rectangle begin that stage `number` of K has.
  Values pixels(Value row, Value number);
  Values weights(Value filter, Value number);

private:
  Value channel(Value number);
  Value tap(Value number);

  NVVMEmitter &e;
  const GemmWindows &windows;
  unsigned columns;
};

/// A window of an image: the number of the image, and where it begins, perhaps before the image (as signed numbers).
struct WindowPlace {
  mlir::Value image, y, x;
};

/// Addresses of windows' channels in A, which is a pointer to dense images.
class WindowAddresses {
public:
  using Value = mlir::Value;
  WindowAddresses(NVVMEmitter &emitter, const GemmConfig &config) : e(emitter), config(config) {}

  /// Of the window that is row `row` of A.
  WindowPlace placeOf(Value row);
  /// The address of a channel of what a tap sees, and whether it is there: in the image, and `isThere`, which may be
  /// null for yes. Else the address is that of the first image.
  std::pair<Value, Value> sourceOf(const WindowPlace &place, Value tap, Value channel, Value isThere);

private:
  NVVMEmitter &e;
  const GemmConfig &config;
};

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_WINDOWCOORDINATES_H
