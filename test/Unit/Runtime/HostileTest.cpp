/// Calls that a program may make by mistake, drawn at random: each is refused or right, none crashes.
#include "RuntimeTest.h"

#include <climits>
#include <functional>
#include <random>

using namespace vitc::test;

namespace {

/// A tensor (rows, 4) in memory of its own, with room for strides.
struct Drawn {
  Tensor<float> tensor;
  DLTensor view;
  int64_t shape[2], strides[2] = {4, 1};

  explicit Drawn(int64_t rows) : tensor({rows, 4}), view(tensor), shape{rows, 4} {
    view.shape = shape;
    view.strides = strides;
  }
};

/// Each makes a tensor one that does not fit.
using Change = std::function<void(Drawn &, std::minstd_rand &)>;

template <typename T>
T choose(std::minstd_rand &random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

const std::vector<Change> &wrongForms() {
  static const std::vector<Change> changes = {
      [](Drawn &d, auto &random) { d.view.ndim = choose(random, {0, 1, 3, -1, INT_MIN, INT_MAX}); },
      [](Drawn &d, auto &random) { d.view.dtype.code = choose<int>(random, {0, 1, 3, 4, 5, 6, 255}); },
      [](Drawn &d, auto &random) { d.view.dtype.bits = choose<int>(random, {0, 1, 16, 64, 255}); },
      [](Drawn &d, auto &random) { d.view.dtype.lanes = choose<int>(random, {0, 2, 65535}); },
      [](Drawn &d, auto &) { d.view.shape = nullptr; },
      [](Drawn &d, auto &random) {
        d.shape[1] = choose<int64_t>(random, {0, 1, 3, 5, -4, INT64_MIN, INT64_MAX, int64_t(1) << 62});
      },
      [](Drawn &d, auto &random) {
        d.shape[0] = choose<int64_t>(random, {0, -1, 9, INT64_MIN, INT64_MAX, int64_t(1) << 61});
      },
  };
  return changes;
}

const std::vector<Change> &wrongMemory() {
  static const std::vector<Change> changes = {
      [](Drawn &d, auto &random) {
        auto type = choose<int>(random, {-1, 0, 2, 4, 7, 13, INT_MAX});
        d.view.device.device_type = decltype(d.view.device.device_type)(type);
      },
      [](Drawn &d, auto &random) { d.view.byte_offset = choose<uint64_t>(random, {1, 2, 3, UINT64_MAX}); },
      [](Drawn &d, auto &random) { d.view.data = reinterpret_cast<char *>(d.view.data) + choose(random, {1, 2, 3}); },
      [](Drawn &d, auto &random) { d.strides[0] = choose<int64_t>(random, {0, 1, 3, 5, -4, INT64_MIN, INT64_MAX}); },
      [](Drawn &d, auto &random) { d.strides[1] = choose<int64_t>(random, {0, 2, -1, INT64_MIN, INT64_MAX}); },
  };
  return changes;
}

class HostileTest : public RuntimeTest {
protected:
  std::minstd_rand random{7};

  const Change &draw(const std::vector<Change> &changes) { return changes[random() % changes.size()]; }
  /// Whether half of the time.
  bool flip() { return random() % 2; }
};

TEST_F(HostileTest, DrawnTensorsAreRefusedOrRight) {
  vitc_session *session = createMain(8, 2);
  int ran = 0;
  for (int round = 0; round < 20000; ++round) {
    int64_t rows = 2 + random() % 7; // of one row the stride says nothing
    Drawn a(rows), b(rows), sum(rows);
    Drawn &victim = *choose(random, {&a, &b, &sum});
    bool wrongForm = flip(), wrongPlace = flip(), isRight = !wrongForm && !wrongPlace;
    if (wrongForm)
      draw(wrongForms())(victim, random);
    if (wrongPlace)
      draw(wrongMemory())(victim, random);
    if (isRight && flip())
      a.view.strides = nullptr;
    DLTensor inputs[] = {a.view, b.view}, output = sum.view;
    vitc_status status = api->run(session, inputs, 2, &output, 1, nullptr);
    ASSERT_EQ(status == VITC_OK, isRight) << round << ": " << api->last_error();
    ASSERT_LE(status, VITC_E_DEVICE);
    for (int64_t i = 0; i < rows * 4; ++i) // nothing is written before all is known to be right
      ASSERT_EQ(sum.tensor.elements[i], isRight ? expectedSum(i) : float(i)) << round;
    ran += isRight;
  }
  EXPECT_GT(ran, 1000);
}

TEST_F(HostileTest, DrawnShapesAreRefusedOrSaid) {
  vitc_session *session = createMain(8);
  for (int round = 0; round < 5000; ++round) {
    Drawn a(3), b(3);
    bool isRight = flip();
    if (!isRight)
      draw(wrongForms())(flip() ? a : b, random);
    if (flip()) // memory is not looked at
      draw(wrongMemory())(flip() ? a : b, random);
    DLTensor inputs[] = {a.view, b.view}, output = lent();
    ASSERT_EQ(api->output_shapes(session, inputs, 2, &output, 1) == VITC_OK, isRight) << api->last_error();
    if (isRight)
      ASSERT_EQ(output.shape[0], 3);
  }
}

TEST_F(HostileTest, DrawnOptionsAreRefusedOrRight) {
  const char *const names[] = {"batch", "rows", "", "batch ", nullptr};
  for (int round = 0; round < 5000; ++round) {
    vitc_dim dims[2] = {{"batch", 2}, {"batch", 3}};
    vitc_session_options chosen = options();
    chosen.dims = dims;
    chosen.dim_count = random() % 3;
    for (vitc_dim &dim : dims)
      dim = {names[random() % 5], choose<int64_t>(random, {INT64_MIN, -1, 0, 1, 4, int64_t(1) << 62, INT64_MAX})};
    chosen.threads = choose(random, {INT_MIN, -1, 1, 2, 4097, INT_MAX});
    chosen.device.device_type = decltype(chosen.device.device_type)(choose(random, {0, 1, 1, 2, -1, INT_MAX}));
    chosen.function = choose<const char *>(random, {nullptr, "main", "pair", "", "none"});
    size_t bytes = 0;
    vitc_status asked = api->workspace_bytes(model, &chosen, &bytes);
    vitc_session *session = nullptr;
    vitc_status created = asked && flip() ? asked : api->session_create(model, &chosen, &session);
    ASSERT_EQ(created == VITC_OK, session != nullptr);
    if (asked != VITC_OK)
      ASSERT_EQ(created, asked);
    ASSERT_EQ(api->session_destroy(session), VITC_OK);
  }
}

} // namespace
