#ifndef VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H
#define VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H

#include "Scalar.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <vector>

namespace vitc::onnx {

/// What one axis of a resampled tensor reads: `count` elements an output element, by position and weight. Positions
/// may repeat at the edges, and weights may be zero.
struct Taps {
  int64_t count = 0;
  /// outputSize × count, row by row.
  std::vector<int64_t> positions;
  std::vector<double> weights;
};

/// How an axis is resampled: the words are those of ONNX's Resize. Nothing here depends on the axis's extents, so that
/// the formulas below serve both those that are known and those of a run (as `Scalar`s).
struct ResamplingRule {
  /// Output elements an input element; zero for the ratio of the extents exactly.
  double scale = 0;
  llvm::StringRef coordinates = "half_pixel";
  /// The part of the input that tf_crop_and_resize reads, from 0 to 1.
  double roiBegin = 0, roiEnd = 1;
  bool isCubic = false, antialias = false, excludeOutside = false;
  double cubicCoefficient = -0.75;

  /// Whether the number of taps follows from this alone: where elements are dropped, antialiasing widens the kernel.
  bool hasKnownTaps() const { return !antialias || scale != 0; }
  /// The factor that distances are multiplied with, from the scale; 1 where the kernel is not widened.
  double getNarrowing(double ofScale) const { return antialias ? std::min(ofScale, 1.0) : 1; }
  double getNarrowing() const { return getNarrowing(scale != 0 ? scale : 1); }
  /// The elements that the kernel covers on each side.
  template <typename Number>
  Number getReach(Number narrowing) const {
    return 1 / narrowing * (isCubic ? 2 : 1);
  }
  int64_t countTaps(double narrowing) const {
    return narrowing < 1 ? static_cast<int64_t>(std::ceil(2 * getReach(narrowing))) + 1 : isCubic ? 4 : 2;
  }

  // Formulas, on double or Scalar: `i` is an output element, `in` and `out` are the extents.

  /// The position in the input, in elements, that output element `i` is read at.
  template <typename Number>
  Number getCoordinate(Number i, Number in, Number out) const {
    // Exact where the scale is the ratio of the extents.
    auto toInput = [&](Number x) { return scale != 0 ? x / scale : x * in / out; };
    auto last = in - 1;
    if (coordinates == "align_corners")
      return i * last / getGreater(out - 1, 1);
    if (coordinates == "asymmetric")
      return toInput(i);
    if (coordinates == "tf_half_pixel_for_nn")
      return toInput(i + 0.5);
    if (coordinates == "pytorch_half_pixel")
      return choose(isLess(out, 2), 0, toInput(i + 0.5) - 0.5);
    if (coordinates == "half_pixel_symmetric" && scale != 0)
      return in * 0.5 * (1 - out / (in * scale)) + toInput(i + 0.5) - 0.5;
    if (coordinates == "tf_crop_and_resize")
      return choose(isLess(out, 2), last * (0.5 * (roiBegin + roiEnd)),
                    last * roiBegin + i * (roiEnd - roiBegin) * last / getGreater(out - 1, 1));
    return toInput(i + 0.5) - 0.5;
  }

  /// The input element nearest to position `x`, before it is clamped. `rounding` is Resize's nearest_mode.
  template <typename Number>
  static Number getNearest(Number x, llvm::StringRef rounding) {
    if (rounding == "floor")
      return getFloor(x);
    if (rounding == "ceil")
      return getCeil(x);
    return rounding == "round_prefer_ceil" ? getFloor(x + 0.5) : getCeil(x - 0.5);
  }

  /// The tent of linear interpolation, or Keys' kernel (IEEE Transactions on Acoustics, Speech, and Signal Processing
  /// 29(6), 1981, equation 4, with a = `cubicCoefficient`).
  template <typename Number>
  Number evaluateKernel(Number distance) const {
    Number x = getMagnitude(distance);
    if (!isCubic)
      return getGreater(1 - x, 0);
    double a = cubicCoefficient;
    Number inner = (x * (a + 2) - (a + 3)) * x * x + 1;
    Number outer = ((x * a - 5 * a) * x + 8 * a) * x - 4 * a;
    return choose(isAtMost(x, 1), inner, choose(isLess(x, 2), outer, x * 0));
  }

  /// The first element that the kernel covers at position `x`.
  template <typename Number>
  Number getFirstTap(Number x, double narrowing) const {
    return narrowing < 1 ? getCeil(x - getReach(narrowing)) : getFloor(x) - (isCubic ? 1 : 0);
  }

  /// The weight of input element `j` at position `x`, before weights are divided by their sum.
  template <typename Number>
  Number getTapWeight(Number x, Number j, Number in, double narrowing) const {
    Number weight = evaluateKernel((x - j) * narrowing);
    if (!excludeOutside)
      return weight;
    return choose(isLess(j, 0), weight * 0, choose(isLess(j, in), weight, weight * 0));
  }
};

/// The resampling of an axis whose extents are known.
struct Resampling : ResamplingRule {
  int64_t inputSize = 0, outputSize = 0;

  double getScale() const { return scale != 0 ? scale : static_cast<double>(outputSize) / inputSize; }
  double getCoordinate(int64_t i) const { return ResamplingRule::getCoordinate<double>(i, inputSize, outputSize); }
  /// Whether output element `i` is read outside the input, where tf_crop_and_resize has a value of its own.
  bool isExtrapolated(int64_t i) const;
  /// The input element nearest to where output element `i` is read.
  int64_t getNearest(int64_t i, llvm::StringRef rounding) const;
  /// The interpolation as elements and weights. What lies outside the input reads its nearest edge, or with
  /// `excludeOutside` does not count.
  Taps getTaps() const;
  /// The same as a matrix of outputSize × inputSize weights, row by row.
  std::vector<double> getWeights() const;
};

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_INTERPOLATION_H
