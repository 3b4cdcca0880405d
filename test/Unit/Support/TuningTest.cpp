#include "vitc/Support/Tuning.h"
#include "vitc/Support/CostModel.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include "gtest/gtest.h"

using namespace vitc;

namespace {

/// A file in the temporary folder.
struct TuningFile : testing::Test {
  llvm::SmallString<128> path;

  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("tuning", "json", path)); }
  void TearDown() override { llvm::sys::fs::remove(path); }

  void write(llvm::StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream(path, error) << text;
  }
  std::string refusal() {
    llvm::Expected<Tuning> tuning = Tuning::read(path);
    return tuning ? "" : llvm::toString(tuning.takeError());
  }
};

TargetInfo tunedTarget(Tuning::Schedule schedule) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  target.tuning = std::make_shared<Tuning>(Tuning{"", {{"x86-64-v4 fp32 gemm 197x384x1152", std::move(schedule)}}, {}});
  return target;
}

TEST_F(TuningFile, WhatIsWrittenIsRead) {
  Tuning tuning{
      "znver5", {{"znver4 fp32 gemm 197x384x1152", {{"mc", 448}, {"pack_a", 1}}}, {"nothing", {}}}, {{"gpu", "H200"}}};
  ASSERT_FALSE(tuning.write(path));
  llvm::Expected<Tuning> read = Tuning::read(path);
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->cpu, tuning.cpu);
  EXPECT_EQ(read->schedules, tuning.schedules);
  EXPECT_EQ(read->about, tuning.about);
}

TEST_F(TuningFile, WhatIsUnknownIsIgnored) {
  write(R"({"vitc_tuning": 1, "cpu": "x", "date": [], "schedules": {"a": {"mc": 1, "words": "b"}, "c": 7}})");
  llvm::Expected<Tuning> read = Tuning::read(path);
  ASSERT_TRUE(bool(read));
  EXPECT_EQ(read->schedules, (std::map<std::string, Tuning::Schedule>{{"a", {{"mc", 1}}}}));
}

TEST_F(TuningFile, OtherFilesAreRefused) {
  std::string quoted = "'" + path.str().str() + "'";
  write("{}");
  EXPECT_EQ(refusal(), quoted + " is not a tuning file: it has no \"vitc_tuning\": 1");
  write(R"({"vitc_tuning": 1, "schedules": {}})");
  EXPECT_EQ(refusal(), quoted + " is not a tuning file: it lacks \"cpu\" or \"schedules\"");
  write("ELF");
  EXPECT_NE(refusal().find(quoted + " is not a tuning file: "), std::string::npos);
  llvm::sys::fs::remove(path);
  EXPECT_EQ(refusal(), "cannot read " + quoted + ": No such file or directory");
}

TEST(TuningKey, NamesLevelPrecisionAndShape) {
  TargetInfo target = *TargetInfo::get("znver4")->withPrecision("bf16");
  EXPECT_EQ(tuningKey(target, "conv3x3", {56, 56, 64, 64}), "znver4 bf16 conv3x3 56x56x64x64");
}

TEST(TunedCostModel, MeasuredSchedulesCountMore) {
  TargetInfo target = tunedTarget({{"mc", 448}, {"pack_a", 1}});
  EXPECT_EQ(chooseGemmChunk(target, {197, 384, 1152}).mc, 448);
  EXPECT_TRUE(chooseGemmChunk(target, {197, 384, 1152}).packA);
  EXPECT_NE(chooseGemmChunk(target, {196, 384, 1152}).mc, 448);
  target.tuning = std::make_shared<Tuning>(Tuning{"", {{"x86-64-v4 fp32 conv3x3 56x56x64x64", {{"tile", 0}}}}, {}});
  EXPECT_EQ(chooseWinogradSchedule(target, {56, 56, 64, 64}).tile, 0);
  EXPECT_NE(chooseWinogradSchedule(target, {56, 56, 64, 128}).tile, 0);
}

TEST(TunedCostModel, WhatCannotBeIsIgnored) {
  TargetInfo target = *TargetInfo::get("x86-64-v4");
  GemmChunk expected = chooseGemmChunk(target, {197, 384, 1152});
  GemmChunk chunk = chooseGemmChunk(tunedTarget({{"mc", 0}, {"pack_a", 2}, {"unroll", 3}}), {197, 384, 1152});
  EXPECT_EQ(chunk.mc, expected.mc);
  EXPECT_EQ(chunk.packA, expected.packA);
}

TEST(TunedCostModel, RowsThatAreRoundedArePacked) {
  TargetInfo target = *TargetInfo::get("znver4")->withPrecision("bf16");
  target.tuning = std::make_shared<Tuning>(Tuning{"", {{"znver4 bf16 gemm 197x384x1152", {{"pack_a", 0}}}}, {}});
  EXPECT_TRUE(chooseGemmChunk(target, {197, 384, 1152}, /*isRounded=*/true).packA);
}

} // namespace
