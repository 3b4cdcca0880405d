#include "Module.h"

using namespace vitc::ptxsim;

namespace vitc::ptxsim {
struct Program {
  std::vector<KernelInfo> kernels;
};
} // namespace vitc::ptxsim

std::size_t KernelInfo::parameterBytes() const {
  return parameters.empty() ? 0 : parameters.back().offset + parameters.back().bytes;
}

std::variant<Module, Fault> Module::parse(std::string_view) { return Fault{"unsupported", "PTX is not parsed yet"}; }

const KernelInfo *Module::find(std::string_view name) const {
  for (const KernelInfo &kernel : decoded->kernels)
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

std::vector<std::string> Module::kernels() const {
  std::vector<std::string> names;
  for (const KernelInfo &kernel : decoded->kernels)
    names.push_back(kernel.name);
  return names;
}

std::pair<std::uint64_t, std::size_t> Module::variable(std::string_view) const { return {0, 0}; }
