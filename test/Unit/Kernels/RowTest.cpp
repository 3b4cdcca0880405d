#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace vitc::test;

namespace {

constexpr double epsilon = 1e-6;

std::string layerNormText(const Level &level, const Array &x, bool scale, bool bias, bool dynamicRows,
                          bool uncentered = false) {
  std::initializer_list<int64_t> rows =
      dynamicRows ? std::initializer_list<int64_t>{0} : std::initializer_list<int64_t>{};
  std::string type = x.type(rows), vector = Array({x.shape[1]}).type();
  return "func.func @main(%x: " + type + ", %s: " + vector + ", %b: " + vector + ", %y: " + type +
         ") {\n  vcpu.layer_norm ins(%x : " + type + ")" + (scale ? " scale(%s : " + vector + ")" : "") +
         (bias ? " bias(%b : " + vector + ")" : "") + " outs(%y : " + type +
         ") {epsilon = 1.0e-6 : f32, lanes = " + std::to_string(level.lanes) + (uncentered ? ", uncentered" : "") +
         "}\n  return\n}\n";
}

struct Moments {
  double mean = 0, variance = 0;
};

Moments momentsOf(Array &x, int64_t row) {
  Moments moments;
  int64_t columns = x.shape[1];
  for (int64_t c = 0; c < columns; ++c)
    moments.mean += x.at({row, c}) / static_cast<double>(columns);
  for (int64_t c = 0; c < columns; ++c)
    moments.variance += std::pow(x.at({row, c}) - moments.mean, 2) / columns;
  return moments;
}

void checkLayerNorm(int64_t rows, int64_t columns, bool useScale, bool useBias, bool dynamicRows, int64_t pitch = 0) {
  for (const Level &level : runnableLevels()) {
    SCOPED_TRACE(std::string(level.name) + " rows " + std::to_string(rows) + " columns " + std::to_string(columns));
    Array x({rows, columns}, pitch), scale({columns}), bias({columns}), y({rows, columns}, pitch);
    x.fill(1), scale.fill(2), bias.fill(3);
    for (float &value : x.data)
      value = 3 * value + 40; // far from zero: a one-pass variance would cancel
    auto kernel = CompiledKernels::compile(layerNormText(level, x, useScale, useBias, dynamicRows), level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&x, &scale, &bias, &y}, 3);
    double worst = 0;
    for (int64_t row = 0; row < rows; ++row) {
      Moments moments = momentsOf(x, row);
      for (int64_t c = 0; c < columns; ++c) {
        double expected = (x.at({row, c}) - moments.mean) / std::sqrt(moments.variance + epsilon);
        expected = expected * (useScale ? scale.at({c}) : 1) + (useBias ? bias.at({c}) : 0);
        worst = std::max(worst, std::abs(y.at({row, c}) - expected));
      }
    }
    EXPECT_LE(worst, 2e-5);
  }
}

TEST(LayerNorm, EveryTail) {
  for (int64_t columns : {1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 128, 131, 384})
    checkLayerNorm(5, columns, true, true, false);
}

TEST(LayerNorm, WithoutScaleOrBias) {
  checkLayerNorm(4, 33, false, true, false);
  checkLayerNorm(4, 33, true, false, false);
  checkLayerNorm(4, 33, false, false, true);
}

TEST(LayerNorm, DynamicRowsApart) {
  checkLayerNorm(0, 48, true, true, true);
  checkLayerNorm(9, 48, true, true, true, 53);
}

TEST(LayerNorm, RootMeanSquare) {
  for (const Level &level : runnableLevels())
    for (int64_t columns : {1, 8, 17, 65, 384}) {
      SCOPED_TRACE(std::string(level.name) + " columns " + std::to_string(columns));
      Array x({5, columns}), scale({columns}), bias({columns}), y({5, columns});
      x.fill(1), scale.fill(2), bias.fill(3);
      auto kernel = CompiledKernels::compile(layerNormText(level, x, true, false, false, true), level.name);
      ASSERT_TRUE(kernel);
      kernel->run({&x, &scale, &bias, &y}, 2);
      for (int64_t row = 0; row < 5; ++row) {
        double meanSquare = 0;
        for (int64_t c = 0; c < columns; ++c)
          meanSquare += std::pow(x.at({row, c}), 2) / static_cast<double>(columns);
        for (int64_t c = 0; c < columns; ++c)
          EXPECT_NEAR(y.at({row, c}), x.at({row, c}) / std::sqrt(meanSquare + epsilon) * scale.at({c}), 2e-6);
      }
    }
}

TEST(LayerNorm, InPlace) {
  for (const Level &level : runnableLevels()) {
    Array x({6, 50}), y({6, 50}), unused({50});
    x.fill(1);
    auto apart = CompiledKernels::compile(layerNormText(level, x, false, false, false), level.name);
    ASSERT_TRUE(apart);
    apart->run({&x, &unused, &unused, &y});
    std::string type = x.type();
    auto inPlace = CompiledKernels::compile(
        "func.func @main(%x: " + type + ") {\n  vcpu.layer_norm ins(%x : " + type + ") outs(%x : " + type +
            ") {epsilon = 1.0e-6 : f32, lanes = " + std::to_string(level.lanes) + "}\n  return\n}\n",
        level.name);
    ASSERT_TRUE(inPlace);
    inPlace->run({&x});
    EXPECT_EQ(x.data, y.data);
  }
}

std::string softmaxText(const Level &level, const Array &x, std::initializer_list<int64_t> dynamicDims) {
  std::string type = x.type(dynamicDims);
  return "func.func @main(%x: " + type + ", %y: " + type + ") {\n  vcpu.softmax ins(%x : " + type +
         ") outs(%y : " + type + ") {lanes = " + std::to_string(level.lanes) + "}\n  return\n}\n";
}

void checkSoftmax(int64_t rows, int64_t columns, std::initializer_list<int64_t> dynamicDims, int64_t pitch = 0) {
  for (const Level &level : runnableLevels()) {
    SCOPED_TRACE(std::string(level.name) + " rows " + std::to_string(rows) + " columns " + std::to_string(columns));
    Array x({rows, columns}, pitch), y({rows, columns}, pitch);
    x.fill(1);
    for (float &value : x.data)
      value *= 60; // over the whole range of exp, underflow included
    x.at({0, columns - 1}) = columns > 1 ? -std::numeric_limits<float>::infinity() : 3;
    auto kernel = CompiledKernels::compile(softmaxText(level, x, dynamicDims), level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&x, &y}, 2);
    double worst = 0;
    for (int64_t row = 0; row < rows; ++row) {
      double most = -INFINITY, sum = 0;
      for (int64_t c = 0; c < columns; ++c)
        most = std::max<double>(most, x.at({row, c}));
      for (int64_t c = 0; c < columns; ++c)
        sum += std::exp(x.at({row, c}) - most);
      for (int64_t c = 0; c < columns; ++c)
        worst = std::max(worst, std::abs(y.at({row, c}) - std::exp(x.at({row, c}) - most) / sum));
    }
    EXPECT_LE(worst, 5e-7);
    EXPECT_EQ(y.at({0, columns - 1}), columns > 1 ? 0 : 1);
  }
}

TEST(Softmax, EveryTail) {
  for (int64_t columns : {1, 2, 7, 8, 16, 17, 63, 64, 65, 197})
    checkSoftmax(4, columns, {});
}

TEST(Softmax, DynamicSizes) {
  checkSoftmax(3, 77, {0, 1}, 80);
  checkSoftmax(7, 128, {1});
}

TEST(Softmax, NotANumber) {
  for (const Level &level : runnableLevels()) {
    const float infinity = std::numeric_limits<float>::infinity();
    Array x({3, 21}), y({3, 21});
    x.fill(1);
    x.at({0, 4}) = NAN;
    x.at({1, 20}) = infinity;
    for (int64_t c = 0; c < 21; ++c)
      x.at({2, c}) = -infinity;
    auto kernel = CompiledKernels::compile(softmaxText(level, x, {}), level.name);
    ASSERT_TRUE(kernel);
    kernel->run({&x, &y});
    for (int64_t row : {0, 2})
      for (int64_t c = 0; c < 21; ++c)
        EXPECT_TRUE(std::isnan(y.at({row, c}))) << row << ", " << c;
    EXPECT_TRUE(std::isnan(y.at({1, 20})));
  }
}

} // namespace
