#include "vitc/Run/Inputs.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>

using namespace vitc::run;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace cl = llvm::cl;

namespace {

/// Exit codes: what was asked for holds; the model failed or differs; the command line is wrong.
enum { Done = 0, Failed = 1, Usage = 2 };

cl::OptionCategory category("vitc-run options");
cl::opt<std::string> modelPath(cl::Positional, cl::desc("model.so"), cl::cat(category));
cl::opt<std::string> functionName("function", cl::desc("Function to run"), cl::init("main"), cl::cat(category));
cl::list<std::string> inputFiles("input", cl::desc("Feed an array, or all of an archive; what is not fed is drawn"),
                                 cl::value_desc("[name=]file.npy|file.npz"), cl::cat(category));
cl::list<std::string> outputFiles("output", cl::desc("Save an output, or all of them"),
                                  cl::value_desc("[name=]file.npy|file.npz"), cl::cat(category));
cl::list<std::string> references("compare", cl::desc("Compare with these outputs; exit with 1 where they differ"),
                                 cl::value_desc("[name=]file.npy|file.npz"), cl::cat(category));
cl::opt<double> tolerance("rtol", cl::desc("Allowed max |difference| / max |expected| of an output"), cl::init(1e-4),
                          cl::cat(category));
cl::list<std::string> dimArguments("dims", cl::desc("Extents of named dimensions, and maxima of the session"),
                                   cl::value_desc("name=extent,..."), cl::CommaSeparated, cl::cat(category));
cl::opt<int64_t> batch("batch", cl::desc("Short for --dims=batch=N (or the only dimension's name)"), cl::init(0),
                       cl::cat(category));
cl::opt<uint64_t> seed("seed", cl::desc("Seed of drawn inputs"), cl::init(0), cl::cat(category));
cl::opt<int> threads("threads", cl::desc("Threads; 0: one a core"), cl::init(0), cl::cat(category));
cl::opt<int> repeat("repeat", cl::desc("Run and time so often (1; with --profile 20)"), cl::init(1), cl::cat(category));
cl::opt<int> warmup("warmup", cl::desc("Runs before those that are timed (0; with --profile 3)"), cl::init(0),
                    cl::cat(category));
cl::opt<std::string> profileFile("profile", cl::desc("Print the time of each step; write a trace for Perfetto"),
                                 cl::value_desc("trace.json"), cl::ValueOptional, cl::cat(category));
cl::opt<std::string> weights("weights", cl::desc("File of external weights"), cl::cat(category));
cl::opt<bool> info("info", cl::desc("Print what the library holds, as JSON, and run nothing"), cl::cat(category));

} // namespace

static int fail(Error error) {
  llvm::WithColor::error(llvm::errs(), "vitc-run") << llvm::toString(std::move(error)) << "\n";
  return Failed;
}

static int usage(const llvm::Twine &message) {
  llvm::WithColor::error(llvm::errs(), "vitc-run") << message << "; see --help\n";
  return Usage;
}

/// The extents given by --dims.
static Expected<Extents> parseDims() {
  Extents dims;
  for (StringRef argument : dimArguments) {
    auto [name, text] = argument.split('=');
    int64_t extent;
    if (text.getAsInteger(10, extent) || extent < 1)
      return llvm::createStringError("--dims takes name=extent with an extent of at least 1, not '" + argument + "'");
    dims[name.str()] = extent;
  }
  return dims;
}

/// The arrays of --input; `function` is any of those of its name.
static Expected<Arrays> readInputs(const FunctionInfo &function) {
  Arrays inputs;
  StringRef only = function.inputs.size() == 1 ? StringRef(function.inputs.front().name) : StringRef();
  for (StringRef argument : inputFiles)
    if (Error error = readNamed(argument, only, inputs))
      return error;
  for (const auto &[name, array] : inputs)
    if (llvm::none_of(function.inputs, [&](const TensorInfo &input) { return input.name == name; }))
      return llvm::createStringError("the function '" + function.name + "' has no input named '" + name + "'");
  return inputs;
}

/// Draws the inputs that are not given, and sets the dimensions that they leave open.
static Expected<Arrays> completeInputs(const FunctionInfo &function, Arrays inputs, Extents &dims) {
  Expected<Extents> resolved = resolveDims(function, inputs, dims);
  if (!resolved)
    return resolved.takeError();
  dims = std::move(*resolved);
  if (Error error = drawInputs(function, dims, seed, inputs))
    return error;
  return inputs;
}

static bool isProfiled() { return profileFile.getNumOccurrences() > 0; }

static int countOr(const cl::opt<int> &option, int ofProfile) {
  return isProfiled() && option.getNumOccurrences() == 0 ? ofProfile : option;
}

/// Prints the table of --profile and writes its trace.
static Error reportProfile(const Profile &profile) {
  Roofs roofs = measureRoofs(profile.level, profile.threads);
  printProfile(profile, roofs, llvm::outs());
  if (profileFile.empty())
    return Error::success();
  std::error_code error;
  llvm::raw_fd_ostream os(profileFile, error);
  if (!error) {
    writeTrace(profile, roofs, llvm::sys::path::filename(modelPath), os);
    os.close();
    error = os.error();
    os.clear_error();
  }
  return error ? llvm::createStringError(error, "cannot write " + profileFile + ": " + error.message())
               : Error::success();
}

/// Runs as often as asked for and prints the times; returns copies of the last run's outputs.
static Expected<Arrays> runAndTime(Model &model, const FunctionInfo &function, const Arrays &inputs) {
  Profile profile;
  std::vector<double> times;
  std::vector<DLTensor> tensors;
  for (int i = -countOr(warmup, 3); i < countOr(repeat, 20); ++i) {
    auto start = std::chrono::steady_clock::now();
    Expected<std::vector<DLTensor>> outputs = model.run(function, inputs);
    if (!outputs)
      return outputs.takeError();
    tensors = std::move(*outputs);
    if (i < 0)
      continue;
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    if (Error error = isProfiled() ? model.addRun(profile) : Error::success())
      return error;
  }
  llvm::sort(times);
  double median = (times[(times.size() - 1) / 2] + times[times.size() / 2]) / 2;
  llvm::outs() << llvm::format("time: median %.3f ms, min %.3f ms, %zu runs\n", median, times.front(), times.size());
  if (Error error = isProfiled() ? reportProfile(profile) : Error::success())
    return error;
  Arrays arrays;
  for (size_t i = 0; i < tensors.size(); ++i) {
    Expected<Array> array = copy(tensors[i], function.outputs[i]);
    if (!array)
      return array.takeError();
    arrays.emplace(function.outputs[i].name, std::move(*array));
  }
  return arrays;
}

static Error saveOutputs(const FunctionInfo &function, const Arrays &outputs) {
  for (StringRef argument : outputFiles) {
    auto [name, path] = argument.contains('=') ? argument.split('=') : std::pair(StringRef(), argument);
    if (name.empty() && path.ends_with(".npz")) {
      if (Error error = writeNpz(path, outputs))
        return error;
      continue;
    }
    if (name.empty() && outputs.size() != 1)
      return llvm::createStringError("the model has several outputs: save them to a .npz file or write NAME=" + path);
    auto found = outputs.find(name.empty() ? function.outputs.front().name : name.str());
    if (found == outputs.end())
      return llvm::createStringError("the function '" + function.name + "' has no output named '" + name + "'");
    if (Error error = writeNpy(path, found->second))
      return error;
  }
  return Error::success();
}

/// Prints a line for each reference; false where one is not met.
static Expected<bool> compareOutputs(const FunctionInfo &function, const Arrays &outputs) {
  Arrays expected;
  StringRef only = function.outputs.size() == 1 ? StringRef(function.outputs.front().name) : StringRef();
  for (StringRef argument : references)
    if (Error error = readNamed(argument, only, expected))
      return error;
  bool allMet = true;
  for (const auto &[name, reference] : expected) {
    auto found = outputs.find(name);
    if (found == outputs.end())
      return llvm::createStringError("the function '" + function.name + "' has no output named '" + name + "'");
    Expected<Difference> difference = compare(found->second, reference);
    if (!difference)
      return llvm::createStringError("output '" + name + "': " + llvm::toString(difference.takeError()));
    bool met = !difference->notNumbers && difference->largest <= tolerance * difference->scale;
    allMet &= met;
    llvm::outs() << name << ": ";
    if (difference->notNumbers)
      llvm::outs() << "infinity or NaN on one side alone";
    else
      llvm::outs() << llvm::format("max |difference| %.3g, max |expected| %.3g", difference->largest,
                                   difference->scale);
    llvm::outs() << llvm::format(", at element %lld, ", static_cast<long long>(difference->where))
                 << (met ? "ok" : "DIFFERS") << "\n";
  }
  return allMet;
}

static Expected<bool> runModel(Model &model, Extents dims) {
  Expected<std::vector<FunctionInfo>> functions = model.functions(functionName);
  if (!functions)
    return functions.takeError();
  if (Error error = model.open(weights))
    return error;
  Expected<Arrays> given = readInputs(functions->front());
  if (!given)
    return given.takeError();
  const FunctionInfo *function = &chooseFunction(*functions, *given);
  if (batch > 0)
    dims[function->symbols.size() == 1 ? function->symbols.front() : "batch"] = batch;
  Expected<Arrays> inputs = completeInputs(*function, std::move(*given), dims);
  if (!inputs)
    return inputs.takeError();
  if (Error error = model.createSession(*function, {dims, threads, isProfiled()}))
    return error;
  Expected<Arrays> outputs = runAndTime(model, *function, *inputs);
  if (!outputs)
    return outputs.takeError();
  if (Error error = saveOutputs(*function, *outputs))
    return error;
  return compareOutputs(*function, *outputs);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  std::string errors;
  llvm::raw_string_ostream stream(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, "Runs a model compiled by vitc\n", &stream)) {
    StringRef message = StringRef(errors).split("  Try:").first.trim();
    message.consume_front((llvm::sys::path::filename(argv[0]) + ": ").str());
    // The parser of a value has said itself what is wrong with it.
    return usage(message.empty() ? "expected another value of an option" : message.rtrim('.'));
  }
  if (modelPath.empty())
    return usage("no model was given");
  Expected<Extents> dims = parseDims();
  if (!dims)
    return usage(llvm::toString(dims.takeError()));
  if (repeat < 1 || warmup < 0 || batch < 0)
    return usage("--repeat is at least 1, --warmup and --batch at least 0");
  Expected<Model> model = Model::load(modelPath);
  if (!model)
    return fail(model.takeError());
  if (info) {
    llvm::outs() << model->info() << "\n";
    return Done;
  }
  Expected<bool> met = runModel(*model, std::move(*dims));
  if (!met)
    return fail(met.takeError());
  return *met ? Done : Failed;
}
