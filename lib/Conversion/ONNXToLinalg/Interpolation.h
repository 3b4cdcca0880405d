#ifndef VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H
#define VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <vector>

namespace vitc::onnx {

/// How one axis is resampled: the words are those of ONNX's Resize.
struct Resampling {
  int64_t inputSize = 0, outputSize = 0;
  /// Output elements an input element; zero for outputSize / inputSize exactly.
  double scale = 0;
  llvm::StringRef coordinates = "half_pixel";
  /// The part of the input that tf_crop_and_resize reads, from 0 to 1.
  double roiBegin = 0, roiEnd = 1;
  bool isCubic = false, antialias = false, excludeOutside = false;
  double cubicCoefficient = -0.75;

  double getScale() const { return scale != 0 ? scale : static_cast<double>(outputSize) / inputSize; }
  /// The position in the input, in elements, that output element `i` is read at.
  double getCoordinate(int64_t i) const;
  /// Whether output element `i` is read outside the input, where tf_crop_and_resize has a value of its own.
  bool isExtrapolated(int64_t i) const;
  /// The input element nearest to where output element `i` is read. `rounding` is Resize's nearest_mode.
  int64_t getNearest(int64_t i, llvm::StringRef rounding) const;
  /// The interpolation as a matrix of outputSize × inputSize weights, row by row. What lies outside the input reads
  /// its nearest edge, or with `excludeOutside` does not count.
  std::vector<double> getWeights() const;

private:
  double evaluateKernel(double distance) const;
};

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H
