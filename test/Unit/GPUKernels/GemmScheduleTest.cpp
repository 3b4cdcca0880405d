#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

using namespace vitc::vgpu;

namespace {

GemmConfig schedule(int64_t rows, int64_t n, int64_t k) {
  GemmConfig config;
  config.n = n;
  config.k = k;
  config.epilogue = {.bias = true, .residual = true, .output = Element::F32};
  chooseSchedule(config, rows);
  return config;
}

int64_t blocks(const GemmConfig &config, int64_t rows) {
  return static_cast<int64_t>(llvm::divideCeil(rows, config.tileM) * llvm::divideCeil(config.n, config.tileN)) *
         config.splits;
}

TEST(GemmScheduleTest, WhatIsChosenHasAKernel) {
  for (int64_t rows : {1, 17, 197, 1576, 12608, 50432})
    for (int64_t n : {24, 96, 384, 768, 1000, 3072})
      for (int64_t k : {8, 64, 384, 768, 3072})
        EXPECT_EQ(whyUnsupported(schedule(rows, n, k)), "") << rows << " " << n << " " << k;
}

TEST(GemmScheduleTest, OneImageIsSplitOverTheMultiprocessors) {
  // The second product of ViT-B's MLP: without splits tiles would leave most multiprocessors without work.
  GemmConfig config = schedule(197, 768, 3072);
  EXPECT_GT(config.splits, 1u);
  EXPECT_LE(blocks(config, 197), 132);
  GemmConfig whole = config;
  whole.splits = 1;
  EXPECT_LT(estimateClocks(config, 197), 0.8 * estimateClocks(whole, 197));
}

TEST(GemmScheduleTest, ManyImagesAreNot) {
  for (int64_t n : {384, 768, 1536, 3072})
    EXPECT_EQ(schedule(256 * 197, n, 768).splits, 1u) << n;
}

TEST(GemmScheduleTest, TilesDivideTheColumns) {
  // Two tiles of 256 columns would compute a quarter for nothing.
  EXPECT_EQ(384 % schedule(256 * 197, 384, 1536).tileN, 0);
}

TEST(GemmScheduleTest, TheEstimateCountsWaves) {
  GemmConfig config = schedule(197, 768, 768);
  config.tileM = 128;
  config.tileN = 128;
  config.splits = 1;
  // 132 tiles are one wave, one more is two.
  const int64_t rows = 128 * 22;
  double one = estimateClocks(config, rows), two = estimateClocks(config, rows + 1);
  EXPECT_NEAR(two - Multiprocessors().startClocks, 2 * (one - Multiprocessors().startClocks), 1e-6 * two);
}

} // namespace
