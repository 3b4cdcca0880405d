#ifndef VITC_RUN_MODEL_H
#define VITC_RUN_MODEL_H

#include "vitc/Run/NumPy.h"
#include "vitc/Run/Profile.h"

#include "llvm/Support/JSON.h"

#include <memory>
#include <optional>

namespace vitc::run {

/// A dimension as info_json says it: a number, or a symbol or an expression of symbols.
struct Dim {
  std::optional<int64_t> extent;
  std::string symbol;
};

struct TensorInfo {
  std::string name;
  const ElementType *type;
  std::vector<Dim> shape;
};

struct FunctionInfo {
  std::string name;
  std::vector<std::string> symbols;
  std::vector<TensorInfo> inputs, outputs;
};

using Extents = std::map<std::string, int64_t>;

struct SessionOptions {
  Extents dims;
  int32_t threads = 0;
  bool profile = false;
  DLDevice device = {}; ///< the CPU, or {kDLCUDA, n}
};

/// A compiled model that was loaded, a function of it, and a session to run that.
class Model {
public:
  /// Loads the library; its code is not yet asked to run on this processor.
  static llvm::Expected<Model> load(const std::string &path);

  llvm::StringRef info() const { return api->info_json(); }
  /// The functions of this name, which differ in their shapes; there is at least one.
  llvm::Expected<std::vector<FunctionInfo>> functions(llvm::StringRef name) const;

  llvm::Error open(const std::string &weights);
  llvm::Error createSession(const FunctionInfo &function, const SessionOptions &options);

  /// Runs the session; the outputs are lent until the next run.
  llvm::Expected<std::vector<DLTensor>> run(const FunctionInfo &function, const Arrays &inputs);

  /// Adds the last run of a session that takes times.
  llvm::Error addRun(Profile &profile) const;

private:
  struct Closer {
    const vitc_api *api;
    void operator()(vitc_model *model) const { api->close(model); }
    void operator()(vitc_session *session) const { api->session_destroy(session); }
  };

  const vitc_api *api = nullptr;
  std::unique_ptr<vitc_model, Closer> model{nullptr, Closer{nullptr}};
  std::unique_ptr<vitc_session, Closer> session{nullptr, Closer{nullptr}};

  llvm::Error check(vitc_status status) const;
};

/// A copy of a tensor of the model's.
llvm::Expected<Array> copy(const DLTensor &tensor, const TensorInfo &info);

} // namespace vitc::run

#endif // VITC_RUN_MODEL_H
