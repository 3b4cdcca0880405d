// Mistakes planted into the kernels' PTX and launches: the simulator finds each, as a fault or by what the kernel
// computes.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/Attention.h"
#include "vitc/Dialect/GPUKernel/Kernels/DepthwiseConvolution.h"
#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

#include <gtest/gtest.h>

#include <numeric>
#include <regex>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

/// A kernel, ready to be launched on operands of its own.
struct Subject {
  std::string ptx;
  LaunchPlan plan;
  Sizes sizes;
  std::map<std::string, Argument> arguments;
  DeviceTensor result;
  SimulatedDevice device;
};

/// A residual product of two stages in tiles that are too few for all processors to have the same.
void prepareGemm(Subject &subject) {
  GemmConfig config{Element::BF16, 192, 136, 128, 96, 2};
  config.epilogue.residual = true;
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "gemm", config)));
  subject.ptx = module.ptx();
  subject.plan = planGemm("gemm", config);
  subject.sizes.rows = 600;
  auto draw = [&](std::vector<int64_t> shape) {
    return subject.device.upload(Element::BF16, shape, drawNumbers(shape[0] * shape[1], shape[1], Element::BF16));
  };
  subject.result = subject.device.allocate(Element::BF16, {600, 192});
  subject.arguments = {{"A", Argument::map(draw({600, 136}))},
                       {"W", Argument::map(draw({192, 136}))},
                       {"C", Argument::map(subject.result)},
                       {"residual", Argument::map(draw({600, 192}))},
                       {"rows", Argument::number(600)}};
}

/// A residual convolution of two images, whose windows are more than fit into rectangles.
void prepareConvolution(Subject &subject) {
  GemmConfig config{Element::BF16, 72, 9 * 72, 128, 96, 2};
  config.epilogue.residual = true;
  config.windows = {.channels = 72, .extents = {7, 6}, .taps = {3, 3}, .strides = {1, 2}, .pads = {1, 1}};
  config.windows.chooseRectangle(2);
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "conv", config)));
  subject.ptx = module.ptx();
  subject.plan = planGemm("conv", config);
  subject.sizes.batch = 2;
  auto draw = [&](std::vector<int64_t> shape) {
    int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
    return Argument::map(subject.device.upload(Element::BF16, shape, drawNumbers(count, shape[1], Element::BF16)));
  };
  subject.result = subject.device.allocate(Element::BF16, {2, 7, 6, 72});
  subject.arguments = {{"A", draw({2, 7, 11, 72})},
                       {"W", draw({72, 9, 72})},
                       {"C", Argument::map(subject.result)},
                       {"residual", draw({2, 7, 6, 72})},
                       {"batches", Argument::number(2)}};
}

/// A depthwise convolution whose last tiles are not full of pixels and channels.
void prepareDepthwise(Subject &subject) {
  DepthwiseConfig config;
  config.channels = 72;
  config.image = config.result = {9, 11};
  config.taps = {3, 3};
  config.pads = {1, 1};
  config.bias = true;
  config.tile = {4, 2, 8, 4};
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitDepthwise(builder, module.gpuModule(), "depthwise", config)));
  subject.ptx = module.ptx("sm_80");
  subject.plan = planDepthwise("depthwise", config);
  subject.sizes.batch = 2;
  auto draw = [&](Element element, std::vector<int64_t> shape) {
    int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
    return Argument::pointer(subject.device.upload(element, shape, drawNumbers(count, shape[0], element)));
  };
  subject.result = subject.device.allocate(Element::BF16, {2, 9, 11, 72});
  subject.arguments = {{"x", draw(Element::BF16, {2, 9, 11, 72})},
                       {"filters", draw(Element::F32, {9, 72})},
                       {"bias", draw(Element::F32, {72})},
                       {"y", Argument::pointer(subject.result)}};
}

/// A residual product by mma.sync, whose last rows, columns and stage are not full.
void prepareSyncGemm(Subject &subject, bool transposedW) {
  GemmConfig config{Element::BF16, 72, 168, 64, 64};
  config.epilogue.residual = config.mmaSync = true;
  config.transposedW = transposedW;
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "gemm", config)));
  subject.ptx = module.ptx("sm_80");
  subject.plan = planGemm("gemm", config);
  subject.sizes.rows = 100;
  auto draw = [&](std::vector<int64_t> shape) {
    return Argument::pointer(
        subject.device.upload(Element::BF16, shape, drawNumbers(shape[0] * shape[1], shape[1], Element::BF16)));
  };
  subject.result = subject.device.allocate(Element::BF16, {100, 72});
  subject.arguments = {{"A", draw({100, 168})},
                       {"W", transposedW ? draw({168, 72}) : draw({72, 168})},
                       {"C", Argument::pointer(subject.result)},
                       {"residual", draw({100, 72})},
                       {"rows", Argument::number(100)}};
}

void prepareAttention(Subject &subject, int64_t tokens) {
  AttentionConfig config = chooseAttention(Element::BF16, tokens, tokens, 64, 0.125);
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitAttention(builder, module.gpuModule(), "attention", config)));
  subject.ptx = module.ptx();
  subject.plan = planAttention("attention", config);
  subject.result = subject.device.allocate(Element::BF16, {1, tokens, 1, 64});
  subject.arguments = {{"O", Argument::map(subject.result)}};
  for (uint32_t seed : {0, 1, 2})
    subject.arguments.emplace(std::string(1, "QKV"[seed]),
                              Argument::map(subject.device.upload(Element::BF16, {1, tokens, 1, 64},
                                                                  drawNumbers(tokens * 64, seed, Element::BF16, 2))));
}

/// Two blocks of keys, the last of which is not full.
void prepareSyncAttention(Subject &subject) {
  constexpr int64_t tokens = 100;
  AttentionConfig config = chooseAttention(Element::BF16, tokens, tokens, 64, 0.125, 0, AttentionTap::None, 64,
                                           /*mmaSync=*/true);
  AttentionConfig::Strides strides{64, 64, tokens * 64};
  config.strides = {strides, strides, strides, strides};
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitAttention(builder, module.gpuModule(), "attention", config)));
  subject.ptx = module.ptx("sm_80");
  subject.plan = planAttention("attention", config);
  subject.result = subject.device.allocate(Element::BF16, {1, tokens, 1, 64});
  subject.arguments = {{"O", Argument::pointer(subject.result)}};
  for (uint32_t seed : {0, 1, 2})
    subject.arguments.emplace(std::string(1, "QKV"[seed]), Argument::pointer(subject.device.upload(
                                                               Element::BF16, {1, tokens, 1, 64},
                                                               drawNumbers(tokens * 64, seed, Element::BF16, 2))));
}

enum Kernel { Gemm, Conv, Depthwise, SyncGemm, SyncTransposed, OneShot, Online, SyncAttention };

void prepare(Kernel kernel, Subject &subject) {
  if (kernel == Gemm)
    prepareGemm(subject);
  else if (kernel == Conv)
    prepareConvolution(subject);
  else if (kernel == Depthwise)
    prepareDepthwise(subject);
  else if (kernel == SyncGemm || kernel == SyncTransposed)
    prepareSyncGemm(subject, kernel == SyncTransposed);
  else if (kernel == SyncAttention)
    prepareSyncAttention(subject);
  else
    prepareAttention(subject, kernel == OneShot ? 100 : 300);
}

struct Mistake {
  const char *name;
  Kernel kernel;
  const char *pattern, *replacement; ///< in the PTX: every match, or that of this number
  int match = -1;
  void (*change)(Subject &) = nullptr; ///< of the launch
};

void PrintTo(const Mistake &mistake, std::ostream *os) { *os << mistake.name; }

/// Replaces matches; false where there is none.
bool plant(const Mistake &mistake, std::string &ptx) {
  std::regex pattern(mistake.pattern);
  std::string changed;
  auto position = ptx.cbegin();
  int number = 0;
  bool found = false;
  for (std::sregex_iterator match(ptx.begin(), ptx.end(), pattern), end; match != end; ++match, ++number) {
    changed.append(position, (*match)[0].first);
    bool isMeant = mistake.match < 0 || mistake.match == number;
    changed += isMeant ? match->format(mistake.replacement) : match->str();
    found |= isMeant;
    position = (*match)[0].second;
  }
  changed.append(position, ptx.cend());
  ptx = changed;
  return found;
}

TensorMapPlan &mapOf(Subject &subject, llvm::StringRef role) {
  for (ArgumentPlan &argument : subject.plan.arguments)
    if (argument.role == role)
      return argument.map;
  llvm_unreachable("no argument of this role");
}

// clang-format off
const Mistake mistakes[] = {
    {"GemmReadsSumsBeforeTheWait", Gemm, R"(wgmma\.wait_group\.sync\.aligned 0;)", ""},
    {"GemmReleasesStagesTooEarly", Gemm, R"(wgmma\.wait_group\.sync\.aligned 1;)", "wgmma.wait_group.sync.aligned 2;"},
    {"GemmCommitsNoGroup", Gemm, R"(wgmma\.commit_group\.sync\.aligned;)", ""},
    {"GemmStoresWithoutProxyFence", Gemm, R"(fence\.proxy\.async\.shared::cta;)", ""},
    {"GemmStoresOneChunkWithoutProxyFence", Gemm, R"(fence\.proxy\.async\.shared::cta;)", "", 1},
    {"GemmStoresBeforeAllWarpsWrote", Gemm, R"(bar\.sync\s+%r\d+, 128;)", ""},
    {"GemmBarriersAreNotWaitedForAtFirst", Gemm, R"(bar\.sync\s+0;)", ""},
    {"GemmReusesStagingThatIsRead", Gemm, R"(cp\.async\.bulk\.wait_group\.read \d;)", ""},
    {"GemmExpectsTooFewBytes", Gemm, R"(mov\.b32(\s+%r\d+), 28672;)", "mov.b32$1, 28656;"},
    {"GemmExpectsTooManyBytes", Gemm, R"(mov\.b32(\s+%r\d+), 28672;)", "mov.b32$1, 28688;"},
    {"GemmDoesNotReleaseStages", Gemm, R"(mbarrier\.arrive\.shared::cta\.b64 _, \[%r\d+\];)", ""},
    {"GemmWaitsForTheOtherPhase", Gemm, R"(try_wait\.parity\.shared::cta\.b64 done, \[(%r\d+)\], %r\d+;)",
     "try_wait.parity.shared::cta.b64 done, [$1], 1;", 1},
    {"GemmProducerDoesNotWait", Gemm, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 0},
    {"GemmReadsTheResidualTooEarly", Gemm, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 3},
    {"GemmDescriptorHasTheWrongStride", Gemm, "4611686293305360384", "4611686430744313856"},
    {"GemmDescriptorHasTheWrongSwizzle", Gemm, "4611686293305360384", "9223372311732748288"},
    {"GemmStepsByTheWrongBytes", Gemm, "4611686293305360386", "4611686293305360385"},
    {"GemmSwizzlesResultsWrongly", Gemm, R"(xor\.b32(\s+%r\d+, %r\d+), 16;)", "xor.b32$1, 32;"},
    {"GemmMapOfAHasNoSwizzle", Gemm, "", "", -1, [](Subject &s) { mapOf(s, "A").swizzle = Swizzle::None; }},
    {"GemmBoxOfAIsOneRowShort", Gemm, "", "", -1, [](Subject &s) { --mapOf(s, "A").box[1]; }},
    {"GemmBoxOfCIsOneRowShort", Gemm, "", "", -1, [](Subject &s) { --mapOf(s, "C").box[1]; }},
    {"GemmExtentOfCIsOneRowLong", Gemm, "", "", -1, [](Subject &s) { ++s.arguments["C"].extents[1]; }},
    {"ConvSwapsTheAxesOfTaps", Conv, R"((4d\.shared::cluster[^{]*\{%r\d+), (%r\d+), (%r\d+))", "$1, $3, $2"},
    {"ConvTakesFiltersForTaps", Conv, R"((3d\.shared::cluster[^{]*\{%r\d+), (%r\d+), (%r\d+))", "$1, $3, $2"},
    {"ConvHasNoBorder", Conv, R"(add\.s32(\s+%r\d+, %r\d+), -1;)", "add.s32$1, 0;"},
    {"ConvHasNoBorderOnOneSide", Conv, R"(add\.s32(\s+%r\d+, %r\d+), -1;)", "add.s32$1, 0;", 0},
    {"ConvReadsStagesBeforeTheyAreThere", Conv, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 1},
    {"ConvProducerDoesNotWait", Conv, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 0},
    {"ConvExpectsTooFewBytes", Conv, R"(mov\.b32(\s+%r\d+), 28672;)", "mov.b32$1, 28656;"},
    {"ConvWindowsAreNeighbours", Conv, "", "", -1, [](Subject &s) { mapOf(s, "A").steps[1] = 1; }},
    {"ConvBoxIsOneRowShort", Conv, "", "", -1, [](Subject &s) { --mapOf(s, "A").box[2]; }},
    {"ConvReadsTheNextRowForABorder", Conv, "", "", -1, [](Subject &s) { ++s.arguments["A"].extents[1]; }},
    {"ConvReadsTheNextTapForChannels", Conv, "", "", -1, [](Subject &s) { ++s.arguments["W"].extents[0]; }},
    {"ConvBoxOfCIsOnePixelShort", Conv, "", "", -1, [](Subject &s) { --mapOf(s, "C").box[1]; }},
    {"DepthwiseDoesNotWaitForCopies", Depthwise, R"(cp\.async\.wait_group 0;)", ""},
    {"DepthwiseCommitsNoGroup", Depthwise, R"(cp\.async\.commit_group;)", ""},
    {"DepthwiseThreadsDoNotMeet", Depthwise, R"(bar\.sync\s+0;)", ""},
    {"DepthwiseReadsBeyondTheImage", Depthwise, R"(\], 16, %r\d+;)", "], 16, 16;", 0},
    {"DepthwiseCopiesNoFilters", Depthwise, R"(cp\.async\.cg[^;]*;)", "", 1},
    {"DepthwiseHasNoBorder", Depthwise, R"(add\.s32(\s+%r\d+, %r\d+), -1;)", "add.s32$1, 0;"},
    {"DepthwiseHasNoBorderOnOneSide", Depthwise, R"(add\.s32(\s+%r\d+, %r\d+), -1;)", "add.s32$1, 0;", 0},
    {"DepthwiseHasOneBlockTooFew", Depthwise, "", "", -1, [](Subject &s) { --s.plan.grid[0].factor; }},
    {"DepthwiseHasTooLittleMemory", Depthwise, "", "", -1, [](Subject &s) { s.plan.sharedBytes -= 16; }},
    {"SyncGemmDoesNotWaitForCopies", SyncGemm, R"(cp\.async\.wait_group 2;)", ""},
    {"SyncGemmWaitsForOneStageLess", SyncGemm, R"(cp\.async\.wait_group 2;)", "cp.async.wait_group 3;"},
    {"SyncGemmCommitsNoGroup", SyncGemm, R"(cp\.async\.commit_group;)", ""},
    {"SyncGemmWarpsDoNotMeet", SyncGemm, R"(bar\.sync\s+0;)", ""},
    {"SyncGemmTransposesMatrices", SyncGemm, R"(m8n8\.x4\.shared)", "m8n8.x4.trans.shared", 0},
    {"SyncGemmSwizzlesCopiesWrongly", SyncGemm, R"(xor\.b32(\s+%r\d+, %r\d+), %r\d+;)", "xor.b32$1, 0;", 0},
    {"SyncGemmSwizzlesMatricesWrongly", SyncGemm, R"(xor\.b32(\s+%r\d+, %r\d+), %r\d+;)", "xor.b32$1, 0;", 1},
    {"SyncGemmReadsBeyondTheDepth", SyncGemm, R"(cp\.async\.cg\.shared\.global \[(%r\d+)\], \[(%rd\d+)\], 16, %r\d+;)",
     "cp.async.cg.shared.global [$1], [$2], 16, 16;"},
    {"SyncGemmHasOneRowTooMany", SyncGemm, "", "", -1, [](Subject &s) { ++s.arguments["rows"].value; }},
    {"SyncGemmHasOneStageTooFew", SyncGemm, "", "", -1, [](Subject &s) { s.plan.sharedBytes -= 8192; }},
    {"SyncGemmDoesNotTransposeWeights", SyncTransposed, R"(m8n8\.x4\.trans\.shared)", "m8n8.x4.shared"},
    {"SyncGemmSwizzlesRowsOfKWrongly", SyncTransposed, R"(xor\.b32(\s+%r\d+, %r\d+), %r\d+;)", "xor.b32$1, 0;", 1},
    {"SyncGemmTakesNeighboursForGroups", SyncTransposed, R"(xor\.b32(\s+%r\d+, %r\d+), 4128;)", "xor.b32$1, 4112;"},
    {"SyncGemmReadsRowsOfKBeyondTheLast", SyncTransposed, R"(setp\.\w+\.u32(\s+%p\d+, %r\d+), 16[78];)", "setp.lt.u32$1, 200;"},
    {"SyncGemmStepsByTheWrongRow", SyncTransposed, R"(mad\.lo\.s32(\s+%r\d+, %r\d+), 72,)", "mad.lo.s32$1, 64,"},
    {"OneShotReadsKeysBeforeTheyAreThere", OneShot, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 0},
    {"OneShotReadsValuesBeforeTheyAreThere", OneShot, R"(mbarrier\.try_wait[^;]*;\s*@!done bra WAIT;)", "", 1},
    {"OneShotReadsScoresBeforeTheWait", OneShot, R"(wgmma\.wait_group\.sync\.aligned 0;)", "", 0},
    {"OneShotGivesProbabilitiesWithoutFence", OneShot, R"(wgmma\.fence\.sync\.aligned;)", "", 1},
    {"OneShotOverwritesAnotherKernelsRows", OneShot, "", "", -1, [](Subject &s) { ++s.arguments["O"].extents[2]; }},
    {"OneShotInitialisesNoBarrier", OneShot, R"(mbarrier\.init[^;]*;)", "", 1},
    {"OnlineReadsScoresTooEarly", Online, R"(wgmma\.wait_group\.sync\.aligned 1;)", "wgmma.wait_group.sync.aligned 2;"},
    {"OnlineScalesSumsInFlight", Online, R"(wgmma\.wait_group\.sync\.aligned 0;)", "wgmma.wait_group.sync.aligned 1;", 1},
    {"OnlineGivesProbabilitiesWithoutFence", Online, R"(wgmma\.fence\.sync\.aligned;)", ""},
    {"SyncAttentionDoesNotWaitForTheFirstBlock", SyncAttention, R"(cp\.async\.wait_group 0;)", "", 0},
    {"SyncAttentionDoesNotWaitForOtherBlocks", SyncAttention, R"(cp\.async\.wait_group 0;)", "", 1},
    {"SyncAttentionWaitsForOneGroupLess", SyncAttention, R"(cp\.async\.wait_group 0;)", "cp.async.wait_group 1;"},
    {"SyncAttentionCommitsNoGroup", SyncAttention, R"(cp\.async\.commit_group;)", ""},
    {"SyncAttentionWarpsDoNotMeet", SyncAttention, R"(bar\.sync\s+0;)", ""},
    {"SyncAttentionDoesNotTransposeValues", SyncAttention, R"(m8n8\.x4\.trans)", "m8n8.x4"},
    {"SyncAttentionSwizzlesWrongly", SyncAttention, R"(xor\.b32(\s+%r\d+, %r\d+), %r\d+;)", "xor.b32$1, 0;", 0},
    {"SyncAttentionMasksNoKey", SyncAttention, "0fFF800000", "0f00000000"},
    {"OnlineProducerCountsOneWarpTooFew", Online, R"(mov\.b32(\s+%r\d+), 12;)", "mov.b32$1, 11;"},
};
// clang-format on

class PlantedFault : public testing::TestWithParam<Mistake> {};

} // namespace

TEST_P(PlantedFault, IsFound) {
  const Mistake &mistake = GetParam();
  Subject right, wrong;
  prepare(mistake.kernel, wrong);
  if (mistake.change)
    mistake.change(wrong);
  else
    ASSERT_TRUE(plant(mistake, wrong.ptx)) << "nothing to change";
  for (uint64_t seed : {0, 1, 2}) {
    auto faults = wrong.device.findFaults(wrong.ptx, wrong.plan, wrong.sizes, wrong.arguments, seed);
    if (!faults.empty()) {
      EXPECT_NE(faults[0].kind, "syntax") << faults[0].message;
      RecordProperty("fault", faults[0].kind + ": " + faults[0].message);
      return;
    }
  }
  prepare(mistake.kernel, right);
  right.device.launch(right.ptx, right.plan, right.sizes, right.arguments);
  EXPECT_FALSE(wrong.device.isWritten(wrong.result) &&
               right.device.download(right.result) == wrong.device.download(wrong.result))
      << "no fault, and the right result";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedFault, testing::ValuesIn(mistakes),
                         [](const auto &info) { return std::string(info.param.name); });
