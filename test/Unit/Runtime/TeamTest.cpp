#include "RuntimeTest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace vitc::test;

namespace {

struct TeamTest : RuntimeTest {
  using RuntimeTest::create;
  using RuntimeTest::options;
};

TEST_F(TeamTest, EveryNumberOfThreadsComputesTheSame) {
  for (int32_t threads : {1, 2, 3, 8, 17}) {
    vitc_session *session = createMain(9, threads);
    for (int64_t batch = 1; batch <= 9; ++batch)
      runAndCheck(api, session, batch);
  }
}

TEST_F(TeamTest, ManyRuns) {
  vitc_session *session = createMain(4, 2);
  for (int i = 0; i < 2000; ++i)
    runAndCheck(api, session, 1 + i % 4);
}

TEST_F(TeamTest, WakesUpAfterSleeping) {
  vitc_session *session = createMain(4, 2);
  for (int i = 0; i < 20; ++i) {
    runAndCheck(api, session, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(2)); // longer than threads watch for the next run
  }
}

/// How many CPUs each thread of this process may run on.
std::vector<int> allowedCpusOfThreads() {
  std::vector<int> counts;
  for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
    cpu_set_t cpus;
    if (sched_getaffinity(std::stoi(task.path().filename()), sizeof cpus, &cpus) == 0)
      counts.push_back(CPU_COUNT(&cpus));
  }
  return counts;
}

TEST_F(TeamTest, WorkersStayOffTheCallersCpu) {
  std::vector<int> before = allowedCpusOfThreads();
  int allowed = before.front();
  if (allowed < 2)
    GTEST_SKIP() << "needs two CPUs";
  vitc_session *session = createMain(4, 2);
  for (int i = 0; i < 3; ++i) { // the worker's number is known once it has run
    runAndCheck(api, session, 4);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::vector<int> after = allowedCpusOfThreads();
  EXPECT_EQ(std::ranges::count(after, allowed - 1), 1);
  EXPECT_EQ(std::ranges::count(after, allowed), static_cast<int64_t>(before.size()))
      << "the caller goes where it likes";
}

TEST_F(TeamTest, MoreThreadsThanCpusShareThem) {
  std::vector<int> before = allowedCpusOfThreads();
  vitc_session *session = createMain(4, before.front() + 1);
  for (int i = 0; i < 3; ++i)
    runAndCheck(api, session, 4);
  EXPECT_EQ(std::ranges::count(allowedCpusOfThreads(), before.front()),
            static_cast<int64_t>(before.size()) + before.front());
}

TEST_F(TeamTest, ZeroThreadsMeansEveryAllowedCore) {
  vitc_session *session = createMain(4, 0);
  runAndCheck(api, session, 4);
}

/// Runs the seven passes of `reverse`.
void reverseAndCheck(const vitc_api *api, vitc_session *session) {
  Tensor<int64_t> x({7, 8}), y({7, 8});
  DLTensor output = y;
  ASSERT_EQ(api->run(session, &x, 1, &output, 1, nullptr), VITC_OK) << api->last_error();
  for (int64_t i = 0; i < 56; ++i)
    ASSERT_EQ(y.elements[i], i / 8 * 8 + 7 - i % 8) << i;
}

TEST_F(TeamTest, PassesGoRoundAndTheRestIsShared) {
  for (int32_t threads : {1, 2, 3, 4, 7, 8, 17}) { // 7, 3 + 1, 2 + 1, 1 + 3, 1, and none of a thread's own
    vitc_session_options chosen = options(threads);
    chosen.function = "reverse";
    vitc_session *session = create(chosen);
    for (int i = 0; i < 100; ++i)
      reverseAndCheck(api, session);
  }
}

TEST_F(TeamTest, ThreadsWithPassesOfTheirOwnHaveMemoryOfTheirOwn) {
  auto bytes = [&](int32_t threads) {
    vitc_session_options chosen = options(threads);
    chosen.function = "reverse";
    size_t needed = 0;
    EXPECT_EQ(api->workspace_bytes(model, &chosen, &needed), VITC_OK);
    return static_cast<int64_t>(needed);
  };
  // Each thread has 64 bytes of the arena beside its scratch, until there are more threads than passes.
  int64_t ofOne = bytes(1), ofTwo = bytes(2), ofSeven = bytes(7), ofEight = bytes(8);
  EXPECT_EQ(ofSeven - ofTwo, 5 * (ofTwo - ofOne));
  EXPECT_EQ(ofEight, ofSeven + (ofTwo - ofOne - 64) - 6 * 64);
}

/// What `share` says of its items, claimed at least `least` at a time; thread `slow` waits for the others.
struct Shares {
  Tensor<int64_t> ranges;

  Shares(const vitc_api *api, vitc_session *session, int64_t items, int64_t least, int64_t slow,
         std::atomic<int64_t> *turned = nullptr)
      : ranges({items, 2}) {
    Tensor<int64_t> x({items});
    x.elements.resize(std::max<int64_t>(items, 3));
    x.elements[0] = least, x.elements[1] = slow, x.elements[2] = reinterpret_cast<int64_t>(turned);
    x.data = x.elements.data();
    DLTensor output = ranges;
    EXPECT_EQ(api->run(session, &x, 1, &output, 1, nullptr), VITC_OK) << api->last_error();
    for (int64_t i = 0; i < items; ++i)
      EXPECT_EQ(ranges.elements[2 * i], 1) << "of item " << i;
  }

  int64_t sizeAround(int64_t item) const { return ranges.elements[2 * item + 1]; }
};

vitc_session *createShare(TeamTest &test, int32_t threads) {
  vitc_dim dim = {"n", 1000};
  vitc_session_options chosen = TeamTest::options(threads);
  chosen.function = "share";
  chosen.dims = &dim;
  chosen.dim_count = 1;
  return test.create(chosen);
}

TEST_F(TeamTest, ASlowThreadIsHelped) {
  for (int32_t threads : {2, 3, 8, 17}) {
    vitc_session *session = createShare(*this, threads);
    for (int64_t items : {1, 2, 5, 64, 1000})
      for (int64_t slow : {0, 1, threads - 1})
        for (int i = 0; i < 20; ++i) {
          auto began = std::chrono::steady_clock::now();
          Shares shares(api, session, items, 1, slow);
          EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2)) << "nobody took its items";
        }
  }
}

TEST_F(TeamTest, ClaimsBecomeSmallerAsFarAsTheyMay) {
  for (int32_t threads : {2, 3}) {
    vitc_session *session = createShare(*this, threads);
    for (auto [least, sizes] :
         {std::pair<int64_t, std::vector<int64_t>>{1, {16, 8, 4, 2, 1, 1}}, {5, {16, 8, 5, 3}}, {1000, {32}}}) {
      Shares shares(api, session, 32 * threads, least, -1);
      for (int64_t share = 0; share < threads; ++share) {
        int64_t item = 32 * share;
        for (int64_t size : sizes) {
          EXPECT_EQ(shares.sizeAround(item), size) << "from item " << item;
          EXPECT_EQ(shares.sizeAround(item + size - 1), size) << "from item " << item;
          item += size;
        }
      }
    }
  }
}

/// Also where its memory is that of a session that has taken all.
TEST_F(TeamTest, OfANewSessionNothingIsTaken) {
  for (int i = 0; i < 50; ++i) {
    vitc_session *session = createShare(*this, 2);
    Shares shares(api, session, 64, 1, -1);
    ASSERT_EQ(api->session_destroy(session), VITC_OK);
    sessions.clear();
  }
}

TEST_F(TeamTest, OneThreadTakesAllAtOnce) {
  Shares shares(api, createShare(*this, 1), 64, 1, -1);
  EXPECT_EQ(shares.sizeAround(0), 64);
}

TEST_F(TeamTest, SessionsRunAtOnceFromManyThreads) {
  std::vector<vitc_session *> own;
  for (int i = 0; i < 6; ++i)
    own.push_back(createMain(5, 1 + i % 3));
  std::vector<std::thread> callers;
  for (vitc_session *session : own)
    callers.emplace_back([=, this] {
      for (int i = 0; i < 200; ++i)
        runAndCheck(api, session, 1 + i % 5);
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST_F(TeamTest, SessionsComeAndGoInManyThreads) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([this] {
      for (int i = 0; i < 20; ++i) {
        vitc_session_options chosen = options(2);
        vitc_session *session = nullptr;
        ASSERT_EQ(api->session_create(model, &chosen, &session), VITC_OK) << api->last_error();
        runAndCheck(api, session, 1);
        ASSERT_EQ(api->session_destroy(session), VITC_OK);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

TEST_F(TeamTest, OneSessionAskedFromManyThreads) {
  vitc_session *session = createMain(4, 2);
  std::atomic<int> ran = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        Tensor<float> a({2, 4}), b({2, 4}), sum({2, 4}), wrong({2, 3});
        DLTensor inputs[] = {a, caller == 3 ? wrong : b}, output = sum, shape = lent();
        vitc_status asked = api->output_shapes(session, inputs, 2, &shape, 1);
        vitc_status status = api->run(session, inputs, 2, &output, 1, nullptr);
        vitc_status expected = caller == 3 ? VITC_E_TENSOR : VITC_OK;
        ASSERT_TRUE(asked == VITC_E_BUSY || asked == expected) << asked;
        ASSERT_TRUE(status == VITC_E_BUSY || status == expected) << status;
        if (status == VITC_OK)
          ASSERT_EQ(sum.elements[5], expectedSum(5));
        ran += status == VITC_OK;
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_GT(ran, 0);
}

/// A pool that starts a thread a task, and tells the test when it is inside a run.
struct Pool {
  std::atomic<int> runs{0};
  std::atomic<bool> hold{false}, inside{false};

  static int run(void *self, int32_t count, void (*task)(void *, int32_t), void *argument) {
    Pool &pool = *static_cast<Pool *>(self);
    pool.inside = true;
    while (pool.hold)
      std::this_thread::yield();
    std::vector<std::thread> threads;
    for (int32_t i = 0; i < count; ++i)
      threads.emplace_back(task, argument, i);
    for (std::thread &thread : threads)
      thread.join();
    ++pool.runs;
    return 0;
  }
};

TEST_F(TeamTest, RunsOnTheCallersPool) {
  Pool pool;
  vitc_dim dim = {"batch", 7};
  vitc_session_options chosen = options(4);
  chosen.dims = &dim;
  chosen.dim_count = 1;
  chosen.parallel = Pool::run;
  chosen.pool = &pool;
  vitc_session *session = create(chosen);
  for (int i = 0; i < 10; ++i)
    runAndCheck(api, session, 7);
  EXPECT_EQ(pool.runs, 10);
}

TEST_F(TeamTest, ReportsAPoolThatDoesNotRun) {
  vitc_session_options chosen = options(3);
  chosen.parallel = [](void *, int32_t, void (*)(void *, int32_t), void *) { return 1; };
  vitc_session *session = create(chosen);
  Tensor<float> a({1, 4}), b({1, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  EXPECT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_E_THREADS);
  EXPECT_STREQ(api->last_error(), "the caller's thread pool did not run 3 tasks");
}

TEST_F(TeamTest, OneRunASession) {
  Pool pool;
  pool.hold = true;
  vitc_session_options chosen = options(2);
  chosen.parallel = Pool::run;
  chosen.pool = &pool;
  vitc_session *session = create(chosen);
  std::thread first([&] { runAndCheck(api, session, 1); });
  while (!pool.inside)
    std::this_thread::yield();
  Tensor<float> a({1, 4}), b({1, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  EXPECT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_E_BUSY);
  EXPECT_STREQ(api->last_error(), "the session is in use by another thread; use one session a thread");
  EXPECT_EQ(api->output_shapes(session, inputs, 2, &output, 1), VITC_E_BUSY);
  EXPECT_EQ(api->session_destroy(session), VITC_E_BUSY);
  pool.hold = false;
  first.join();
  runAndCheck(api, session, 1);
}

TEST_F(TeamTest, LastErrorBelongsToItsThread) {
  EXPECT_EQ(api->run(nullptr, nullptr, 0, nullptr, 0, nullptr), VITC_E_ARGUMENT);
  std::thread([this] { EXPECT_STREQ(api->last_error(), ""); }).join();
  EXPECT_STREQ(api->last_error(), "the session is null");
}

#if !defined(VITC_NO_FORK_TESTS)

/// Runs `body` in a child and expects it to end well within ten seconds.
template <typename Body>
void inChild(Body body) {
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (!child) {
    alarm(10);
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST_F(TeamTest, RunsInAChild) {
  vitc_session *session = createMain(3, 3);
  runAndCheck(api, session, 3);
  inChild([&] {
    for (int i = 0; i < 10; ++i)
      runAndCheck(api, session, 3);
    EXPECT_EQ(api->session_destroy(session), VITC_OK);
  });
  runAndCheck(api, session, 3);
}

#if !__has_feature(address_sanitizer)
TEST_F(TeamTest, SaysWhenThreadsCannotBeStarted) {
  inChild([&] {
    // Room for a few stacks of 8 MB only.
    int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limit = {rlim_t(pages * 4096 + (100 << 20)), RLIM_INFINITY};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    vitc_session_options chosen = options(200);
    vitc_session *session = nullptr;
    EXPECT_EQ(api->session_create(model, &chosen, &session), VITC_E_THREADS);
    std::string message = api->last_error();
    EXPECT_TRUE(message.starts_with("only ") && message.ends_with(" of 200 threads could be started")) << message;
    chosen.threads = 3;
    ASSERT_EQ(api->session_create(model, &chosen, &session), VITC_OK) << api->last_error();
    runAndCheck(api, session, 1);
    EXPECT_EQ(api->session_destroy(session), VITC_OK);
  });
}
#endif

TEST_F(TeamTest, ADestroyInAChildWaitsForNobody) {
  vitc_session *session = createMain(3, 3);
  inChild([&] { EXPECT_EQ(api->session_destroy(session), VITC_OK); });
  runAndCheck(api, session, 3);
}

TEST_F(TeamTest, AChildForgetsWhatWasTakenWhenItForked) {
  vitc_session *session = createShare(*this, 2);
  std::atomic<int64_t> turned = 0;
  std::thread first([&] {
    while (!turned) // the other thread may have taken all before the one that waits came to claim
      Shares shares(api, session, 64, 1, 0, &turned);
  });
  while (turned != 1)
    std::this_thread::yield();
  inChild([&] { Shares shares(api, session, 64, 1, -1); });
  turned = 2;
  first.join();
}

TEST_F(TeamTest, AChildTakesASessionThatWasRunning) {
  Pool pool;
  pool.hold = true;
  vitc_session_options chosen = options(2);
  chosen.parallel = Pool::run;
  chosen.pool = &pool;
  vitc_session *session = create(chosen);
  std::thread first([&] { runAndCheck(api, session, 1); });
  while (!pool.inside)
    std::this_thread::yield();
  inChild([&] {
    pool.hold = false;
    runAndCheck(api, session, 1);
  });
  pool.hold = false;
  first.join();
}

#endif

} // namespace
