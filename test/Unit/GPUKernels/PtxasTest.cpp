// Assembling PTX, with assemblers of our own that say what ptxas would.
#include "KernelModule.h"

#include "llvm/Support/FileSystem.h"

#include <gtest/gtest.h>

#include <fstream>

using namespace vitc;
using namespace vitc::target;

namespace {

/// A program in place of ptxas that prints a log and ends with a status; it writes "cubin" as a cubin.
class FakePtxas : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("vitc-ptxas", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  llvm::Expected<CompiledKernels> assembleWith(const std::string &log, int status) {
    options.ptxas = (folder + "/ptxas").str();
    std::ofstream(options.ptxas) << "#!/bin/sh\ncat <<'END'\n"
                                 << log << "\nEND\n"
                                 << "for last; do :; done\nprintf cubin > \"$last\"\nexit " << status << "\n";
    (void)llvm::sys::fs::setPermissions(options.ptxas, llvm::sys::fs::all_all);
    CompiledKernels code;
    code.ptx = ptx;
    if (llvm::Error error = assemble(code, options))
      return error;
    return code;
  }
  std::string failureWith(const std::string &log, int status = 0) {
    auto code = assembleWith(log, status);
    return code ? "no failure" : llvm::toString(code.takeError());
  }

  llvm::SmallString<128> folder;
  PTXOptions options;
  std::string ptx;
};

const char *resources = R"(ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'gemm' for 'sm_90a'
ptxas info    : Function properties for gemm
    16 bytes stack frame, 24 bytes spill stores, 8 bytes spill loads
ptxas info    : Used 168 registers, used 16 barriers, 16 bytes stack, 48 bytes smem)";

} // namespace

TEST_F(FakePtxas, ReadsResources) {
  auto code = assembleWith(resources, 0);
  ASSERT_TRUE(static_cast<bool>(code)) << llvm::toString(code.takeError());
  ASSERT_EQ(code->resources.size(), 1u);
  EXPECT_EQ(code->resources[0].name, "gemm");
  EXPECT_EQ(code->resources[0].registers, 168u);
  EXPECT_EQ(code->resources[0].spilledBytes, 32u);
  EXPECT_EQ(code->resources[0].stackBytes, 16u);
  EXPECT_EQ(code->resources[0].sharedBytes, 48u);
  EXPECT_EQ(std::string(code->cubin.begin(), code->cubin.end()), "cubin");
}

TEST_F(FakePtxas, WarnsOfSpillsInKernelsOnTensorCores) {
  ptx = ".visible .entry gemm(\n) { mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 }";
  auto code = assembleWith(resources, 0);
  ASSERT_TRUE(static_cast<bool>(code)) << llvm::toString(code.takeError());
  ASSERT_EQ(code->warnings.size(), 1u);
  EXPECT_EQ(code->warnings[0].kernel, "gemm");
  EXPECT_EQ(code->warnings[0].reason, "it spills 32 bytes a thread");
}

TEST_F(FakePtxas, SpillsOfLoopsAreNoWarning) {
  ptx = ".visible .entry gemm(\n) { fma.rn.f32 } .visible .entry other(\n) { wgmma.mma_async.sync }";
  auto code = assembleWith(resources, 0);
  ASSERT_TRUE(static_cast<bool>(code)) << llvm::toString(code.takeError());
  EXPECT_TRUE(code->warnings.empty());
}

TEST_F(FakePtxas, WarnsOfSerialisedProducts) {
  ptx = ".visible .entry gemm(\n) { wgmma.mma_async.sync.aligned.m64n64k16 }";
  std::string line =
      "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due "
      "to non wgmma instructions defining accumulator registers in the function 'gemm'";
  auto code = assembleWith(line, 0);
  ASSERT_TRUE(static_cast<bool>(code)) << llvm::toString(code.takeError());
  ASSERT_EQ(code->warnings.size(), 1u);
  EXPECT_EQ(code->warnings[0].kernel, "gemm");
  EXPECT_EQ(code->warnings[0].reason, "ptxas does not overlap its products: " + line);
}

TEST_F(FakePtxas, RefusesProductsThatLackAFence) {
  ptx = ".visible .entry gemm(\n) { wgmma.mma_async.sync.aligned.m64n64k16 }";
  std::string line = "ptxas warning : (C7519) wgmma.fence is missing before wgmma.mma_async in the function 'gemm'";
  EXPECT_EQ(failureWith(line), "ptxas finds a defect in the tensor-core products of a kernel: " + line);
}

TEST_F(FakePtxas, SaysWhatPtxasRefuses) {
  EXPECT_EQ(failureWith("line 3; error: Unknown modifier '.x'", 255),
            options.ptxas + " refused a kernel: line 3; error: Unknown modifier '.x'");
}

TEST_F(FakePtxas, SaysThatItCannotBeRun) {
  options.ptxas = (folder + "/absent").str();
  CompiledKernels code;
  std::string message = llvm::toString(assemble(code, options));
  EXPECT_NE(message.find(options.ptxas + " could not be run: "), std::string::npos) << message;
}

TEST_F(FakePtxas, IsFoundByTheEnvironment) {
  setenv("VITC_PTXAS", "/some/ptxas", 1);
  EXPECT_EQ(findPtxas({}), "/some/ptxas");
  options.ptxas = "/other/ptxas";
  EXPECT_EQ(findPtxas(options), "/other/ptxas");
  unsetenv("VITC_PTXAS");
}
