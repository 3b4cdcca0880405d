#ifndef VITC_TEST_UNIT_RUNTIME_GPUTEST_H
#define VITC_TEST_UNIT_RUNTIME_GPUTEST_H

extern "C" {
#include "Api.h"
}

#include "GpuProgram.h"
#include "RuntimeTest.h"

#include <functional>
#include <map>
#include <memory>

namespace vitc::test {

using Address = std::uint64_t;
using Environment = std::map<std::string, std::string>;

/// Runs `body` in a child process with a driver of its own, made by these variables (MockDevice.h), and expects it to
/// pass and the driver to print `complaint` (nothing where it is empty): it tells of leaks and of misuse.
void runApart(const Environment &environment, const std::function<void()> &body, const std::string &complaint = "");

/// The functions of the driver that a caller of the library uses, of device 0 if not said otherwise.
class Mock {
public:
  Mock();
  ~Mock();
  void use(int ordinal); ///< makes the device's context the current one

  Address allocate(std::size_t bytes);
  Address upload(const std::vector<float> &elements);
  std::vector<float> download(Address address, std::size_t count);
  std::vector<float> peek(Address address, std::size_t count); ///< on a stream that waits for no other

  void *makeStream();
  void beginCapture(void *stream);
  void *endCapture(void *stream); ///< an executable graph
  void launch(void *graph, void *stream);
  void synchronise(void *stream);

private:
  template <typename... Parameters>
  void call(const char *name, Parameters... parameters);
  template <typename... Parameters>
  int result(const char *name, Parameters... parameters);

  void *library;
  std::vector<int> used;
  std::vector<Address> memory;
  std::vector<void *> graphs;
};

/// A float32 tensor (rows, 4) at an address of a device, or in memory of the host.
struct Rows : DLTensor {
  std::int64_t extents[2];
  Rows(Address address, std::int64_t rows, int ordinal = 0);
  Rows(std::vector<float> &elements);
  Rows(const Rows &) = delete;
};

/// `count` elements from `first`, each one more than the one before.
std::vector<float> count(std::size_t count, float first = 0);

/// What `main` computes.
std::vector<float> sums(const std::vector<float> &a, const std::vector<float> &b);

/// A model with code for GPUs and a CPU, which a test may change before it is opened.
class Gpu {
public:
  Gpu();
  ~Gpu();

  void open();
  void setVariants(std::vector<vitc_variant> wanted); ///< of `main`

  /// Options of a session on a device, for up to `batch` rows.
  vitc_session_options options(std::int64_t batch, int ordinal = 0);
  vitc_session *create(const vitc_session_options &options);
  vitc_session *create(std::int64_t batch, int ordinal = 0) { return create(options(batch, ordinal)); }
  void destroy(vitc_session *session);
  void expectRefused(vitc_status status, const std::string &sentence, const vitc_session_options &options);

  /// Runs `main` on tensors of the host, twice more than makes a graph of it, and checks what it returns.
  void runOnHost(vitc_session *session, std::int64_t rows);
  vitc_status run(vitc_session *session, const DLTensor &a, const DLTensor &b, DLTensor *sum, void *stream = nullptr);
  std::string error() const { return api->last_error(); }

  const vitc_api *api = vitc_model_v1;
  vitc_program program = vitc_model_program;
  vitc_model *model = nullptr;

private:
  std::vector<vitc_function> functions;
  std::vector<vitc_variant> variants;
  std::vector<std::unique_ptr<vitc_dim>> dims;
  std::vector<vitc_session *> sessions;
};

} // namespace vitc::test

#endif // VITC_TEST_UNIT_RUNTIME_GPUTEST_H
