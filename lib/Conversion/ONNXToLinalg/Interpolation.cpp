#include "Interpolation.h"

using namespace vitc::onnx;

bool Resampling::isExtrapolated(int64_t i) const {
  if (coordinates != "tf_crop_and_resize")
    return false;
  double x = getCoordinate(i);
  return x < 0 || x > inputSize - 1;
}

/// The position nearest to `x` from 0 to `last`; what is no number, as a region of interest may give, is 0.
static int64_t toPosition(double x, double last) { return x > 0 ? static_cast<int64_t>(std::min(x, last)) : 0; }

int64_t Resampling::getNearest(int64_t i, llvm::StringRef rounding) const {
  return toPosition(ResamplingRule::getNearest(getCoordinate(i), rounding), inputSize - 1);
}

Taps Resampling::getTaps() const {
  double narrowing = getNarrowing(getScale()), last = inputSize - 1;
  Taps taps;
  taps.count = countTaps(narrowing);
  for (int64_t i = 0; i < outputSize; ++i) {
    double x = getCoordinate(i), first = getFirstTap(x, narrowing), sum = 0;
    for (int64_t tap = 0; tap < taps.count; ++tap) {
      double weight = getTapWeight<double>(x, first + tap, inputSize, narrowing);
      taps.positions.push_back(toPosition(first + tap, last));
      taps.weights.push_back(weight);
      sum += weight;
    }
    for (int64_t tap = 0; tap < taps.count && sum != 0; ++tap)
      taps.weights[i * taps.count + tap] /= sum;
  }
  return taps;
}

std::vector<double> Resampling::getWeights() const {
  std::vector<double> weights(outputSize * inputSize, 0);
  Taps taps = getTaps();
  for (size_t tap = 0; tap < taps.weights.size(); ++tap)
    weights[tap / taps.count * inputSize + taps.positions[tap]] += taps.weights[tap];
  return weights;
}
