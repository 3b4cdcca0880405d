#include "Simulator.h"

using namespace vitc::ptxsim;

std::vector<Fault> vitc::ptxsim::run(const Module &, std::string_view kernel, const Launch &, Memory &,
                                     const Options &) {
  return {{"unsupported", "the simulator cannot run the kernel " + std::string(kernel) + " yet"}};
}
