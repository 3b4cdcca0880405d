#ifndef VITC_DIALECT_GPUKERNEL_KERNELS_GEMMWINDOWS_H
#define VITC_DIALECT_GPUKERNEL_KERNELS_GEMMWINDOWS_H

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <cstdint>

namespace vitc::vgpu {

/// Rows of A that are windows of images: a convolution of one group, channels last. TMA reads the pixels that a tap of
/// the filter sees in a rectangle of windows as a box of the images, threads of older GPUs those of a window each; what
/// lies beyond the borders reads as zeros. Pairs are of height and width.
struct GemmWindows {
  int64_t channels = 0;                          ///< of the images; 0: A is a matrix
  std::array<int32_t, 2> image = {0, 0};         ///< its pixels: for mma.sync
  std::array<int64_t, 2> extents = {1, 1};       ///< windows of an image: the pixels of C
  std::array<int64_t, 2> taps = {1, 1};          ///< of the filter
  std::array<int64_t, 2> strides = {1, 1};       ///< pixels from window to window
  std::array<int64_t, 2> pads = {0, 0};          ///< above and left of the image
  std::array<int64_t, 2> dilations = {1, 1};     ///< pixels from tap to tap
  std::array<int64_t, 3> rectangle = {64, 1, 1}; ///< width, height and images of the windows that are 64 rows

  explicit operator bool() const { return channels != 0; }
  int64_t countTaps() const { return taps[0] * taps[1]; }
  int64_t countWindows() const { return extents[0] * extents[1]; } ///< of an image
  /// Parts of K with up to `columns` channels of one tap.
  int64_t countStages(int64_t columns) const;
  int64_t rectanglesOfImage() const { return rectanglesAcross() * rectanglesDown(); }
  int64_t rectanglesAcross() const;
  int64_t rectanglesDown() const;
  /// Rectangles of so many images; the last ones may hang over.
  int64_t countRectangles(int64_t images) const;
  /// Sets the rectangle of powers of two of which the fewest cover the windows of so many images, over all numbers that
  /// are listed; of equal ones that with the longest rows.
  void chooseRectangle(llvm::ArrayRef<int64_t> images);
};

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_KERNELS_GEMMWINDOWS_H
