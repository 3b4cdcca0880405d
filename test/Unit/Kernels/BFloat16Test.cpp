#include "KernelHarness.h"

#include "vitc/Support/TargetInfo.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

#include <cmath>

// Products of bf16, and constants stored as bf16: main packs the right side itself.

using namespace vitc::test;

namespace {

float roundToBF16(float value) {
  auto bits = llvm::bit_cast<uint32_t>(value);
  return llvm::bit_cast<float>((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
}

/// Pairs where the level multiplies them, otherwise (or where `stored`) bf16 that is widened.
struct ProductCase {
  int64_t m, n, k;
  int64_t mc = 0, mr = 14;
  bool stored = false, dynamicRows = false;
  int64_t batch = 0;
  bool tiles = false; ///< of AMX, emulated
};

bool multipliesBF16(const Level &level) { return vitc::TargetInfo::get(level.name)->gainsByBF16(); }

std::string productText(const ProductCase &c, const Level &level, const Array &a, const Array &b, const Array &out) {
  bool isBatch = c.batch > 0;
  std::string batch = isBatch ? std::to_string(c.batch) + "x" : "", dims = isBatch ? "0, 1, 2" : "0, 1";
  int64_t interleave = c.stored ? 1 : 2, nr = 2 * level.lanes;
  std::string packed = llvm::formatv("memref<{0}{1}x{2}x{3}xbf16>", batch, (c.n + nr - 1) / nr,
                                     (c.k + interleave - 1) / interleave, nr * interleave);
  std::initializer_list<int64_t> rows =
      c.dynamicRows ? std::initializer_list<int64_t>{isBatch} : std::initializer_list<int64_t>{};
  return llvm::formatv(R"(func.func @main(%a: {0}, %b: {1}, %c: {2}) {{
  %p = memref.alloc() : {3}
  vcpu.pack ins(%b : {1}) outs(%p : {3}) permutation = [{4}] {{interleave = {5}, lanes = {6}}
  vcpu.gemm ins(%a, %p : {0}, {3}) outs(%c : {2}) {{mr = {7}, nr = {8}, lanes = {6}, mc = {9}{10}}
  memref.dealloc %p : {3}
  return
}
)",
                       a.type(rows), b.type(), out.type(rows), packed, dims, interleave, level.lanes,
                       c.tiles             ? 32
                       : level.lanes == 16 ? c.mr
                                           : 6,
                       nr, c.mc,
                       c.stored  ? ""
                       : c.tiles ? ", pack_a, bf16_products, tiles"
                                 : ", pack_a, bf16_products");
}

/// Compares with float64 on rounded operands.
void checkProduct(const ProductCase &c, const Level &level, int64_t parts) {
  int64_t batch = std::max<int64_t>(1, c.batch);
  auto shape = [&](int64_t rows, int64_t columns) {
    return c.batch ? std::vector<int64_t>{batch, rows, columns} : std::vector<int64_t>{rows, columns};
  };
  Array a(shape(c.m, c.k)), b(shape(c.k, c.n)), out(shape(c.m, c.n));
  a.fill(1), b.fill(2), out.fill(3);
  auto kernel = CompiledKernels::compile(productText(c, level, a, b, out), level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&a, &b, &out}, parts);
  double worst = 0;
  for (int64_t matrix = 0; matrix < batch; ++matrix)
    for (int64_t m = 0; m < c.m; ++m)
      for (int64_t n = 0; n < c.n; ++n) {
        double sum = 0;
        for (int64_t k = 0; k < c.k; ++k) {
          float left = a.data[(matrix * c.m + m) * c.k + k], right = b.data[(matrix * c.k + k) * c.n + n];
          sum += static_cast<double>(c.stored ? left : roundToBF16(left)) * roundToBF16(right);
        }
        double got = out.data[(matrix * c.m + m) * c.n + n];
        worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - sum));
      }
  EXPECT_LE(worst, 2e-7 * c.k + 1e-6);
}

void checkProducts(std::initializer_list<ProductCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (ProductCase c : cases)
      for (bool stored : {false, true}) {
        c.stored = stored;
        if (!stored && !multipliesBF16(level))
          continue;
        SCOPED_TRACE(llvm::formatv("{0} {1} x {2} x {3}{4}{5} batch {6}", level.name, c.m, c.n, c.k,
                                   stored ? " stored" : "", c.dynamicRows ? " dynamic" : "", c.batch)
                         .str());
        checkProduct(c, level, 1 + parts++ % 4);
      }
}

TEST(BFloat16, EveryDepth) {
  for (int64_t k : {1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129})
    checkProducts({{.m = 5, .n = 40, .k = k}});
}

TEST(BFloat16, EveryColumnCount) {
  for (int64_t n : {1, 15, 16, 17, 31, 32, 33, 65})
    checkProducts({{.m = 17, .n = n, .k = 5}});
}

TEST(BFloat16, RowsAndChunks) {
  checkProducts({{.m = 197, .n = 96, .k = 130},
                 {.m = 53, .n = 70, .k = 200, .mc = 28},
                 {.m = 53, .n = 33, .k = 65, .mc = 28, .dynamicRows = true},
                 {.m = 1, .n = 100, .k = 384},
                 {.m = 0, .n = 8, .k = 4, .dynamicRows = true}});
}

TEST(BFloat16, Batches) {
  checkProducts({{.m = 19, .n = 37, .k = 21, .batch = 3}, {.m = 14, .n = 64, .k = 64, .mc = 14, .batch = 2}});
}

/// Every number of rows of a last tile; panels of all widths; several chunks; rows that other tiles have left in
/// scratch.
TEST(BFloat16, Tiles) {
  for (const Level &level : runnableLevels()) {
    if (!multipliesBF16(level)) // of which A is rounded by
      continue;
    int64_t parts = 1;
    for (ProductCase c : {ProductCase{.m = 1, .n = 1, .k = 32}, ProductCase{.m = 15, .n = 33, .k = 64},
                          ProductCase{.m = 16, .n = 16, .k = 32}, ProductCase{.m = 17, .n = 17, .k = 96},
                          ProductCase{.m = 33, .n = 64, .k = 32}, ProductCase{.m = 197, .n = 70, .k = 160},
                          ProductCase{.m = 100, .n = 40, .k = 64, .mc = 64, .dynamicRows = true},
                          ProductCase{.m = 0, .n = 40, .k = 64, .dynamicRows = true},
                          ProductCase{.m = 19, .n = 37, .k = 32, .batch = 3}}) {
      c.tiles = true;
      SCOPED_TRACE(llvm::formatv("{0} x {1} x {2} batch {3}", c.m, c.n, c.k, c.batch).str());
      checkProduct(c, level, 1 + parts++ % 4);
    }
  }
}

/// (batch, M, H, D) × (batch, N, G, D) × (batch, N, G, E).
struct AttentionCase {
  int64_t batch, m, n, heads, keyHeads, depth, valueDepth;
  bool causal = false, storeProbs = false, dynamicKeys = false;
};

std::string attentionText(const AttentionCase &c, const Level &level, Array &query, Array &key, Array &value,
                          Array &out, Array &probs) {
  int64_t nr = 2 * level.lanes;
  auto divide = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  std::string n = c.dynamicKeys ? "?" : "", panels = n.empty() ? std::to_string(divide(c.n, nr)) : n;
  std::string pairs = n.empty() ? std::to_string(divide(c.n, 2)) : n;
  std::string keys =
      llvm::formatv("memref<{0}x{1}x{2}x{3}x{4}xbf16>", c.batch, c.keyHeads, panels, divide(c.depth, 2), 2 * nr);
  std::string values =
      llvm::formatv("memref<{0}x{1}x{2}x{3}x{4}xbf16>", c.batch, c.keyHeads, divide(c.valueDepth, nr), pairs, 2 * nr);
  auto type = [&](Array &array, int64_t dim) { return c.dynamicKeys ? array.type({dim}) : array.type(); };
  std::string probsType = type(probs, 3);
  return llvm::formatv(
      R"(func.func @main(%q: {0}, %k: {1}, %v: {2}, %o: {3}, %p: {4}) {{
  %panels = arith.constant {13} : index
  %pairs = arith.constant {14} : index
  %kp = memref.alloc({11}) : {5}
  %vp = memref.alloc({12}) : {6}
  vcpu.pack ins(%k : {1}) outs(%kp : {5}) permutation = [0, 2, 3, 1] {{interleave = 2, lanes = {7}}
  vcpu.pack ins(%v : {2}) outs(%vp : {6}) permutation = [0, 2, 1, 3] {{interleave = 2, lanes = {7}}
  vcpu.attention ins(%q, %kp, %v : {0}, {5}, {2}) value_panels(%vp : {6}) outs(%o{8} : {3}{9})
    {{mr = 14, lanes = {7}, scale = 0.5 : f32{10}}
  memref.dealloc %kp : {5}
  memref.dealloc %vp : {6}
  return
}
)",
      query.type(), type(key, 1), type(value, 1), out.type(), probsType, keys, values, level.lanes,
      c.storeProbs ? ", %p" : "", c.storeProbs ? ", " + probsType : "",
      std::string(c.causal ? ", causal" : "") + (c.storeProbs ? ", store_probs" : ""), c.dynamicKeys ? "%panels" : "",
      c.dynamicKeys ? "%pairs" : "", divide(c.n, nr), divide(c.n, 2));
}

void checkAttention(const AttentionCase &c, const Level &level) {
  Array query({c.batch, c.m, c.heads, c.depth}), key({c.batch, c.n, c.keyHeads, c.depth}),
      value({c.batch, c.n, c.keyHeads, c.valueDepth}), out({c.batch, c.m, c.heads, c.valueDepth}),
      probs({c.batch, c.heads, c.m, c.n});
  query.fill(1), key.fill(2), value.fill(3);
  auto kernel = CompiledKernels::compile(attentionText(c, level, query, key, value, out, probs), level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&query, &key, &value, &out, &probs}, 3);
  double worst = 0, worstProb = 0;
  for (int64_t b = 0; b < c.batch; ++b)
    for (int64_t h = 0; h < c.heads; ++h)
      for (int64_t m = 0; m < c.m; ++m) {
        int64_t group = h / (c.heads / c.keyHeads), seen = c.causal ? m + 1 + c.n - c.m : c.n;
        std::vector<double> weights(c.n);
        double total = 0;
        for (int64_t n = 0; n < seen; ++n) {
          for (int64_t d = 0; d < c.depth; ++d)
            weights[n] += 0.5 * query.at({b, m, h, d}) * key.at({b, n, group, d});
          total += weights[n] = std::exp(weights[n]);
        }
        for (int64_t n = 0; c.storeProbs && n < c.n; ++n)
          worstProb = std::max(worstProb, std::abs(weights[n] / total - probs.at({b, h, m, n})));
        for (int64_t e = 0; e < c.valueDepth; ++e) {
          double sum = 0;
          for (int64_t n = 0; n < c.n; ++n)
            sum += weights[n] / total * value.at({b, n, group, e});
          double got = out.at({b, m, h, e});
          worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - sum));
        }
      }
  EXPECT_LE(worst, 0.01);
  EXPECT_LE(worstProb, 0.01);
}

TEST(BFloat16, Attention) {
  for (const Level &level : runnableLevels()) {
    if (!multipliesBF16(level))
      continue;
    for (const AttentionCase &c :
         {AttentionCase{1, 15, 33, 2, 2, 32, 32}, AttentionCase{2, 3, 31, 2, 1, 7, 40},
          AttentionCase{1, 30, 64, 1, 1, 64, 64}, AttentionCase{1, 1, 1, 1, 1, 1, 1},
          AttentionCase{1, 20, 47, 2, 2, 16, 20, true, true}, AttentionCase{1, 9, 77, 2, 2, 33, 64, false, false, true},
          AttentionCase{1, 9, 49, 3, 3, 32, 32, false, true, true}}) {
      SCOPED_TRACE(llvm::formatv("{0} queries, {1} keys, depths {2}, {3}", c.m, c.n, c.depth, c.valueDepth).str());
      checkAttention(c, level);
    }
  }
}

struct ConvCase {
  int64_t height, width, channels, filters, kernel, stride, dilation;
  bool stored = false, flip = false;
};

/// The image is padded by a pixel all around.
std::string convText(const ConvCase &c, const Level &level, Array &image, Array &weight, Array &out) {
  int64_t interleave = c.stored ? 1 : 2, nr = 2 * level.lanes;
  std::string padded =
      llvm::formatv("memref<1x{0}x{1}x{2}x{3}>", c.height + 2, c.width + 2, c.channels, c.stored ? "f32" : "bf16");
  std::string packed = llvm::formatv("memref<{0}x{1}x{2}xbf16>", (c.filters + nr - 1) / nr,
                                     c.kernel * c.kernel * c.channels / interleave, nr * interleave);
  return llvm::formatv(
      R"(func.func @main(%x: {0}, %w: {1}, %y: {2}) {{
  %i = memref.alloc() : {3}
  %p = memref.alloc() : {4}
  vcpu.pad ins(%x : {0}) outs(%i : {3}) low = [1, 1] {{lanes = {5}}
  vcpu.pack ins(%w : {1}) outs(%p : {4}) permutation = [0, 1, 2] {{interleave = {6}, lanes = {5}}
  vcpu.conv ins(%i, %p : {3}, {4}) outs(%y : {2}) {{kernel = array<i64: {7}, {7}>, strides = array<i64: {8}, {8}>,
    dilations = array<i64: {9}, {9}>, mr = {10}, lanes = {5}{11}}
  memref.dealloc %i : {3}
  memref.dealloc %p : {4}
  return
}
)",
      image.type(), weight.type(), out.type(), padded, packed, level.lanes, interleave, c.kernel, c.stride, c.dilation,
      level.lanes == 16 ? 14 : 6, c.flip ? ", flip" : "");
}

void checkConv(const ConvCase &c, const Level &level) {
  auto windows = [&](int64_t size) { return (size + 2 - (c.kernel - 1) * c.dilation - 1) / c.stride + 1; };
  Array image({1, c.height, c.width, c.channels}), weight({c.kernel * c.kernel, c.channels, c.filters}),
      out({1, windows(c.height), windows(c.width), c.filters});
  image.fill(1), weight.fill(2);
  auto kernel = CompiledKernels::compile(convText(c, level, image, weight, out), level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&image, &weight, &out}, 2);
  double worst = 0;
  for (int64_t y = 0; y < out.shape[1]; ++y)
    for (int64_t x = 0; x < out.shape[2]; ++x)
      for (int64_t f = 0; f < c.filters; ++f) {
        double sum = 0;
        for (int64_t tap = 0; tap < c.kernel * c.kernel; ++tap) {
          int64_t row = y * c.stride + tap / c.kernel * c.dilation - 1;
          int64_t column = x * c.stride + tap % c.kernel * c.dilation - 1;
          bool inside = row >= 0 && row < c.height && column >= 0 && column < c.width;
          int64_t filterTap = c.flip ? c.kernel * c.kernel - 1 - tap : tap;
          for (int64_t channel = 0; inside && channel < c.channels; ++channel) {
            float pixel = image.at({0, row, column, channel});
            sum += static_cast<double>(c.stored ? pixel : roundToBF16(pixel)) *
                   roundToBF16(weight.at({filterTap, channel, f}));
          }
        }
        double got = out.at({0, y, x, f});
        worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - sum));
      }
  EXPECT_LE(worst, 1e-6 + 2e-7 * c.kernel * c.kernel * c.channels);
}

TEST(BFloat16, Convolutions) {
  for (const Level &level : runnableLevels())
    for (ConvCase c :
         {ConvCase{9, 11, 6, 40, 3, 1, 1}, ConvCase{8, 17, 2, 7, 3, 2, 1}, ConvCase{12, 9, 34, 32, 2, 2, 1},
          ConvCase{9, 9, 4, 33, 3, 1, 2}, ConvCase{7, 20, 8, 16, 3, 1, 1, false, true}})
      for (bool stored : {false, true}) {
        c.stored = stored;
        if (!stored && !multipliesBF16(level))
          continue;
        SCOPED_TRACE(llvm::formatv("{0} {1} x {2} x {3}, {4} filters of {5}{6}", level.name, c.height, c.width,
                                   c.channels, c.filters, c.kernel, stored ? ", stored" : "")
                         .str());
        checkConv(c, level);
      }
}

} // namespace
