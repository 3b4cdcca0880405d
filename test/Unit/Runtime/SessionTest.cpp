#include "RuntimeTest.h"

#include <malloc.h>
#include <sys/mman.h>

using namespace vitc::test;

namespace {

class SessionTest : public RuntimeTest {
protected:
  vitc_status run(vitc_session *session, std::vector<DLTensor> inputs, std::vector<DLTensor> outputs = {lent()}) {
    return api->run(session, inputs.data(), int32_t(inputs.size()), outputs.data(), int32_t(outputs.size()), nullptr);
  }

  /// Expects that `run` refuses the tensors with this status and sentence.
  void expectRefused(vitc_status status, const std::string &sentence, vitc_session *session,
                     std::vector<DLTensor> inputs, std::vector<DLTensor> outputs = {lent()}) {
    EXPECT_EQ(run(session, std::move(inputs), std::move(outputs)), status);
    EXPECT_EQ(api->last_error(), sentence);
  }
};

TEST_F(SessionTest, RunsEveryBatchUpToTheMaximum) {
  vitc_session *session = createMain(5);
  for (int64_t batch = 1; batch <= 5; ++batch)
    runAndCheck(api, session, batch);
}

TEST_F(SessionTest, DimensionsNotListedAreOne) {
  vitc_session *session = create(options());
  runAndCheck(api, session, 1);
  Tensor<float> a({2, 4}), b({2, 4});
  expectRefused(VITC_E_LIMIT, "batch = 2 in input 'a' exceeds 1, the most this session was created for", session,
                {a, b});
}

TEST_F(SessionTest, DefaultOptionsRun) {
  vitc_session *session = nullptr;
  ASSERT_EQ(api->session_create(model, nullptr, &session), VITC_OK);
  sessions.push_back(session);
  runAndCheck(api, session, 1);
}

TEST_F(SessionTest, FillsEveryFieldOfALentOutput) {
  vitc_session *session = createMain(3);
  Tensor<float> a({2, 4}), b({2, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  output.ndim = 77;
  output.byte_offset = 12;
  ASSERT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_OK);
  EXPECT_EQ(output.ndim, 2);
  EXPECT_EQ(output.shape[0], 2);
  EXPECT_EQ(output.shape[1], 4);
  EXPECT_EQ(output.dtype.code, kDLFloat);
  EXPECT_EQ(output.dtype.bits, 32);
  EXPECT_EQ(output.dtype.lanes, 1);
  EXPECT_EQ(output.device.device_type, kDLCPU);
  EXPECT_EQ(output.strides, nullptr);
  EXPECT_EQ(output.byte_offset, 0u);
  EXPECT_EQ(uintptr_t(output.data) % 64, 0u);
}

TEST_F(SessionTest, WritesToTheCallersOutput) {
  vitc_session *session = createMain(2);
  Tensor<float> a({2, 4}), b({2, 4}), sum({2, 4});
  ASSERT_EQ(run(session, {a, b}, {sum}), VITC_OK) << api->last_error();
  EXPECT_EQ(sum.elements[7], expectedSum(7));
}

TEST_F(SessionTest, HonoursByteOffsetsAndStridesOfUnitDimensions) {
  vitc_session *session = createMain(2);
  Tensor<float> storage({3, 4}), b({1, 4}), sum({1, 4});
  int64_t strides[] = {999, 1}, shape[] = {1, 4};
  DLTensor a = storage;
  a.byte_offset = 4 * sizeof(float);
  a.strides = strides;
  a.shape = shape;
  ASSERT_EQ(run(session, {a, b}, {sum}), VITC_OK) << api->last_error();
  EXPECT_EQ(sum.elements[1], 5 + 10);
}

TEST_F(SessionTest, ChoosesAFunctionByName) {
  vitc_dim dim = {"rows", 3};
  vitc_session_options chosen = options(2);
  chosen.function = "pair";
  chosen.dims = &dim;
  chosen.dim_count = 1;
  vitc_session *session = create(chosen);
  Tensor<int64_t> x({3, 2});
  DLTensor outputs[] = {lent(), lent()};
  ASSERT_EQ(api->run(session, &x, 1, outputs, 2, nullptr), VITC_OK) << api->last_error();
  EXPECT_EQ(static_cast<int64_t *>(outputs[0].data)[5], 10);
  EXPECT_EQ(static_cast<int64_t *>(outputs[1].data)[0], 15);
  EXPECT_EQ(outputs[1].ndim, 0);
}

#if !__has_feature(address_sanitizer)
TEST_F(SessionTest, RunsWithoutAllocating) {
  vitc_session *session = createMain(4, 2);
  Tensor<float> a({3, 4}), b({3, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_OK);
  EXPECT_EQ(mallinfo2().uordblks, before);
}
#endif

TEST_F(SessionTest, SaysTheShapesOfOutputs) {
  vitc_session *session = createMain(8);
  Tensor<float> a({7, 4}), b({7, 4});
  a.data = b.data = nullptr; // only shapes and types are read
  DLTensor inputs[] = {a, b}, output = lent();
  ASSERT_EQ(api->output_shapes(session, inputs, 2, &output, 1), VITC_OK) << api->last_error();
  EXPECT_EQ(output.data, nullptr);
  EXPECT_EQ(output.ndim, 2);
  EXPECT_EQ(output.shape[0], 7);
  EXPECT_EQ(api->output_shapes(session, inputs, 1, &output, 1), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "1 inputs were given; expected 2");
}

TEST_F(SessionTest, OutputShapesLeavesLentShapesAlone) {
  vitc_session *session = createMain(8);
  Tensor<float> a({7, 4}), b({7, 4}), c({2, 4});
  DLTensor ran[] = {a, b}, asked[] = {c, c}, output = lent(), shape = lent();
  ASSERT_EQ(api->run(session, ran, 2, &output, 1, nullptr), VITC_OK);
  ASSERT_EQ(api->output_shapes(session, asked, 2, &shape, 1), VITC_OK);
  EXPECT_EQ(output.shape[0], 7);
  EXPECT_EQ(shape.shape[0], 2);
}

TEST_F(SessionTest, RefusesWrongInputs) {
  vitc_session *session = createMain(4);
  Tensor<float> a({2, 4}), wide({2, 5}), flat({8}), other({3, 4}), none({0, 4}), huge({5, 4});
  Tensor<double> precise({2, 4});
  expectRefused(VITC_E_ARGUMENT, "3 inputs were given; expected 2", session, {a, a, a});
  expectRefused(VITC_E_TENSOR, "input 'b' has type float64; expected float32", session, {a, precise});
  expectRefused(VITC_E_TENSOR, "input 'a' has 1 dimensions; expected 2: (batch, 4)", session, {flat, a});
  expectRefused(VITC_E_TENSOR, "input 'a' has shape (2, 5); expected (batch, 4)", session, {wide, a});
  expectRefused(VITC_E_TENSOR, "input 'b' has shape (3, 4); expected (batch, 4) with batch = 2, as in input 'a'",
                session, {a, other});
  expectRefused(VITC_E_TENSOR, "input 'a' has shape (0, 4); expected batch to be at least 1", session, {none, none});
  expectRefused(VITC_E_LIMIT, "batch = 5 in input 'a' exceeds 4, the most this session was created for", session,
                {huge, huge});
  EXPECT_EQ(api->run(session, nullptr, 2, nullptr, 1, nullptr), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "the inputs are null");
}

TEST_F(SessionTest, RefusesWrongMemoryOfInputs) {
  vitc_session *session = createMain(4);
  Tensor<float> a({2, 4}), b({2, 4});
  DLTensor broken = b;
  broken.data = nullptr;
  expectRefused(VITC_E_TENSOR, "input 'b' has null data", session, {a, broken});
  broken = b;
  broken.byte_offset = 2;
  expectRefused(VITC_E_TENSOR, "input 'b' is not aligned to 4 bytes, the size of its elements", session, {a, broken});
  broken = b;
  broken.device.device_type = decltype(broken.device.device_type)(kDLCUDA);
  expectRefused(VITC_E_TENSOR, "input 'b' is on a device of type 2; expected the CPU (1)", session, {a, broken});
  broken = b;
  int64_t transposed[] = {1, 2};
  broken.strides = transposed;
  expectRefused(VITC_E_TENSOR, "input 'b' of shape (2, 4) has strides (1, 2); expected compact row-major order",
                session, {a, broken});
  broken = b;
  broken.dtype.lanes = 4;
  expectRefused(VITC_E_TENSOR, "input 'b' has type float32x4; expected float32", session, {a, broken});
  broken = b;
  broken.dtype.code = 99;
  expectRefused(VITC_E_TENSOR, "input 'b' has type type99.32; expected float32", session, {a, broken});
  broken = b;
  broken.shape = nullptr;
  expectRefused(VITC_E_ARGUMENT, "input 'b' has a null shape", session, {a, broken});
}

TEST_F(SessionTest, RefusesExtremeExtents) {
  vitc_session *session = createMain(4);
  Tensor<float> a({2, 4});
  for (int64_t extent : {INT64_MIN, int64_t(-1), INT64_MAX}) {
    int64_t shape[] = {extent, 4};
    DLTensor broken = a;
    broken.shape = shape;
    EXPECT_NE(run(session, {broken, broken}), VITC_OK);
    broken.shape = (shape[0] = 2, shape[1] = extent, shape);
    EXPECT_EQ(run(session, {broken, broken}), VITC_E_TENSOR);
  }
}

TEST_F(SessionTest, RefusesWrongOutputs) {
  vitc_session *session = createMain(4);
  Tensor<float> a({2, 4}), b({2, 4}), small({1, 4}), flat({8});
  Tensor<double> precise({2, 4});
  expectRefused(VITC_E_ARGUMENT, "2 outputs were given; expected 1", session, {a, b}, {lent(), lent()});
  expectRefused(VITC_E_TENSOR, "output 'sum' has shape (1, 4); expected (2, 4)", session, {a, b}, {small});
  expectRefused(VITC_E_TENSOR, "output 'sum' has 1 dimensions; expected shape (2, 4)", session, {a, b}, {flat});
  expectRefused(VITC_E_TENSOR, "output 'sum' has type float64; expected float32", session, {a, b}, {precise});
  expectRefused(VITC_E_TENSOR, "output 'sum' overlaps input 'b'", session, {a, b}, {b});
  DLTensor inputs[] = {a, b};
  EXPECT_EQ(api->run(session, inputs, 2, nullptr, 1, nullptr), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "the outputs are null");
}

TEST_F(SessionTest, RefusesOutputsThatOverlap) {
  vitc_session_options chosen = options();
  chosen.function = "pair";
  vitc_session *session = create(chosen);
  Tensor<int64_t> x({1, 2}), twice({1, 2}), total({});
  DLTensor inside = total;
  inside.data = &twice.elements[1];
  expectRefused(VITC_E_TENSOR, "output 'total' overlaps output 'twice'", session, {x}, {twice, inside});
}

TEST_F(SessionTest, RefusesWrongOptions) {
  auto refused = [&](vitc_status status, const std::string &sentence, auto change) {
    vitc_session_options chosen = options();
    vitc_dim dim = {"batch", 2};
    chosen.dims = &dim;
    chosen.dim_count = 1;
    change(chosen, dim);
    vitc_session *session = nullptr;
    EXPECT_EQ(api->session_create(model, &chosen, &session), status);
    EXPECT_EQ(api->last_error(), sentence);
    EXPECT_EQ(session, nullptr);
  };
  using Options = vitc_session_options;
  refused(VITC_E_ARGUMENT, "the size in the options is 0; set it to the size of the structure",
          [](Options &o, vitc_dim &) { o.size = 0; });
  refused(VITC_E_ARGUMENT, "the library has no function 'vjp'", [](Options &o, vitc_dim &) { o.function = "vjp"; });
  refused(VITC_E_ARGUMENT, "the function 'main' has no dimension named 'width'",
          [](Options &, vitc_dim &d) { d.name = "width"; });
  refused(VITC_E_ARGUMENT, "the maximum of dimension 'batch' is 0; expected at least 1",
          [](Options &, vitc_dim &d) { d.extent = 0; });
  refused(VITC_E_ARGUMENT, "a dimension in the options has a null name",
          [](Options &, vitc_dim &d) { d.name = nullptr; });
  refused(VITC_E_ARGUMENT, "the dimensions in the options are null", [](Options &o, vitc_dim &) { o.dims = nullptr; });
  refused(VITC_E_ARGUMENT, "-1 threads were asked for; expected 0 to 4096",
          [](Options &o, vitc_dim &) { o.threads = -1; });
  refused(VITC_E_DEVICE,
          "a session on device 0 of type 2 was asked for (1 is the CPU, 2 CUDA); the library holds code for x86-64-v3, "
          "baseline",
          [](Options &o, vitc_dim &) { o.device.device_type = decltype(o.device.device_type)(kDLCUDA); });
  refused(VITC_E_MEMORY, "the sizes of a session for these dimensions do not fit into 64 bits",
          [](Options &, vitc_dim &d) { d.extent = INT64_MAX / 8; });
  refused(VITC_E_MEMORY, "out of memory: a session for these dimensions needs 9007199254741184 bytes",
          [](Options &, vitc_dim &d) { d.extent = int64_t(1) << 48; });
}

TEST_F(SessionTest, ReadsOlderAndNewerOptions) {
  struct Newer {
    vitc_session_options known;
    int64_t unknown;
  } newer = {options(), 0};
  newer.known.size = sizeof newer;
  create(newer.known);
  newer.unknown = 1;
  vitc_session *session = nullptr;
  EXPECT_EQ(api->session_create(model, &newer.known, &session), VITC_E_ARGUMENT);
  EXPECT_EQ(api->last_error(), "the options have " + std::to_string(sizeof newer) +
                                   " bytes and use some of which this library knows only " +
                                   std::to_string(sizeof newer.known));
  vitc_session_options older = options();
  older.size = offsetof(vitc_session_options, dims);
  older.dim_count = 7; // beyond its end
  create(older);
}

TEST_F(SessionTest, RefusesNullPointers) {
  vitc_session *session = nullptr;
  size_t bytes = 0;
  EXPECT_EQ(api->open(nullptr, nullptr), VITC_E_ARGUMENT);
  EXPECT_EQ(api->session_create(nullptr, nullptr, &session), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "the model is null");
  EXPECT_EQ(api->session_create(model, nullptr, nullptr), VITC_E_ARGUMENT);
  EXPECT_EQ(api->workspace_bytes(model, nullptr, nullptr), VITC_E_ARGUMENT);
  EXPECT_EQ(api->workspace_bytes(nullptr, nullptr, &bytes), VITC_E_ARGUMENT);
  EXPECT_EQ(api->run(nullptr, nullptr, 0, nullptr, 0, nullptr), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "the session is null");
  EXPECT_EQ(api->output_shapes(nullptr, nullptr, 0, nullptr, 0), VITC_E_ARGUMENT);
  EXPECT_EQ(api->session_destroy(nullptr), VITC_OK);
  EXPECT_EQ(api->close(nullptr), VITC_OK);
}

TEST_F(SessionTest, OutlivesItsModel) {
  vitc_model *second = nullptr;
  vitc_session *session = nullptr;
  ASSERT_EQ(api->open(nullptr, &second), VITC_OK);
  ASSERT_EQ(api->session_create(second, nullptr, &session), VITC_OK);
  ASSERT_EQ(api->close(second), VITC_OK);
  runAndCheck(api, session, 1);
  EXPECT_EQ(api->session_destroy(session), VITC_OK);
}

/// Memory that ends where the process may not write, and begins after such a page.
class GuardedMemory {
  static constexpr size_t page = 4096;
  size_t pages;
  char *base;

public:
  char *begin;

  explicit GuardedMemory(size_t bytes) : pages((bytes + page - 1) / page + 2) {
    base = static_cast<char *>(mmap(nullptr, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base + page, (pages - 2) * page, PROT_READ | PROT_WRITE);
    begin = base + (pages - 1) * page - bytes;
  }
  ~GuardedMemory() { munmap(base, pages * page); }
};

TEST_F(SessionTest, KeepsToTheCallersWorkspace) {
  vitc_dim dim = {"batch", 6};
  vitc_session_options chosen = options(3);
  chosen.dims = &dim;
  chosen.dim_count = 1;
  size_t bytes = 0;
  ASSERT_EQ(api->workspace_bytes(model, &chosen, &bytes), VITC_OK) << api->last_error();
  ASSERT_EQ(bytes % 64, 0u);
  GuardedMemory memory(bytes);
  chosen.workspace = memory.begin;
  chosen.workspace_bytes = bytes - 1;
  vitc_session *session = nullptr;
  EXPECT_EQ(api->session_create(model, &chosen, &session), VITC_E_MEMORY);
  EXPECT_EQ(api->last_error(),
            "the workspace has " + std::to_string(bytes - 1) + " bytes; expected at least " + std::to_string(bytes));
  chosen.workspace_bytes = bytes;
  session = create(chosen);
  for (int64_t batch = 1; batch <= 6; ++batch)
    runAndCheck(api, session, batch);
  Tensor<float> a({6, 4}), b({6, 4});
  DLTensor inputs[] = {a, b}, output = lent();
  ASSERT_EQ(api->run(session, inputs, 2, &output, 1, nullptr), VITC_OK);
  char *end = static_cast<char *>(output.data) + 6 * 4 * sizeof(float);
  EXPECT_GE(static_cast<char *>(output.data), memory.begin);
  EXPECT_LE(end, memory.begin + bytes);
  chosen.workspace = memory.begin + 4;
  EXPECT_EQ(api->session_create(model, &chosen, &session), VITC_E_ARGUMENT);
  EXPECT_STREQ(api->last_error(), "the workspace is not aligned to 64 bytes");
  api->session_destroy(sessions.back()); // before its memory goes
  sessions.pop_back();
}

} // namespace
