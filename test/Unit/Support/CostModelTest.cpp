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
  WinogradSchedule schedule = chooseWinogradSchedule(target, {28, 28, 128, 128});
  EXPECT_EQ(schedule.chunk, 56);
  EXPECT_EQ(schedule.panels, 2);
}
