#include "vitc/Support/CostModel.h"

#include <gtest/gtest.h>

using namespace vitc;

TEST(CostModel, ChunksOfRowsTakeAThirdOfL2) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  target.l2Bytes = 1 << 20;
  EXPECT_EQ(chooseGemmChunk(target, 384).mc, 227);
  EXPECT_FALSE(chooseGemmChunk(target, 384).packA);
  EXPECT_EQ(chooseGemmChunk(target, 1536).mc, 112);
  EXPECT_FALSE(chooseGemmChunk(target, 1536).packA);
}

TEST(CostModel, RowsAWholePageApartArePacked) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  EXPECT_TRUE(chooseGemmChunk(target, 1024).packA);
  EXPECT_TRUE(chooseGemmChunk(target, 3072).packA);
  EXPECT_FALSE(chooseGemmChunk(target, 768).packA);
  EXPECT_GE(chooseGemmChunk(target, 3072).mc, 256);
}
