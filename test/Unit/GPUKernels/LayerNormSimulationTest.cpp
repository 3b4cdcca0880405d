// Norms executed by the simulator, against float64.
#include "KernelModule.h"
#include "Simulation.h"

#include "vitc/Dialect/GPUKernel/Kernels/LayerNorm.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace vitc::test;
using namespace vitc::vgpu;

static std::vector<double> normalise(const std::vector<double> &x, const std::vector<double> &weight,
                                     const std::vector<double> &bias, const LayerNormConfig &config) {
  std::vector<double> y(x.size());
  for (size_t row = 0; row < x.size(); row += config.width) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < config.width; ++i)
      sum += x[row + i];
    double mean = config.rms ? 0 : sum / config.width;
    for (int64_t i = 0; i < config.width; ++i)
      squares += (x[row + i] - mean) * (x[row + i] - mean);
    double deviation = std::sqrt(squares / config.width + config.epsilon);
    for (int64_t i = 0; i < config.width; ++i)
      y[row + i] = (x[row + i] - mean) / deviation * (config.weight ? weight[i] : 1) + (config.bias ? bias[i] : 0);
  }
  return y;
}

static void checkNorm(const LayerNormConfig &config, int64_t rows) {
  SCOPED_TRACE("width " + std::to_string(config.width) + ", rows " + std::to_string(rows));
  KernelModule module;
  mlir::OpBuilder builder = module.builder();
  ASSERT_TRUE(succeeded(emitLayerNorm(builder, module.gpuModule(), "norm", config))) << module.diagnostics();
  SimulatedDevice device;
  auto x = drawNumbers(rows * config.width, 1, config.input, 4), weight = drawNumbers(config.width, 2, Element::F32),
       bias = drawNumbers(config.width, 3, Element::F32);
  for (double &element : x)
    element = roundTo(config.input, element + 3); // a mean that one pass over squares would stumble over
  DeviceTensor input = device.upload(config.input, {rows, config.width}, x),
               output = device.allocate(config.output, {rows, config.width});
  std::map<std::string, Argument> arguments{
      {"x", Argument::pointer(input)}, {"y", Argument::pointer(output)}, {"rows", Argument::number(rows)}};
  if (config.weight)
    arguments.emplace("weight", Argument::pointer(device.upload(Element::F32, {config.width}, weight)));
  if (config.bias)
    arguments.emplace("bias", Argument::pointer(device.upload(Element::F32, {config.width}, bias)));
  device.launch(module.ptx(), planLayerNorm("norm", config), {rows}, arguments);
  double tolerance = config.output == Element::F32 ? 2e-6 : config.output == Element::F16 ? 0x1p-11 : 0x1p-8;
  expectClose(device.download(output), normalise(x, weight, bias, config), tolerance);
}

TEST(LayerNormSimulation, AgreesWithFloat64) {
  LayerNormConfig config;
  for (auto [width, rows] : {std::pair(384, 197), {768, 5}, {1000, 3}, {8, 1}, {264, 9}, {2048, 2}}) {
    config.width = width;
    checkNorm(config, rows);
  }
}

TEST(LayerNormSimulation, TakesAndGivesAllTypes) {
  LayerNormConfig config;
  config.width = 328;
  for (Element input : {Element::BF16, Element::F16, Element::F32})
    for (Element output : {Element::BF16, Element::F16, Element::F32}) {
      config.input = input;
      config.output = output;
      checkNorm(config, 3);
    }
}

TEST(LayerNormSimulation, LeavesOutWhatIsNotAskedFor) {
  LayerNormConfig config;
  config.width = 96;
  config.bias = false;
  checkNorm(config, 2);
  config.rms = true;
  checkNorm(config, 2);
  config.weight = false;
  checkNorm(config, 2);
}
