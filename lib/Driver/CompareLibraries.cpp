#include "CompareLibraries.h"
#include "ChildProcess.h"

#include "vitc/Run/Inputs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace vitc;
using namespace vitc::driver;
using llvm::ArrayRef;
using llvm::Expected;
using llvm::SmallVector;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Running, in the child
//===----------------------------------------------------------------------===//

/// The extents that inputs are drawn with: what is open is 2 in front, where it counts pictures.
static Expected<run::Extents> chooseDims(const run::FunctionInfo &function, const run::Arrays &inputs) {
  run::Extents chosen;
  for (const run::TensorInfo &input : function.inputs)
    if (!input.shape.empty() && !input.shape.front().extent)
      chosen[input.shape.front().symbol] = 2;
  for (const run::TensorInfo &input : function.inputs)
    for (const run::Dim &dim : input.shape)
      if (!dim.extent && !chosen.count(dim.symbol) && !inputs.count(input.name))
        return llvm::createStringError("the size '" + dim.symbol + "' of the input '" + input.name +
                                       "' is open: fix it with --shape, or give inputs with --verify=FILE.npz");
  return run::resolveDims(function, inputs, chosen);
}

static Expected<run::Arrays> makeInputs(const run::FunctionInfo &function, StringRef file, run::Extents &dims) {
  run::Arrays inputs;
  StringRef only = function.inputs.size() == 1 ? StringRef(function.inputs.front().name) : StringRef();
  if (!file.empty())
    if (llvm::Error error = run::readNamed(file, only, inputs))
      return error;
  for (const auto &[name, array] : inputs)
    if (llvm::none_of(function.inputs, [&](const run::TensorInfo &input) { return input.name == name; }))
      return llvm::createStringError("the model has no input '" + name + "', which " + file + " holds");
  Expected<run::Extents> chosen = chooseDims(function, inputs);
  if (!chosen)
    return chosen.takeError();
  dims = std::move(*chosen);
  if (llvm::Error error = run::drawInputs(function, dims, /*seed=*/0, inputs))
    return error;
  return inputs;
}

namespace {

/// One of the libraries, loaded.
class Program {
public:
  static Expected<Program> load(StringRef path) {
    Expected<run::Model> model = run::Model::load(path.str());
    if (!model)
      return model.takeError();
    Expected<std::vector<run::FunctionInfo>> functions = model->functions("main");
    if (!functions)
      return functions.takeError();
    if (llvm::Error error = model->open(""))
      return error;
    return Program(std::move(*model), std::move(functions->front()));
  }

  llvm::Error run(const run::Arrays &inputs, const run::Extents &dims) {
    if (llvm::Error error = model.createSession(function, {dims, /*threads=*/0}))
      return error;
    return model.run(function, inputs).moveInto(outputs);
  }

  const run::FunctionInfo &getFunction() const { return function; }
  Expected<run::Array> getOutput(size_t index) const { return run::copy(outputs[index], function.outputs[index]); }

  /// The output of this name among the first ones; nothing where there is none.
  std::optional<size_t> find(StringRef name, size_t first) const {
    for (size_t index = 0; index < std::min(first, function.outputs.size()); ++index)
      if (function.outputs[index].name == name)
        return index;
    return std::nullopt;
  }

  /// Compares output `index` with the reference's output `other`.
  Expected<Comparison> compareWith(size_t index, const Program &reference, size_t other, StringRef node) const {
    Expected<run::Array> got = getOutput(index), expected = reference.getOutput(other);
    if (!got || !expected)
      return llvm::joinErrors(got.takeError(), expected.takeError());
    Expected<run::Difference> difference = run::compare(*got, *expected);
    if (!difference)
      return difference.takeError();
    return Comparison{node.empty() ? function.outputs[index].name : node.str(), !node.empty(), *difference};
  }

private:
  Program(run::Model model, run::FunctionInfo function) : model(std::move(model)), function(std::move(function)) {}

  run::Model model;
  run::FunctionInfo function;
  std::vector<DLTensor> outputs; ///< lent by the session
};

} // namespace

static Expected<std::vector<Comparison>> runAndCompare(const VerifiedLibraries &libraries, ArrayRef<std::string> nodes,
                                                       StringRef file) {
  SmallVector<Program> programs;
  for (StringRef path : {libraries.reference, libraries.fused, libraries.delivered, libraries.taps}) {
    if (path.empty())
      continue;
    Expected<Program> program = Program::load(path);
    if (!program)
      return program.takeError();
    programs.push_back(std::move(*program));
  }
  run::Extents dims;
  const Program &reference = programs[0], &fused = programs[1], &delivered = programs[2], &taps = programs.back();
  Expected<run::Arrays> inputs = makeInputs(delivered.getFunction(), file, dims);
  if (!inputs)
    return inputs.takeError();
  for (Program &program : programs)
    if (llvm::Error error = program.run(*inputs, dims))
      return error;
  std::vector<Comparison> comparisons;
  size_t outputs = reference.getFunction().outputs.size() - nodes.size();
  for (auto [index, node] : llvm::enumerate(nodes))
    if (llvm::Error error =
            fused.compareWith(outputs + index, reference, outputs + index, node).moveInto(comparisons.emplace_back()))
      return error;
  for (auto [index, output] : llvm::enumerate(delivered.getFunction().outputs)) {
    // What is none of the graph's outputs is a tap.
    std::optional<size_t> own = reference.find(output.name, outputs);
    size_t other = own ? *own : *taps.find(output.name, taps.getFunction().outputs.size());
    if (llvm::Error error =
            delivered.compareWith(index, own ? reference : taps, other, "").moveInto(comparisons.emplace_back()))
      return error;
  }
  return comparisons;
}

//===----------------------------------------------------------------------===//
// Between the processes
//===----------------------------------------------------------------------===//

static std::string serialize(Expected<std::vector<Comparison>> comparisons) {
  if (!comparisons)
    return llvm::formatv("{0}", llvm::json::Value(llvm::toString(comparisons.takeError())));
  llvm::json::Array list;
  for (const Comparison &comparison : *comparisons) {
    const run::Difference &difference = comparison.difference;
    list.push_back(llvm::json::Array{comparison.name, comparison.isNode, difference.largest, difference.scale,
                                     difference.where, difference.notNumbers, difference.cosine});
  }
  return llvm::formatv("{0}", llvm::json::Value(std::move(list)));
}

static Expected<std::vector<Comparison>> deserialize(StringRef text) {
  Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return value.takeError();
  if (std::optional<StringRef> message = value->getAsString())
    return llvm::createStringError(*message);
  std::vector<Comparison> comparisons;
  for (const llvm::json::Value &item : *value->getAsArray()) {
    const llvm::json::Array &fields = *item.getAsArray();
    run::Difference difference{*fields[2].getAsNumber(), *fields[3].getAsNumber(), *fields[4].getAsInteger(),
                               *fields[5].getAsBoolean(), *fields[6].getAsNumber()};
    comparisons.push_back({fields[0].getAsString()->str(), *fields[1].getAsBoolean(), difference});
  }
  return comparisons;
}

Expected<std::vector<Comparison>> vitc::driver::compareLibraries(const VerifiedLibraries &libraries,
                                                                 ArrayRef<std::string> nodes, StringRef inputs) {
  Expected<std::string> text = callInChild([&] { return serialize(runAndCompare(libraries, nodes, inputs)); });
  if (!text)
    return text.takeError();
  return deserialize(*text);
}

//===----------------------------------------------------------------------===//
// The verdict
//===----------------------------------------------------------------------===//

static double getRelative(const run::Difference &difference) {
  return difference.largest > 0 ? difference.largest / difference.scale : 0;
}

static void printDifference(const run::Difference &difference, const Tolerance &tolerance, llvm::raw_ostream &os) {
  if (difference.notNumbers)
    os << "NaN or infinity on one side alone";
  else if (tolerance.cosine)
    os << llvm::format("a cosine of %.6f, where %g is asked for, and %.2g of max |y|", difference.cosine,
                       *tolerance.cosine, getRelative(difference));
  else
    os << llvm::format("%.2g of max |y|, where %g is allowed", getRelative(difference), tolerance.relative);
  os << ", at element " << difference.where;
}

/// All agree: the worst of them and, where the cosine counts, what becomes of the outputs.
static void printAgreement(ArrayRef<Comparison> comparisons, const Tolerance &tolerance, llvm::raw_ostream &os) {
  if (!tolerance.cosine) {
    const Comparison &worst = *llvm::max_element(comparisons, [](const Comparison &a, const Comparison &b) {
      return getRelative(a.difference) < getRelative(b.difference);
    });
    os << "at most " << llvm::format("%.2g", getRelative(worst.difference)) << " of max |y|, of '" << worst.name
       << "'\n";
    return;
  }
  const Comparison &worst = *llvm::min_element(
      comparisons, [](const Comparison &a, const Comparison &b) { return a.difference.cosine < b.difference.cosine; });
  os << llvm::format("cosine at least %.6f, of '", worst.difference.cosine) << worst.name << "'\n";
  for (const Comparison &comparison : comparisons)
    if (!comparison.isNode)
      os << "output '" << comparison.name
         << llvm::format("': cosine %.6f, at most %.2g of max |y|\n", comparison.difference.cosine,
                         getRelative(comparison.difference));
}

bool vitc::driver::printVerdict(ArrayRef<Comparison> comparisons, const Tolerance &tolerance, llvm::raw_ostream &out,
                                llvm::raw_ostream &err) {
  auto drifts = [&](const Comparison &comparison) { return !comparison.agrees(tolerance); };
  size_t nodes = llvm::count_if(comparisons, [](const Comparison &comparison) { return comparison.isNode; });
  size_t outputs = comparisons.size() - nodes;
  size_t wrong = llvm::count_if(comparisons, drifts);
  StringRef reference = tolerance.cosine ? "the unfused path in fp32" : "the unfused path";
  if (wrong == 0) {
    out << "verified " << nodes << " ops and " << outputs << (outputs == 1 ? " output" : " outputs") << " against "
        << reference << ": ";
    printAgreement(comparisons, tolerance, out);
    return true;
  }
  const Comparison &first = *llvm::find_if(comparisons, drifts);
  err << "vitc: error: " << (first.isNode ? "node '" : "output '") << first.name << "': drifts from " << reference
      << " by ";
  printDifference(first.difference, tolerance, err);
  if (first.isNode)
    err << "; the first of " << wrong << " that do, of " << nodes << " ops and " << outputs << " outputs\n";
  else
    err << "; none of the " << nodes << " ops before it does where all their results are kept\n";
  return false;
}
