#include "vitc/Dialect/GPUKernel/Kernels/GemmTuning.h"
#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include <gtest/gtest.h>

using namespace vitc;
using namespace vitc::vgpu;

namespace {

GemmConfig product() {
  GemmConfig config;
  config.n = 3072;
  config.k = 768;
  config.epilogue = {.bias = true, .activation = Activation::Gelu, .residual = true, .output = Element::F32};
  return config;
}

TEST(GemmTuningTest, KeysNameWhatDecidesTheTime) {
  GemmConfig config = product();
  EXPECT_EQ(tuningKey(90, config, 197), "cuda-sm_90 bf16 gemm+bias+gelu+residual 197x768x3072");
  config.element = Element::F16;
  config.epilogue = {.bias = true, .activation = Activation::Silu, .gated = true};
  EXPECT_EQ(tuningKey(90, config, std::nullopt), "cuda-sm_90 fp16 gemm+gated+bias+silu ?x768x3072");
  config.epilogue = {.scale = true, .tableRows = 7};
  EXPECT_EQ(tuningKey(80, config, 1), "cuda-sm_80 fp16 gemm+scale+table 1x768x3072");
}

TEST(GemmTuningTest, EveryKeyIsRead) {
  for (int64_t capability : {80, 89, 90})
    for (Element element : {Element::BF16, Element::F16})
      for (Activation activation : {Activation::None, Activation::Relu, Activation::Gelu, Activation::GeluTanh,
                                    Activation::Silu, Activation::QuickGelu, Activation::HardSwish})
        for (unsigned parts = 0; parts < 32; ++parts) {
          GemmConfig config = product();
          config.element = element;
          config.epilogue = {.bias = (parts & 1) != 0,
                             .activation = activation,
                             .gated = (parts & 2) != 0,
                             .scale = (parts & 4) != 0,
                             .tableRows = parts & 8,
                             .residual = (parts & 16) != 0};
          std::string key = tuningKey(capability, config, 197);
          EXPECT_EQ(whyUnusable(key, {{"tile_m", 64}, {"tile_n", 64}}), "") << key;
        }
}

TEST(GemmTuningTest, AnEntryDecides) {
  GemmConfig config = product();
  EXPECT_EQ(applySchedule(config, {{"tile_m", 64}, {"tile_n", 112}, {"splits", 3}, {"stages", 2}, {"nanoseconds", 9}}),
            "");
  EXPECT_EQ(config.tileM, 64);
  EXPECT_EQ(config.tileN, 112);
  EXPECT_EQ(config.splits, 3u);
  EXPECT_EQ(config.stages, 2u);
  Tuning::Schedule told{{"tile_m", 64}, {"tile_n", 112}, {"splits", 3}, {"stages", 2}};
  EXPECT_EQ(describeSchedule(config), told);
}

TEST(GemmTuningTest, WrongEntriesChangeNothing) {
  const std::pair<Tuning::Schedule, const char *> wrong[] = {
      {{}, "expected numbers tile_m and tile_n"},
      {{{"tile_m", 64}}, "expected numbers tile_m and tile_n"},
      {{{"tile_m", 64}, {"tile_n", 64}, {"tile_k", 64}},
       "expected tile_m, tile_n, splits, stages, nanoseconds, expected_nanoseconds, got tile_k"},
      {{{"tile_m", 100}, {"tile_n", 64}}, "tiles have 64, 128 or 192 rows"},
      {{{"tile_m", 192}, {"tile_n", 256}}, "tiles of 192 rows have at most 128 columns: a thread's registers"},
      {{{"tile_m", 64}, {"tile_n", 64}, {"splits", 9}}, "expected splits of 1 to 8 and stages of 0 to 64"},
      {{{"tile_m", 64}, {"tile_n", 64}, {"stages", -1}}, "expected splits of 1 to 8 and stages of 0 to 64"},
      {{{"tile_m", 128}, {"tile_n", 256}, {"stages", 9}},
       "two stages and the staging of results do not fit into shared memory"},
  };
  for (const auto &[entry, reason] : wrong) {
    GemmConfig config = product();
    EXPECT_EQ(applySchedule(config, entry), reason);
    EXPECT_EQ(describeSchedule(config), describeSchedule(product()));
  }
}

TEST(GemmTuningTest, OtherKeysAreRefused) {
  for (const char *key :
       {"", "cuda-sm_90", "cuda-sm_90 bf16 gemm", "cuda-sm_x bf16 gemm 1x8x8", "cuda-sm_90 fp32 gemm 1x8x8",
        "cuda-sm_90 bf16 conv 1x8x8", "cuda-sm_90 bf16 gemm+sigmoid 1x8x8", "cuda-sm_90 bf16 gemm 1x8",
        "cuda-sm_90 bf16 gemm -1x8x8", "cuda-sm_90 bf16 gemm 1x?x8"})
    EXPECT_EQ(whyUnusable(key, {{"tile_m", 64}, {"tile_n", 64}}),
              "expected a key such as 'cuda-sm_90 bf16 gemm+bias+gelu 12608x768x3072'")
        << key;
}

TEST(GemmTuningTest, OtherSpellingsOfAKeyAreRefused) {
  const std::pair<const char *, const char *> spellings[] = {
      {"gemm+gelu+bias 1x8x8", "gemm+bias+gelu 1x8x8"},
      {"gemm+bias+bias 1x8x8", "gemm+bias 1x8x8"},
      {"gemm+none 1x8x8", "gemm 1x8x8"},
      {"gemm+gelu+relu 1x8x8", "gemm+relu 1x8x8"},
      {"gemm+residual+table ?x8x8", "gemm+table+residual ?x8x8"},
      {"gemm 01x8x8", "gemm 1x8x8"},
  };
  for (auto [given, expected] : spellings)
    EXPECT_EQ(whyUnusable(std::string("cuda-sm_90 bf16 ") + given, {{"tile_m", 64}, {"tile_n", 64}}),
              std::string("expected the key 'cuda-sm_90 bf16 ") + expected + "'");
}

TEST(GemmTuningTest, AlternativesBeginWithTheEstimatesChoice) {
  for (int64_t rows : {1, 197, 12608}) {
    GemmConfig config = product(), chosen = config;
    chooseSchedule(chosen, rows);
    auto all = listAlternatives(config, rows, 90);
    EXPECT_EQ(describeSchedule(all.front()), describeSchedule(chosen)) << rows;
    for (const GemmConfig &alternative : all)
      EXPECT_EQ(whyUnsupported(alternative), "");
  }
}

TEST(GemmTuningTest, AlternativesLeaveOutWhatCannotGain) {
  GemmConfig config = product();
  for (const GemmConfig &alternative : listAlternatives(config, 50432, 90))
    EXPECT_EQ(alternative.splits, 1u);
  config.n = 40;
  for (const GemmConfig &alternative : listAlternatives(config, 50, 90)) {
    EXPECT_EQ(alternative.tileM, 64);
    EXPECT_LE(alternative.tileN, 64);
  }
}

} // namespace
