#ifndef VITC_TEST_SIMULATOR_MODULE_H
#define VITC_TEST_SIMULATOR_MODULE_H

#include "Fault.h"
#include "Memory.h"

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vitc::ptxsim {

/// A parameter of a kernel: where it lies in the parameter block.
struct Parameter {
  std::size_t offset, bytes, align;
};

/// What is known of a kernel before it runs.
struct KernelInfo {
  std::string name;
  std::vector<Parameter> parameters;
  std::array<unsigned, 3> requiredThreads{0, 0, 0}; ///< .reqntid; zeros where the kernel leaves it open
  std::array<unsigned, 3> requiredCluster{1, 1, 1}; ///< .reqnctapercluster, in blocks
  unsigned maxRegisters = 0;                        ///< .maxnreg; 0 where the kernel leaves it open
  std::size_t staticShared = 0;                     ///< bytes

  /// Bytes of the parameter block.
  std::size_t parameterBytes() const;
};

struct Program;

/// The kernels of one PTX text, decoded for the simulator. Copies share what was decoded.
class Module {
public:
  /// Decodes PTX (version 8.0 or later, 64-bit addresses); a fault names the line that is not understood.
  static std::variant<Module, Fault> parse(std::string_view ptx);

  /// The kernel of that name, or null.
  const KernelInfo *find(std::string_view name) const;

  /// The names of all kernels, in the order of the text.
  std::vector<std::string> kernels() const;

  /// The address and the bytes of a module-scope variable (cuModuleGetGlobal), bytes 0 where there is none. The
  /// variables come into a device's memory with the first launch or `load`.
  std::pair<std::uint64_t, std::size_t> variable(std::string_view name) const;

  /// Brings the variables into a device's memory, where they are not there yet.
  void load(Memory &) const;

  const Program &program() const { return *decoded; }

private:
  std::shared_ptr<const Program> decoded;
};

} // namespace vitc::ptxsim

#endif
