#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// (batch, M, H, D) × (batch, N, G, D) × (batch, N, G, E).
struct AttentionCase {
  int64_t batch, m, n, heads, depth, valueDepth;
  bool dynamicSizes = false; ///< batch, M and N
  bool causal = false, storeScores = false, storeProbs = false;
  float scale = 0.25f;
  std::vector<std::vector<int64_t>> addends = {}; ///< shapes; a dimension of 1 is broadcast
  bool masked = false;                            ///< about half of an addend's elements are −inf
  int64_t group = 1;                              ///< heads of queries that share one of keys: H / G
  float softcap = 0;
  bool zeroMasked = false;

  int64_t keyHeads() const { return heads / group; }
};

struct Operands {
  Operands(const AttentionCase &c, int64_t panelWidth);
  std::vector<Array *> all();

  Array query, key, packedKey, value;
  std::vector<Array> addends;
  Array out, scores, probs;
  bool storeScores, storeProbs;
};

Operands::Operands(const AttentionCase &c, int64_t panelWidth)
    : query({c.batch, c.m, c.heads, c.depth}), key({c.batch, c.n, c.keyHeads(), c.depth}),
      packedKey({c.batch, c.keyHeads(), (c.n + panelWidth - 1) / panelWidth, c.depth, panelWidth}),
      value({c.batch, c.n, c.keyHeads(), c.valueDepth}), out({c.batch, c.m, c.heads, c.valueDepth}),
      scores({c.batch, c.heads, c.m, c.n}), probs(scores), storeScores(c.storeScores), storeProbs(c.storeProbs) {
  query.fill(1), key.fill(2), value.fill(3);
  for (int64_t b = 0; b < c.batch; ++b)
    for (int64_t n = 0; n < c.n; ++n)
      for (int64_t h = 0; h < c.keyHeads(); ++h)
        for (int64_t d = 0; d < c.depth; ++d)
          packedKey.at({b, h, n / panelWidth, d, n % panelWidth}) = key.at({b, n, h, d});
  uint32_t seed = 4;
  for (const std::vector<int64_t> &shape : c.addends) {
    addends.emplace_back(shape);
    addends.back().fill(seed++);
    for (float &element : addends.back().data)
      element = c.masked && element < 0 ? -infinity : element;
  }
}

std::vector<Array *> Operands::all() {
  std::vector<Array *> arrays{&query, &packedKey, &value};
  for (Array &addend : addends)
    arrays.push_back(&addend);
  arrays.push_back(&out);
  if (storeScores)
    arrays.push_back(&scores);
  if (storeProbs)
    arrays.push_back(&probs);
  return arrays;
}

std::string join(const std::vector<std::string> &parts) {
  std::string text;
  for (const std::string &part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// The type of an addend, with ? where a size that is dynamic is not broadcast.
std::string addendType(const AttentionCase &c, const Array &addend) {
  std::string text = "memref<";
  for (auto [dim, size] : llvm::enumerate(addend.shape)) {
    bool isHead = addend.shape.size() - dim == 3;
    text += (c.dynamicSizes && size != 1 && !isHead ? "?" : std::to_string(size)) + "x";
  }
  return text + "f32>";
}

std::string attentionText(const AttentionCase &c, const Level &level, Operands &operands) {
  bool dynamic = c.dynamicSizes;
  using Dims = std::initializer_list<int64_t>;
  std::string token = dynamic ? operands.query.type(Dims{0, 1}) : operands.query.type();
  std::string key = dynamic ? operands.packedKey.type(Dims{0, 2}) : operands.packedKey.type();
  std::string value = dynamic ? operands.value.type(Dims{0, 1}) : operands.value.type();
  std::vector<std::string> addends, outputs{dynamic ? operands.out.type(Dims{0, 1}) : operands.out.type()};
  for (const Array &addend : operands.addends)
    addends.push_back(addendType(c, addend));
  for (int64_t extra = c.storeScores + c.storeProbs; extra > 0; --extra)
    outputs.push_back(dynamic ? operands.scores.type(Dims{0, 2, 3}) : operands.scores.type());

  std::vector<std::string> arguments, addendNames, outputNames;
  auto declare = [&](const std::string &name, const std::string &type) {
    arguments.push_back(name + ": " + type);
    return name;
  };
  declare("%q", token), declare("%k", key), declare("%v", value);
  for (auto [index, type] : llvm::enumerate(addends))
    addendNames.push_back(declare("%a" + std::to_string(index), type));
  for (auto [index, type] : llvm::enumerate(outputs))
    outputNames.push_back(declare("%o" + std::to_string(index), type));

  std::string text = "func.func @main(" + join(arguments) + ") {\n  vcpu.attention ins(%q, %k, %v : " + token + ", " +
                     key + ", " + value + ")";
  if (!addends.empty())
    text += " addends(" + join(addendNames) + " : " + join(addends) + ")";
  text += " outs(" + join(outputNames) + " : " + join(outputs) + ") {mr = " + (level.lanes == 16 ? "14" : "6") +
          ", lanes = " + std::to_string(level.lanes) + ", scale = " + std::to_string(c.scale) + " : f32";
  text += std::string(c.causal ? ", causal" : "") + (c.storeScores ? ", store_scores" : "") +
          (c.storeProbs ? ", store_probs" : "");
  text += (c.softcap > 0 ? ", softcap = " + std::to_string(c.softcap) + " : f32" : "") +
          std::string(c.zeroMasked ? ", zero_masked" : "");
  return text + "}\n  return\n}\n";
}

/// The element of a broadcast addend at (b, h, m, n).
double addendAt(const Array &addend, std::array<int64_t, 4> point) {
  int64_t offset = 0, rank = addend.shape.size();
  for (int64_t dim = 0; dim < rank; ++dim)
    offset += addend.shape[dim] == 1 ? 0 : addend.strides[dim] * point[4 - rank + dim];
  return addend.data[offset];
}

/// Scores of one row, in float64.
std::vector<double> scoresOf(const AttentionCase &c, Operands &operands, int64_t b, int64_t h, int64_t m) {
  std::vector<double> scores(c.n);
  for (int64_t n = 0; n < c.n; ++n) {
    for (int64_t d = 0; d < c.depth; ++d)
      scores[n] += static_cast<double>(operands.query.at({b, m, h, d})) * operands.key.at({b, n, h / c.group, d});
    scores[n] *= c.scale;
    if (c.softcap > 0)
      scores[n] = c.softcap * std::tanh(scores[n] / c.softcap);
    for (const Array &addend : operands.addends)
      scores[n] += addendAt(addend, {b, h, m, n});
    if (c.causal && n > m + c.n - c.m)
      scores[n] = -infinity;
  }
  return scores;
}

std::vector<double> softmax(const std::vector<double> &scores, bool zeroMasked = false) {
  double max = *std::max_element(scores.begin(), scores.end()), sum = 0;
  if (zeroMasked && max == -infinity)
    return std::vector<double>(scores.size(), 0);
  std::vector<double> probs;
  for (double score : scores)
    sum += probs.emplace_back(std::exp(score - max));
  for (double &prob : probs)
    prob /= sum;
  return probs;
}

/// Equal within 3e-6, and exactly where one is infinite, zero or not a number.
void expectClose(float got, double expected, const char *what) {
  if (std::isnan(expected) || std::isinf(expected) || expected == 0)
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(got) : got == static_cast<float>(expected)) << what << " " << got;
  else
    EXPECT_NEAR(got, expected, 3e-6) << what;
}

void check(const AttentionCase &c, const Level &level, int64_t parts) {
  SCOPED_TRACE(testing::Message() << level.name << " M " << c.m << " N " << c.n << " D " << c.depth << " E "
                                  << c.valueDepth << (c.dynamicSizes ? " dynamic" : ""));
  Operands operands(c, 2 * level.lanes);
  auto kernel = CompiledKernels::compile(attentionText(c, level, operands), level.name);
  ASSERT_TRUE(kernel);
  kernel->run(operands.all(), parts);
  for (int64_t b = 0; b < c.batch; ++b)
    for (int64_t h = 0; h < c.heads; ++h)
      for (int64_t m = 0; m < c.m; ++m) {
        std::vector<double> scores = scoresOf(c, operands, b, h, m), probs = softmax(scores, c.zeroMasked);
        for (int64_t n = 0; n < c.n; ++n) {
          if (c.storeScores)
            expectClose(operands.scores.at({b, h, m, n}), scores[n], "score");
          if (c.storeProbs)
            expectClose(operands.probs.at({b, h, m, n}), probs[n], "prob");
        }
        for (int64_t e = 0; e < c.valueDepth; ++e) {
          double sum = 0;
          for (int64_t n = 0; n < c.n; ++n)
            sum += probs[n] * operands.value.at({b, n, h / c.group, e});
          expectClose(operands.out.at({b, m, h, e}), sum, "out");
        }
      }
}

void checkAll(std::initializer_list<AttentionCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const AttentionCase &c : cases)
      check(c, level, parts++ % 5 + 1);
}

TEST(Attention, Shapes) {
  checkAll({{1, 14, 32, 1, 64, 64},
            {2, 33, 33, 2, 24, 24},
            {1, 1, 1, 1, 1, 1},
            {1, 29, 65, 1, 8, 33},
            {1, 9, 47, 1, 20, 96}});
}

TEST(Attention, DynamicSizes) {
  checkAll({{.batch = 2, .m = 5, .n = 9, .heads = 2, .depth = 8, .valueDepth = 80, .dynamicSizes = true},
            {.batch = 1, .m = 31, .n = 64, .heads = 1, .depth = 16, .valueDepth = 16, .dynamicSizes = true}});
}

TEST(Attention, StoresScoresAndProbs) {
  checkAll(
      {{.batch = 1, .m = 17, .n = 35, .heads = 2, .depth = 8, .valueDepth = 8, .storeScores = true, .storeProbs = true},
       {.batch = 1,
        .m = 7,
        .n = 16,
        .heads = 1,
        .depth = 8,
        .valueDepth = 8,
        .dynamicSizes = true,
        .storeProbs = true}});
}

TEST(Attention, BroadcastAddends) {
  checkAll({{.batch = 2,
             .m = 9,
             .n = 21,
             .heads = 3,
             .depth = 8,
             .valueDepth = 8,
             .storeScores = true,
             .addends = {{1, 3, 9, 21}, {9, 1}, {21}, {}, {2, 1, 1, 21}}},
            {.batch = 2,
             .m = 9,
             .n = 21,
             .heads = 3,
             .depth = 8,
             .valueDepth = 8,
             .dynamicSizes = true,
             .addends = {{2, 1, 9, 21}, {3, 9, 1}}}});
}

TEST(Attention, NegativeScale) {
  checkAll(
      {{.batch = 1, .m = 9, .n = 21, .heads = 1, .depth = 8, .valueDepth = 8, .storeScores = true, .scale = -0.5f}});
}

/// A masked key has no part in a row; a row of masked keys is not a number.
TEST(Attention, MaskedKeysAndRows) {
  checkAll({{.batch = 1,
             .m = 20,
             .n = 40,
             .heads = 1,
             .depth = 8,
             .valueDepth = 8,
             .storeProbs = true,
             .addends = {{20, 40}, {20, 1}},
             .masked = true}});
}

/// Zeros where the row would not be a number.
TEST(Attention, ZeroMaskedRows) {
  checkAll(
      {{.batch = 1,
        .m = 20,
        .n = 40,
        .heads = 1,
        .depth = 8,
        .valueDepth = 8,
        .storeProbs = true,
        .addends = {{20, 40}, {20, 1}},
        .masked = true,
        .zeroMasked = true},
       {.batch = 1, .m = 20, .n = 12, .heads = 1, .depth = 8, .valueDepth = 8, .causal = true, .zeroMasked = true}});
}

TEST(Attention, GroupedQueries) {
  checkAll(
      {{.batch = 2, .m = 9, .n = 21, .heads = 6, .depth = 8, .valueDepth = 24, .storeProbs = true, .group = 3},
       {.batch = 1, .m = 15, .n = 33, .heads = 4, .depth = 16, .valueDepth = 16, .dynamicSizes = true, .group = 4}});
}

TEST(Attention, Softcap) {
  checkAll(
      {{.batch = 1, .m = 9, .n = 21, .heads = 2, .depth = 8, .valueDepth = 8, .storeScores = true, .softcap = 0.5f},
       {.batch = 1,
        .m = 9,
        .n = 40,
        .heads = 1,
        .depth = 8,
        .valueDepth = 8,
        .storeProbs = true,
        .addends = {{9, 40}},
        .masked = true,
        .softcap = 2.0f}});
}

TEST(Attention, Causal) {
  checkAll(
      {{.batch = 1,
        .m = 33,
        .n = 33,
        .heads = 1,
        .depth = 8,
        .valueDepth = 8,
        .causal = true,
        .storeScores = true,
        .storeProbs = true},
       {.batch = 1, .m = 5, .n = 40, .heads = 1, .depth = 8, .valueDepth = 8, .dynamicSizes = true, .causal = true},
       {.batch = 1, .m = 20, .n = 12, .heads = 1, .depth = 8, .valueDepth = 8, .causal = true, .storeProbs = true}});
}

/// Q, K and V as a projection leaves them: slices of rows of 3 · H · D.
TEST(Attention, ViewsOfAProjection) {
  constexpr int64_t tokens = 45, heads = 2, depth = 16, width = 3 * heads * depth;
  for (const Level &level : runnableLevels()) {
    int64_t panel = 2 * level.lanes, panels = (tokens + panel - 1) / panel;
    Array projection({tokens, 3, heads, depth}), packed({heads, panels, depth, panel}), out({tokens, heads, depth});
    projection.fill(7);
    std::string view = "memref<45x2x16xf32, strided<[" + std::to_string(width) + ", 16, 1], offset: ";
    auto slice = [&](int64_t index) {
      std::string place = std::to_string(index);
      return "  %" + place + " = memref.subview %p[0, " + place +
             ", 0, 0] [45, 1, 2, 16] [1, 1, 1, 1] : " + projection.type() + " to " + view +
             std::to_string(index * heads * depth) + ">>\n";
    };
    std::string lanes = std::to_string(level.lanes), text = "func.func @main(%p: " + projection.type() +
                                                            ", %k: " + packed.type() + ", %o: " + out.type() + ") {\n";
    text += slice(0) + slice(1) + slice(2);
    text += "  vcpu.pack ins(%1 : " + view + "32>>) outs(%k : " + packed.type() +
            ") permutation = [1, 2, 0] {lanes = " + lanes + "}\n";
    text += "  vcpu.attention ins(%0, %k, %2 : " + view + "0>>, " + packed.type() + ", " + view +
            "64>>) outs(%o : " + out.type() + ") {mr = 6, lanes = " + lanes + ", scale = 0.25 : f32}\n  return\n}\n";
    auto kernel = CompiledKernels::compile(text, level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&projection, &packed, &out}, 3);

    AttentionCase c{1, tokens, tokens, heads, depth, depth};
    Operands reference(c, panel);
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t d = 0; d < depth; ++d) {
          reference.query.at({0, token, h, d}) = projection.at({token, 0, h, d});
          reference.key.at({0, token, h, d}) = projection.at({token, 1, h, d});
        }
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t h = 0; h < heads; ++h) {
        std::vector<double> probs = softmax(scoresOf(c, reference, 0, h, token));
        for (int64_t d = 0; d < depth; ++d) {
          double sum = 0;
          for (int64_t n = 0; n < tokens; ++n)
            sum += probs[n] * projection.at({n, 2, h, d});
          expectClose(out.at({token, h, d}), sum, "out");
        }
      }
  }
}

} // namespace
