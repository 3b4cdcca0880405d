#include "Interpolation.h"

#include "gtest/gtest.h"

using namespace vitc::onnx;

namespace {
Resampling resample(int64_t from, int64_t to) {
  Resampling resampling;
  resampling.inputSize = from;
  resampling.outputSize = to;
  return resampling;
}

void expectWeights(const Resampling &resampling, const std::vector<double> &expected) {
  std::vector<double> weights = resampling.getWeights();
  ASSERT_EQ(weights.size(), expected.size());
  for (size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(weights[i], expected[i], 1e-12) << "weight " << i;
}
} // namespace

TEST(Interpolation, EdgesAreReplicated) { expectWeights(resample(2, 4), {1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1}); }

TEST(Interpolation, CornersMayBeAligned) {
  Resampling resampling = resample(3, 2);
  resampling.coordinates = "align_corners";
  expectWeights(resampling, {1, 0, 0, 0, 0, 1});
  resampling.outputSize = 1;
  expectWeights(resampling, {1, 0, 0});
}

/// Keys' kernel at ±0.5 and ±1.5 with a = −0.75: 0.59375 and −0.09375.
TEST(Interpolation, CubicTakesFourElements) {
  Resampling resampling = resample(4, 2);
  resampling.isCubic = true;
  expectWeights(resampling, {0.5, 0.59375, -0.09375, 0, 0, -0.09375, 0.59375, 0.5});
  resampling.excludeOutside = true;
  double sum = 0.59375 * 2 - 0.09375;
  double inner = 0.59375 / sum, outer = -0.09375 / sum;
  expectWeights(resampling, {inner, inner, outer, 0, 0, outer, inner, inner});
}

/// Four elements become two: the tent is two elements wide on each side.
TEST(Interpolation, AntialiasingWidensTheKernel) {
  Resampling resampling = resample(4, 2);
  resampling.antialias = resampling.excludeOutside = true;
  expectWeights(resampling, {3. / 7, 3. / 7, 1. / 7, 0, 0, 1. / 7, 3. / 7, 3. / 7});
}

/// Cubic antialiasing by half: four elements on each side, and the one at the position.
TEST(Interpolation, TapsHaveOneNumberAndSumToOne) {
  Resampling resampling = resample(100, 50);
  resampling.isCubic = resampling.antialias = true;
  Taps taps = resampling.getTaps();
  ASSERT_EQ(taps.count, 9);
  ASSERT_EQ(taps.positions.size(), 450u);
  for (int64_t i = 0; i < 50; ++i) {
    double sum = 0;
    for (int64_t tap = i * 9; tap < (i + 1) * 9; ++tap) {
      EXPECT_TRUE(taps.positions[tap] >= 0 && taps.positions[tap] < 100);
      sum += taps.weights[tap];
    }
    EXPECT_NEAR(sum, 1, 1e-12);
  }
}

TEST(Interpolation, NearestRoundsAsSaid) {
  Resampling resampling = resample(2, 4);
  resampling.coordinates = "asymmetric"; // 0, 0.5, 1, 1.5
  auto nearest = [&](llvm::StringRef rounding) {
    std::vector<int64_t> positions;
    for (int64_t i = 0; i < 4; ++i)
      positions.push_back(resampling.getNearest(i, rounding));
    return positions;
  };
  EXPECT_EQ(nearest("round_prefer_floor"), (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(nearest("round_prefer_ceil"), (std::vector<int64_t>{0, 1, 1, 1}));
  EXPECT_EQ(nearest("floor"), (std::vector<int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(nearest("ceil"), (std::vector<int64_t>{0, 1, 1, 1}));
}

/// 7 · 6 / 14 is 3, where a division by the rounded scale 14 / 6 may not be.
TEST(Interpolation, RatiosOfSizesAreExact) {
  Resampling resampling = resample(6, 14);
  resampling.coordinates = "asymmetric";
  EXPECT_EQ(resampling.getCoordinate(7), 3.0);
}

TEST(Interpolation, CropsMayReachOutside) {
  Resampling resampling = resample(5, 3);
  resampling.coordinates = "tf_crop_and_resize";
  resampling.roiBegin = 0.25;
  resampling.roiEnd = 1.25;
  EXPECT_EQ(resampling.getCoordinate(0), 1.0);
  EXPECT_FALSE(resampling.isExtrapolated(1));
  EXPECT_TRUE(resampling.isExtrapolated(2));
}
