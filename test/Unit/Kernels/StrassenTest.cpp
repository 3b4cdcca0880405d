#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace vitc::test;

namespace {

/// A product by strassen_rows and strassen_gemm: its sizes, its schedule, and how its rows lie.
struct StrassenCase {
  int64_t groups, group, n, k;
  int64_t mr = 6, vectors = 2;
  int64_t padding = 0; ///< elements past a row of the sums of quadrants, and between the rows of A and of C
  bool dynamicRows = false;

  int64_t m() const { return groups * group; }
  int64_t nr(const Level &level) const { return vectors * level.lanes; }
};

std::string describe(const StrassenCase &c, const Level &level) {
  return std::string(level.name) + " M " + std::to_string(c.groups) + " x " + std::to_string(c.group) + " N " +
         std::to_string(c.n) + " K " + std::to_string(c.k) + " mr " + std::to_string(c.mr);
}

/// All that a case reads and writes; C holds the residual of the epilogue first.
struct StrassenData {
  StrassenData(const StrassenCase &c, const Level &level)
      : nr(c.nr(level)), a({c.m(), c.k}, c.padding ? c.k + c.padding : 0),
        sums({4, c.groups * ((c.group + 1) / 2), c.k / 2 + c.padding}), b({c.k, c.n}), panels({c.n / nr, c.k, nr}),
        bias({c.n}), out({c.m(), c.n}, c.padding ? c.n + c.padding : 0),
        sumsOfOut({4, c.groups * ((c.group + 1) / 2), c.n / 2 + c.padding}) {
    uint32_t seed = 1;
    for (Array *array : {&a, &sums, &b, &bias, &out, &sumsOfOut})
      array->fill(seed++);
    for (int64_t row = 0; row < c.k; ++row)
      for (int64_t column = 0; column < c.n; ++column)
        panels.at({column / nr, row, column % nr}) = b.at({row, column});
  }

  int64_t nr;
  Array a, sums, b, panels, bias, out, sumsOfOut;
};

/// main(A, S, B, bias, C): C += A · B + bias; or main(A, S, B, bias, C, the sums of C).
std::string strassenText(const StrassenCase &c, const Level &level, StrassenData &data, bool givesSums = false) {
  std::initializer_list<int64_t> none, first{0}, second{1};
  std::string a = data.a.type(c.dynamicRows ? first : none), sums = data.sums.type(c.dynamicRows ? second : none),
              out = data.out.type(c.dynamicRows ? first : none), group = "group = " + std::to_string(c.group),
              lanes = "lanes = " + std::to_string(level.lanes),
              sumsOfOut = data.sumsOfOut.type(c.dynamicRows ? second : none);
  return "func.func @main(%a: " + a + ", %s: " + sums + ", %b: " + data.panels.type() + ", %bias: " + data.bias.type() +
         ", %c: " + out + (givesSums ? ", %t: " + sumsOfOut : "") + ") {\n  vcpu.strassen_rows ins(%a : " + a +
         ") outs(%s : " + sums + ") {" + group + ", " + lanes + "}\n  vcpu.strassen_gemm ins(%a, %s, %b : " + a + ", " +
         sums + ", " + data.panels.type() + ") extras(%bias, %c : " + data.bias.type() + ", " + out + ") outs(%c" +
         (givesSums ? ", %t : " + out + ", " + sumsOfOut : " : " + out) + ") {" + group +
         ", mr = " + std::to_string(c.mr) + ", nr = " + std::to_string(data.nr) + ", " + lanes +
         ", extra_maps = [affine_map<(m, n) -> (n)>, affine_map<(m, n) -> (m, n)>]} epilogue {\n"
         "^bb0(%acc: f32, %x: f32, %y: f32):\n %0 = arith.addf %acc, %x : f32\n %1 = arith.addf %0, %y : f32\n"
         " vcpu.yield %1 : f32\n}\n  return\n}\n";
}

/// Runs the case and compares with float64: each element once, though C is read, too.
void checkProduct(const StrassenCase &c, const Level &level, int64_t parts) {
  StrassenData data(c, level);
  Array before = data.out;
  auto kernel = CompiledKernels::compile(strassenText(c, level, data), level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&data.a, &data.sums, &data.panels, &data.bias, &data.out}, parts);
  double worst = 0;
  for (int64_t row = 0; row < c.m(); ++row)
    for (int64_t column = 0; column < c.n; ++column) {
      double sum = static_cast<double>(before.at({row, column})) + data.bias.at({column});
      for (int64_t k = 0; k < c.k; ++k)
        sum += static_cast<double>(data.a.at({row, k})) * data.b.at({k, column});
      float &value = data.out.at({row, column});
      worst = std::max(worst, std::isnan(value) ? INFINITY : std::abs(value - sum));
      before.at({row, column}) = value;
    }
  EXPECT_LE(worst, 1e-6 * c.k + 2e-6);
  EXPECT_EQ(before.data, data.out.data) << "something between the rows of C was written";
}

void checkCases(std::initializer_list<StrassenCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const StrassenCase &c : cases) {
      SCOPED_TRACE(describe(c, level));
      checkProduct(c, level, 1 + parts++ % 5);
    }
}

TEST(Strassen, EveryRowCount) {
  for (int64_t group = 1; group <= 60; group += group < 30 ? 1 : 5)
    checkCases({{.groups = 1, .group = group, .n = 64, .k = 6, .mr = group % 2 ? 14 : 6}});
}

TEST(Strassen, Groups) {
  checkCases({{.groups = 3, .group = 17, .n = 64, .k = 10, .mr = 4},
              {.groups = 2, .group = 28, .n = 128, .k = 34, .mr = 14},
              {.groups = 4, .group = 5, .n = 64, .k = 8, .mr = 3, .dynamicRows = true},
              {.groups = 0, .group = 5, .n = 64, .k = 8, .mr = 3, .dynamicRows = true}});
}

TEST(Strassen, Depths) {
  for (int64_t k : {2, 4, 30, 62, 64, 66, 128, 130, 194})
    checkCases({{.groups = 1, .group = 11, .n = 128, .k = k}});
}

TEST(Strassen, TokensOfTransformers) {
  checkCases({{.groups = 1, .group = 197, .n = 192, .k = 96, .mr = 14},
              {.groups = 2, .group = 49, .n = 64, .k = 64, .mr = 14, .padding = 16}});
}

TEST(Strassen, RowsApart) { checkCases({{.groups = 2, .group = 13, .n = 64, .k = 20, .padding = 3}}); }

/// What strassen_rows would give of the result, but for 0 in place of the row that an odd group lacks.
void checkSums(const StrassenCase &c, const Level &level, int64_t parts) {
  StrassenData data(c, level);
  Array out = data.out, before = data.sumsOfOut;
  auto alone = CompiledKernels::compile(strassenText(c, level, data), level.name),
       both = CompiledKernels::compile(strassenText(c, level, data, /*givesSums=*/true), level.name);
  ASSERT_TRUE(alone && both);
  alone->run({&data.a, &data.sums, &data.panels, &data.bias, &out}, parts);
  both->run({&data.a, &data.sums, &data.panels, &data.bias, &data.out, &data.sumsOfOut}, parts);
  EXPECT_EQ(out.data, data.out.data) << "the result depends on whether its sums are formed";
  int64_t half = (c.group + 1) / 2;
  for (int64_t row = 0; row < c.groups * half; ++row)
    for (int64_t column = 0; column < c.n / 2; ++column) {
      int64_t upper = row / half * c.group + row % half, lower = upper + half;
      bool lacks = lower >= (row / half + 1) * c.group;
      auto at = [&](int64_t row, int64_t column) { return out.at({row, column}); };
      float a11 = at(upper, column), a12 = at(upper, column + c.n / 2), a21 = lacks ? 0 : at(lower, column),
            a22 = lacks ? 0 : at(lower, column + c.n / 2), s1 = a21 + a22, s2 = s1 - a11;
      float expected[] = {s1, s2, a11 - a21, a12 - s2};
      for (int64_t sum = 0; sum < 4; ++sum)
        before.at({sum, row, column}) = expected[sum];
    }
  EXPECT_EQ(before.data, data.sumsOfOut.data);
}

TEST(Strassen, GivesTheSumsOfItsResult) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const StrassenCase &c : std::initializer_list<StrassenCase>{
             {.groups = 1, .group = 1, .n = 64, .k = 6},
             {.groups = 1, .group = 2, .n = 64, .k = 6},
             {.groups = 3, .group = 17, .n = 128, .k = 10, .mr = 4},
             {.groups = 2, .group = 28, .n = 192, .k = 34, .mr = 14},
             {.groups = 1, .group = 27, .n = 64, .k = 130, .mr = 14, .padding = 16},
             {.groups = 4, .group = 5, .n = 64, .k = 8, .mr = 3, .dynamicRows = true},
             {.groups = 0, .group = 5, .n = 64, .k = 8, .mr = 3, .dynamicRows = true}}) {
      SCOPED_TRACE(describe(c, level));
      checkSums(c, level, 1 + parts++ % 5);
    }
}

/// Sums do not depend on how items are split.
TEST(Strassen, SplitsGiveTheSameBits) {
  for (const Level &level : runnableLevels()) {
    StrassenCase c{.groups = 2, .group = 27, .n = 192, .k = 40};
    StrassenData data(c, level);
    Array first = data.out;
    auto kernel = CompiledKernels::compile(strassenText(c, level, data), level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&data.a, &data.sums, &data.panels, &data.bias, &first});
    for (int64_t parts : {2, 3, 7, 24, 1000}) {
      Array other = data.out;
      kernel->run({&data.a, &data.sums, &data.panels, &data.bias, &other}, parts);
      EXPECT_EQ(first.data, other.data) << parts << " parts";
    }
  }
}

/// A group's NaNs and infinities do not reach another one.
TEST(Strassen, GroupsDoNotMix) {
  for (const Level &level : runnableLevels()) {
    StrassenCase c{.groups = 3, .group = 9, .n = 64, .k = 8};
    StrassenData data(c, level);
    auto kernel = CompiledKernels::compile(strassenText(c, level, data), level.name);
    ASSERT_TRUE(kernel);
    Array clean = data.out, spoilt = data.out;
    kernel->run({&data.a, &data.sums, &data.panels, &data.bias, &clean});
    data.a.at({c.group, 1}) = std::numeric_limits<float>::quiet_NaN();
    data.a.at({2 * c.group - 1, 5}) = std::numeric_limits<float>::infinity();
    kernel->run({&data.a, &data.sums, &data.panels, &data.bias, &spoilt});
    EXPECT_TRUE(std::isnan(spoilt.at({c.group, 0})));
    for (int64_t row = 0; row < c.m(); ++row)
      for (int64_t column = 0; column < c.n && row / c.group != 1; ++column)
        EXPECT_EQ(spoilt.at({row, column}), clean.at({row, column})) << row;
  }
}

} // namespace
