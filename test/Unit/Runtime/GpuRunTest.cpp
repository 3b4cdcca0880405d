#include "GpuTest.h"

#include <thread>

using namespace vitc::test;

namespace {

TEST(GpuRunTest, EveryBatchUpToTheMaximum) {
  runApart({}, [] {
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(40); // more blocks than `scale` is given, and more sizes than there are graphs
    for (std::int64_t rows : {40, 1, 7, 8, 9, 40, 2, 1})
      gpu.runOnHost(session, rows);
    std::vector<float> a = count(41 * 4), found(a.size());
    Rows sum(found);
    EXPECT_EQ(gpu.run(session, Rows(a), Rows(a), &sum), VITC_E_LIMIT);
    EXPECT_EQ(gpu.error(), "batch = 41 in input 'a' exceeds 40, the most this session was created for");
  });
}

TEST(GpuRunTest, TensorsOfTheDevice) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    for (int i = 0; i < 6; ++i) { // at other addresses each time: the graph is pointed to them
      std::vector<float> a = count(20, float(i)), b = count(20, 3);
      Address sum = mock.allocate(20 * sizeof(float));
      Rows output(sum, 5);
      ASSERT_EQ(gpu.run(session, Rows(mock.upload(a), 5), Rows(mock.upload(b), 5), &output), VITC_OK) << gpu.error();
      EXPECT_EQ(mock.download(sum, 20), sums(a, b)) << i;
    }
  });
}

TEST(GpuRunTest, TensorsOfBoth) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    std::vector<float> a = count(12), b = count(12, 5), found(12);
    Address at = mock.upload(a), bt = mock.upload(b), sum = mock.allocate(12 * sizeof(float));
    Rows on_host(found), on_device(sum, 3);
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(gpu.run(session, Rows(at, 3), Rows(b), &on_host), VITC_OK) << gpu.error();
      EXPECT_EQ(found, sums(a, b));
      found.assign(12, 0);
      ASSERT_EQ(gpu.run(session, Rows(a), Rows(bt, 3), &on_device), VITC_OK) << gpu.error();
      EXPECT_EQ(mock.download(sum, 12), sums(a, b));
    }
  });
}

TEST(GpuRunTest, LentOutputsAreWhereTheInputsComeFrom) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    std::vector<float> a = count(12), b = count(12, 5);
    Address at = mock.upload(a);
    DLTensor sum = lent();
    ASSERT_EQ(gpu.run(session, Rows(a), Rows(b), &sum), VITC_OK) << gpu.error();
    EXPECT_EQ(sum.device.device_type, kDLCPU);
    auto *found = static_cast<float *>(sum.data);
    EXPECT_EQ(std::vector<float>(found, found + 12), sums(a, b));
    sum = lent(); // one input of the device is enough
    ASSERT_EQ(gpu.run(session, Rows(at, 3), Rows(b), &sum), VITC_OK) << gpu.error();
    EXPECT_EQ(sum.device.device_type, kDLCUDA);
    EXPECT_EQ(sum.device.device_id, 0);
    EXPECT_EQ(sum.ndim, 2);
    EXPECT_EQ(sum.shape[0], 3);
    EXPECT_EQ(mock.download(reinterpret_cast<Address>(sum.data), 12), sums(a, b));
  });
}

TEST(GpuRunTest, TensorMapsFollowTheInput) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session_options options = gpu.options(20);
    options.function = "copy";
    vitc_session *session = gpu.create(options);
    for (std::int64_t rows : {20, 20, 20, 3, 3, 3}) {
      std::vector<float> x = count(std::size_t(rows) * 4, float(rows));
      Address to = mock.allocate(x.size() * sizeof(float));
      Rows input(mock.upload(x), rows), output(to, rows);
      ASSERT_EQ(gpu.api->run(session, &input, 1, &output, 1, nullptr), VITC_OK) << gpu.error();
      EXPECT_EQ(mock.download(to, x.size()), x);
    }
  });
}

/// The weights fit onto the device once.
TEST(GpuRunTest, SessionsOfAModelShareItsWeights) {
  runApart({{"VITC_MOCK_MEMORY", "1500000"}}, [] {
    Gpu one, other;
    std::vector<float> weights((1 << 20) / sizeof(float));
    std::copy_n((const float *)one.program.weights, 4, weights.begin());
    for (Gpu *gpu : {&one, &other}) {
      gpu->program.weights = reinterpret_cast<const char *>(weights.data());
      gpu->program.weights_bytes = 1 << 20;
      gpu->open();
    }
    vitc_session *first = one.create(4), *second = one.create(4);
    one.runOnHost(first, 2);
    one.runOnHost(second, 4);
    other.expectRefused(VITC_E_MEMORY, "out of memory on CUDA device 0: the weights need 1048576 bytes",
                        other.options(4));
    one.destroy(first);
    one.runOnHost(second, 3);
    one.destroy(second);
    other.runOnHost(other.create(4), 2);
  });
}

TEST(GpuRunTest, WorkspaceOfTheCaller) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session_options options = gpu.options(6);
    std::size_t bytes = 0;
    ASSERT_EQ(gpu.api->workspace_bytes(gpu.model, &options, &bytes), VITC_OK) << gpu.error();
    options.workspace = reinterpret_cast<void *>(mock.allocate(bytes));
    options.workspace_bytes = bytes;
    gpu.runOnHost(gpu.create(options), 6);
    --options.workspace_bytes;
    gpu.expectRefused(VITC_E_MEMORY,
                      "the workspace has " + std::to_string(bytes - 1) + " bytes; expected at least " +
                          std::to_string(bytes),
                      options);
  });
}

TEST(GpuRunTest, SecondDevice) {
  runApart({{"VITC_MOCK_DEVICES", "2"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    gpu.runOnHost(gpu.create(4, 1), 3);
    gpu.runOnHost(gpu.create(4, 0), 3);
    mock.use(1);
    std::vector<float> a = count(12);
    Address sum = mock.allocate(12 * sizeof(float)), at = mock.upload(a);
    Rows output(sum, 3, 1);
    ASSERT_EQ(gpu.run(gpu.create(4, 1), Rows(at, 3, 1), Rows(at, 3, 1), &output), VITC_OK) << gpu.error();
    EXPECT_EQ(mock.download(sum, 12), sums(a, a));
  });
}

/// A stream that the caller captures takes the launches themselves, with the addresses of that run.
TEST(GpuRunTest, CapturedStreams) {
  runApart({}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    std::vector<float> a = count(12), b = count(12, 5), found(12);
    Address at = mock.upload(a), bt = mock.upload(b), sum = mock.upload(std::vector<float>(12));
    Rows output(sum, 3), on_host(found);
    void *stream = mock.makeStream();
    mock.beginCapture(stream);
    EXPECT_EQ(gpu.run(session, Rows(a), Rows(bt, 3), &output, stream), VITC_E_ARGUMENT);
    EXPECT_EQ(gpu.error(), "the stream is being captured: tensors have to be on the GPU, and the session may not take "
                           "times");
    EXPECT_EQ(gpu.run(session, Rows(at, 3), Rows(bt, 3), &on_host, stream), VITC_E_ARGUMENT);
    ASSERT_EQ(gpu.run(session, Rows(at, 3), Rows(bt, 3), &output, stream), VITC_OK) << gpu.error();
    void *graph = mock.endCapture(stream);
    EXPECT_EQ(mock.download(sum, 12), std::vector<float>(12));
    gpu.runOnHost(session, 2); // the session goes on meanwhile
    mock.launch(graph, stream);
    mock.synchronise(stream);
    EXPECT_EQ(mock.download(sum, 12), sums(a, b));
  });
}

/// Streams that do nothing before somebody waits for them: a wait that is missing shows. Most runs are asynchronous.
TEST(GpuRunTest, RunsOnManyStreams) {
  for (const char *defers : {"0", "1"})
    runApart({{"VITC_MOCK_DEFER", defers}}, [] {
      Mock mock;
      Gpu gpu;
      gpu.open();
      vitc_session *session = gpu.create(8);
      auto *legacy = reinterpret_cast<void *>(1), *perThread = reinterpret_cast<void *>(2);
      std::vector<void *> streams{mock.makeStream(), nullptr, mock.makeStream(), legacy, perThread};
      std::vector<std::pair<Address, std::vector<float>>> results;
      for (std::size_t i = 0; i < 12; ++i) {
        std::vector<float> a = count(20, float(i)), b = count(20, 3);
        Address at = mock.upload(a), bt = mock.upload(b), sum = mock.allocate(20 * sizeof(float));
        Rows output(sum, 5);
        ASSERT_EQ(gpu.run(session, Rows(at, 5), Rows(bt, 5), &output, streams[i % 5]), VITC_OK) << gpu.error();
        results.emplace_back(sum, sums(a, b));
      }
      mock.synchronise(streams[11 % 5]); // the last run comes after all others: they share the session's memory
      for (const auto &[sum, expected] : results)
        EXPECT_EQ(mock.download(sum, 20), expected);
    });
}

/// The default stream of a thread has the same handle in all of them.
TEST(GpuRunTest, DefaultStreamsOfThreads) {
  runApart({{"VITC_MOCK_DEFER", "1"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    auto *perThread = reinterpret_cast<void *>(2);
    std::vector<float> a = count(12), b = count(12, 5), c = count(12, 9);
    Address at = mock.upload(a), bt = mock.upload(b), ct = mock.upload(c);
    Address first = mock.upload(a), second = mock.upload(a);
    auto run = [&](Address left, Address right, Address sum) {
      Rows output(sum, 3);
      EXPECT_EQ(gpu.run(session, Rows(left, 3), Rows(right, 3), &output, perThread), VITC_OK) << gpu.error();
    };
    run(at, bt, first);
    std::thread([&] {
      run(bt, ct, second);
      Mock here;
      here.synchronise(perThread); // not that of the other thread, but what the session did there
      std::vector<float> found = here.peek(first, 12);
      EXPECT_EQ(found, sums(a, b));
    }).join();
    EXPECT_EQ(mock.download(second, 12), sums(b, c));
  });
}

/// A run that takes or returns a tensor of the host has ended when it returns, whatever its stream.
TEST(GpuRunTest, RunsOnTheHostHaveEnded) {
  runApart({{"VITC_MOCK_DEFER", "1"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    vitc_session *session = gpu.create(8);
    for (void *stream : {mock.makeStream(), mock.makeStream(), static_cast<void *>(nullptr)}) {
      std::vector<float> a = count(12), b = count(12, 5), found(12);
      Rows sum(found);
      ASSERT_EQ(gpu.run(session, Rows(a), Rows(b), &sum, stream), VITC_OK) << gpu.error();
      EXPECT_EQ(found, sums(a, b));
      DLTensor borrowed = lent();
      ASSERT_EQ(gpu.run(session, Rows(b), Rows(a), &borrowed, stream), VITC_OK) << gpu.error();
      auto *first = static_cast<float *>(borrowed.data);
      EXPECT_EQ(std::vector<float>(first, first + 12), sums(b, a));
    }
  });
}

/// Sessions that are destroyed while they run: what they free is in use until then.
TEST(GpuRunTest, DestroyedWhileItRuns) {
  runApart({{"VITC_MOCK_DEFER", "1"}}, [] {
    Mock mock;
    Gpu gpu;
    gpu.open();
    std::vector<float> a = count(12), b = count(12, 5);
    Address at = mock.upload(a), bt = mock.upload(b), sum = mock.allocate(12 * sizeof(float));
    Rows output(sum, 3);
    vitc_session *session = gpu.create(8);
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(gpu.run(session, Rows(at, 3), Rows(bt, 3), &output, mock.makeStream()), VITC_OK) << gpu.error();
    gpu.destroy(session);
    EXPECT_EQ(mock.download(sum, 12), sums(a, b));
  });
}

/// The mock's clock advances a millisecond a launch.
TEST(GpuRunTest, TimesOfSteps) {
  runApart({{"VITC_MOCK_DEFER", "1"}}, [] {
    Gpu gpu;
    gpu.open();
    vitc_session_options options = gpu.options(8);
    options.profile = 1;
    vitc_session *session = gpu.create(options);
    gpu.runOnHost(session, 8);
    vitc_profile profile = {};
    profile.size = sizeof profile;
    ASSERT_EQ(gpu.api->profile(session, &profile), VITC_OK) << gpu.error();
    EXPECT_STREQ(profile.level, "cuda-sm_80");
    ASSERT_EQ(profile.step_count, 2);
    ASSERT_EQ(profile.thread_count, 1);
    EXPECT_STREQ(profile.steps[0].kind, "scale");
    EXPECT_EQ(profile.steps[0].macs, 8 * 4);
    constexpr std::int64_t millisecond = 1'000'000;
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(profile.times[i].began, i * millisecond);
      EXPECT_EQ(profile.times[i].finished, (i + 1) * millisecond);
      EXPECT_EQ(profile.times[i].left, (i + 1) * millisecond);
    }
  });
}

TEST(GpuRunTest, SessionsComeAndGoInManyThreads) {
  runApart({}, [] {
    Gpu gpu;
    gpu.open();
    auto work = [&](int seed) {
      vitc_dim dim = {"batch", 8};
      vitc_session_options options = {};
      options.size = sizeof options;
      options.dims = &dim;
      options.dim_count = 1;
      options.device = {kDLCUDA, 0};
      for (int i = 0; i < 8; ++i) {
        vitc_session *session = nullptr;
        ASSERT_EQ(gpu.api->session_create(gpu.model, &options, &session), VITC_OK) << gpu.error();
        gpu.runOnHost(session, 1 + (i + seed) % 8);
        ASSERT_EQ(gpu.api->session_destroy(session), VITC_OK) << gpu.error();
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back(work, i);
    for (std::thread &thread : threads)
      thread.join();
  });
}

} // namespace
