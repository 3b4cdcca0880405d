#include "Parser.h"

using namespace vitc::ptxsim;

std::size_t KernelInfo::parameterBytes() const {
  return parameters.empty() ? 0 : parameters.back().offset + parameters.back().bytes;
}

std::size_t Kernel::sharedBytes(std::size_t dynamic) const {
  std::size_t start = sharedBase + info.staticShared;
  if (dynamic)
    start = (start + sharedAlign - 1) / sharedAlign * sharedAlign;
  return start - sharedBase + dynamic;
}

std::variant<Module, Fault> Module::parse(std::string_view ptx) {
  auto program = std::make_shared<Program>();
  // The driver takes PTX with its terminating zeros.
  program->text = ptx.substr(0, ptx.find('\0'));
  try {
    Parser(*program).run();
  } catch (FaultException &caught) {
    return std::move(caught.fault);
  }
  Module made;
  made.decoded = std::move(program);
  return made;
}

const KernelInfo *Module::find(std::string_view name) const {
  for (const Kernel &kernel : decoded->kernels)
    if (kernel.info.name == name)
      return &kernel.info;
  return nullptr;
}

std::vector<std::string> Module::kernels() const {
  std::vector<std::string> names;
  for (const Kernel &kernel : decoded->kernels)
    names.push_back(kernel.info.name);
  return names;
}

std::pair<std::uint64_t, std::size_t> Module::variable(std::string_view name) const {
  auto found = decoded->variables.find(name);
  return found == decoded->variables.end() ? std::pair<std::uint64_t, std::size_t>{0, 0}
                                           : std::pair{found->second.address, found->second.bytes};
}

void Module::load(Memory &memory) const {
  if (!decoded->image.empty())
    memory.place(decoded->base, decoded->image);
}
