// Products executed by the simulator, against float64.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/Gemm.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

struct Case {
  const char *name;
  int64_t m;
  GemmConfig config;
};

void PrintTo(const Case &value, std::ostream *os) { *os << value.name; }

double activate(Activation activation, double x) {
  switch (activation) {
  case Activation::None:
    return x;
  case Activation::Relu:
    return std::max(x, 0.0);
  case Activation::Gelu:
    return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  case Activation::GeluTanh:
    return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  case Activation::Silu:
    return x / (1 + std::exp(-x));
  case Activation::QuickGelu:
    return x / (1 + std::exp(-1.702 * x));
  case Activation::HardSwish:
    return x * std::min(std::max(x + 3, 0.0), 6.0) / 6;
  }
  return NAN;
}

/// The operands of one product, rounded as the kernel reads them, and its result in float64.
struct Product {
  Product(const GemmConfig &config, int64_t m);

  std::vector<double> a, w, bias, scale, table, residual, c;
  int64_t columns;

private:
  double sum(const GemmConfig &config, int64_t row, int64_t weightRow) const;
};

std::vector<Case> cases() {
  GemmEpilogue bias, gelu, geluTanh, swiglu, residual, table, direct, floats;
  bias.bias = gelu.bias = geluTanh.bias = swiglu.bias = residual.bias = direct.bias = true;
  gelu.activation = Activation::Gelu;
  geluTanh.activation = Activation::GeluTanh;
  swiglu.activation = Activation::Silu;
  swiglu.gated = residual.scale = residual.residual = direct.residual = true;
  table.tableRows = 50;
  floats.output = Element::F32;
  floats.residual = true;
  constexpr Element bf16 = Element::BF16, f16 = Element::F16, tf32 = Element::TF32;
  return {{"OneRow", 1, {bf16, 96, 64, 64, 96, 0, bias, 1}},
          {"OddSizes", 197, {bf16, 136, 72, 128, 128, 0, bias, 1}},
          {"ManyTiles", 261, {bf16, 192, 200, 64, 64, 2, gelu, 1}},
          {"Half", 130, {f16, 192, 136, 128, 96, 0, geluTanh, 1}},
          {"Gated", 129, {bf16, 272, 96, 128, 128, 0, swiglu, 1}},
          {"GatedNarrow", 70, {bf16, 96, 64, 64, 96, 0, swiglu, 1}},
          {"Residual", 577, {bf16, 200, 64, 128, 256, 0, residual, 1}},
          {"ResidualOfTwoBuffers", 200, {bf16, 512, 136, 128, 256, 4, residual, 1}},
          {"Table", 150, {bf16, 104, 80, 128, 160, 0, table, 1}},
          {"Direct", 75, {bf16, 21, 72, 64, 32, 0, direct, 1}},
          {"Floats", 257, {bf16, 100, 128, 128, 64, 0, floats, 1}},
          {"Tall", 400, {bf16, 96, 64, 192, 128, 0, bias, 1}},
          {"SplitInTwo", 65, {bf16, 200, 136, 64, 64, 0, residual, 2}},
          {"SplitInFour", 197, {bf16, 96, 712, 64, 32, 0, gelu, 4}},
          {"SplitGated", 70, {bf16, 96, 192, 128, 96, 0, swiglu, 3}},
          {"Tf32", 197, {tf32, 72, 100, 128, 96, 0, floats, 1}}};
}

class GemmSimulation : public testing::TestWithParam<Case> {};

} // namespace

double Product::sum(const GemmConfig &config, int64_t row, int64_t weightRow) const {
  double sum = config.epilogue.bias ? bias[weightRow] : 0;
  for (int64_t k = 0; k < config.k; ++k)
    sum += a[row * config.k + k] * w[weightRow * config.k + k];
  return sum;
}

Product::Product(const GemmConfig &config, int64_t m) : columns(config.n / (config.epilogue.gated ? 2 : 1)) {
  const GemmEpilogue &epilogue = config.epilogue;
  a = drawNumbers(m * config.k, 1, config.element);
  w = drawNumbers(config.n * config.k, 2, config.element, 0.5);
  bias = drawNumbers(config.n, 3, Element::F32);
  scale = drawNumbers(columns, 4, Element::F32);
  table = drawNumbers(std::max<int64_t>(epilogue.tableRows, 1) * columns, 5, Element::F32);
  residual = drawNumbers(m * columns, 6, epilogue.output, 4);
  for (int64_t row = 0; row < m; ++row)
    for (int64_t column = 0; column < columns; ++column) {
      int64_t gate = epilogue.gated ? column / 8 * 16 + column % 8 : column;
      double value = activate(epilogue.activation, sum(config, row, gate));
      if (epilogue.gated)
        value *= sum(config, row, gate + 8);
      if (epilogue.scale)
        value *= scale[column];
      if (epilogue.tableRows)
        value += table[row % epilogue.tableRows * columns + column];
      if (epilogue.residual)
        value += residual[row * columns + column];
      c.push_back(value);
    }
}

static void checkProduct(const Case &item, std::uint64_t seed) {
  const auto &[name, m, config] = item;
  const GemmEpilogue &epilogue = config.epilogue;
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), name, config))) << module.diagnostics();
  LaunchPlan plan = planGemm(name, config);
  Product product(config, m);
  SimulatedDevice device;
  Element input = config.element == Element::TF32 ? Element::F32 : config.element;
  DeviceTensor c = device.allocate(epilogue.output, {m, product.columns});
  auto pad = [](std::vector<double> vector) { // pairs are read
    vector.resize((vector.size() + 1) / 2 * 2);
    return vector;
  };
  auto vectorOf = [&](const std::vector<double> &values) {
    std::vector<double> padded = pad(values);
    return Argument::pointer(device.upload(Element::F32, {int64_t(padded.size())}, padded));
  };
  std::map<std::string, Argument> arguments{{"A", Argument::map(device.upload(input, {m, config.k}, product.a))},
                                            {"W", Argument::map(device.upload(input, {config.n, config.k}, product.w))},
                                            {"rows", Argument::number(m)}};
  bool isDirect = plan.arguments[2].kind == ArgumentPlan::Pointer;
  auto place = [&](const DeviceTensor &tensor) { return isDirect ? Argument::pointer(tensor) : Argument::map(tensor); };
  arguments.emplace("C", place(c));
  if (epilogue.residual)
    arguments.emplace("residual", place(device.upload(epilogue.output, {m, product.columns}, product.residual)));
  if (epilogue.bias)
    arguments.emplace("bias", vectorOf(product.bias));
  if (epilogue.scale)
    arguments.emplace("scale", vectorOf(product.scale));
  if (epilogue.tableRows)
    arguments.emplace("table", vectorOf(product.table));
  device.launch(module.ptx(), plan, {m}, arguments, seed);
  double tolerance = epilogue.output == Element::BF16 ? 0x1p-8 : epilogue.output == Element::F16 ? 0x1p-11 : 2e-6;
  expectClose(device.download(c), product.c, tolerance);
}

/// Seed 0 lets copies arrive as late as they may, others draw an order of warps and copies.
TEST_P(GemmSimulation, AgreesWithFloat64) {
  checkProduct(GetParam(), 0);
  checkProduct(GetParam(), 1);
}

INSTANTIATE_TEST_SUITE_P(Shapes, GemmSimulation, testing::ValuesIn(cases()),
                         [](const auto &info) { return std::string(info.param.name); });
