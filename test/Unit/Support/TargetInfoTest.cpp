#include "vitc/Support/TargetInfo.h"

#include "gtest/gtest.h"

using namespace vitc;

TEST(TargetInfo, LevelsAreKnownByName) {
  std::optional<TargetInfo> avx2 = TargetInfo::get("x86-64-v3");
  ASSERT_TRUE(avx2);
  EXPECT_EQ(avx2->lanes(4), 8);
  std::optional<TargetInfo> avx512 = TargetInfo::get("x86-64-v4");
  ASSERT_TRUE(avx512);
  EXPECT_EQ(avx512->lanes(4), 16);
  EXPECT_EQ(avx512->vectorRegisters, 32);
}

TEST(TargetInfo, HostIsALevel) {
  std::optional<TargetInfo> host = TargetInfo::get("host");
  ASSERT_TRUE(host);
  EXPECT_TRUE(TargetInfo::get(host->level));
}

TEST(TargetInfo, UnknownNameIsRefused) {
  EXPECT_FALSE(TargetInfo::get("x86-64-v5"));
  EXPECT_FALSE(TargetInfo::get(""));
}
