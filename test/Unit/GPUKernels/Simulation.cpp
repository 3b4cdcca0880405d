#include "Simulation.h"

#include "TensorMap.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <random>

using namespace vitc;
using namespace vitc::test;
using vgpu::Element;

static const llvm::fltSemantics &semanticsOf(Element element) {
  return element == Element::BF16  ? llvm::APFloat::BFloat()
         : element == Element::F16 ? llvm::APFloat::IEEEhalf()
                                   : llvm::APFloat::IEEEsingle();
}

static llvm::APFloat convert(double value, const llvm::fltSemantics &semantics) {
  llvm::APFloat number(value);
  bool losesInfo;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return number;
}

double test::roundTo(Element element, double value) {
  llvm::APFloat number = convert(value, semanticsOf(element));
  if (element == Element::TF32) // what tensor cores read of a float
    number = llvm::APFloat(llvm::APFloat::IEEEsingle(), number.bitcastToAPInt() & llvm::APInt(32, 0xFFFFE000));
  return number.convertToDouble();
}

std::vector<double> test::drawNumbers(size_t count, uint32_t seed, Element element, double scale) {
  std::mt19937 generator(seed);
  std::vector<double> numbers(count);
  for (double &number : numbers)
    number = roundTo(element, static_cast<int32_t>(generator()) * 0x1p-31 * scale);
  return numbers;
}

void test::expectClose(const std::vector<double> &got, const std::vector<double> &expected, double tolerance) {
  ASSERT_EQ(got.size(), expected.size());
  double largest = 0, worst = 0;
  size_t worstAt = 0, wrong = 0;
  for (double value : expected)
    largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    double error = std::abs(got[i] - expected[i]);
    wrong += !(error <= tolerance * largest);
    if (!(error <= worst))
      worst = error, worstAt = i;
  }
  EXPECT_EQ(wrong, 0u) << "of " << got.size() << "; the worst is element " << worstAt << ", " << got[worstAt]
                       << " instead of " << expected[worstAt] << "; the largest is " << largest;
}

int64_t DeviceTensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

Argument Argument::map(const DeviceTensor &tensor) {
  Argument argument{Map, tensor.address, 0, {}, {}};
  std::uint64_t stride = 1;
  for (int64_t extent : llvm::reverse(tensor.shape)) {
    if (!argument.extents.empty())
      argument.strides.push_back(stride);
    argument.extents.push_back(extent);
    stride *= extent;
  }
  return argument;
}

DeviceTensor SimulatedDevice::allocate(Element element, std::vector<int64_t> shape) {
  DeviceTensor tensor{element, std::move(shape), 0};
  tensor.address = memory.allocate(tensor.size() * vgpu::bytesOf(element));
  return tensor;
}

DeviceTensor SimulatedDevice::upload(Element element, std::vector<int64_t> shape, const std::vector<double> &values) {
  DeviceTensor tensor = allocate(element, std::move(shape));
  size_t bytes = vgpu::bytesOf(element);
  EXPECT_EQ(size_t(tensor.size()), values.size());
  std::byte *place = memory.translate(tensor.address, values.size() * bytes);
  for (double value : values) {
    uint32_t bits = convert(value, semanticsOf(element)).bitcastToAPInt().getZExtValue();
    std::memcpy(place, &bits, bytes);
    place += bytes;
  }
  memory.markWritten(tensor.address, values.size() * bytes);
  return tensor;
}

std::vector<double> SimulatedDevice::download(const DeviceTensor &tensor) {
  size_t bytes = vgpu::bytesOf(tensor.element), count = tensor.size();
  EXPECT_TRUE(memory.isWritten(tensor.address, count * bytes)) << "some elements were never written";
  const std::byte *place = memory.translate(tensor.address, count * bytes);
  std::vector<double> values(count);
  for (double &value : values) {
    uint32_t bits = 0;
    std::memcpy(&bits, place, bytes);
    value = llvm::APFloat(semanticsOf(tensor.element), llvm::APInt(8 * bytes, bits)).convertToDouble();
    place += bytes;
  }
  return values;
}

bool SimulatedDevice::isWritten(const DeviceTensor &tensor) const {
  return memory.isWritten(tensor.address, tensor.size() * vgpu::bytesOf(tensor.element));
}

/// Encodes a map as the driver would, or says why that refuses it.
static std::string encode(const vgpu::TensorMapPlan &plan, const Argument &argument, std::byte *place) {
  std::vector<std::uint64_t> strides = argument.strides;
  for (std::uint64_t &stride : strides)
    stride *= vgpu::bytesOf(plan.element);
  std::vector<std::uint32_t> box(plan.box.begin(), plan.box.end()), steps(plan.box.size(), 1);
  for (size_t axis = 0; axis < plan.steps.size(); ++axis)
    box[axis] *= steps[axis] = plan.steps[axis];
  auto map = ptxsim::TensorMap::encode({vgpu::driverTypeOf(plan.element), unsigned(plan.box.size()), argument.address,
                                        argument.extents, strides, box, steps, 0, int(plan.swizzle), 0, 0});
  if (auto *reason = std::get_if<std::string>(&map))
    return *reason;
  std::memcpy(place, &std::get<ptxsim::TensorMap>(map), sizeof(ptxsim::TensorMap));
  return "";
}

static unsigned extentOf(const vgpu::GridExtent &extent, const Sizes &sizes) {
  int64_t size = extent.size == vgpu::GridSize::Rows    ? sizes.rows
                 : extent.size == vgpu::GridSize::Heads ? sizes.heads
                 : extent.size == vgpu::GridSize::Batch ? sizes.batch
                                                        : 1;
  return llvm::divideCeil(size * extent.factor + extent.offset, extent.divisor);
}

std::vector<ptxsim::Fault> SimulatedDevice::findFaults(const std::string &ptx, const vgpu::LaunchPlan &plan,
                                                       const Sizes &sizes,
                                                       const std::map<std::string, Argument> &arguments,
                                                       std::uint64_t seed) {
  auto parsed = ptxsim::Module::parse(ptx);
  if (auto *fault = std::get_if<ptxsim::Fault>(&parsed))
    return {*fault};
  alignas(64) std::byte parameters[4096] = {};
  EXPECT_EQ(arguments.size(), plan.arguments.size());
  for (const vgpu::ArgumentPlan &planned : plan.arguments) {
    const Argument &given = arguments.at(planned.role);
    std::byte *place = parameters + planned.offset;
    if (planned.kind == vgpu::ArgumentPlan::TensorMap) {
      if (std::string reason = encode(planned.map, given, place); !reason.empty())
        return {{"tensor-map", reason}};
    } else if (planned.kind == vgpu::ArgumentPlan::Pointer) {
      std::memcpy(place, &given.address, sizeof(given.address));
    } else {
      std::memcpy(place, &given.value, sizeof(given.value));
    }
  }
  ptxsim::Launch launch;
  for (unsigned axis = 0; axis < 3; ++axis)
    launch.grid[axis] = extentOf(plan.grid[axis], sizes);
  if (unsigned most = plan.blocksPerProcessor * processors)
    launch.grid[0] = std::min(launch.grid[0], most);
  launch.block = plan.block;
  launch.cluster = plan.cluster;
  launch.dynamicShared = plan.sharedBytes;
  launch.parameters = parameters;
  ptxsim::Options options;
  options.seed = seed;
  return run(std::get<ptxsim::Module>(parsed), plan.kernel, launch, memory, options);
}

void SimulatedDevice::launch(const std::string &ptx, const vgpu::LaunchPlan &plan, const Sizes &sizes,
                             const std::map<std::string, Argument> &arguments, std::uint64_t seed) {
  for (const ptxsim::Fault &fault : findFaults(ptx, plan, sizes, arguments, seed))
    ADD_FAILURE() << fault.kind << ": " << fault.message;
}
