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

GemmConfig split(GemmConfig config, unsigned splits) {
  config.splits = splits;
  return config;
}

GemmConfig transpose(GemmConfig config) {
  config.transposedW = true;
  return config;
}

GemmConfig bySync(GemmConfig config) {
  config.mmaSync = true;
  return config;
}

std::vector<Case> cases() {
  GemmEpilogue bias, gelu, geluTanh, swiglu, residual, table, direct, floats, relu, oddRelu, tableRelu;
  bias.bias = gelu.bias = geluTanh.bias = swiglu.bias = residual.bias = direct.bias = true;
  gelu.activation = Activation::Gelu;
  geluTanh.activation = Activation::GeluTanh;
  swiglu.activation = Activation::Silu;
  swiglu.gated = residual.scale = residual.residual = direct.residual = true;
  table.tableRows = tableRelu.tableRows = 50;
  floats.output = Element::F32;
  floats.residual = true;
  relu = residual;
  oddRelu = direct;
  relu.last = oddRelu.last = tableRelu.last = Activation::Relu;
  constexpr Element bf16 = Element::BF16, f16 = Element::F16, tf32 = Element::TF32;
  return {{"OneRow", 1, {bf16, 96, 64, 64, 96, 0, bias}},
          {"OddSizes", 197, {bf16, 136, 72, 128, 128, 0, bias}},
          {"ManyTiles", 261, {bf16, 192, 200, 64, 64, 2, gelu}},
          {"Half", 130, {f16, 192, 136, 128, 96, 0, geluTanh}},
          {"Gated", 129, {bf16, 272, 96, 128, 128, 0, swiglu}},
          {"GatedNarrow", 70, {bf16, 96, 64, 64, 96, 0, swiglu}},
          {"Residual", 577, {bf16, 200, 64, 128, 256, 0, residual}},
          {"ResidualOfTwoBuffers", 200, {bf16, 512, 136, 128, 256, 4, residual}},
          {"Table", 150, {bf16, 104, 80, 128, 160, 0, table}},
          {"Direct", 75, {bf16, 21, 72, 64, 32, 0, direct}},
          {"Floats", 257, {bf16, 100, 128, 128, 64, 0, floats}},
          {"ReluOfResult", 130, {bf16, 200, 64, 128, 128, 0, relu}},
          {"ReluOfOddResult", 75, {bf16, 21, 72, 64, 32, 0, oddRelu}},
          {"ReluOfTable", 150, {bf16, 104, 80, 128, 160, 0, tableRelu}},
          {"SyncReluOfResult", 130, bySync({bf16, 200, 64, 128, 128, 0, relu})},
          {"SyncReluOfOddResult", 75, bySync({bf16, 21, 72, 64, 64, 0, oddRelu})},
          {"Tall", 400, {bf16, 96, 64, 192, 128, 0, bias}},
          {"SplitInTwo", 65, split({bf16, 200, 136, 64, 64, 0, residual}, 2)},
          {"SplitInFour", 197, split({bf16, 96, 712, 64, 32, 0, gelu}, 4)},
          {"SplitGated", 70, split({bf16, 96, 192, 128, 96, 0, swiglu}, 3)},
          {"Transposed", 130, transpose({bf16, 200, 104, 128, 128, 0, bias})},
          {"TransposedNarrow", 70, transpose({f16, 72, 200, 64, 96, 0, geluTanh})},
          {"TransposedNarrowest", 70, transpose({bf16, 40, 72, 64, 16, 0, bias})},
          {"Tf32", 197, {tf32, 72, 100, 128, 96, 0, floats}},
          {"SyncOneRow", 1, bySync({bf16, 96, 64, 32, 64, 0, bias})},
          {"SyncOddSizes", 197, bySync({bf16, 136, 72, 128, 128, 0, bias})},
          {"SyncDeep", 49, bySync({bf16, 64, 328, 64, 64, 0, gelu})},
          {"SyncShallow", 50, bySync({f16, 72, 8, 64, 128, 2, geluTanh})},
          {"SyncHalf", 130, bySync({f16, 192, 136, 128, 64, 3, geluTanh})},
          {"SyncGated", 129, bySync({bf16, 272, 96, 128, 128, 0, swiglu})},
          {"SyncResidual", 261, bySync({bf16, 200, 64, 128, 128, 3, residual})},
          {"SyncTable", 150, bySync({bf16, 104, 80, 64, 128, 0, table})},
          {"SyncOddColumns", 75, bySync({bf16, 21, 72, 64, 64, 0, direct})},
          {"SyncFloats", 257, bySync({bf16, 100, 128, 128, 64, 0, floats})},
          {"SyncTransposed", 130, transpose(bySync({bf16, 200, 104, 128, 128, 0, residual}))},
          {"SyncTransposedTf32", 70, transpose(bySync({tf32, 72, 200, 64, 128, 3, geluTanh}))},
          {"SyncTf32", 197, bySync({tf32, 72, 100, 128, 64, 0, floats})},
          {"SyncTf32Shallow", 33, bySync({tf32, 136, 4, 64, 128, 0, bias})},
          {"SyncTf32Gated", 50, bySync({tf32, 96, 72, 64, 64, 2, swiglu})}};
}

class GemmSimulation : public testing::TestWithParam<Case> {};

} // namespace

double Product::sum(const GemmConfig &config, int64_t row, int64_t weightRow) const {
  double sum = config.epilogue.bias ? bias[weightRow] : 0;
  for (int64_t k = 0; k < config.k; ++k)
    sum += a[row * config.k + k] * w[config.transposedW ? k * config.n + weightRow : weightRow * config.k + k];
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
      c.push_back(activate(epilogue.last, value));
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
  auto operand = [&](const DeviceTensor &tensor) {
    return config.mmaSync ? Argument::pointer(tensor) : Argument::map(tensor);
  };
  std::map<std::string, Argument> arguments{
      {"A", operand(device.upload(input, {m, config.k}, product.a))},
      {"W",
       operand(device.upload(
           input, config.transposedW ? std::vector{config.k, config.n} : std::vector{config.n, config.k}, product.w))},
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
  device.launch(module.ptx(config.mmaSync ? "sm_80" : "sm_90a"), plan, {m}, arguments, seed);
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

namespace {

/// An operand of a batch: [batches, heads, rows, columns], of which the host's array has one copy of what is shared,
/// and rows are padded to multiples of 16 bytes with numbers that no result may depend on.
struct Operand {
  Operand(Element element, GemmBatch::Sharing sharing, int64_t batches, int64_t heads, int64_t rows, int64_t columns,
          uint32_t seed)
      : element(element), batches(sharing == GemmBatch::Own ? batches : 1),
        heads(sharing == GemmBatch::OfAll ? 1 : heads), rows(rows), columns(columns), pitch((columns + 7) / 8 * 8),
        values(drawNumbers(this->batches * this->heads * rows * pitch, seed, element)) {}

  double at(int64_t batch, int64_t head, int64_t row, int64_t column) const {
    return values[((batch % batches * heads + head % heads) * rows + row) * pitch + column];
  }
  Argument describe(const DeviceTensor &tensor, bool isPointer) const {
    if (isPointer)
      return Argument::pointer(tensor);
    Argument argument = Argument::map(tensor);
    argument.extents[0] = columns;
    return argument;
  }
  DeviceTensor upload(SimulatedDevice &device) const {
    return device.upload(element == Element::TF32 ? Element::F32 : element, {batches, heads, rows, pitch}, values);
  }

  Element element;
  int64_t batches, heads, rows, columns, pitch;
  std::vector<double> values;
};

} // namespace

static void checkBatch(GemmConfig config, int64_t batches, int64_t m) {
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), "batch", config))) << module.diagnostics();
  int64_t heads = config.batch.heads, n = config.n, k = config.k;
  Operand a(config.element, config.batch.a, batches, heads, m, k, 1),
      w(config.element, config.batch.w, batches, heads, config.transposedW ? k : n, config.transposedW ? n : k, 2),
      c(config.epilogue.output, GemmBatch::Own, batches, heads, m, n, 3);
  std::vector<double> expected;
  for (int64_t product = 0; product < batches * heads; ++product)
    for (int64_t row = 0; row < m; ++row)
      for (int64_t column = 0; column < n; ++column) {
        double sum = 0;
        for (int64_t i = 0; i < k; ++i)
          sum += a.at(product / heads, product % heads, row, i) *
                 (config.transposedW ? w.at(product / heads, product % heads, i, column)
                                     : w.at(product / heads, product % heads, column, i));
        expected.push_back(sum);
      }
  SimulatedDevice device;
  bool isPadded = config.paddedRows;
  DeviceTensor output = device.allocate(c.element, {batches, heads, m, isPadded ? c.pitch : n});
  if (isPadded)
    output = c.upload(device);
  std::map<std::string, Argument> arguments{{"A", a.describe(a.upload(device), config.mmaSync)},
                                            {"W", w.describe(w.upload(device), config.mmaSync)},
                                            {"rows", Argument::number(m)}};
  if (!config.mmaSync)
    arguments.emplace("batches", Argument::number(batches));
  LaunchPlan plan = planGemm("batch", config);
  bool isDirect = plan.arguments[2].kind == ArgumentPlan::Pointer;
  arguments.emplace("C", c.describe(output, isDirect));
  device.launch(module.ptx(config.mmaSync ? "sm_80" : "sm_90a"), plan, {m, heads, batches}, arguments);
  std::vector<double> got = device.download(output), dense;
  for (size_t i = 0; i < got.size(); ++i) {
    if (!isPadded || int64_t(i) % c.pitch < n)
      dense.push_back(got[i]);
    else
      EXPECT_EQ(got[i], c.values[i]) << "padding was written";
  }
  expectClose(dense, expected, c.element == Element::F32 ? 2e-6 : 0x1p-8);
}

TEST(GemmBatches, AgreeWithFloat64) {
  GemmConfig config{Element::BF16, 64, 80, 64, 64};
  config.batch.heads = 3;
  checkBatch(config, 2, 70);
  config.batch.a = GemmBatch::OfHead;
  config.batch.w = GemmBatch::OfAll;
  checkBatch(config, 2, 70);
}

/// Scores of 49 or 197 keys, whose rows are no multiples of 16 bytes, and their products with values.
TEST(GemmBatches, TakePaddedRows) {
  GemmConfig scores{Element::BF16, 197, 64, 128, 128};
  scores.batch.heads = 2;
  scores.paddedRows = true;
  checkBatch(scores, 1, 197);
  GemmConfig values{Element::BF16, 64, 197, 64, 64};
  values.batch.heads = 2;
  values.paddedRows = values.transposedW = true;
  values.epilogue.output = Element::F32;
  checkBatch(values, 2, 49);
}

TEST(GemmBatches, StoreDenseRowsOfAnyLength) {
  GemmConfig config{Element::BF16, 21, 64, 64, 32};
  config.batch.heads = 2;
  checkBatch(config, 2, 33);
}

/// By warps: matrices of attention's scores and tokens, whose K is any number, below what a row of A has room for.
TEST(GemmBatches, AgreeWithFloat64BeforeHopper) {
  for (Element element : {Element::BF16, Element::F16, Element::TF32}) {
    GemmConfig config{element, 64, 80, 64, 64};
    config.mmaSync = true;
    config.epilogue.output = Element::F32;
    config.batch = {3, GemmBatch::OfHead, GemmBatch::OfAll};
    checkBatch(config, 2, 70);
    config.transposedW = true;
    config.batch.w = GemmBatch::Own;
    for (auto [rows, depth, columns] : {std::array<int64_t, 3>{17, 17, 24}, {49, 49, 56}, {100, 197, 200}}) {
      SCOPED_TRACE(rows);
      config.n = columns;
      config.k = depth;
      config.strides.a = (depth + 7) / 8 * 8;
      config.tileM = config.tileN = columns <= 64 ? 64 : 128;
      for (GemmBatch::Sharing a : {GemmBatch::Own, GemmBatch::OfAll}) {
        config.batch.a = a;
        checkBatch(config, 2, rows);
      }
    }
  }
}
