#include "vitc/Run/Model.h"

#include "vitc/Run/Library.h"

#include <cstddef>

using namespace vitc::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace json = llvm::json;

Error Model::check(vitc_status status) const {
  return status == VITC_OK ? Error::success() : llvm::createStringError(api->last_error());
}

Expected<Model> Model::load(const std::string &path) {
  Expected<const vitc_api *> api = loadLibrary(path);
  if (!api)
    return api.takeError();
  Model result;
  result.api = *api;
  return result;
}

static bool readDim(const json::Value &value, Dim &dim) {
  dim.extent = value.getAsInteger();
  dim.symbol = value.getAsString().value_or("").str();
  return dim.extent || !dim.symbol.empty();
}

static bool readTensors(const json::Array *array, std::vector<TensorInfo> &tensors) {
  for (const json::Value &value : array ? *array : json::Array()) {
    const json::Object *object = value.getAsObject();
    const json::Array *shape = object ? object->getArray("shape") : nullptr;
    if (!shape)
      return false;
    TensorInfo &tensor = tensors.emplace_back();
    tensor.name = object->getString("name").value_or("").str();
    tensor.type = findType(object->getString("type").value_or(""));
    for (const json::Value &dim : *shape)
      if (!readDim(dim, tensor.shape.emplace_back()))
        return false;
    if (!tensor.type)
      return false;
  }
  return array;
}

static bool readFunction(const json::Object &object, FunctionInfo &function) {
  function.name = object.getString("name").value_or("").str();
  if (const json::Array *symbols = object.getArray("symbols"))
    for (const json::Value &symbol : *symbols)
      function.symbols.push_back(symbol.getAsString().value_or("").str());
  return readTensors(object.getArray("inputs"), function.inputs) &&
         readTensors(object.getArray("outputs"), function.outputs);
}

Expected<std::vector<FunctionInfo>> Model::functions(StringRef name) const {
  Expected<json::Value> value = json::parse(info());
  if (!value)
    return value.takeError();
  const json::Object *root = value->getAsObject();
  const json::Array *functions = root ? root->getArray("functions") : nullptr;
  std::vector<FunctionInfo> found;
  for (const json::Value &item : functions ? *functions : json::Array()) {
    const json::Object *object = item.getAsObject();
    if (!object || object->getString("name") != name)
      continue;
    if (!readFunction(*object, found.emplace_back()))
      return llvm::createStringError("the library's description of '" + name + "' cannot be read");
  }
  if (found.empty())
    return llvm::createStringError("the library has no function '" + name + "'");
  return found;
}

Error Model::open(const std::string &weights) {
  vitc_open_options options = {sizeof options, weights.empty() ? nullptr : weights.c_str(), 0};
  vitc_model *opened = nullptr;
  Error error = check(api->open(&options, &opened));
  model = {opened, Closer{api}};
  return error;
}

Error Model::createSession(const FunctionInfo &function, const SessionOptions &options) {
  std::vector<vitc_dim> dims;
  for (const auto &[name, extent] : options.dims)
    dims.push_back({name.c_str(), extent});
  vitc_session_options chosen = {};
  chosen.size = sizeof chosen;
  chosen.function = function.name.c_str();
  chosen.dims = dims.data();
  chosen.dim_count = dims.size();
  chosen.threads = options.threads;
  chosen.profile = options.profile;
  chosen.device = options.device;
  if (options.profile && api->size < offsetof(vitc_api, profile) + sizeof api->profile)
    return llvm::createStringError("the library takes no times: it was compiled by an older version of vitc");
  vitc_session *created = nullptr;
  Error error = check(api->session_create(model.get(), &chosen, &created));
  session = {created, Closer{api}};
  return error;
}

Expected<std::vector<DLTensor>> Model::run(const FunctionInfo &function, const Arrays &inputs) {
  std::vector<DLTensor> in, out(function.outputs.size());
  for (const TensorInfo &info : function.inputs) {
    const Array &array = inputs.at(info.name);
    DLTensor &tensor = in.emplace_back();
    tensor.data = const_cast<char *>(array.bytes.data());
    tensor.device.device_type = decltype(tensor.device.device_type)(kDLCPU);
    tensor.ndim = int32_t(array.shape.size());
    tensor.dtype = array.type->type;
    tensor.shape = const_cast<int64_t *>(array.shape.data());
  }
  if (Error error =
          check(api->run(session.get(), in.data(), int32_t(in.size()), out.data(), int32_t(out.size()), nullptr)))
    return error;
  return out;
}

static Step copyStep(const vitc_step &from) {
  return {from.kind, {from.nodes, from.nodes + from.node_count}, from.macs, from.weight_bytes, from.activation_bytes};
}

Error Model::addRun(Profile &profile) const {
  vitc_profile last = {};
  last.size = sizeof last;
  if (Error error = check(api->profile(session.get(), &last)))
    return error;
  profile.level = last.level;
  profile.threads = last.thread_count;
  profile.steps.clear();
  for (const vitc_step &step : llvm::ArrayRef(last.steps, last.step_count))
    profile.steps.push_back(copyStep(step));
  profile.runs.emplace_back(last.times, last.times + size_t(last.step_count) * last.thread_count);
  return Error::success();
}

Expected<Array> vitc::run::copy(const DLTensor &tensor, const TensorInfo &info) {
  Array array;
  array.type = info.type;
  array.shape.assign(tensor.shape, tensor.shape + tensor.ndim);
  Expected<int64_t> bytes = countBytes(array.shape, *array.type);
  if (!bytes)
    return bytes.takeError();
  const char *data = static_cast<const char *>(tensor.data) + tensor.byte_offset;
  array.bytes.assign(data, data + *bytes);
  return array;
}
