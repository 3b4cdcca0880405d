#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace vitc::test;

namespace {

/// What an op on %a, and perhaps the constant %b, makes of `count` arguments, as vectors of `lanes` elements.
std::vector<float> evaluate(const Level &level, const std::string &op, const std::vector<float> &arguments,
                            double constant = 0) {
  Array x({static_cast<int64_t>(arguments.size())}), y = x;
  x.data = arguments;
  std::string vector = "vector<" + std::to_string(level.lanes) + "xf32>", count = std::to_string(arguments.size());
  std::string text = "func.func @main(%x: memref<" + count + "xf32>, %y: memref<" + count +
                     "xf32>) {\n  %c0 = arith.constant 0 : index\n  %n = arith.constant " + count +
                     " : index\n  %b = arith.constant dense<" + std::to_string(constant) + "> : " + vector +
                     "\n  %step = arith.constant " + std::to_string(level.lanes) +
                     " : index\n  scf.for %i = %c0 to %n step %step {\n    %a = vector.load %x[%i] : memref<" + count +
                     "xf32>, " + vector + "\n    %r = " + op + " : " + vector +
                     "\n    vector.store %r, %y[%i] : memref<" + count + "xf32>, " + vector + "\n  }\n  return\n}\n";
  auto kernel = CompiledKernels::compile(text, level.name);
  if (kernel)
    kernel->run({&x, &y});
  return y.data;
}

/// Floats from `low` to `high`, evenly, then the special ones.
std::vector<float> samples(double low, double high) {
  constexpr int64_t count = 1 << 16;
  std::vector<float> values;
  for (int64_t i = 0; i <= count; ++i)
    values.push_back(static_cast<float>(low + (high - low) * i / count));
  const float infinity = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
  for (float value : {0.0f, -0.0f, 1e-40f, -1e-40f, 1e-20f, most, -most, infinity, -infinity, NAN})
    values.push_back(value);
  values.resize((values.size() + 15) / 16 * 16);
  return values;
}

template <typename Reference>
double worstError(const std::vector<float> &x, const std::vector<float> &y, Reference reference,
                  double (*error)(double value, double expected, double x)) {
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double expected = reference(static_cast<double>(x[i]));
    bool isFinite = std::isfinite(static_cast<float>(expected));
    if (isFinite)
      worst = std::max(worst, std::isnan(y[i]) ? INFINITY : error(y[i], expected, x[i]));
    else if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(y[i])) << "at " << x[i];
    else
      EXPECT_EQ(y[i], static_cast<float>(expected)) << "at " << x[i];
  }
  return worst;
}

/// Relative, but for subnormal results absolute in units of the least subnormal, scaled to the same bound.
double expError(double value, double expected, double) {
  if (expected < std::numeric_limits<float>::min())
    return std::abs(value - expected) / 0x1p-149 * 1e-7;
  return std::abs(value / expected - 1);
}
double absoluteError(double value, double expected, double) { return std::abs(value - expected); }
double errorRelativeToArgument(double value, double expected, double x) {
  return x == 0 ? std::abs(value) : std::abs(value - expected) / std::abs(x);
}

TEST(FastMath, Exp) {
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-110, 95);
    EXPECT_LE(worstError(x, evaluate(level, "math.exp %a", x), [](double x) { return std::exp(x); }, expError), 1.2e-7);
  }
}

TEST(FastMath, GeluErf) {
  auto reference = [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); };
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-8, 8);
    std::vector<float> y = evaluate(level, "vit.gelu %a", x);
    EXPECT_LE(worstError(x, y, reference, absoluteError), 8e-7);
    for (size_t i = 0; i < x.size(); ++i)
      if (x[i] > 5.3)
        EXPECT_EQ(y[i], x[i]);
      else if (x[i] < -5.3 && std::isfinite(x[i]))
        EXPECT_EQ(y[i], 0);
  }
}

TEST(FastMath, GeluTanh) {
  auto reference = [](double x) {
    if (std::isinf(x))
      return x > 0 ? x : std::nan("");
    return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  };
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-12, 12);
    std::vector<float> y = evaluate(level, "vit.gelu %a {approximate = 1 : i32}", x);
    EXPECT_LE(worstError(x, y, reference, errorRelativeToArgument), 4e-7);
  }
}

TEST(FastMath, Silu) {
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-100, 100);
    auto silu = [](double x) { return x / (1 + std::exp(-x)); };
    auto quick = [](double x) { return x / (1 + std::exp(-static_cast<double>(1.702f) * x)); };
    EXPECT_LE(worstError(x, evaluate(level, "vit.silu %a", x), silu, errorRelativeToArgument), 4e-7);
    std::vector<float> y = evaluate(level, "vit.silu %a {beta = 1.702 : f32}", x);
    EXPECT_LE(worstError(x, y, quick, errorRelativeToArgument), 4e-7);
  }
}

TEST(FastMath, HardSwish) {
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-12, 12);
    auto hardSwish = [](double x) {
      return std::isinf(x) ? (x > 0 ? x : std::nan("")) : x * std::min(std::max(x + 3, 0.0), 6.0) / 6;
    };
    EXPECT_LE(worstError(x, evaluate(level, "vit.hard_swish %a", x), hardSwish, errorRelativeToArgument), 4e-7);
  }
}

TEST(FastMath, SineAndCosine) {
  for (const Level &level : runnableLevels())
    for (double bound : {1.0, 8.0, 1e4, 1e9}) {
      std::vector<float> x = samples(-bound, bound);
      for (float &value : x)
        if (std::isfinite(value) && std::abs(value) > bound)
          value = 0; // of the greatest numbers nothing is promised but a result in [−1, 1]
      std::vector<float> sine = evaluate(level, "math.sin %a", x), cosine = evaluate(level, "math.cos %a", x);
      EXPECT_LE(worstError(x, sine, [](double x) { return std::sin(x); }, absoluteError), 1e-7);
      EXPECT_LE(worstError(x, cosine, [](double x) { return std::cos(x); }, absoluteError), 1e-7);
      if (bound <= 1)
        EXPECT_LE(worstError(x, sine, [](double x) { return std::sin(x); }, errorRelativeToArgument), 2e-7);
    }
}

/// Whole powers of negative numbers are numbers, odd ones negative; others are not.
TEST(FastMath, Pow) {
  for (const Level &level : runnableLevels())
    for (double exponent : {5.0, 6.0, -3.0, 2.5, 0.3, -0.75, 0.0}) {
      std::vector<float> x = samples(-12, 12), y = evaluate(level, "math.powf %a, %b", x, exponent);
      for (size_t i = 0; i < x.size(); ++i) {
        float expected = static_cast<float>(std::pow(static_cast<double>(x[i]), exponent));
        if (std::isnan(expected) || std::isinf(expected))
          EXPECT_EQ(std::isnan(expected) ? std::isnan(y[i]) : y[i] == expected, true) << x[i] << "^" << exponent;
        else if (std::abs(x[i]) > std::numeric_limits<float>::min() || x[i] == 0)
          EXPECT_LE(std::abs(y[i] - expected), 2e-5 * std::abs(expected) + 1e-37) << x[i] << "^" << exponent;
      }
    }
}

/// Upstream's approximations, which the rest of the graph gets.
TEST(FastMath, Others) {
  for (const Level &level : runnableLevels()) {
    std::vector<float> x = samples(-6, 6);
    auto erf = [](double x) { return std::erf(x); };
    auto tanh = [](double x) { return std::tanh(x); };
    EXPECT_LE(worstError(x, evaluate(level, "math.erf %a", x), erf, absoluteError), 1e-6);
    EXPECT_LE(worstError(x, evaluate(level, "math.tanh %a", x), tanh, absoluteError), 1e-6);
  }
}

} // namespace
