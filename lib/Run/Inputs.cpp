#include "vitc/Run/Inputs.h"

#include <cmath>
#include <random>

using namespace vitc::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

Error vitc::run::readNamed(StringRef argument, StringRef only, Arrays &arrays) {
  auto [name, path] = argument.contains('=') ? argument.split('=') : std::pair(StringRef(), argument);
  Expected<Arrays> read = readArrays(path);
  if (!read)
    return read.takeError();
  if (!name.empty() && read->size() != 1)
    return llvm::createStringError(path + " holds " + llvm::Twine(read->size()) + " arrays; '" + name + "' is one");
  for (auto &[key, array] : *read) {
    StringRef chosen = !name.empty() ? name : key.empty() ? only : StringRef(key);
    if (chosen.empty())
      return llvm::createStringError("which of the model's tensors is " + path + "? write NAME=" + path);
    arrays[chosen.str()] = std::move(array);
  }
  return Error::success();
}

static bool takes(const TensorInfo &tensor, const Array &array) {
  return tensor.shape.size() == array.shape.size() &&
         llvm::all_of(llvm::zip_equal(tensor.shape, array.shape), [](auto pair) {
           auto &[dim, extent] = pair;
           return !dim.extent || *dim.extent == extent;
         });
}

const FunctionInfo &vitc::run::chooseFunction(llvm::ArrayRef<FunctionInfo> functions, const Arrays &inputs) {
  const FunctionInfo *found = llvm::find_if(functions, [&](const FunctionInfo &function) {
    return llvm::all_of(function.inputs, [&](const TensorInfo &tensor) {
      auto given = inputs.find(tensor.name);
      return given == inputs.end() || takes(tensor, given->second);
    });
  });
  return found == functions.end() ? functions.front() : *found;
}

Expected<Extents> vitc::run::resolveDims(const FunctionInfo &function, const Arrays &inputs, const Extents &chosen) {
  Extents dims;
  for (const auto &[name, extent] : chosen)
    if (!llvm::is_contained(function.symbols, name))
      return llvm::createStringError("the function '" + function.name + "' has no dimension named '" + name + "'");
  for (const std::string &symbol : function.symbols)
    dims[symbol] = chosen.count(symbol) ? chosen.at(symbol) : 1;
  for (const TensorInfo &input : function.inputs) {
    auto found = inputs.find(input.name);
    if (found == inputs.end() || found->second.shape.size() != input.shape.size())
      continue;
    for (size_t i = 0; i < input.shape.size(); ++i)
      if (dims.count(input.shape[i].symbol))
        dims[input.shape[i].symbol] = found->second.shape[i];
  }
  return dims;
}

static void draw(Array &array, std::mt19937_64 &random) {
  std::normal_distribution<double> normal;
  bool isFloat = array.type->type.code == kDLFloat || array.type->type.code == kDLBfloat;
  uint64_t range = array.type->type.code == kDLBool ? 2 : 10;
  for (int64_t i = 0, size = array.size(); i < size; ++i)
    array.set(i, isFloat ? normal(random) : double(random() % range));
}

Error vitc::run::drawInputs(const FunctionInfo &function, const Extents &dims, uint64_t seed, Arrays &inputs) {
  std::mt19937_64 random(seed);
  for (const TensorInfo &info : function.inputs) {
    if (inputs.count(info.name))
      continue;
    Array array;
    array.type = info.type;
    for (const Dim &dim : info.shape)
      array.shape.push_back(dim.extent ? *dim.extent : dims.at(dim.symbol));
    Expected<int64_t> bytes = countBytes(array.shape, *array.type);
    if (!bytes)
      return bytes.takeError();
    array.bytes.resize(*bytes);
    draw(array, random);
    inputs.emplace(info.name, std::move(array));
  }
  return Error::success();
}

Expected<Difference> vitc::run::compare(const Array &got, const Array &expected) {
  if (got.shape != expected.shape)
    return llvm::createStringError("the shapes differ");
  Difference difference;
  double dot = 0, squares = 0, expectedSquares = 0;
  for (int64_t i = 0, size = got.size(); i < size; ++i) {
    double g = got.at(i), e = expected.at(i);
    bool same = g == e || (std::isnan(g) && std::isnan(e));
    if (!same && (!std::isfinite(g) || !std::isfinite(e))) {
      difference.notNumbers = true;
      difference.where = i;
      return difference;
    }
    if (std::isfinite(e)) {
      difference.scale = std::max(difference.scale, std::abs(e));
      dot += g * e, squares += g * g, expectedSquares += e * e;
    }
    if (!same && std::abs(g - e) > difference.largest) {
      difference.largest = std::abs(g - e);
      difference.where = i;
    }
  }
  if (squares > 0 || expectedSquares > 0)
    difference.cosine = squares > 0 && expectedSquares > 0 ? dot / std::sqrt(squares * expectedSquares) : 0;
  return difference;
}
