#ifndef VITC_TEST_UNIT_GPUKERNELS_SIMULATION_H
#define VITC_TEST_UNIT_GPUKERNELS_SIMULATION_H

#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"

#include "Simulator.h"

#include <map>
#include <string>
#include <vector>

namespace vitc::test {

/// A row-major tensor in simulated global memory. Its bytes end where its elements end.
struct DeviceTensor {
  vgpu::Element element;
  std::vector<int64_t> shape;
  std::uint64_t address;

  int64_t size() const;
};

/// What a kernel is given for an argument. A tensor map's extents and strides (in elements, without that of the
/// innermost axis, which is 1) are innermost first.
struct Argument {
  enum Kind { Pointer, Int32, Map } kind;
  std::uint64_t address = 0;
  int32_t value = 0;
  std::vector<std::uint64_t> extents, strides;

  static Argument pointer(const DeviceTensor &tensor) { return {Pointer, tensor.address, 0, {}, {}}; }
  static Argument number(int32_t value) { return {Int32, 0, value, {}, {}}; }
  /// A map of a whole tensor.
  static Argument map(const DeviceTensor &tensor);
};

/// The sizes of a launch that plans follow.
struct Sizes {
  int64_t rows = 1, heads = 1, batch = 1;
};

/// A simulated GPU of a few multiprocessors.
class SimulatedDevice {
public:
  /// A tensor of numbers, rounded to the element.
  DeviceTensor upload(vgpu::Element element, std::vector<int64_t> shape, const std::vector<double> &values);
  /// A tensor whose bytes are not to be read before they are written.
  DeviceTensor allocate(vgpu::Element element, std::vector<int64_t> shape);
  /// The elements. Fails the current test where some were never written.
  std::vector<double> download(const DeviceTensor &tensor);
  bool isWritten(const DeviceTensor &tensor) const;

  /// Runs a kernel of a module's PTX. Fails the current test with the faults that the simulator finds.
  void launch(const std::string &ptx, const vgpu::LaunchPlan &plan, const Sizes &sizes,
              const std::map<std::string, Argument> &arguments, std::uint64_t seed = 0);

  /// The same, with the faults as its result.
  std::vector<ptxsim::Fault> findFaults(const std::string &ptx, const vgpu::LaunchPlan &plan, const Sizes &sizes,
                                        const std::map<std::string, Argument> &arguments, std::uint64_t seed = 0);

  unsigned processors = 3;

private:
  ptxsim::Memory memory;
};

/// `count` numbers in [-scale, scale) that follow from the seed, rounded to the element.
std::vector<double> drawNumbers(size_t count, uint32_t seed, vgpu::Element element, double scale = 1);

/// The number nearest to a value that the element can hold.
double roundTo(vgpu::Element element, double value);

/// Expects |got - expected| ≤ tolerance · max |expected| everywhere, and says where it is not so.
void expectClose(const std::vector<double> &got, const std::vector<double> &expected, double tolerance);

} // namespace vitc::test

#endif // VITC_TEST_UNIT_GPUKERNELS_SIMULATION_H
