// Depthwise convolutions: executed by the simulator against float64, and what ptxas says of them.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/DepthwiseConvolution.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

struct Case {
  const char *name;
  int64_t images;
  DepthwiseConfig config;
};

void PrintTo(const Case &value, std::ostream *os) { *os << value.name; }

/// Square filters with half of their extent as border.
DepthwiseConfig makeConfig(Element input, Element output, int64_t channels, std::array<int64_t, 2> image, int64_t taps,
                           int64_t stride = 1, Activation activation = Activation::None, bool bias = true) {
  DepthwiseConfig config;
  config.input = input;
  config.output = output;
  config.channels = channels;
  config.image = image;
  config.taps = {taps, taps};
  config.strides = {stride, stride};
  config.pads = {taps / 2, taps / 2};
  for (int axis : {0, 1})
    config.result[axis] = (image[axis] + 2 * config.pads[axis] - taps) / stride + 1;
  config.bias = bias;
  config.activation = activation;
  chooseTile(config);
  return config;
}

/// Nothing alike in height and width.
DepthwiseConfig makeUneven() {
  DepthwiseConfig config;
  config.channels = 24;
  config.output = Element::F32;
  config.image = {10, 17};
  config.taps = {3, 5};
  config.strides = {2, 1};
  config.dilations = {1, 2};
  config.pads = {0, 3};
  config.result = {5, 14};
  chooseTile(config);
  return config;
}

std::vector<Case> cases() {
  constexpr Element bf16 = Element::BF16, f16 = Element::F16, f32 = Element::F32;
  return {{"ConvNeXt", 2, makeConfig(f32, f32, 96, {14, 14}, 7)},
          {"ConvNeXtOdd", 1, makeConfig(bf16, bf16, 40, {9, 11}, 7)},
          {"PVT", 2, makeConfig(f32, bf16, 64, {7, 7}, 3, 1, Activation::Gelu)},
          {"StrideOfTwo", 1, makeConfig(bf16, bf16, 48, {15, 13}, 3, 2, Activation::Silu)},
          {"FiveByFive", 3, makeConfig(f16, f16, 72, {8, 10}, 5, 1, Activation::HardSwish)},
          {"FiveByFiveOfStrideTwo", 1, makeConfig(bf16, f32, 8, {13, 14}, 5, 2, Activation::Relu, false)},
          {"SevenOfStrideTwo", 1, makeConfig(f32, f32, 12, {16, 15}, 7, 2)},
          {"OneGroup", 1, makeConfig(f32, f16, 4, {33, 5}, 3)},
          {"OnePixel", 2, makeConfig(bf16, bf16, 16, {1, 1}, 3)},
          {"ManyChannels", 1, makeConfig(bf16, bf16, 392, {4, 3}, 3)},
          {"Uneven", 2, makeUneven()}};
}

double activate(Activation activation, double x) {
  switch (activation) {
  case Activation::Relu:
    return std::max(x, 0.0);
  case Activation::Gelu:
    return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  case Activation::Silu:
    return x / (1 + std::exp(-x));
  case Activation::HardSwish:
    return x * std::min(std::max(x + 3, 0.0), 6.0) / 6;
  default:
    return x;
  }
}

/// The operands, rounded as the kernel reads them, and the result in float64.
struct Operands {
  Operands(const DepthwiseConfig &config, int64_t images);

  std::vector<double> x, filters, bias, y;

private:
  double sum(const DepthwiseConfig &config, int64_t image, int64_t row, int64_t column, int64_t channel) const;
};

class DepthwiseSimulation : public testing::TestWithParam<Case> {};

} // namespace

double Operands::sum(const DepthwiseConfig &config, int64_t image, int64_t row, int64_t column, int64_t channel) const {
  double sum = config.bias ? bias[channel] : 0;
  for (int64_t i = 0; i < config.taps[0]; ++i)
    for (int64_t j = 0; j < config.taps[1]; ++j) {
      int64_t y = row * config.strides[0] - config.pads[0] + i * config.dilations[0];
      int64_t xAt = column * config.strides[1] - config.pads[1] + j * config.dilations[1];
      if (y >= 0 && xAt >= 0 && y < config.image[0] && xAt < config.image[1])
        sum += x[((image * config.image[0] + y) * config.image[1] + xAt) * config.channels + channel] *
               filters[(i * config.taps[1] + j) * config.channels + channel];
    }
  return sum;
}

Operands::Operands(const DepthwiseConfig &config, int64_t images) {
  x = drawNumbers(images * config.image[0] * config.image[1] * config.channels, 1, config.input);
  filters = drawNumbers(config.taps[0] * config.taps[1] * config.channels, 2, Element::F32);
  bias = drawNumbers(config.channels, 3, Element::F32);
  for (int64_t image = 0; image < images; ++image)
    for (int64_t row = 0; row < config.result[0]; ++row)
      for (int64_t column = 0; column < config.result[1]; ++column)
        for (int64_t channel = 0; channel < config.channels; ++channel)
          y.push_back(activate(config.activation, sum(config, image, row, column, channel)));
}

TEST_P(DepthwiseSimulation, AgreesWithFloat64) {
  const auto &[name, images, config] = GetParam();
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitDepthwise(builder, module.gpuModule(), name, config))) << module.diagnostics();
  Operands operands(config, images);
  for (std::uint64_t seed : {0, 1}) {
    SimulatedDevice device;
    DeviceTensor y = device.allocate(config.output, {images, config.result[0], config.result[1], config.channels});
    auto upload = [&](Element element, const std::vector<double> &values) {
      return Argument::pointer(device.upload(element, {static_cast<int64_t>(values.size())}, values));
    };
    std::map<std::string, Argument> arguments{{"x", upload(config.input, operands.x)},
                                              {"filters", upload(Element::F32, operands.filters)},
                                              {"y", Argument::pointer(y)}};
    if (config.bias)
      arguments.emplace("bias", upload(Element::F32, operands.bias));
    device.launch(module.ptx("sm_80"), planDepthwise(name, config), {.batch = images}, arguments, seed);
    double tolerance = config.output == Element::BF16 ? 0x1p-8 : config.output == Element::F16 ? 0x1p-11 : 2e-6;
    if (config.activation == Activation::Gelu)
      tolerance += 4e-5; // of the polynomial
    expectClose(device.download(y), operands.y, tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, DepthwiseSimulation, testing::ValuesIn(cases()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Depthwise, CompilesWithoutSpills) {
  for (int64_t taps : {3, 5, 7})
    for (int64_t stride : {1, 2})
      for (Element element : {Element::BF16, Element::F32}) {
        DepthwiseConfig config = makeConfig(element, element, 192, {28, 28}, taps, stride, Activation::Silu);
        ASSERT_EQ(whyUnsupported(config), "");
        KernelModule module;
        mlir::OpBuilder builder = module.builder();
        ASSERT_TRUE(succeeded(emitDepthwise(builder, module.gpuModule(), "depthwise", config)));
        vitc::target::CompiledKernels code = module.compile("sm_80");
        EXPECT_EQ(count(code.ptx, "ld.global"), count(code.ptx, "ld.global.v4")) << "wide loads alone";
        for (const auto &kernel : code.resources) {
          RecordProperty("registers" + std::to_string(taps) + "of" + std::to_string(bytesOf(element)) + "stride" +
                             std::to_string(stride),
                         static_cast<int>(kernel.registers));
          EXPECT_EQ(kernel.spilledBytes, 0u) << taps;
          EXPECT_LE(kernel.registers, 168u) << taps;
        }
      }
}

/// Channels, rows and columns of the models that have such convolutions leave few threads without a pixel.
TEST(Depthwise, TilesWasteLittle) {
  for (int64_t channels : {96, 128, 192, 256, 384, 768})
    for (int64_t size : {7, 14, 28, 56}) {
      DepthwiseConfig config = makeConfig(Element::BF16, Element::BF16, channels, {size, size}, 7);
      LaunchPlan plan = planDepthwise("depthwise", config);
      int64_t sums = plan.grid[0].factor * plan.block[0] * config.tile.pixels * 8;
      EXPECT_LE(sums, 1.15 * channels * size * size) << channels << " " << size;
      EXPECT_LE(plan.sharedBytes, 48u * 1024);
    }
}

TEST(Depthwise, SaysWhatIsNotSupported) {
  DepthwiseConfig config = makeConfig(Element::BF16, Element::BF16, 64, {14, 14}, 3);
  EXPECT_EQ(whyUnsupported(config), "");
  auto reason = [&](auto change) {
    DepthwiseConfig changed = config;
    change(changed);
    return whyUnsupported(changed);
  };
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.input = Element::TF32; }), "elements are bf16, f16 or f32");
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.channels = 60; }), "pixels are multiples of 16 bytes");
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.strides[0] = 0; }), "expected positive sizes");
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.tile.rows = 200; }), "blocks have at most 128 threads");
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.taps = {1, 31}; }),
            "a strip's sums and a row of its filters fit into registers");
  EXPECT_EQ(reason([](DepthwiseConfig &c) { c.taps[0] = 400; }), "a tile of the image and its filters fit into 48 KiB");
  DepthwiseConfig wide = config;
  wide.taps = {1, 31};
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  EXPECT_TRUE(failed(emitDepthwise(builder, module.gpuModule(), "depthwise", wide)));
  EXPECT_EQ(module.diagnostics(),
            "expected a depthwise convolution that there is a kernel for, got one where a strip's "
            "sums and a row of its filters fit into registers\n");
}
