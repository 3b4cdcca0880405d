#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;

namespace {

/// A gemm to test: its sizes, its schedule, and how its rows lie.
struct GemmCase {
  int64_t m, n, k;
  int64_t mr = 6, vectors = 2, mc = 0;
  bool dynamicRows = false, packA = false;
  int64_t padding = 0; ///< elements between the rows of A and of C

  int64_t nr(const Level &level) const { return vectors * level.lanes; }
};

/// The text of main: one gemm on (A, B, extras.., C).
std::string gemmText(const GemmCase &c, const Level &level, const Array &a, const Array &b, const Array &out,
                     const std::vector<std::string> &extraTypes = {}, const std::string &maps = "",
                     const std::string &epilogue = "") {
  std::initializer_list<int64_t> rows =
      c.dynamicRows ? std::initializer_list<int64_t>{0} : std::initializer_list<int64_t>{};
  std::string arguments = "%a: " + a.type(rows) + ", %b: " + b.type(), operands, types;
  for (auto [index, type] : llvm::enumerate(extraTypes)) {
    std::string name = "%e" + std::to_string(index);
    arguments += ", " + name + ": " + type;
    operands += (index ? ", " : "") + name;
    types += (index ? ", " : "") + type;
  }
  std::string text = "func.func @main(" + arguments + ", %c: " + out.type(rows) +
                     ") {\n  vcpu.gemm ins(%a, %b : " + a.type(rows) + ", " + b.type() + ")";
  if (!extraTypes.empty())
    text += " extras(" + operands + " : " + types + ")";
  text += " outs(%c : " + out.type(rows) + ") {mr = " + std::to_string(c.mr) + ", nr = " + std::to_string(c.nr(level)) +
          ", lanes = " + std::to_string(level.lanes) + ", mc = " + std::to_string(c.mc);
  if (c.packA)
    text += ", pack_a";
  if (!extraTypes.empty())
    text += ", extra_maps = [" + maps + "]";
  return text + "}" + (epilogue.empty() ? "" : " epilogue {\n" + epilogue + "  }") + "\n  return\n}\n";
}

/// B (K, N) in panels of nr columns, the last one padded with zeros.
Array packPanels(Array &b, int64_t nr) {
  int64_t k = b.shape[0], n = b.shape[1];
  Array packed({(n + nr - 1) / nr, k, nr});
  for (int64_t row = 0; row < k; ++row)
    for (int64_t column = 0; column < n; ++column)
      packed.at({column / nr, row, column % nr}) = b.at({row, column});
  return packed;
}

double dot(Array &a, Array &b, int64_t row, int64_t column) {
  double sum = 0;
  for (int64_t k = 0; k < b.shape[0]; ++k)
    sum += static_cast<double>(a.at({row, k})) * b.at({k, column});
  return sum;
}

/// Runs the case without an epilogue and compares with float64.
void checkProduct(const GemmCase &c, const Level &level, int64_t parts) {
  Array a({c.m, c.k}, c.padding ? c.k + c.padding : 0), b({c.k, c.n}), out({c.m, c.n}, c.padding ? c.n + c.padding : 0);
  a.fill(1), b.fill(2), out.fill(3);
  Array before = out, packed = packPanels(b, c.nr(level));
  auto kernel = CompiledKernels::compile(gemmText(c, level, a, packed, out), level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&a, &packed, &out}, parts);
  double worst = 0;
  for (int64_t row = 0; row < c.m; ++row)
    for (int64_t column = 0; column < c.n; ++column) {
      float &value = out.at({row, column});
      worst = std::max(worst, std::isnan(value) ? INFINITY : std::abs(value - dot(a, b, row, column)));
      before.at({row, column}) = value;
    }
  EXPECT_LE(worst, 2e-7 * c.k + 1e-6);
  EXPECT_EQ(before.data, out.data) << "something between the rows of C was written";
}

std::string describe(const GemmCase &c, const Level &level) {
  return std::string(level.name) + " M " + std::to_string(c.m) + " N " + std::to_string(c.n) + " K " +
         std::to_string(c.k) + " mr " + std::to_string(c.mr) + " mc " + std::to_string(c.mc) +
         (c.dynamicRows ? " dynamic" : "") + (c.packA ? " packed" : "");
}

void checkCases(std::initializer_list<GemmCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const GemmCase &c : cases) {
      SCOPED_TRACE(describe(c, level));
      checkProduct(c, level, 1 + parts++ % 5);
    }
}

TEST(Gemm, EveryRowCount) {
  for (int64_t m = 1; m <= 40; m += m < 16 ? 1 : 5)
    checkCases({{.m = m, .n = 32, .k = 17, .mr = m % 2 ? 14 : 6}});
}

TEST(Gemm, EveryColumnCount) {
  for (int64_t n : {1, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 63, 65, 96})
    checkCases({{.m = 7, .n = n, .k = 5}});
}

TEST(Gemm, TokensOfTransformers) {
  checkCases({{.m = 197, .n = 96, .k = 65, .mr = 14}, {.m = 257, .n = 80, .k = 33, .mr = 14, .vectors = 1}});
}

TEST(Gemm, WideTiles) { checkCases({{.m = 20, .n = 100, .k = 9, .mr = 4, .vectors = 3}, {.m = 9, .n = 70, .k = 1}}); }

TEST(Gemm, DynamicRows) {
  for (int64_t m : {0, 1, 5, 6, 7, 13, 29, 197})
    checkCases({{.m = m, .n = 40, .k = 11, .mr = 6, .dynamicRows = true}});
}

TEST(Gemm, RowsApart) {
  checkCases(
      {{.m = 13, .n = 33, .k = 21, .padding = 3}, {.m = 8, .n = 32, .k = 8, .dynamicRows = true, .padding = 16}});
}

TEST(Gemm, Chunks) {
  checkCases({{.m = 30, .n = 41, .k = 67},
              {.m = 30, .n = 41, .k = 64, .mc = 12},
              {.m = 31, .n = 70, .k = 40, .mc = 6},
              {.m = 31, .n = 70, .k = 40, .mc = 6, .dynamicRows = true}});
}

/// So deep that tiles ask for the next tile's rows, the last ones for rows past the matrix.
TEST(Gemm, DeepRows) {
  checkCases({{.m = 31, .n = 41, .k = 260},
              {.m = 17, .n = 70, .k = 289, .mr = 14, .padding = 3},
              {.m = 13, .n = 64, .k = 256, .mc = 6, .dynamicRows = true}});
}

TEST(Gemm, PackedRows) {
  checkCases({{.m = 29, .n = 41, .k = 37, .packA = true},
              {.m = 53, .n = 70, .k = 64, .packA = true},
              {.m = 53, .n = 70, .k = 64, .mc = 18, .packA = true},
              {.m = 53, .n = 33, .k = 65, .mc = 18, .dynamicRows = true, .packA = true},
              {.m = 53, .n = 33, .k = 65, .dynamicRows = true, .packA = true, .padding = 5}});
}

/// Sums do not depend on how items are split: each split gives the same bits.
TEST(Gemm, SplitsGiveTheSameBits) {
  for (const Level &level : runnableLevels()) {
    GemmCase c{.m = 45, .n = 75, .k = 50, .mc = 18, .packA = true};
    Array a({c.m, c.k}), b({c.k, c.n}), out({c.m, c.n});
    a.fill(1), b.fill(2);
    Array packed = packPanels(b, c.nr(level));
    auto kernel = CompiledKernels::compile(gemmText(c, level, a, packed, out), level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&a, &packed, &out});
    for (int64_t parts : {2, 3, 7, 24, 1000}) {
      Array other({c.m, c.n});
      kernel->run({&a, &packed, &other}, parts);
      EXPECT_EQ(out.data, other.data) << parts << " parts";
    }
  }
}

/// A gemm of batches (2, 3): whether A and B are one matrix for all, and the batch dimensions that are dynamic.
struct BatchCase {
  bool sharedA, sharedB;
  bool dynamic = false; ///< the first batch dimension and the rows
  bool packA = false;
};

/// Also an epilogue that adds a number of each matrix: C[b, h, m, n] = A · B + extra[b, h].
void checkBatches(const BatchCase &c, const Level &level, int64_t parts) {
  constexpr int64_t pictures = 2, heads = 3, m = 17, n = 41, k = 23;
  int64_t nr = 2 * level.lanes, panels = (n + nr - 1) / nr;
  Array a(c.sharedA ? std::vector<int64_t>{m, k} : std::vector<int64_t>{pictures, heads, m, k}),
      b(c.sharedB ? std::vector<int64_t>{panels, k, nr} : std::vector<int64_t>{pictures, heads, panels, k, nr}),
      extra({pictures, heads}), out({pictures, heads, m, n});
  a.fill(1), b.fill(2), extra.fill(3);
  using Dims = std::initializer_list<int64_t>;
  std::string aType = c.dynamic ? a.type({0, 2}) : a.type(), bType = b.type(c.dynamic ? Dims{0} : Dims{}),
              cType = c.dynamic ? out.type({0, 2}) : out.type();
  std::string text = "func.func @main(%a: " + aType + ", %b: " + bType + ", %e: " + extra.type() + ", %c: " + cType +
                     ") {\n vcpu.gemm ins(%a, %b : " + aType + ", " + bType + ") extras(%e : " + extra.type() +
                     ") outs(%c : " + cType + ") {mr = 6, nr = " + std::to_string(nr) +
                     ", lanes = " + std::to_string(level.lanes) + ", mc = 12" + (c.packA ? ", pack_a" : "") +
                     ", extra_maps = [affine_map<(b, h, m, n) -> (b, h)>]} epilogue {\n"
                     "^bb0(%acc: f32, %x: f32):\n %y = arith.addf %acc, %x : f32\n vcpu.yield %y : f32\n}\n"
                     "return\n}\n";
  auto kernel = CompiledKernels::compile(text, level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&a, &b, &extra, &out}, parts);
  double worst = 0;
  for (int64_t i = 0; i < out.shape[0] * heads * m * n; ++i) {
    int64_t column = i % n, row = i / n % m, head = i / n / m % heads, picture = i / n / m / heads;
    double sum = extra.at({picture, head});
    for (int64_t d = 0; d < k; ++d) {
      float left = c.sharedA ? a.at({row, d}) : a.at({picture, head, row, d});
      float right =
          c.sharedB ? b.at({column / nr, d, column % nr}) : b.at({picture, head, column / nr, d, column % nr});
      sum += static_cast<double>(left) * right;
    }
    worst = std::max(worst, std::abs(out.data[i] - sum));
  }
  EXPECT_LE(worst, 1e-5);
}

TEST(Gemm, Batches) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const BatchCase &c : {BatchCase{false, false}, BatchCase{true, false}, BatchCase{false, true},
                               BatchCase{false, false, true}, BatchCase{false, false, true, true}}) {
      SCOPED_TRACE(std::string(level.name) + (c.sharedA ? " one A" : "") + (c.sharedB ? " one B" : ""));
      checkBatches(c, level, parts++);
    }
}

/// gelu(acc + bias[n]) · scale[] + residual[m, n] + position[m mod 5, n] + column[m], and what is not contiguous in n.
TEST(Gemm, Epilogue) {
  const std::string maps =
      "affine_map<(m, n) -> (n)>, affine_map<(m, n) -> ()>, affine_map<(m, n) -> (m, n)>, "
      "affine_map<(m, n) -> (m mod 5, n)>, affine_map<(m, n) -> (m)>, affine_map<(m, n) -> (n floordiv 4, 0)>";
  const std::string epilogue = R"(
  ^bb0(%acc: f32, %bias: f32, %scale: f32, %residual: f32, %position: f32, %column: f32, %group: f32):
    %half = arith.constant 0.5 : f32
    %0 = arith.addf %acc, %bias : f32
    %1 = vit.gelu %0 : f32
    %2 = arith.mulf %1, %scale : f32
    %3 = arith.addf %2, %residual : f32
    %4 = arith.addf %3, %position : f32
    %5 = arith.addf %4, %column : f32
    %6 = arith.mulf %group, %half : f32
    %positive = arith.cmpf ogt, %5, %6 : f32
    %7 = arith.select %positive, %5, %6 : f32
    vcpu.yield %7 : f32
)";
  for (const Level &level : runnableLevels())
    for (GemmCase c : {GemmCase{.m = 23, .n = 45, .k = 19}, GemmCase{.m = 23, .n = 45, .k = 19, .mc = 6},
                       GemmCase{.m = 23, .n = 64, .k = 19, .dynamicRows = true}}) {
      SCOPED_TRACE(describe(c, level));
      Array a({c.m, c.k}), b({c.k, c.n}), out({c.m, c.n});
      Array bias({c.n}), scale(std::vector<int64_t>{}), residual({c.m, c.n}, c.n + 2), position({5, c.n}),
          column({c.m});
      Array group({(c.n + 3) / 4, 1});
      uint32_t seed = 1;
      for (Array *array : {&a, &b, &bias, &scale, &residual, &position, &column, &group})
        array->fill(seed++);
      Array packed = packPanels(b, c.nr(level));
      std::vector<std::string> types;
      for (Array *array : {&bias, &scale, &residual, &position, &column, &group})
        types.push_back(array->type());
      auto kernel = CompiledKernels::compile(gemmText(c, level, a, packed, out, types, maps, epilogue), level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&a, &packed, &bias, &scale, &residual, &position, &column, &group, &out}, 3);
      double worst = 0;
      for (int64_t m = 0; m < c.m; ++m)
        for (int64_t n = 0; n < c.n; ++n) {
          double x = dot(a, b, m, n) + bias.at({n});
          double y = 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))) * scale.data[0] + residual.at({m, n}) +
                     position.at({m % 5, n}) + column.at({m});
          worst = std::max(worst, std::abs(out.at({m, n}) - std::max(y, 0.5 * group.at({n / 4, 0}))));
        }
      EXPECT_LE(worst, 5e-6);
    }
}

} // namespace
