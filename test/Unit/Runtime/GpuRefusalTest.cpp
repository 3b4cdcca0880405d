#include "GpuTest.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace vitc::test;

namespace {

/// What `session_create` says where the driver is made by `environment`.
void expectRefused(const Environment &environment, vitc_status status, const std::string &sentence,
                   const std::vector<vitc_variant> &variants = {gpu_main_variant}, int ordinal = 0) {
  runApart(environment, [&] {
    Gpu gpu;
    gpu.setVariants(variants);
    gpu.open();
    gpu.expectRefused(status, sentence, gpu.options(4, ordinal));
  });
}

TEST(GpuRefusalTest, Drivers) {
  expectRefused({{"VITC_LIBCUDA", "libm.so.6"}}, VITC_E_DEVICE,
                "the CUDA driver 'libm.so.6' is too old: it lacks cuInit; expected CUDA 12.0 or later");
  expectRefused({{"VITC_MOCK_DEVICES", "0"}}, VITC_E_DEVICE, "the CUDA driver finds no GPU");
  expectRefused({{"VITC_MOCK_VERSION", "11080"}}, VITC_E_DEVICE,
                "the CUDA driver is of CUDA 11.8; expected 12.0 or later");
  expectRefused(
      {{"VITC_MOCK_REFUSE", "ptx"}}, VITC_E_DEVICE,
      "the CUDA driver cannot load the code for cuda-sm_80: the provided PTX was compiled with an unsupported "
      "toolchain. (CUDA error 222); a newer driver can");
  runApart({{"VITC_LIBCUDA", "/nowhere/libcuda.so.1"}}, [] {
    Gpu gpu;
    gpu.open();
    vitc_session_options options = gpu.options(4);
    vitc_session *session = nullptr;
    EXPECT_EQ(gpu.api->session_create(gpu.model, &options, &session), VITC_E_DEVICE);
    EXPECT_EQ(gpu.error().find("the CUDA driver cannot be loaded: /nowhere/libcuda.so.1"), 0u) << gpu.error();
    options.device = {kDLCPU, 0}; // the library's other code needs none
    gpu.runOnHost(gpu.create(options), 4);
    EXPECT_NE(gpu.api->info_json(), nullptr);
  });
}

TEST(GpuRefusalTest, Devices) {
  expectRefused({{"VITC_MOCK_DEVICES", "2"}}, VITC_E_DEVICE, "there is no CUDA device 2; the driver finds 2",
                {gpu_main_variant}, 2);
  expectRefused({}, VITC_E_DEVICE, "there is no CUDA device -1; the driver finds 1", {gpu_main_variant}, -1);
  expectRefused({{"VITC_MOCK_CAPABILITY", "75"}}, VITC_E_DEVICE,
                "device 0 has compute capability 7.5; the library holds code for cuda-sm_80");
  const vitc_variant &specific = gpu_copy_function.variants[0];
  for (auto [capability, text] : {std::pair("100", "10.0"), std::pair("80", "8.0")})
    expectRefused({{"VITC_MOCK_CAPABILITY", capability}}, VITC_E_DEVICE,
                  std::string("device 0 has compute capability ") + text + "; the library holds code for cuda-sm_90a",
                  {specific});
}

TEST(GpuRefusalTest, TheCpuWhereThereIsNoCodeForIt) {
  runApart({{"VITC_LIBCUDA", "/nowhere"}}, [] {
    Gpu gpu;
    gpu.setVariants({gpu_main_variant});
    gpu.open(); // needs no driver
    vitc_session_options options = gpu.options(4);
    options.device = {kDLCPU, 0};
    gpu.expectRefused(
        VITC_E_DEVICE,
        "a session on device 0 of type 1 was asked for (1 is the CPU, 2 CUDA); the library holds code for "
        "cuda-sm_80",
        options);
    options.device = {decltype(options.device.device_type)(10), 3}; // ROCm
    gpu.expectRefused(VITC_E_DEVICE,
                      "a session on device 3 of type 10 was asked for (1 is the CPU, 2 CUDA); the library holds code "
                      "for cuda-sm_80",
                      options);
  });
}

/// Code for the machine that the driver does not take gives way to PTX.
TEST(GpuRefusalTest, CubinsOfOthers) {
  static const char cubin[] = "\177ELF";
  vitc_gpu_code code = *gpu_main_variant.gpu;
  code.cubin = cubin;
  code.cubin_bytes = sizeof cubin;
  vitc_variant variant = gpu_main_variant;
  variant.gpu = &code;
  runApart({}, [&] {
    Gpu gpu;
    gpu.setVariants({variant});
    gpu.open();
    gpu.runOnHost(gpu.create(4), 3);
  });
  code.ptx = nullptr;
  expectRefused(
      {{"VITC_MOCK_CAPABILITY", "86"}}, VITC_E_DEVICE,
      "the CUDA driver cannot load the code for cuda-sm_80: no kernel image is available for execution on the "
      "device (CUDA error 209)",
      {variant});
  expectRefused({{"VITC_MOCK_CAPABILITY", "90"}}, VITC_E_DEVICE, // a cubin stays within its major number
                "device 0 has compute capability 9.0; the library holds code for cuda-sm_80", {variant});
}

TEST(GpuRefusalTest, OutOfMemory) {
  runApart({{"VITC_MOCK_MEMORY", "4096"}}, [] {
    Gpu gpu;
    gpu.open();
    std::size_t bytes = 0;
    vitc_session_options options = gpu.options(1000);
    ASSERT_EQ(gpu.api->workspace_bytes(gpu.model, &options, &bytes), VITC_OK);
    gpu.expectRefused(VITC_E_MEMORY,
                      "out of memory on CUDA device 0: a session for these dimensions needs " + std::to_string(bytes) +
                          " bytes",
                      options);
    gpu.runOnHost(gpu.create(2), 2);
  });
}

TEST(GpuRefusalTest, WorkspacesElsewhere) {
  runApart({{"VITC_MOCK_DEVICES", "2"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    alignas(64) static char memory[1 << 16];
    vitc_session_options options = gpu.options(4);
    options.workspace = memory;
    options.workspace_bytes = sizeof memory;
    gpu.expectRefused(VITC_E_ARGUMENT,
                      "the workspace of a session on CUDA device 0 has an address that is not of a GPU's memory",
                      options);
    mock.use(1);
    options.workspace = reinterpret_cast<void *>(mock.allocate(1 << 16));
    gpu.expectRefused(VITC_E_ARGUMENT, "the workspace of a session on CUDA device 0 is on device 1", options);
    options.workspace = static_cast<char *>(options.workspace) + 4;
    gpu.expectRefused(VITC_E_ARGUMENT, "the workspace is not aligned to 64 bytes", options);
  });
}

TEST(GpuRefusalTest, Pointers) {
  runApart({{"VITC_MOCK_DEVICES", "2"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(4);
    std::vector<float> a = count(12), found(12);
    Rows sum(found), wrong(reinterpret_cast<Address>(found.data()), 3);
    auto expect = [&](const DLTensor &input, DLTensor *output, const std::string &sentence) {
      EXPECT_EQ(gpu.run(session, input, Rows(a), output), VITC_E_TENSOR);
      EXPECT_EQ(gpu.error(), sentence);
    };
    expect(Rows(reinterpret_cast<Address>(a.data()), 3), &sum,
           "input 'a' is said to be on CUDA device 0, but its address is not of a GPU's memory");
    expect(Rows(a), &wrong, "output 'sum' is said to be on CUDA device 0, but its address is not of a GPU's memory");
    expect(Rows(mock.upload(a), 3, 1), &sum,
           "input 'a' is on device 1 of type 2; expected device 0 of type 2, or the CPU (1)");
    Address beside = mock.upload(count(16)) + sizeof(float);
    expect(Rows(beside, 3), &sum, "input 'a' is not aligned to 16 bytes, as tensors on a GPU must be");
    Rows unaligned(beside, 3);
    expect(Rows(a), &unaligned, "output 'sum' is not aligned to 16 bytes, as tensors on a GPU must be");
    mock.use(1);
    Address other = mock.upload(a);
    expect(Rows(other, 3), &sum, "input 'a' is said to be on CUDA device 0, but its memory is on device 1");
    Rows elsewhere(other, 3);
    expect(Rows(a), &elsewhere, "output 'sum' is said to be on CUDA device 0, but its memory is on device 1");
    gpu.runOnHost(session, 3); // none of it did harm
  });
}

TEST(GpuRefusalTest, StreamsOfOtherDevices) {
  runApart({{"VITC_MOCK_DEVICES", "2"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(4);
    std::vector<float> a = count(12), found(12);
    Rows sum(found);
    mock.use(1);
    EXPECT_EQ(gpu.run(session, Rows(a), Rows(a), &sum, mock.makeStream()), VITC_E_ARGUMENT);
    EXPECT_EQ(gpu.error(), "the stream belongs to another device than the session's, CUDA device 0");
  });
}

TEST(GpuRefusalTest, KernelsThatFail) {
  runApart(
      {},
      [] {
        Gpu gpu;
        gpu.setVariants({gpu_broken_variant});
        gpu.open();
        vitc_session *session = gpu.create(4);
        std::vector<float> a = count(12), found(12);
        Rows sum(found);
        EXPECT_EQ(gpu.run(session, Rows(a), Rows(a), &sum), VITC_E_DEVICE);
        EXPECT_NE(gpu.error().find("unspecified launch failure (CUDA error 719)"), std::string::npos) << gpu.error();
        EXPECT_EQ(gpu.run(session, Rows(a), Rows(a), &sum), VITC_E_DEVICE); // as a GPU: the context is lost
      },
      "out-of-bounds");
}

/// Runs `body` in a child of this process, which has a driver already.
void inChild(const std::function<void()> &body) {
  std::fflush(stdout);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (!child) {
    alarm(30);
    body();
    std::fflush(stdout);
    _exit(testing::Test::HasFailure());
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(GpuRefusalTest, Children) {
  runApart({}, [] {
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(4);
    gpu.runOnHost(session, 3);
    inChild([&] {
      std::vector<float> a = count(12), found(12);
      Rows sum(found);
      EXPECT_EQ(gpu.run(session, Rows(a), Rows(a), &sum), VITC_E_DEVICE);
      EXPECT_EQ(gpu.error(),
                "the process has been forked, and CUDA does not work in the child: create sessions on a GPU "
                "after the fork");
      gpu.destroy(session); // frees nothing of the parent's
    });
    gpu.runOnHost(session, 3);
  });
}

} // namespace
