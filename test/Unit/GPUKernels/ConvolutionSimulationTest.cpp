// Convolutions executed by the simulator, against float64.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/GemmSchedule.h"

#include <gtest/gtest.h>

using namespace vitc::test;
using namespace vitc::vgpu;

namespace {

/// Images, filters and what else a product of windows reads, and the convolution in float64.
struct Convolution {
  Convolution(const GemmConfig &config, int64_t images, std::array<int64_t, 2> size);

  std::vector<double> image, filters, bias, scale, residual, c;

private:
  double sum(const GemmConfig &config, int64_t number, int64_t y, int64_t x, int64_t filter) const;

  std::array<int64_t, 2> size;
};

struct Case {
  const char *name;
  int64_t images;
  std::array<int64_t, 2> size; ///< height and width
  GemmWindows windows;         ///< but for its extents and rectangle
  int64_t filters;
  int64_t tileM, tileN;
  GemmEpilogue epilogue = {};
  unsigned splits = 1;
  Element element = Element::BF16;
  bool mmaSync = false;
};

void PrintTo(const Case &value, std::ostream *os) { *os << value.name; }

GemmWindows windowsOf(int64_t channels, int64_t taps, int64_t stride = 1, int64_t pad = 0, int64_t dilation = 1) {
  GemmWindows windows;
  windows.channels = channels;
  windows.taps = {taps, taps};
  windows.strides = {stride, stride};
  windows.pads = {pad, pad};
  windows.dilations = {dilation, dilation};
  return windows;
}

/// The windows that lie in an image with as much padding on each side.
int64_t countAlong(const GemmWindows &windows, int64_t size, int axis) {
  return (size + 2 * windows.pads[axis] - windows.dilations[axis] * (windows.taps[axis] - 1) - 1) /
             windows.strides[axis] +
         1;
}

GemmConfig configure(const Case &item) {
  GemmConfig config{item.element, item.filters, item.windows.countTaps() * item.windows.channels, item.tileM,
                    item.tileN};
  config.epilogue = item.epilogue;
  config.splits = item.splits;
  config.mmaSync = item.mmaSync;
  config.windows = item.windows;
  config.windows.image = {static_cast<int32_t>(item.size[0]), static_cast<int32_t>(item.size[1])};
  for (int axis : {0, 1})
    config.windows.extents[axis] = countAlong(item.windows, item.size[axis], axis);
  config.windows.chooseRectangle(item.images);
  return config;
}

std::vector<Case> cases() {
  GemmEpilogue bias, relu, residual, floats, block;
  bias.bias = relu.bias = residual.bias = floats.bias = true;
  relu.activation = Activation::Relu;
  residual.residual = residual.scale = true;
  floats.output = Element::F32;
  floats.residual = true;
  block = floats;
  block.bias = true;
  block.last = Activation::Relu;
  GemmWindows uneven = windowsOf(24, 1);
  uneven.taps = {3, 5};
  uneven.strides = {1, 2};
  uneven.pads = {1, 2};
  uneven.dilations = {2, 1};
  return {{"ThreeByThree", 1, {14, 14}, windowsOf(64, 3, 1, 1), 64, 128, 64, bias},
          {"OddSizes", 3, {7, 9}, windowsOf(72, 3, 1, 1), 40, 64, 64, residual},
          {"StrideOfTwo", 2, {15, 13}, windowsOf(16, 3, 2, 1), 24, 64, 32, relu},
          {"PixelsOfStrideTwo", 2, {14, 14}, windowsOf(136, 1, 2), 72, 128, 96, bias},
          {"ManyImages", 9, {5, 3}, windowsOf(32, 2, 1, 1), 64, 192, 64, floats},
          {"Uneven", 2, {11, 10}, uneven, 48, 64, 64, floats},
          {"WideBorder", 1, {4, 4}, windowsOf(8, 5, 1, 4), 16, 64, 32, floats},
          {"ReluOfBlock", 3, {7, 9}, windowsOf(16, 3, 1, 1), 40, 64, 64, block},
          {"SyncReluOfBlock", 3, {7, 9}, windowsOf(16, 3, 1, 1), 40, 64, 64, block, 1, Element::BF16, true},
          {"Patches", 2, {16, 24}, windowsOf(40, 4, 4), 64, 64, 64, bias},
          {"Split", 1, {7, 7}, windowsOf(128, 3, 1, 1), 64, 64, 64, residual, 4},
          {"SplitTall", 5, {7, 7}, windowsOf(64, 3, 1, 1), 40, 128, 64, floats, 2},
          {"SyncThreeByThree", 1, {14, 14}, windowsOf(64, 3, 1, 1), 64, 64, 64, bias, 1, Element::BF16, true},
          {"SyncOddSizes", 3, {7, 9}, windowsOf(72, 3, 1, 1), 40, 32, 64, residual, 1, Element::BF16, true},
          {"SyncUneven", 2, {11, 10}, uneven, 45, 64, 128, floats, 1, Element::BF16, true},
          {"SyncHalf", 2, {15, 13}, windowsOf(16, 3, 2, 1), 24, 128, 64, relu, 1, Element::F16, true},
          {"SyncWideBorder", 1, {4, 4}, windowsOf(8, 5, 1, 4), 16, 64, 64, floats, 1, Element::BF16, true},
          {"Half", 2, {9, 9}, windowsOf(64, 3, 2, 1), 64, 128, 64, relu, 1, Element::F16}};
}

class ConvolutionSimulation : public testing::TestWithParam<Case> {};

} // namespace

double Convolution::sum(const GemmConfig &config, int64_t number, int64_t y, int64_t x, int64_t filter) const {
  const GemmWindows &windows = config.windows;
  double sum = 0;
  for (int64_t tap = 0; tap < windows.countTaps(); ++tap) {
    int64_t row = y * windows.strides[0] - windows.pads[0] + tap / windows.taps[1] * windows.dilations[0];
    int64_t column = x * windows.strides[1] - windows.pads[1] + tap % windows.taps[1] * windows.dilations[1];
    if (row < 0 || column < 0 || row >= size[0] || column >= size[1])
      continue;
    const double *pixel = &image[((number * size[0] + row) * size[1] + column) * windows.channels];
    const double *weights = &filters[filter * config.k + tap * windows.channels];
    for (int64_t channel = 0; channel < windows.channels; ++channel)
      sum += pixel[channel] * weights[channel];
  }
  return sum;
}

Convolution::Convolution(const GemmConfig &config, int64_t images, std::array<int64_t, 2> size) : size(size) {
  const GemmEpilogue &epilogue = config.epilogue;
  int64_t pixels = images * config.windows.countWindows();
  image = drawNumbers(images * size[0] * size[1] * config.windows.channels, 1, config.element);
  filters = drawNumbers(config.n * config.k, 2, config.element, 0.5);
  bias = drawNumbers(config.n, 3, Element::F32);
  scale = drawNumbers(config.n, 4, Element::F32);
  residual = drawNumbers(pixels * config.n, 5, epilogue.output, 4);
  for (int64_t pixel = 0; pixel < pixels; ++pixel)
    for (int64_t filter = 0; filter < config.n; ++filter) {
      int64_t inImage = pixel % config.windows.countWindows(), width = config.windows.extents[1];
      double value = sum(config, pixel / config.windows.countWindows(), inImage / width, inImage % width, filter);
      value += epilogue.bias ? bias[filter] : 0;
      value = epilogue.activation == Activation::Relu ? std::max(value, 0.0) : value;
      value *= epilogue.scale ? scale[filter] : 1;
      value += epilogue.residual ? residual[pixel * config.n + filter] : 0;
      c.push_back(epilogue.last == Activation::Relu ? std::max(value, 0.0) : value);
    }
}

TEST_P(ConvolutionSimulation, AgreesWithFloat64) {
  const Case &item = GetParam();
  GemmConfig config = configure(item);
  const GemmWindows &windows = config.windows;
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), item.name, config))) << module.diagnostics();
  Convolution convolution(config, item.images, item.size);
  for (std::uint64_t seed : {0, 1}) {
    SimulatedDevice device;
    const std::vector<int64_t> pixels{item.images, windows.extents[0], windows.extents[1], config.n};
    DeviceTensor c = device.allocate(item.epilogue.output, pixels);
    auto vectorOf = [&](const std::vector<double> &values) {
      std::vector<double> pairs = values;
      pairs.resize((values.size() + 1) / 2 * 2); // which are read
      return Argument::pointer(device.upload(Element::F32, {static_cast<int64_t>(pairs.size())}, pairs));
    };
    auto operand = [&](const DeviceTensor &tensor) {
      return item.mmaSync ? Argument::pointer(tensor) : Argument::map(tensor);
    };
    std::map<std::string, Argument> arguments{
        {"A", operand(device.upload(item.element, {item.images, item.size[0], item.size[1], windows.channels},
                                    convolution.image))},
        {"W", Argument::map(
                  device.upload(item.element, {config.n, windows.countTaps(), windows.channels}, convolution.filters))},
        {"C", operand(c)}};
    int64_t rows = item.images * windows.countWindows();
    if (item.mmaSync)
      arguments.emplace("rows", Argument::number(static_cast<int32_t>(rows)));
    else
      arguments.emplace("batches", Argument::number(static_cast<int32_t>(item.images)));
    if (item.epilogue.bias)
      arguments.emplace("bias", vectorOf(convolution.bias));
    if (item.epilogue.scale)
      arguments.emplace("scale", vectorOf(convolution.scale));
    if (item.epilogue.residual)
      arguments.emplace("residual", operand(device.upload(item.epilogue.output, pixels, convolution.residual)));
    device.launch(module.ptx(item.mmaSync ? "sm_80" : "sm_90a"), planGemm(item.name, config),
                  {.rows = rows, .batch = item.images}, arguments, seed);
    double tolerance = c.element == Element::F32 ? 2e-6 : c.element == Element::F16 ? 0x1p-11 : 0x1p-8;
    expectClose(device.download(c), convolution.c, tolerance);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvolutionSimulation, testing::ValuesIn(cases()),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Convolution, RectanglesCoverImagesWithLittleWaste) {
  for (int64_t size : {7, 8, 14, 28, 56, 112}) {
    GemmWindows windows = windowsOf(64, 3, 1, 1);
    windows.extents = {size, size};
    for (int64_t images : {8, 64}) {
      windows.chooseRectangle(images);
      EXPECT_LE(64 * windows.countRectangles(images), 1.15 * images * size * size) << size << " " << images;
    }
    windows.chooseRectangle(1);
    EXPECT_LE(64 * windows.countRectangles(1), 1.31 * size * size) << size;
  }
}

TEST(Convolution, RectanglesOfStridedWindowsFitIntoBoxes) {
  GemmWindows windows = windowsOf(64, 8, 8);
  windows.extents = {1, 200};
  windows.chooseRectangle(1);
  EXPECT_LE(windows.rectangle[0] * 8, 256);
}

TEST(Convolution, SaysWhatIsNotSupported) {
  GemmConfig config = configure(cases().front());
  EXPECT_EQ(whyUnsupported(config), "");
  auto reason = [&](auto change) {
    GemmConfig changed = config;
    change(changed);
    return whyUnsupported(changed);
  };
  EXPECT_EQ(reason([](GemmConfig &c) { c.epilogue.tableRows = 4; }),
            "windows are rows of one product without gates and table");
  EXPECT_EQ(reason([](GemmConfig &c) { c.k += 64; }), "K has the channels of each tap");
  EXPECT_EQ(reason([](GemmConfig &c) { c.n = 60; }), "pixels of C must be multiples of 16 bytes");
  EXPECT_EQ(reason([](GemmConfig &c) { c.windows.rectangle = {7, 9, 1}; }),
            "rectangles have 64 windows, powers of two of them along each axis");
  EXPECT_EQ(reason([](GemmConfig &c) { c.windows.strides = {9, 9}; }),
            "boxes span at most 256 pixels along an axis, with strides of at most 8");
}

/// Tiles of convolutions of ResNet-50, of 64 images.
TEST(Convolution, CompilesWithoutSpills) {
  GemmEpilogue relu, residual;
  relu.bias = residual.bias = residual.residual = true;
  relu.activation = Activation::Relu;
  residual.output = Element::F32;
  for (const Case &item :
       {Case{"relu", 64, {28, 28}, windowsOf(128, 3, 1, 1), 128, 128, 128, relu},
        Case{"wide", 64, {7, 7}, windowsOf(512, 3, 1, 1), 512, 128, 256, relu},
        Case{"tall", 64, {14, 14}, windowsOf(256, 3, 2, 1), 256, 192, 128, relu},
        Case{"residual", 64, {56, 56}, windowsOf(64, 1, 2), 64, 128, 64, residual},
        Case{"sync", 64, {28, 28}, windowsOf(128, 3, 1, 1), 128, 128, 128, relu, 1, Element::BF16, true},
        Case{"syncDeep", 1, {28, 28}, windowsOf(128, 3, 2, 1), 256, 32, 64, relu, 1, Element::BF16, true}}) {
    GemmConfig config = configure(item);
    KernelModule module;
    mlir::OpBuilder builder = module.builder();
    ASSERT_TRUE(succeeded(emitGemm(builder, module.gpuModule(), item.name, config))) << module.diagnostics();
    vitc::target::CompiledKernels code = module.compile(item.mmaSync ? "sm_80" : "sm_90a");
    EXPECT_EQ(count(code.ptx, "cp.async.bulk.tensor.4d.shared::cluster"),
              item.mmaSync ? 0 : item.tileM / 64 + (item.epilogue.residual ? item.tileN / 32 : 0));
    EXPECT_EQ(count(code.ptx, "cp.async.bulk.tensor.3d.shared::cluster"), item.mmaSync ? 0u : 1u);
    for (const auto &kernel : code.resources) {
      RecordProperty(std::string(item.name) + "Registers", static_cast<int>(kernel.registers));
      EXPECT_EQ(kernel.spilledBytes, 0u) << item.name;
      EXPECT_LE(kernel.registers, item.tileM == 32 ? 96u : 168u) << item.name;
    }
  }
}

TEST(Convolution, IsCheaperThanGatheredWindows) {
  for (int64_t channels : {8, 16, 64, 256}) {
    GemmConfig config = configure({"", 8, {28, 28}, windowsOf(channels, 3, 1, 1), 64, 128, 64}), gathered = config;
    gathered.windows = {};
    const int64_t rows = 8 * 28 * 28;
    chooseSchedule(config, rows);
    chooseSchedule(gathered, rows);
    EXPECT_LT(estimateClocks(config, rows), estimateClocks(gathered, rows) + estimateGatherClocks(gathered, rows));
  }
}
