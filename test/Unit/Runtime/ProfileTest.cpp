#include "RuntimeTest.h"

#include <limits>
#include <thread>
#include <tuple>

using namespace vitc::test;

namespace {

class ProfileTest : public RuntimeTest {
protected:
  vitc_session *createTimed(int64_t batch, int32_t threads = 1, vitc_parallel parallel = nullptr,
                            void *pool = nullptr) {
    vitc_dim dim = {"batch", batch};
    vitc_session_options chosen = options(threads);
    chosen.dims = &dim;
    chosen.dim_count = 1;
    chosen.profile = 1;
    chosen.parallel = parallel;
    chosen.pool = pool;
    return create(chosen);
  }

  vitc_profile profileOf(vitc_session *session) {
    vitc_profile profile = {};
    profile.size = sizeof profile;
    EXPECT_EQ(api->profile(session, &profile), VITC_OK) << api->last_error();
    return profile;
  }

  void expectRefused(vitc_session *session, vitc_profile *profile, const std::string &sentence) {
    EXPECT_EQ(api->profile(session, profile), VITC_E_ARGUMENT);
    EXPECT_EQ(api->last_error(), sentence);
  }
};

TEST_F(ProfileTest, DescribesTheStepsOfTheLastRun) {
  vitc_session *session = createTimed(9);
  for (int64_t batch : {2, 9, 3}) {
    runAndCheck(api, session, batch);
    vitc_profile profile = profileOf(session);
    ASSERT_EQ(profile.step_count, 2);
    EXPECT_EQ(profile.thread_count, 1);
    std::string level = profile.level;
    EXPECT_TRUE(level == "x86-64-v3" || level == "baseline") << level;
    const vitc_step &scale = profile.steps[0], &add = profile.steps[1];
    EXPECT_STREQ(scale.kind, "scale");
    ASSERT_EQ(scale.node_count, 1);
    EXPECT_STREQ(scale.nodes[0], "Mul");
    EXPECT_EQ(scale.macs, 4 * batch);
    EXPECT_EQ(scale.weight_bytes, 16);
    EXPECT_EQ(scale.activation_bytes, 32 * batch);
    EXPECT_STREQ(add.kind, "add");
    ASSERT_EQ(add.node_count, 2);
    EXPECT_STREQ(add.nodes[1], "Cast \"sum\"\n");
    EXPECT_EQ(add.macs, 0);
    EXPECT_EQ(add.activation_bytes, 48 * batch);
  }
}

TEST_F(ProfileTest, TimesOfAThreadFollowEachOther) {
  for (int32_t threads : {1, 2, 5}) {
    vitc_session *session = createTimed(64, threads);
    for (int i = 0; i < 20; ++i) {
      runAndCheck(api, session, 1 + 3 * i);
      vitc_profile profile = profileOf(session);
      ASSERT_EQ(profile.thread_count, threads);
      int64_t lastArrival = 0, firstDeparture = std::numeric_limits<int64_t>::max();
      for (int32_t thread = 0; thread < threads; ++thread) {
        const vitc_step_time *times = profile.times + thread * profile.step_count;
        for (int step = 0; step < 2; ++step) {
          EXPECT_GE(times[step].began, step ? times[step - 1].left : 0);
          EXPECT_GE(times[step].finished, times[step].began);
          EXPECT_GE(times[step].left, times[step].finished);
        }
        EXPECT_EQ(times[1].began, times[0].left);
        lastArrival = std::max(lastArrival, times[0].finished);
        firstDeparture = std::min(firstDeparture, times[0].left);
      }
      EXPECT_LE(lastArrival, firstDeparture) << "nobody leaves before all have arrived";
    }
  }
}

TEST_F(ProfileTest, StepsOfPassesAreTaken) {
  for (auto [threads, own, shared] : {std::tuple{1, 0, 7}, {2, 3, 1}, {3, 2, 1}, {7, 1, 0}, {8, 0, 7}}) {
    vitc_session_options chosen = options(threads);
    chosen.function = "reverse";
    chosen.profile = 1;
    vitc_session *session = create(chosen);
    Tensor<int64_t> x({7, 8});
    DLTensor output = lent();
    for (int run = 0; run < 5; ++run)
      ASSERT_EQ(api->run(session, &x, 1, &output, 1, nullptr), VITC_OK) << api->last_error();
    vitc_profile profile = profileOf(session);
    ASSERT_EQ(profile.step_count, 2 * (own + shared)) << threads;
    int64_t macs = 0;
    for (int step = 0; step < profile.step_count; ++step) {
      EXPECT_STREQ(profile.steps[step].kind, step % 2 ? "reverse" : "copy");
      EXPECT_EQ(profile.steps[step].activation_bytes, step < 2 * own ? 128 * threads : 128);
      EXPECT_EQ(profile.steps[step].weight_bytes, step % 2 ? 0 : 4);
      macs += profile.steps[step].macs;
    }
    EXPECT_EQ(macs, 7 * 8) << "all passes are counted once";
    for (int thread = 0; thread < threads; ++thread)
      for (int step = 0; step < profile.step_count; ++step) {
        const vitc_step_time &time = profile.times[thread * profile.step_count + step];
        EXPECT_GE(time.began, step ? (&time)[-1].left : 0);
        EXPECT_GE(time.finished, time.began);
        EXPECT_GE(time.left, time.finished);
        if (step < 2 * own)
          EXPECT_EQ(time.left, time.finished) << "nobody waits in a pass of its own";
      }
  }
}

TEST_F(ProfileTest, OneThreadDoesNotWait) {
  vitc_session *session = createTimed(4);
  runAndCheck(api, session, 4);
  vitc_profile profile = profileOf(session);
  for (int step = 0; step < 2; ++step)
    EXPECT_EQ(profile.times[step].left, profile.times[step].finished);
}

TEST_F(ProfileTest, CallersPoolTakesTimes) {
  auto parallel = [](void *, int32_t count, void (*task)(void *, int32_t), void *argument) {
    std::vector<std::thread> threads;
    for (int32_t i = 0; i < count; ++i)
      threads.emplace_back(task, argument, i);
    for (std::thread &thread : threads)
      thread.join();
    return 0;
  };
  vitc_session *session = createTimed(4, 3, parallel);
  runAndCheck(api, session, 4);
  EXPECT_EQ(profileOf(session).thread_count, 3);
}

TEST_F(ProfileTest, FunctionsWithoutStepsHaveNone) {
  vitc_dim dim = {"n", 4};
  vitc_session_options chosen = options(2);
  chosen.function = "fill";
  chosen.dims = &dim;
  chosen.dim_count = 1;
  chosen.profile = 1;
  vitc_session *session = create(chosen);
  Tensor<int64_t> x({4, 4});
  DLTensor output = lent();
  ASSERT_EQ(api->run(session, &x, 1, &output, 1, nullptr), VITC_OK) << api->last_error();
  EXPECT_EQ(profileOf(session).step_count, 0);
}

TEST_F(ProfileTest, NothingToTellIsAnError) {
  vitc_profile profile = {};
  profile.size = sizeof profile;
  expectRefused(nullptr, &profile, "the session is null");
  vitc_session *plain = createMain(2), *timed = createTimed(2);
  expectRefused(timed, nullptr, "the profile is null");
  runAndCheck(api, plain, 2);
  expectRefused(plain, &profile, "the session takes no times; create it with the option 'profile'");
  expectRefused(timed, &profile, "the session has not run yet, or its last run failed");
  runAndCheck(api, timed, 2);
  profileOf(timed);
  Tensor<float> a({7, 4}), b({7, 4}); // more rows than it was made for
  DLTensor inputs[] = {a, b}, output = lent();
  EXPECT_EQ(api->run(timed, inputs, 2, &output, 1, nullptr), VITC_E_LIMIT);
  expectRefused(timed, &profile, "the session has not run yet, or its last run failed");
  profile.size = 8;
  expectRefused(timed, &profile, "the profile's size is not sizeof(vitc_profile)");
}

/// What a pool sees that asks for a profile during a run.
struct Asking {
  const vitc_api *api;
  vitc_session *session = nullptr;
  vitc_status status = VITC_OK;
};

TEST_F(ProfileTest, SessionThatRunsIsBusy) {
  Asking asking{api};
  auto parallel = [](void *pool, int32_t, void (*)(void *, int32_t), void *) {
    auto *asking = static_cast<Asking *>(pool);
    vitc_profile profile = {};
    profile.size = sizeof profile;
    asking->status = asking->api->profile(asking->session, &profile);
    return 1; // starts no task
  };
  asking.session = createTimed(2, 2, parallel, &asking);
  Tensor<float> a({2, 4}), b({2, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  EXPECT_EQ(api->run(asking.session, inputs, 2, &output, 1, nullptr), VITC_E_THREADS);
  EXPECT_EQ(asking.status, VITC_E_BUSY);
}

} // namespace
