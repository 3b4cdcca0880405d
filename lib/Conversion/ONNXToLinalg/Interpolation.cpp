#include "Interpolation.h"

#include <algorithm>
#include <cmath>

using namespace vitc::onnx;

double Resampling::getCoordinate(int64_t i) const {
  // Exact where the scale is the ratio of the sizes.
  auto toInput = [&](double x) { return scale != 0 ? x / scale : x * inputSize / outputSize; };
  if (coordinates == "align_corners")
    return outputSize == 1 ? 0 : static_cast<double>(i) * (inputSize - 1) / (outputSize - 1);
  if (coordinates == "asymmetric")
    return toInput(i);
  if (coordinates == "tf_half_pixel_for_nn")
    return toInput(i + 0.5);
  if (coordinates == "pytorch_half_pixel")
    return outputSize == 1 ? 0 : toInput(i + 0.5) - 0.5;
  if (coordinates == "half_pixel_symmetric") {
    double adjustment = outputSize / (getScale() * inputSize);
    return inputSize * 0.5 * (1 - adjustment) + toInput(i + 0.5) - 0.5;
  }
  if (coordinates == "tf_crop_and_resize") {
    double last = inputSize - 1;
    if (outputSize == 1)
      return 0.5 * (roiBegin + roiEnd) * last;
    return roiBegin * last + i * (roiEnd - roiBegin) * last / (outputSize - 1);
  }
  return toInput(i + 0.5) - 0.5;
}

bool Resampling::isExtrapolated(int64_t i) const {
  if (coordinates != "tf_crop_and_resize")
    return false;
  double x = getCoordinate(i);
  return x < 0 || x > inputSize - 1;
}

int64_t Resampling::getNearest(int64_t i, llvm::StringRef rounding) const {
  double x = getCoordinate(i);
  double rounded = rounding == "floor"               ? std::floor(x)
                   : rounding == "ceil"              ? std::ceil(x)
                   : rounding == "round_prefer_ceil" ? std::floor(x + 0.5)
                                                     : std::ceil(x - 0.5);
  return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, inputSize - 1);
}

/// The tent of linear interpolation, or Keys' kernel (IEEE Transactions on Acoustics, Speech, and Signal Processing
/// 29(6), 1981, equation 4, with a = `cubicCoefficient`).
double Resampling::evaluateKernel(double distance) const {
  double x = std::abs(distance), a = cubicCoefficient;
  if (!isCubic)
    return std::max(0.0, 1 - x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

std::vector<double> Resampling::getWeights() const {
  std::vector<double> weights(outputSize * inputSize, 0);
  // Where elements are dropped, antialiasing widens the kernel to cover them.
  double narrowing = antialias ? std::min(getScale(), 1.0) : 1;
  double support = (isCubic ? 2 : 1) / narrowing;
  for (int64_t i = 0; i < outputSize; ++i) {
    double *row = weights.data() + i * inputSize, x = getCoordinate(i), sum = 0;
    for (auto j = static_cast<int64_t>(std::floor(x - support)); j <= static_cast<int64_t>(std::ceil(x + support));
         ++j) {
      if (excludeOutside && (j < 0 || j >= inputSize))
        continue;
      double weight = evaluateKernel((x - j) * narrowing);
      row[std::clamp<int64_t>(j, 0, inputSize - 1)] += weight;
      sum += weight;
    }
    for (int64_t j = 0; j < inputSize && sum != 0; ++j)
      row[j] /= sum;
  }
  return weights;
}
