#include "GpuTest.h"

#include <cstdlib>
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vitc::test;

[[noreturn]] static void runInChild(const Environment &environment, const std::function<void()> &body, int complaints) {
  constexpr unsigned limit = 60; // seconds
  alarm(limit);
  dup2(complaints, STDERR_FILENO);
  setenv("VITC_LIBCUDA", VITC_LIBCUDA_MOCK, 1);
  for (const auto &[name, value] : environment)
    setenv(name.c_str(), value.c_str(), 1);
  body();
  std::fflush(stdout);
  std::exit(testing::Test::HasFailure()); // the mock looks for leaks
}

void vitc::test::runApart(const Environment &environment, const std::function<void()> &body,
                          const std::string &complaint) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::fflush(stdout);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (!child) {
    close(ends[0]);
    runInChild(environment, body, ends[1]);
  }
  close(ends[1]);
  std::string complaints;
  char buffer[4096];
  for (ssize_t bytes; (bytes = read(ends[0], buffer, sizeof buffer)) > 0;)
    complaints.append(buffer, std::size_t(bytes));
  close(ends[0]);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "the child ended with status " << status;
  if (complaint.empty())
    EXPECT_EQ(complaints, "");
  else
    EXPECT_NE(complaints.find(complaint), std::string::npos) << complaints;
}

template <typename... Parameters>
int Mock::result(const char *name, Parameters... parameters) {
  auto function = reinterpret_cast<int (*)(Parameters...)>(dlsym(library, name));
  return function ? function(parameters...) : -1;
}

template <typename... Parameters>
void Mock::call(const char *name, Parameters... parameters) {
  EXPECT_EQ(result(name, parameters...), 0) << name;
}

Mock::Mock() : library(dlopen(VITC_LIBCUDA_MOCK, RTLD_NOW)) {
  EXPECT_NE(library, nullptr) << dlerror();
  call("cuInit", 0u);
  use(0);
}

Mock::~Mock() {
  for (Address address : memory)
    call("cuMemFree_v2", address);
  for (void *graph : graphs)
    call("cuGraphExecDestroy", graph);
  void *context;
  for (int ordinal : used) {
    call("cuCtxPopCurrent_v2", &context);
    call("cuDevicePrimaryCtxRelease_v2", ordinal);
  }
}

void Mock::use(int ordinal) {
  void *context = nullptr;
  call("cuDevicePrimaryCtxRetain", &context, ordinal);
  call("cuCtxPushCurrent_v2", context);
  used.push_back(ordinal);
}

Address Mock::allocate(std::size_t bytes) {
  Address address = 0;
  call("cuMemAlloc_v2", &address, bytes);
  memory.push_back(address);
  return address;
}

Address Mock::upload(const std::vector<float> &elements) {
  std::size_t bytes = elements.size() * sizeof(float);
  Address address = allocate(bytes);
  call("cuMemcpyHtoD_v2", address, static_cast<const void *>(elements.data()), bytes);
  return address;
}

std::vector<float> Mock::download(Address address, std::size_t count) {
  std::vector<float> elements(count);
  call("cuMemcpyDtoH_v2", static_cast<void *>(elements.data()), address, count * sizeof(float));
  return elements;
}

std::vector<float> Mock::peek(Address address, std::size_t count) {
  std::vector<float> elements(count);
  call("cuMemcpyDtoHAsync_v2", static_cast<void *>(elements.data()), address, count * sizeof(float), makeStream());
  return elements;
}

void *Mock::makeStream() {
  constexpr unsigned nonBlocking = 1; // as PyTorch makes them
  void *stream = nullptr;
  call("cuStreamCreate", &stream, nonBlocking);
  return stream;
}

void Mock::beginCapture(void *stream) { call("cuStreamBeginCapture_v2", stream, 0); }

void *Mock::endCapture(void *stream) {
  void *graph = nullptr, *executable = nullptr;
  call("cuStreamEndCapture", stream, &graph);
  call("cuGraphInstantiateWithFlags", &executable, graph, 0ull);
  call("cuGraphDestroy", graph);
  graphs.push_back(executable);
  return executable;
}

void Mock::launch(void *graph, void *stream) { call("cuGraphLaunch", graph, stream); }

void Mock::synchronise(void *stream) { call("cuStreamSynchronize", stream); }

Rows::Rows(Address address, std::int64_t rows, int ordinal) : DLTensor(), extents{rows, 4} {
  data = reinterpret_cast<void *>(address);
  device = {kDLCUDA, ordinal};
  ndim = 2;
  dtype = typeOf<float>();
  shape = extents;
}

Rows::Rows(std::vector<float> &elements) : Rows(0, std::int64_t(elements.size() / 4)) {
  data = elements.data();
  device = {kDLCPU, 0};
}

std::vector<float> vitc::test::count(std::size_t count, float first) {
  std::vector<float> elements(count);
  std::iota(elements.begin(), elements.end(), first);
  return elements;
}

std::vector<float> vitc::test::sums(const std::vector<float> &a, const std::vector<float> &b) {
  static const float scale[] = {1, 10, 100, 1000};
  std::vector<float> result(a);
  for (std::size_t i = 0; i < a.size(); ++i)
    result[i] += b[i] * scale[i % 4];
  return result;
}

Gpu::Gpu() : functions{program.functions[0], gpu_copy_function} {
  setVariants({gpu_main_variant, program.functions[0].variants[1]});
  program.functions = functions.data();
  program.function_count = 2;
}

Gpu::~Gpu() {
  for (vitc_session *session : sessions)
    EXPECT_EQ(api->session_destroy(session), VITC_OK) << error();
  EXPECT_EQ(api->close(model), VITC_OK);
}

void Gpu::open() { ASSERT_EQ(vitc_open(&program, nullptr, &model), VITC_OK) << error(); }

void Gpu::setVariants(std::vector<vitc_variant> wanted) {
  variants = std::move(wanted);
  functions[0].variants = variants.data();
  functions[0].variant_count = std::int32_t(variants.size());
}

vitc_session_options Gpu::options(std::int64_t batch, int ordinal) {
  dims.push_back(std::make_unique<vitc_dim>(vitc_dim{"batch", batch}));
  vitc_session_options result = {};
  result.size = sizeof result;
  result.dims = dims.back().get();
  result.dim_count = 1;
  result.device = {kDLCUDA, ordinal};
  return result;
}

vitc_session *Gpu::create(const vitc_session_options &options) {
  vitc_session *session = nullptr;
  EXPECT_EQ(api->session_create(model, &options, &session), VITC_OK) << error();
  if (session)
    sessions.push_back(session);
  return session;
}

void Gpu::destroy(vitc_session *session) {
  std::erase(sessions, session);
  EXPECT_EQ(api->session_destroy(session), VITC_OK) << error();
}

void Gpu::expectRefused(vitc_status status, const std::string &sentence, const vitc_session_options &options) {
  vitc_session *session = nullptr;
  EXPECT_EQ(api->session_create(model, &options, &session), status);
  EXPECT_EQ(error(), sentence);
  EXPECT_EQ(session, nullptr);
}

vitc_status Gpu::run(vitc_session *session, const DLTensor &a, const DLTensor &b, DLTensor *sum, void *stream) {
  DLTensor inputs[] = {a, b};
  return api->run(session, inputs, 2, sum, 1, stream);
}

void Gpu::runOnHost(vitc_session *session, std::int64_t rows) {
  constexpr int runs = 4; // the first launches one by one, the second makes a graph
  for (int i = 0; i < runs; ++i) {
    std::vector<float> a = count(std::size_t(rows) * 4, float(i)), b = count(a.size(), 1), found(a.size());
    Rows sum(found);
    ASSERT_EQ(run(session, Rows(a), Rows(b), &sum), VITC_OK) << error();
    ASSERT_EQ(found, sums(a, b)) << rows << " rows, run " << i;
  }
}
