#include "KernelHarness.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;

namespace {

struct ConvCase {
  int64_t batch, height, width, channels, filters;
  int64_t kernel[2], strides[2] = {1, 1}, dilations[2] = {1, 1};
  bool depthwise = false, flip = false, dynamicSizes = false, epilogue = true;
  int64_t tile = 0;                          ///< of Winograd's algorithm
  int64_t low[2] = {0, 0}, high[2] = {0, 0}; ///< zeros that a depthwise kernel sees around the image

  int64_t out(int64_t axis) const {
    int64_t padded = (axis ? width : height) + low[axis] + high[axis];
    return (padded - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis] + 1;
  }
  int64_t taps() const { return kernel[0] * kernel[1]; }
  /// Extent of the image: with tiles, so many that the last one lies within.
  int64_t in(int64_t axis) const { return tile ? (out(axis) + tile - 1) / tile * tile + 2 : axis ? width : height; }
  std::string name() const { return tile ? "winograd_conv" : depthwise ? "depthwise_conv" : "conv"; }
};

std::string pair(const char *name, const int64_t (&values)[2]) {
  return std::string(name) + " = array<i64: " + std::to_string(values[0]) + ", " + std::to_string(values[1]) + ">, ";
}

const char *const epilogueText = R"( epilogue {
  ^bb0(%acc: f32, %c: f32, %e: f32):
    %zero = arith.constant 0.0 : f32
    %0 = arith.addf %acc, %c : f32
    %1 = arith.maximumf %0, %zero : f32
    %2 = arith.addf %1, %e : f32
    vcpu.yield %2 : f32
  }
)";

std::string convText(const ConvCase &c, const Level &level, Array &in, Array &weight, Array &bias, Array &residual,
                     Array &out) {
  auto image = [&](Array &array) { return c.dynamicSizes ? array.type({0, 1, 2}) : array.type(); };
  std::string x = image(in), y = image(out), r = image(residual);
  std::string text = "func.func @main(%x: " + x + ", %w: " + weight.type() + ", %b: " + bias.type() + ", %r: " + r +
                     ", %y: " + y + ") {\n  vcpu." + c.name() + " ins(%x, %w : " + x + ", " + weight.type() + ")";
  if (c.epilogue)
    text += " extras(%b, %r : " + bias.type() + ", " + r + ")";
  text += " outs(%y : " + y + ") {";
  if (c.tile)
    text += "tile = " + std::to_string(c.tile) + ", chunk = 5, panels = 2, ";
  else
    text += pair("kernel", c.kernel) + pair("strides", c.strides) + pair("dilations", c.dilations);
  if (c.depthwise)
    text += pair("low", c.low);
  text += std::string(c.flip ? "flip, " : "") + "mr = " + (level.lanes == 16 ? "14" : "6") +
          ", lanes = " + std::to_string(level.lanes);
  if (c.epilogue)
    text += ", extra_maps = [affine_map<(b, y, x, f) -> (f)>, affine_map<(b, y, x, f) -> (b, y, x, f)>]";
  return text + "}" + (c.epilogue ? epilogueText : "\n") + "  return\n}\n";
}

/// Σ over taps and channels at an output element; the weight is (taps, C, F), or (taps, C) for depthwise.
double sumAt(const ConvCase &c, Array &in, Array &weight, int64_t b, int64_t y, int64_t x, int64_t f) {
  double sum = 0;
  for (int64_t tap = 0; tap < c.taps(); ++tap) {
    int64_t row = y * c.strides[0] + tap / c.kernel[1] * c.dilations[0] - c.low[0];
    int64_t column = x * c.strides[1] + tap % c.kernel[1] * c.dilations[1] - c.low[1];
    if (row < 0 || row >= c.in(0) || column < 0 || column >= c.in(1))
      continue;
    int64_t filterTap = c.flip ? c.taps() - 1 - tap : tap;
    if (c.depthwise)
      sum += static_cast<double>(in.at({b, row, column, f})) * weight.at({filterTap, f, 0});
    else
      for (int64_t channel = 0; channel < c.channels; ++channel)
        sum += static_cast<double>(in.at({b, row, column, channel})) * weight.at({filterTap, channel, f});
  }
  return sum;
}

/// G of Lavin and Gray, row `row` and column `column`.
double filterMatrix(int64_t tile, int64_t row, int64_t column) {
  static const double two[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  static const double four[6][3] = {{0.25, 0, 0},
                                    {-1 / 6.0, -1 / 6.0, -1 / 6.0},
                                    {-1 / 6.0, 1 / 6.0, -1 / 6.0},
                                    {1 / 24.0, 1 / 12.0, 1 / 6.0},
                                    {1 / 24.0, -1 / 12.0, 1 / 6.0},
                                    {0, 0, 1}};
  return tile == 2 ? two[row][column] : four[row][column];
}

/// G g Gᵀ for every filter and channel, in panels.
Array transformFilter(const ConvCase &c, Array &weight, int64_t width) {
  int64_t n = c.tile + 2;
  Array packed({n * n, (c.filters + width - 1) / width, c.channels, width});
  for (int64_t place = 0; place < n * n; ++place)
    for (int64_t channel = 0; channel < c.channels; ++channel)
      for (int64_t f = 0; f < c.filters; ++f) {
        double sum = 0;
        for (int64_t tap = 0; tap < 9; ++tap)
          sum += filterMatrix(c.tile, place / n, tap / 3) * filterMatrix(c.tile, place % n, tap % 3) *
                 weight.at({tap, channel, f});
        packed.at({place, f / width, channel, f % width}) = static_cast<float>(sum);
      }
  return packed;
}

Array packFilter(const ConvCase &c, Array &weight, int64_t width) {
  if (c.tile)
    return transformFilter(c, weight, width);
  if (c.depthwise) {
    Array packed({1, c.taps(), c.channels});
    packed.data = weight.data;
    return packed;
  }
  Array packed({(c.filters + width - 1) / width, c.taps() * c.channels, width});
  for (int64_t row = 0; row < c.taps() * c.channels; ++row)
    for (int64_t f = 0; f < c.filters; ++f)
      packed.at({f / width, row, f % width}) = weight.data[row * c.filters + f];
  return packed;
}

void check(const ConvCase &c, const Level &level, int64_t parts) {
  Array in({c.batch, c.in(0), c.in(1), c.channels});
  Array weight({c.taps(), c.channels, c.depthwise ? 1 : c.filters}), bias({c.filters});
  Array out({c.batch, c.out(0), c.out(1), c.filters}), residual(out);
  in.fill(1), weight.fill(2), bias.fill(3), residual.fill(4), out.fill(5);
  Array packed = packFilter(c, weight, 2 * level.lanes);
  std::string text = convText(c, level, in, packed, bias, residual, out);
  SCOPED_TRACE(text);
  auto kernel = CompiledKernels::compile(text, level.name);
  ASSERT_TRUE(kernel);
  kernel->run({&in, &packed, &bias, &residual, &out}, parts);
  double worst = 0;
  for (int64_t b = 0; b < c.batch; ++b)
    for (int64_t y = 0; y < c.out(0); ++y)
      for (int64_t x = 0; x < c.out(1); ++x)
        for (int64_t f = 0; f < c.filters; ++f) {
          double expected = sumAt(c, in, weight, b, y, x, f);
          if (c.epilogue)
            expected = std::max(0.0, expected + bias.at({f})) + residual.at({b, y, x, f});
          float got = out.at({b, y, x, f});
          worst = std::max(worst, std::isnan(got) ? INFINITY : std::abs(got - expected));
        }
  double perProduct = c.tile == 4 ? 2e-6 : 2e-7; // F(4 × 4) multiplies by up to 8, squared
  EXPECT_LE(worst, perProduct * c.taps() * c.channels + 1e-6);
}

void checkAll(std::initializer_list<ConvCase> cases) {
  int64_t parts = 1;
  for (const Level &level : runnableLevels())
    for (const ConvCase &c : cases)
      check(c, level, parts++ % 5 + 1);
}

TEST(Conv, Windows) {
  checkAll({{1, 16, 16, 8, 64, {3, 3}},
            {2, 9, 11, 5, 70, {3, 3}, {2, 2}},
            {2, 13, 11, 3, 33, {3, 2}, {1, 2}, {2, 3}},
            {1, 9, 9, 3, 32, {4, 4}, {4, 4}}});
}

/// Runs of more than two parts, of a window row and of a tap, each with prefetches of its own before it.
TEST(Conv, DeepWindows) {
  checkAll({{2, 9, 8, 70, 70, {3, 3}}, {1, 7, 17, 75, 40, {2, 3}, {1, 1}, {1, 2}}, {1, 2, 3, 96, 33, {1, 1}}});
}

TEST(Conv, DynamicSizes) {
  checkAll(
      {{.batch = 1, .height = 8, .width = 17, .channels = 19, .filters = 40, .kernel = {2, 2}, .dynamicSizes = true}});
}

TEST(Conv, WithoutEpilogue) {
  checkAll({{.batch = 1, .height = 4, .width = 4, .channels = 5, .filters = 7, .kernel = {1, 1}, .epilogue = false}});
}

TEST(Conv, FlippedFilter) {
  checkAll({{.batch = 2, .height = 6, .width = 7, .channels = 5, .filters = 37, .kernel = {3, 2}, .flip = true}});
}

TEST(Conv, Depthwise) {
  checkAll(
      {{.batch = 2, .height = 9, .width = 11, .channels = 21, .filters = 21, .kernel = {3, 3}, .depthwise = true},
       {.batch = 1,
        .height = 12,
        .width = 12,
        .channels = 16,
        .filters = 16,
        .kernel = {5, 3},
        .strides = {2, 2},
        .dilations = {1, 2},
        .depthwise = true,
        .dynamicSizes = true},
       {.batch = 1,
        .height = 6,
        .width = 5,
        .channels = 3,
        .filters = 3,
        .kernel = {2, 3},
        .depthwise = true,
        .flip = true,
        .epilogue = false},
       // Pixels far apart: channels are the inner loop.
       {.batch = 2, .height = 5, .width = 23, .channels = 517, .filters = 517, .kernel = {3, 3}, .depthwise = true}});
}

ConvCase depthwiseCase(std::array<int64_t, 3> sizes, std::array<int64_t, 2> kernel, std::array<int64_t, 2> low,
                       std::array<int64_t, 2> high) {
  return {.batch = 2,
          .height = sizes[0],
          .width = sizes[1],
          .channels = sizes[2],
          .filters = sizes[2],
          .kernel = {kernel[0], kernel[1]},
          .depthwise = true,
          .low = {low[0], low[1]},
          .high = {high[0], high[1]}};
}

/// Windows over the edges of an image, at all of them, of an image smaller than the window, and nowhere in the image.
TEST(Conv, DepthwiseOverEdges) {
  ConvCase strided = depthwiseCase({11, 23, 16}, {3, 5}, {1, 2}, {0, 4}),
           dilated = depthwiseCase({9, 20, 35}, {3, 3}, {4, 3}, {4, 3});
  strided.strides[0] = strided.strides[1] = 2;
  dilated.dilations[0] = 4, dilated.dilations[1] = 3;
  dilated.strides[1] = 3, dilated.dynamicSizes = true;
  checkAll({depthwiseCase({14, 30, 24}, {3, 3}, {1, 1}, {1, 1}), depthwiseCase({7, 7, 20}, {7, 7}, {3, 3}, {3, 3}),
            depthwiseCase({2, 3, 17}, {5, 5}, {4, 2}, {2, 4}), depthwiseCase({1, 1, 16}, {3, 3}, {5, 4}, {5, 4}),
            depthwiseCase({1, 40, 19}, {1, 21}, {0, 10}, {0, 10}), strided, dilated});
}

TEST(Conv, Winograd) {
  for (int64_t tile : {2, 4})
    checkAll({{.batch = 1, .height = 10, .width = 14, .channels = 32, .filters = 64, .kernel = {3, 3}, .tile = tile},
              {.batch = 2, .height = 9, .width = 7, .channels = 19, .filters = 70, .kernel = {3, 3}, .tile = tile},
              {.batch = 3,
               .height = 5,
               .width = 4,
               .channels = 16,
               .filters = 161,
               .kernel = {3, 3},
               .dynamicSizes = true,
               .tile = tile},
              {.batch = 1,
               .height = 3,
               .width = 3,
               .channels = 5,
               .filters = 7,
               .kernel = {3, 3},
               .epilogue = false,
               .tile = tile}});
}

/// Weights of more than 12 MB: two rounds of different size over all chunks, and over a single one.
TEST(Conv, WinogradInRounds) {
  for (int64_t size : {9, 4})
    checkAll({{.batch = 2,
               .height = size,
               .width = 7,
               .channels = 600,
               .filters = 161,
               .kernel = {3, 3},
               .epilogue = false,
               .tile = 4}});
}

} // namespace
