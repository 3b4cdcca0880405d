#ifndef VITC_TEST_UNIT_RUNTIME_RUNTIMETEST_H
#define VITC_TEST_UNIT_RUNTIME_RUNTIMETEST_H

#include "vitc-c/Model.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

extern "C" const vitc_api *const vitc_model_v1;

namespace vitc::test {

template <typename T>
DLDataType typeOf();
template <>
inline DLDataType typeOf<float>() {
  return {kDLFloat, 32, 1};
}
template <>
inline DLDataType typeOf<double>() {
  return {kDLFloat, 64, 1};
}
template <>
inline DLDataType typeOf<int64_t>() {
  return {kDLInt, 64, 1};
}

/// A tensor that owns its elements 0, 1, 2, … and its shape.
template <typename T>
struct Tensor : DLTensor {
  std::vector<int64_t> extents;
  std::vector<T> elements;

  explicit Tensor(std::vector<int64_t> shape) : DLTensor(), extents(std::move(shape)) {
    elements.resize(std::accumulate(extents.begin(), extents.end(), int64_t(1), std::multiplies<>()));
    std::iota(elements.begin(), elements.end(), T(0));
    data = elements.data();
    device.device_type = decltype(device.device_type)(kDLCPU);
    ndim = int32_t(extents.size());
    dtype = typeOf<T>();
    this->shape = extents.data();
  }
  Tensor(const Tensor &) = delete;
};

/// An output that the session is asked to lend.
inline DLTensor lent() { return DLTensor(); }

/// Opens the program of AddProgram.c; sessions are made by `create` and destroyed at the end.
class RuntimeTest : public testing::Test {
protected:
  const vitc_api *api = vitc_model_v1;
  vitc_model *model = nullptr;
  std::vector<vitc_session *> sessions;

  void SetUp() override { ASSERT_EQ(api->open(nullptr, &model), VITC_OK) << api->last_error(); }

  void TearDown() override {
    for (vitc_session *session : sessions)
      EXPECT_EQ(api->session_destroy(session), VITC_OK) << api->last_error();
    EXPECT_EQ(api->close(model), VITC_OK);
  }

  static vitc_session_options options(int32_t threads = 1) {
    vitc_session_options result = {};
    result.size = sizeof result;
    result.threads = threads;
    return result;
  }

  vitc_session *create(const vitc_session_options &options) {
    vitc_session *session = nullptr;
    EXPECT_EQ(api->session_create(model, &options, &session), VITC_OK) << api->last_error();
    if (session)
      sessions.push_back(session);
    return session;
  }

  /// A session of `main` for up to `batch` rows.
  vitc_session *createMain(int64_t batch, int32_t threads = 1) {
    vitc_dim dim = {"batch", batch};
    vitc_session_options chosen = options(threads);
    chosen.dims = &dim;
    chosen.dim_count = 1;
    return create(chosen);
  }
};

/// The element of `sum` that AddProgram.c computes for inputs that both hold 0, 1, 2, ….
inline float expectedSum(int64_t index) {
  static const float scale[] = {1, 10, 100, 1000};
  return float(index) + float(index) * scale[index % 4];
}

/// Runs `session` on `batch` rows with every element of both inputs its index, and checks the sum.
inline void runAndCheck(const vitc_api *api, vitc_session *session, int64_t batch) {
  Tensor<float> a({batch, 4}), b({batch, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  ASSERT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_OK) << api->last_error();
  for (int64_t i = 0; i < batch * 4; ++i)
    ASSERT_EQ(static_cast<float *>(output.data)[i], expectedSum(i)) << i;
}

} // namespace vitc::test

#endif // VITC_TEST_UNIT_RUNTIME_RUNTIMETEST_H
