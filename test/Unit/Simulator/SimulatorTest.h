#ifndef VITC_TEST_UNIT_SIMULATOR_SIMULATORTEST_H
#define VITC_TEST_UNIT_SIMULATOR_SIMULATORTEST_H

#include "Simulator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace vitc::ptxsim {

/// A small kernel with its buffers. Its body finds registers declared (%p, %h, %r, %d, %f), the 64-bit parameters in
/// %d0, %d1, …, the thread in %r0 and the dynamic shared memory `smem`.
class KernelTest : public testing::Test {
protected:
  template <typename T>
  std::uint64_t input(const std::vector<T> &values) {
    std::uint64_t address = output(values.size() * sizeof(T));
    std::memcpy(memory.translate(address, values.size() * sizeof(T)), values.data(), values.size() * sizeof(T));
    memory.markWritten(address, values.size() * sizeof(T));
    return address;
  }
  std::uint64_t output(std::size_t bytes) {
    parameters.push_back(memory.allocate(bytes));
    return parameters.back();
  }
  template <typename T>
  std::vector<T> read(std::uint64_t address, std::size_t count) {
    std::vector<T> values(count);
    EXPECT_TRUE(memory.isWritten(address, count * sizeof(T))) << "not all of the result was written";
    std::memcpy(values.data(), memory.translate(address, count * sizeof(T)), count * sizeof(T));
    return values;
  }

  std::string text(const std::string &body) const {
    std::string made = ".version 8.3\n.target sm_90a\n.address_size 64\n" + declarations +
                       ".extern .shared .align 1024 .b8 smem[];\n.visible .entry k(";
    for (std::size_t i = 0; i < parameters.size(); ++i)
      made += (i ? ", .param .u64 a" : ".param .u64 a") + std::to_string(i);
    made += ")\n{\n.reg .pred %p<16>; .reg .b16 %h<32>; .reg .b32 %r<128>; .reg .b64 %d<64>; .reg .f32 %f<128>;\n";
    for (std::size_t i = 0; i < parameters.size(); ++i)
      made += "ld.param.u64 %d" + std::to_string(i) + ", [a" + std::to_string(i) + "];\n";
    return made + "mov.u32 %r0, %tid.x;\n" + body + "\nret;\n}\n";
  }

  std::vector<Fault> run(const std::string &body, unsigned threads = 32) {
    launch.block = {threads, 1, 1};
    std::variant<Module, Fault> parsed = Module::parse(text(body));
    if (Fault *fault = std::get_if<Fault>(&parsed))
      return {*fault};
    launch.parameters = parameters.data();
    return ptxsim::run(std::get<Module>(parsed), "k", launch, memory, options);
  }

  void expectNone(const std::string &body, unsigned threads = 32) {
    for (const Fault &fault : run(body, threads))
      ADD_FAILURE() << fault.kind << ": " << fault.message;
  }
  /// One fault of that kind (or of one of several: "a|b"), whose message holds `part`.
  void expectFault(const std::string &body, const std::string &kind, const std::string &part, unsigned threads = 32) {
    std::vector<Fault> faults = run(body, threads);
    ASSERT_EQ(faults.size(), 1u) << "expected the fault " << kind;
    EXPECT_NE(("|" + kind + "|").find("|" + faults[0].kind + "|"), std::string::npos)
        << "expected " << kind << ", got " << faults[0].kind << ": " << faults[0].message;
    EXPECT_NE(faults[0].message.find(part), std::string::npos) << faults[0].message;
  }

  Memory memory;
  Launch launch;
  Options options;
  std::vector<std::uint64_t> parameters;
  std::string declarations; ///< of module scope
};

} // namespace vitc::ptxsim

#endif
