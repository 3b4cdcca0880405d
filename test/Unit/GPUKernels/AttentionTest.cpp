#include "KernelModule.h"

#include "vitc/Dialect/GPUKernel/Kernels/Attention.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

AttentionConfig makeConfig(int64_t tokens, int64_t headSize, Element element = Element::BF16, int64_t biasBatches = 0,
                           AttentionTap tap = AttentionTap::None) {
  return chooseAttention(element, tokens, tokens, headSize, 1 / std::sqrt(double(headSize)), biasBatches, tap);
}

/// The kernel's code, and its resources in `registers`.
vitc::target::CompiledKernels compile(const AttentionConfig &config, std::string chip = "sm_90a") {
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  EXPECT_TRUE(succeeded(emitAttention(builder, module.gpuModule(), "attention", config))) << module.diagnostics();
  return module.compile(std::move(chip));
}

class AttentionKernel : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

} // namespace

TEST_P(AttentionKernel, CompilesWithoutSpills) {
  auto [tokens, headSize] = GetParam();
  AttentionConfig config = makeConfig(tokens, headSize);
  ASSERT_EQ(whyUnsupported(config), "");
  vitc::target::CompiledKernels code = compile(config);
  LaunchPlan plan = planAttention("attention", config);
  EXPECT_LE(plan.sharedBytes, maxSharedBytes);
  for (const auto &kernel : code.resources) {
    RecordProperty("registers", kernel.registers);
    RecordProperty("shared", plan.sharedBytes);
    EXPECT_EQ(kernel.spilledBytes, 0u);
    EXPECT_LE(kernel.registers * plan.block[0], 65536u);
    EXPECT_EQ(kernel.sharedBytes, 0u) << "shared memory beside what the launch gives";
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, AttentionKernel,
                         testing::Combine(testing::Values(49, 256, 577), testing::Values(32, 64, 72, 96, 128)),
                         [](const auto &info) {
                           return std::to_string(std::get<0>(info.param)) + "x" +
                                  std::to_string(std::get<1>(info.param));
                         });

TEST_P(AttentionKernel, CompilesForWarpsWithoutSpills) {
  auto [tokens, headSize] = GetParam();
  for (auto [element, biasBatches] : {std::pair(Element::BF16, 0), {Element::BF16, 1}, {Element::TF32, 1}}) {
    AttentionConfig config = chooseAttention(element, tokens, tokens, headSize, 0.125, biasBatches, AttentionTap::None,
                                             headSize, /*mmaSync=*/true);
    AttentionConfig::Strides strides{3 * 6 * headSize, headSize, tokens * 3 * 6 * headSize};
    config.strides = {strides, strides, strides, strides};
    ASSERT_EQ(whyUnsupported(config), "");
    vitc::target::CompiledKernels code = compile(config, "sm_80");
    EXPECT_EQ(count(code.ptx, ".target sm_80"), 1u);
    EXPECT_GT(count(code.ptx, element == Element::TF32 ? "mma.sync.aligned.m16n8k8" : "mma.sync.aligned.m16n8k16"), 0u);
    EXPECT_LE(planAttention("attention", config).sharedBytes, 99u * 1024) << "what a block of sm_89 may have";
    for (const auto &kernel : code.resources) {
      RecordProperty("registers" + std::to_string(biasBatches) + (element == Element::TF32 ? "tf32" : ""),
                     kernel.registers);
      EXPECT_EQ(kernel.spilledBytes, 0u);
    }
  }
}

/// ptxas would hoist the wait for P · V above the exponentials; a second wait for the values that P · V reads keeps
/// them apart.
TEST(AttentionPtx, ComputesExponentialsWhileValuesAreMultiplied) {
  std::string ptx = compile(makeConfig(1370, 64)).ptx;
  size_t scoresReady = ptx.find("wgmma.wait_group.sync.aligned 1");
  size_t valuesReady = ptx.find("wgmma.wait_group.sync.aligned 0", scoresReady);
  ASSERT_NE(valuesReady, std::string::npos);
  llvm::StringRef between = llvm::StringRef(ptx).slice(scoresReady, valuesReady);
  EXPECT_EQ(between.count("ex2.approx.ftz.f32"), 66u) << "of 64 scores and of the change of two maxima";
  EXPECT_GT(between.rfind("mbarrier.try_wait"), between.rfind("ex2.approx.ftz.f32"));
}

TEST(AttentionPtx, TakesProbabilitiesFromRegisters) {
  std::string ptx = compile(makeConfig(197, 64)).ptx;
  EXPECT_EQ(count(ptx, "wgmma.mma_async.sync.aligned.m64n208k16.f32.bf16.bf16"), 4u);
  EXPECT_EQ(count(ptx, "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16"), 13u);
  EXPECT_EQ(count(ptx, "ex2.approx.ftz.f32"), 2 * (24u * 2 + 2)) << "two rows; columns beyond 197 where a lane has one";
  EXPECT_EQ(count(ptx, "st.shared"), 0u);
  EXPECT_EQ(count(ptx, "stmatrix.sync.aligned.m8n8.x4.shared.b16"), 4u);
}

TEST(AttentionPtx, ReadsBiasInPairs) {
  AttentionConfig config = makeConfig(49, 32, Element::F16);
  config.biasBatches = 64;
  EXPECT_EQ(biasColumns(config), 64);
  vitc::target::CompiledKernels code = compile(config);
  EXPECT_EQ(count(code.ptx, "ld.global.v2.b32"), 2 * 6u) << "the seventh pair of a row has one key";
  EXPECT_EQ(planAttention("attention", config).arguments.back().role, "bias");
}

/// Stores between products in flight must not make ptxas serialise them.
TEST(AttentionPtx, TapsWithoutSerialisingProducts) {
  for (auto [tokens, tap] : {std::pair(256, AttentionTap::Probabilities),
                             {197, AttentionTap::Scores},
                             {577, AttentionTap::Scores},
                             {577, AttentionTap::None}})
    for (auto [biasBatches, headSize] : {std::pair(0, 64), {2, 64}, {2, 128}}) {
      SCOPED_TRACE(std::to_string(tokens) + " tokens, heads of " + std::to_string(headSize));
      EXPECT_FALSE(compile(makeConfig(tokens, headSize, Element::BF16, biasBatches, tap)).ptx.empty());
    }
}

TEST(AttentionPtx, TakesGivenScoresWithoutSpills) {
  for (int64_t tokens : {49, 196, 256, 577})
    for (int64_t headSize : {64, 128}) {
      SCOPED_TRACE(std::to_string(tokens) + " tokens, heads of " + std::to_string(headSize));
      vitc::target::CompiledKernels code = compile(chooseAttend(Element::BF16, tokens, tokens, headSize));
      EXPECT_FALSE(code.ptx.empty());
      for (const auto &kernel : code.resources)
        EXPECT_EQ(kernel.spilledBytes, 0u);
    }
  LaunchPlan plan = planAttention("attend", chooseAttend(Element::BF16, 49, 49, 64));
  std::string roles;
  for (const ArgumentPlan &argument : plan.arguments)
    roles += argument.role + " ";
  EXPECT_EQ(roles, "V O scores ");
}

/// Two passes where probabilities are stored.
TEST(MmaSyncAttentionPtx, TakesGivenScoresAndTapsWithoutSpills) {
  for (int64_t headSize : {64, 128}) {
    SCOPED_TRACE("heads of " + std::to_string(headSize));
    AttentionConfig own = chooseAttention(Element::BF16, 577, 577, headSize, 0.125, /*biasBatches=*/1,
                                          AttentionTap::Probabilities, headSize, /*mmaSync=*/true);
    AttentionConfig given = chooseAttend(Element::BF16, 577, 577, headSize, AttentionTap::None, /*mmaSync=*/true);
    for (AttentionConfig config : {own, given}) {
      AttentionConfig::Strides strides{6 * headSize, headSize, 577 * 6 * headSize};
      config.strides = {strides, strides, strides, strides};
      vitc::target::CompiledKernels code = compile(config, "sm_80");
      unsigned products = headSize / 16 * 8, walks = 2; // of 64 keys; the masked block, and the others
      EXPECT_EQ(count(code.ptx, "mma.sync.aligned.m16n8k16"), walks * products * (config.givenScores ? 1 : 3));
      for (const auto &kernel : code.resources)
        EXPECT_EQ(kernel.spilledBytes, 0u);
    }
  }
  std::string roles;
  for (const ArgumentPlan &argument :
       planAttention("attend", chooseAttend(Element::BF16, 49, 49, 64, AttentionTap::None, true)).arguments)
    roles += argument.role + " ";
  EXPECT_EQ(roles, "V O scores ");
}

TEST(AttentionPlan, ListsBoxesAndGrid) {
  LaunchPlan plan = planAttention("attention", makeConfig(577, 72));
  EXPECT_EQ(plan.arguments[0].map.box, (llvm::SmallVector<uint32_t, 5>{32, 1, 64, 1}));
  EXPECT_EQ(plan.arguments[1].map.box, (llvm::SmallVector<uint32_t, 5>{32, 1, 128, 1}));
  EXPECT_EQ(plan.arguments[3].map.swizzle, Swizzle::B64);
  EXPECT_EQ(plan.grid[0].factor, 5);
  EXPECT_EQ(plan.block[0], 384u);
}

TEST(AttentionPlan, SaysWhatIsUnsupported) {
  auto why = [](auto change) {
    AttentionConfig config = makeConfig(197, 64);
    change(config);
    return whyUnsupported(config);
  };
  EXPECT_EQ(why([](auto &c) { c.keys = 0; }), "expected positive sizes and a positive scale");
  EXPECT_EQ(why([](auto &c) { c.element = Element::F32; }), "elements are bf16 or f16, or of warps tf32");
  EXPECT_EQ(why([](auto &c) { c.headSize = 136; }), "heads have 8 to 128 elements, a multiple of 8");
  EXPECT_EQ(why([](auto &c) { c.keys = 257; }), "the one-shot kernel has at most 256 keys");
  EXPECT_EQ(why([](auto &c) { c.keysOfBlock = 24; }), "blocks have 16 to 256 keys, a multiple of 16");
  EXPECT_EQ(why([](auto &c) { c.keysOfBlock = 64; }), "blocks have 1 to 4 warpgroups one-shot, 2 or 3 online");
  EXPECT_EQ(why([](auto &c) { c.keysOfBlock = 256, c.warpgroups = 2, c.headSize = 128; }),
            "queries, keys and values of a block do not fit into shared memory");
  EXPECT_EQ(why([](auto &c) { c.keysOfBlock = 64, c.warpgroups = 2, c.tap = AttentionTap::Probabilities; }),
            "probabilities of blocks of keys are not known before the last: only scores are tapped");
  EXPECT_EQ(why([](auto &c) { c.givenScores = true; }), "given scores are neither scaled nor tapped, and have no bias");
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  AttentionConfig config = makeConfig(197, 60);
  EXPECT_TRUE(failed(emitAttention(builder, module.gpuModule(), "none", config)));
  EXPECT_EQ(module.diagnostics(), "expected an attention that a kernel can compute, got one where heads have 8 to 128 "
                                  "elements, a multiple of 8\n");
}
