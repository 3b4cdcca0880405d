// Attention executed by the simulator, against float64.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/Attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

struct Problem {
  AttentionConfig config;
  int64_t batch, heads;
};

/// Q, K and V drawn, as one tensor [batch, tokens, 3, heads, head size] with the larger of the numbers of tokens and of
/// the sizes of heads, and the result in float64.
class Reference {
public:
  Reference(const Problem &problem, double masked);

  double at(unsigned which, int64_t batch, int64_t token, int64_t head, int64_t i) const {
    return packed[index(which, batch, token, head, i)];
  }
  int64_t index(unsigned which, int64_t batch, int64_t token, int64_t head, int64_t i) const {
    return (((batch * tokens + token) * 3 + which) * heads + head) * size + i;
  }

  int64_t tokens, heads, valueSize, size;
  std::vector<double> packed, bias, result;
  std::vector<double> given; ///< scores, as the tap; with `masked` the first row is that
  std::vector<double> tap;   ///< [batch, heads, queries, keys]

private:
  void computeRow(const Problem &problem, int64_t batch, int64_t query, int64_t head);
};

} // namespace

Reference::Reference(const Problem &problem, double masked)
    : tokens(std::max(problem.config.queries, problem.config.keys)), heads(problem.heads),
      valueSize(problem.config.valueSize ? problem.config.valueSize : problem.config.headSize),
      size(std::max(problem.config.headSize, valueSize)) {
  const AttentionConfig &config = problem.config;
  packed = drawNumbers(problem.batch * tokens * 3 * heads * size, 7, config.element, 2);
  bias = drawNumbers(config.biasBatches * heads * config.queries * biasColumns(config), 8, Element::F32, 2);
  for (size_t i = bias.size() / std::max<int64_t>(config.biasBatches, 1); masked != 0 && i < bias.size(); ++i)
    if (int64_t(i) % biasColumns(config) < config.keys / 2)
      bias[i] = masked;
  if (config.givenScores)
    given = drawNumbers(problem.batch * heads * config.queries * config.keys, 9, Element::F32, 8);
  if (config.givenScores && masked != 0)
    std::fill_n(given.begin(), config.keys, masked);
  tap.resize(problem.batch * heads * config.queries * config.keys);
  for (int64_t batch = 0; batch < problem.batch; ++batch)
    for (int64_t query = 0; query < config.queries; ++query)
      for (int64_t head = 0; head < heads; ++head)
        computeRow(problem, batch, query, head);
}

void Reference::computeRow(const Problem &problem, int64_t batch, int64_t query, int64_t head) {
  const AttentionConfig &config = problem.config;
  std::vector<double> scores(config.keys);
  double largest = -INFINITY, total = 0;
  for (int64_t key = 0; key < config.keys; ++key) {
    if (config.givenScores)
      scores[key] = given[((batch * heads + head) * config.queries + query) * config.keys + key];
    for (int64_t i = 0; i < config.headSize && !config.givenScores; ++i)
      scores[key] += at(0, batch, query, head, i) * at(1, batch, key, head, i) * config.scale;
    if (config.biasBatches)
      scores[key] +=
          bias[((batch % config.biasBatches * heads + head) * config.queries + query) * biasColumns(config) + key] *
          std::log(2.0);
    largest = std::max(largest, scores[key]);
  }
  double *tapped = &tap[((batch * heads + head) * config.queries + query) * config.keys];
  if (config.tap == AttentionTap::Scores)
    std::copy(scores.begin(), scores.end(), tapped);
  for (double &score : scores)
    total += score = std::exp(score - largest);
  if (config.tap == AttentionTap::Probabilities)
    std::transform(scores.begin(), scores.end(), tapped, [&](double score) { return score / total; });
  for (int64_t i = 0; i < valueSize; ++i) {
    double sum = 0;
    for (int64_t key = 0; key < config.keys; ++key)
      sum += scores[key] / total * at(2, batch, key, head, i);
    result.push_back(sum);
  }
}

/// With `masked` the bias is that for the first half of the keys, in all batches but the first.
static void checkAttention(const Problem &problem, std::uint64_t seed = 0, double masked = 0) {
  AttentionConfig config = problem.config;
  SCOPED_TRACE(std::to_string(config.queries) + " queries, " + std::to_string(config.keys) + " keys, heads of " +
               std::to_string(config.headSize));
  Reference reference(problem, masked);
  SimulatedDevice device;
  auto [batch, heads] = std::pair(problem.batch, problem.heads);
  int64_t tokens = reference.tokens, size = reference.size, valueSize = reference.valueSize;
  AttentionConfig::Strides packedStrides{3 * heads * size, size, tokens * 3 * heads * size};
  config.strides = {
      packedStrides, packedStrides, packedStrides, {heads * valueSize, valueSize, config.queries * heads * valueSize}};
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitAttention(builder, module.gpuModule(), "attention", config))) << module.diagnostics();
  DeviceTensor packed = device.upload(config.element, {batch, tokens, 3, heads, size}, reference.packed),
               output = device.allocate(config.element, {batch, config.queries, heads, reference.valueSize});
  std::map<std::string, Argument> arguments{{"O", config.mmaSync ? Argument::pointer(output) : Argument::map(output)}};
  for (unsigned which : {0, 1, 2}) {
    if (config.givenScores && which != 2)
      continue;
    Argument part{config.mmaSync ? Argument::Pointer : Argument::Map,
                  packed.address + which * heads * size * bytesOf(config.element),
                  0,
                  {},
                  {}};
    part.extents = {uint64_t(which == 2 ? reference.valueSize : config.headSize), uint64_t(heads),
                    uint64_t(which == 0 ? config.queries : config.keys), uint64_t(batch)};
    part.strides = {uint64_t(size), uint64_t(3 * heads * size), uint64_t(tokens * 3 * heads * size)};
    arguments.emplace(std::string(1, "QKV"[which]), part);
  }
  if (config.biasBatches)
    arguments.emplace(
        "bias", Argument::pointer(device.upload(
                    Element::F32, {config.biasBatches, heads, config.queries, biasColumns(config)}, reference.bias)));
  if (config.givenScores)
    arguments.emplace("scores", Argument::pointer(device.upload(
                                    Element::F32, {batch, heads, config.queries, config.keys}, reference.given)));
  DeviceTensor tap = device.allocate(Element::F32, {batch, heads, config.queries, config.keys});
  if (config.tap != AttentionTap::None)
    arguments.emplace("tap", Argument::pointer(tap));
  device.launch(module.ptx(config.mmaSync ? "sm_80" : "sm_90a"), planAttention("attention", config), {1, heads, batch},
                arguments, seed);
  if (config.tap != AttentionTap::None)
    expectClose(device.download(tap), reference.tap, 2e-6);
  expectClose(device.download(output), reference.result, config.element == Element::BF16 ? 0x1p-7 : 0x1p-10);
}

static AttentionConfig makeConfig(int64_t tokens, int64_t headSize, Element element = Element::BF16,
                                  int64_t biasBatches = 0, AttentionTap tap = AttentionTap::None) {
  return chooseAttention(element, tokens, tokens, headSize, 1 / std::sqrt(double(headSize)), biasBatches, tap);
}

class AttentionSimulation : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(AttentionSimulation, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  checkAttention({makeConfig(tokens, headSize), 1, 2});
}

static std::string nameOf(const testing::TestParamInfo<std::tuple<int64_t, int64_t>> &info) {
  return std::to_string(std::get<0>(info.param)) + "x" + std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Tokens, AttentionSimulation,
                         testing::Combine(testing::Values(1, 49, 50, 197, 201, 256, 257, 261, 577, 785, 1370),
                                          testing::Values(64)),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Heads, AttentionSimulation,
                         testing::Combine(testing::Values(50, 261), testing::Values(32, 72, 96, 128)), nameOf);

TEST(AttentionVariants, TakesSeveralBatchesInHalf) { checkAttention({makeConfig(65, 64, Element::F16), 3, 2}); }

TEST(AttentionVariants, SharesKeysOfSeveralWarpgroups) {
  AttentionConfig config = makeConfig(197, 32);
  config.warpgroups = 2;
  checkAttention({config, 1, 2});
}

TEST(AttentionVariants, TakesOtherNumbersOfKeysThanOfQueries) {
  checkAttention({chooseAttention(Element::BF16, 1, 197, 64, 0.125), 2, 1});
  checkAttention({chooseAttention(Element::BF16, 300, 49, 64, 0.125), 1, 1});
  checkAttention({chooseAttention(Element::BF16, 70, 300, 64, 0.125), 1, 1});
}

TEST(AttentionVariants, AddsTheBiasOfTheBatch) {
  AttentionConfig config = makeConfig(49, 32);
  config.biasBatches = 2;
  checkAttention({config, 3, 2});
  checkAttention({makeConfig(300, 32, Element::BF16, 1), 1, 2});
}

class BiasedAttention : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(BiasedAttention, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  if (tokens > 261 && !std::getenv("VITC_TEST_ALL"))
    GTEST_SKIP() << "long";
  checkAttention({makeConfig(tokens, headSize, Element::BF16, /*biasBatches=*/1), 1, 1});
}

INSTANTIATE_TEST_SUITE_P(Tokens, BiasedAttention,
                         testing::Combine(testing::Values(1, 49, 50, 197, 201, 257, 261, 577, 785, 1370),
                                          testing::Values(64)),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Heads, BiasedAttention,
                         testing::Combine(testing::Values(49, 261), testing::Values(32, 72, 96, 128)), nameOf);

static AttentionConfig bySync(AttentionConfig config) {
  return chooseAttention(config.element, config.queries, config.keys, config.headSize, config.scale, config.biasBatches,
                         config.tap, config.valueSize, /*mmaSync=*/true);
}

class MmaSyncAttention : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(MmaSyncAttention, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  if (tokens > 261 && !std::getenv("VITC_TEST_ALL"))
    GTEST_SKIP() << "long";
  checkAttention({bySync(makeConfig(tokens, headSize)), 1, 2});
}

INSTANTIATE_TEST_SUITE_P(Tokens, MmaSyncAttention,
                         testing::Combine(testing::Values(1, 49, 50, 128, 197, 201, 257, 261, 577, 785, 1370),
                                          testing::Values(64)),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Heads, MmaSyncAttention,
                         testing::Combine(testing::Values(50, 140), testing::Values(32, 72, 96, 128)), nameOf);

TEST(MmaSyncAttentionVariants, AgreeWithFloat64) {
  checkAttention({bySync(makeConfig(65, 64, Element::F16)), 3, 2}, /*seed=*/1);
  checkAttention({bySync(makeConfig(197, 32, Element::BF16, /*biasBatches=*/2)), 3, 2}, /*seed=*/2);
  checkAttention({bySync(makeConfig(70, 64, Element::BF16, 1, AttentionTap::Scores)), 2, 2});
  checkAttention({bySync(chooseAttention(Element::BF16, 1, 197, 64, 0.125)), 2, 1}, /*seed=*/3);
  checkAttention({bySync(chooseAttention(Element::BF16, 4, 16, 16, 0.25, 1, AttentionTap::None, 64)), 2, 2});
  checkAttention({bySync(chooseAttention(Element::BF16, 70, 100, 96, 0.25, 0, AttentionTap::None, 40)), 1, 2});
  checkAttention({bySync(makeConfig(150, 64, Element::BF16, 0, AttentionTap::Probabilities)), 1, 2}, /*seed=*/4);
  checkAttention({bySync(makeConfig(49, 32, Element::F16, 1, AttentionTap::Probabilities)), 2, 2}, /*seed=*/5);
  for (double masked : {-double(INFINITY), -double(std::numeric_limits<float>::max())})
    for (int64_t tokens : {49, 140})
      checkAttention({bySync(makeConfig(tokens, 32, Element::BF16, /*biasBatches=*/2)), 4, 2}, 0, masked);
}

class Tf32Attention : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

/// Floats, of which tensor cores read the upper 19 bits; probabilities are rounded to those.
TEST_P(Tf32Attention, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  if (tokens > 201 && !std::getenv("VITC_TEST_ALL"))
    GTEST_SKIP() << "long";
  checkAttention({bySync(makeConfig(tokens, headSize, Element::TF32)), 1, 2});
}

INSTANTIATE_TEST_SUITE_P(Tokens, Tf32Attention,
                         testing::Combine(testing::Values(1, 49, 50, 197, 257, 577), testing::Values(64)), nameOf);
INSTANTIATE_TEST_SUITE_P(Heads, Tf32Attention,
                         testing::Combine(testing::Values(50, 100), testing::Values(8, 32, 72, 96, 128)), nameOf);

TEST(Tf32AttentionVariants, AgreeWithFloat64) {
  constexpr Element tf32 = Element::TF32;
  checkAttention({bySync(makeConfig(70, 32, tf32, /*biasBatches=*/2)), 3, 2}, /*seed=*/1);
  checkAttention({bySync(makeConfig(70, 64, tf32, 1, AttentionTap::Scores)), 2, 2});
  checkAttention({bySync(chooseAttention(tf32, 1, 197, 64, 0.125)), 2, 1}, /*seed=*/2);
  checkAttention({bySync(chooseAttention(tf32, 70, 100, 96, 0.25, 0, AttentionTap::None, 40)), 1, 2});
  for (double masked : {-double(INFINITY), -double(std::numeric_limits<float>::max())})
    checkAttention({bySync(makeConfig(49, 32, tf32, /*biasBatches=*/2)), 4, 2}, 0, masked);
}

/// Half of the windows' biases mask keys, with minus infinity or the least finite number; in two blocks of keys one is
/// masked throughout.
TEST(AttentionVariants, MasksKeysByTheBias) {
  for (double masked : {-double(INFINITY), -double(std::numeric_limits<float>::max())})
    for (int64_t tokens : {49, 140}) {
      AttentionConfig config = makeConfig(tokens, 32, Element::BF16, /*biasBatches=*/2);
      checkAttention({config, 4, 2}, 0, masked);
      config.keysOfBlock = 64;
      config.warpgroups = 2;
      checkAttention({config, 4, 2}, 0, masked);
    }
}

TEST(AttentionVariants, TakesValuesOfAnotherSize) {
  auto check = [](int64_t queries, int64_t keys, int64_t headSize, int64_t valueSize) {
    checkAttention({chooseAttention(Element::BF16, queries, keys, headSize, 0.25, /*biasBatches=*/1, AttentionTap::None,
                                    valueSize),
                    2, 2});
  };
  check(16, 16, 16, 32);
  check(4, 16, 16, 64);
  check(49, 196, 32, 128);
  check(70, 50, 96, 64);
  check(70, 300, 32, 128);
}

class InheritedAttention : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

/// Of given scores: an earlier layer's, transformed.
TEST_P(InheritedAttention, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  if (tokens > 261 && !std::getenv("VITC_TEST_ALL"))
    GTEST_SKIP() << "long";
  checkAttention({chooseAttend(Element::BF16, tokens, tokens, headSize), 1, 2});
}

INSTANTIATE_TEST_SUITE_P(Tokens, InheritedAttention,
                         testing::Combine(testing::Values(1, 49, 50, 197, 201, 257, 261, 577, 785, 1370),
                                          testing::Values(64)),
                         nameOf);
class MmaSyncInheritedAttention : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {};

TEST_P(MmaSyncInheritedAttention, AgreesWithFloat64) {
  auto [tokens, headSize] = GetParam();
  for (AttentionTap tap : {AttentionTap::None, AttentionTap::Probabilities})
    checkAttention({chooseAttend(Element::BF16, tokens, tokens + 1, headSize, tap, /*mmaSync=*/true), 2, 2});
}

INSTANTIATE_TEST_SUITE_P(Tokens, MmaSyncInheritedAttention,
                         testing::Combine(testing::Values(1, 49, 50, 140), testing::Values(32, 72)), nameOf);

INSTANTIATE_TEST_SUITE_P(Heads, InheritedAttention,
                         testing::Combine(testing::Values(49, 261), testing::Values(32, 72, 96, 128)), nameOf);

/// A row of numbers of which exponentials would be zero has equal probabilities.
TEST(AttentionVariants, TakesGivenScoresNearTheLeast) {
  for (double score : {-2e30, -double(std::numeric_limits<float>::max()), double(std::numeric_limits<float>::max())})
    for (bool mmaSync : {false, true}) {
      checkAttention({chooseAttend(Element::BF16, 20, 21, 32, AttentionTap::None, mmaSync), 1, 1}, 0, score);
      checkAttention({chooseAttend(Element::BF16, 20, 300, 32, AttentionTap::None, mmaSync), 1, 1}, 0, score);
    }
}

TEST(AttentionVariants, TakesGivenScoresOfSeveralBatches) {
  checkAttention({chooseAttend(Element::BF16, 70, 49, 32, AttentionTap::Probabilities), 3, 2});
  checkAttention({chooseAttend(Element::F16, 70, 300, 32), 2, 2});
  for (std::uint64_t seed : {1, 2, 3})
    checkAttention({chooseAttend(Element::BF16, 150, 400, 64), 1, 1}, seed);
}

TEST(AttentionVariants, TapsScoresAndProbabilities) {
  AttentionConfig config = makeConfig(49, 32);
  for (AttentionTap tap : {AttentionTap::Scores, AttentionTap::Probabilities})
    for (int64_t biasBatches : {0, 1}) {
      config.tap = tap;
      config.biasBatches = biasBatches;
      checkAttention({config, 2, 2});
    }
  checkAttention({makeConfig(261, 64, Element::BF16, 0, AttentionTap::Scores), 1, 2});
}

TEST(AttentionVariants, DoesNotDependOnTheOrderOfWarps) {
  for (std::uint64_t seed : {1, 2, 3}) {
    checkAttention({makeConfig(197, 64), 1, 1}, seed);
    checkAttention({makeConfig(400, 64), 1, 1}, seed);
  }
}
