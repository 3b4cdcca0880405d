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

TEST(TargetInfo, LevelsIncludeThoseBefore) {
  uint64_t before = 0;
  for (llvm::StringRef name : TargetInfo::levels()) {
    std::optional<TargetInfo> level = TargetInfo::get(name);
    ASSERT_TRUE(level);
    EXPECT_EQ(level->level, name);
    if (name == "aarch64")
      continue;
    EXPECT_EQ(before & ~level->cpuFeatures, 0u);
    EXPECT_NE(before, level->cpuFeatures);
    before = level->cpuFeatures;
  }
}

TEST(TargetInfo, RunsCodeOfItsArchitecture) {
  TargetInfo zen4 = *TargetInfo::get("znver4"), arm = *TargetInfo::get("aarch64");
  EXPECT_EQ(arm.lanes(4), 4);
  EXPECT_TRUE(zen4.runs(*TargetInfo::get("x86-64-v3")));
  EXPECT_FALSE(zen4.runs(*TargetInfo::get("sapphirerapids")));
  EXPECT_FALSE(zen4.runs(arm));
  EXPECT_FALSE(arm.runs(zen4));
}

TEST(TargetInfo, ProductsOfBF16) {
  EXPECT_FALSE(TargetInfo::get("x86-64-v4")->hasBF16Dot());
  TargetInfo zen4 = *TargetInfo::get("znver4"), sapphireRapids = *TargetInfo::get("sapphirerapids");
  EXPECT_EQ(zen4.bf16DotsPerCycle, zen4.fmasPerCycle);
  EXPECT_FALSE(zen4.hasAMX);
  EXPECT_EQ(2 * sapphireRapids.bf16DotsPerCycle, sapphireRapids.fmasPerCycle);
  EXPECT_TRUE(sapphireRapids.hasAMX);
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

TEST(TargetInfo, SomePrecisionsAreOfGPUs) {
  TargetInfo gpu = *TargetInfo::get("cuda-sm_90"), cpu = *TargetInfo::get("x86-64-v4");
  EXPECT_EQ(gpu.withPrecision("fp16")->precision, Precision::FP16);
  EXPECT_TRUE(gpu.withPrecision("fp16")->hasTensorKernels());
  EXPECT_FALSE(cpu.withPrecision("fp16"));
  EXPECT_EQ(gpu.withPrecision("tf32")->precision, Precision::TF32);
  EXPECT_TRUE(gpu.withPrecision("tf32")->hasTensorKernels());
  EXPECT_EQ(gpu.withPrecision("tf32")->weightBytes(), 4);
  EXPECT_FALSE(cpu.withPrecision("tf32"));
  EXPECT_EQ(gpu.withPrecision("auto")->precision, Precision::BF16);
  EXPECT_EQ(cpu.withPrecision("auto")->precision, Precision::FP32);
  EXPECT_FALSE(gpu.withPrecision("fp32")->hasTensorKernels());
}
