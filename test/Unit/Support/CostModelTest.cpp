#include "vitc/Support/CostModel.h"

#include <gtest/gtest.h>

using namespace vitc;

TEST(CostModel, ChunksOfRowsTakeAThirdOfL2) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  target.l2Bytes = 1 << 20;
  EXPECT_EQ(chooseGemmChunk(target, {197, 384, 384}).mc, 227);
  EXPECT_FALSE(chooseGemmChunk(target, {197, 384, 384}).packA);
  EXPECT_EQ(chooseGemmChunk(target, {197, 1536, 384}).mc, 112);
  EXPECT_FALSE(chooseGemmChunk(target, {197, 1536, 384}).packA);
}

TEST(CostModel, RowsAWholePageApartArePacked) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  EXPECT_TRUE(chooseGemmChunk(target, {197, 1024, 384}).packA);
  EXPECT_TRUE(chooseGemmChunk(target, {197, 3072, 384}).packA);
  EXPECT_FALSE(chooseGemmChunk(target, {197, 768, 384}).packA);
  EXPECT_GE(chooseGemmChunk(target, {197, 3072, 384}).mc, 256);
}

/// Accumulators, a row of B and a broadcast of A are in registers at once; one more row would spill.
TEST(CostModel, RegisterTilesFillTheRegisters) {
  for (llvm::StringRef level : TargetInfo::levels()) {
    TargetInfo target = *TargetInfo::get(level);
    GemmSchedule schedule = chooseGemmSchedule(target);
    int64_t vectors = schedule.nr / schedule.lanes;
    EXPECT_EQ(schedule.nr % schedule.lanes, 0) << level.str();
    EXPECT_EQ(schedule.lanes * 4, target.vectorBytes) << level.str();
    EXPECT_LE(schedule.mr * vectors + vectors + 1, target.vectorRegisters) << level.str();
    EXPECT_GT((schedule.mr + 1) * vectors + vectors + 1, target.vectorRegisters) << level.str();
  }
}

/// However small the cache is, rows enough share a panel of B.
TEST(CostModel, ChunksHaveALeastNumberOfRows) {
  TargetInfo target = *TargetInfo::get("x86-64-v3");
  target.l2Bytes = 64 << 10;
  EXPECT_EQ(chooseGemmChunk(target, {197, 4097, 384}).mc, 112);
  EXPECT_EQ(chooseGemmChunk(target, {197, 4096, 384}).mc, 256);
  EXPECT_GT(chooseGemmChunk(target, {197, 0, 384}).mc, 0);
}

TEST(CostModel, WinogradWeighsProductsAgainstFilters) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  EXPECT_EQ(chooseWinogradSchedule(target, {56, 56, 64, 64}).tile, 4);
  EXPECT_EQ(chooseWinogradSchedule(target, {14, 14, 512, 512}).tile,
            2); // 36 · 512² floats would take longer from memory
  EXPECT_EQ(chooseWinogradSchedule(target, {7, 7, 512, 512}).tile, 0);
  TargetInfo fast = *TargetInfo::get("znver4");
  EXPECT_EQ(chooseWinogradSchedule(fast, {14, 14, 512, 512}).tile, 2);
  EXPECT_EQ(chooseWinogradSchedule(fast, {7, 7, 512, 512}).tile, 2) << "more comes from memory in the same time";
  WinogradSchedule schedule = chooseWinogradSchedule(target, {28, 28, 128, 128});
  EXPECT_EQ(schedule.chunk, 56);
  EXPECT_EQ(schedule.panels, 2);
}

TEST(CostModel, StrassenNeedsSizesWorthItsAdditions) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  EXPECT_TRUE(savesByStrassen(target, {197, 384, 1152}, 197));
  EXPECT_TRUE(savesByStrassen(target, {8 * 197, 768, 3072}, 197));
  EXPECT_FALSE(savesByStrassen(target, {8, 384, 1152}, 8));
  EXPECT_FALSE(savesByStrassen(target, {8 * 197, 384, 1152}, 1)) << "rows that are images of their own";
  EXPECT_FALSE(savesByStrassen(target, {3136, 64, 256}, 3136));
  EXPECT_FALSE(savesByStrassen(target, {197, 383, 1152}, 197)) << "a depth without halves";
  EXPECT_FALSE(savesByStrassen(target, {197, 384, 1152 + 32}, 197)) << "panels without a neighbour";
  EXPECT_FALSE(savesByStrassen(target, {49, 2048, 2048}, 49)) << "few rows for the sums of panels";
  EXPECT_TRUE(savesByStrassen(target, {784, 192, 768}, 784));
  for (int64_t group : {2, 4, 16, 31})
    EXPECT_FALSE(savesByStrassen(target, {197 * group, 384, 1152}, group)) << "tiles of few rows";
}

TEST(CostModel, PlainProductsAreAChoice) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  target.plainProducts = true;
  EXPECT_FALSE(savesByStrassen(target, {197, 384, 1152}, 197));
  EXPECT_EQ(chooseWinogradSchedule(target, {56, 56, 64, 64}).tile, 0);
  target = *target.withPrecision("bf16");
  target.plainProducts = false;
  EXPECT_FALSE(savesByStrassen(target, {197, 384, 1152}, 197)) << "sums of quadrants would be rounded";
}
