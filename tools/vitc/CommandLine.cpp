#include "CommandLine.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"

using namespace llvm;
using namespace llvm::opt;
using namespace vitc::driver;
using namespace vitc::tool;

// Flags are llvm::opt's and not global cl::opts: libLLVM and lld register options of their own (`mcpu`).
namespace {

enum ID {
  OPT_INVALID = 0,
#define OPTION(...) LLVM_MAKE_OPT_ID(__VA_ARGS__),
#include "Options.inc"
#undef OPTION
};

#define OPTTABLE_STR_TABLE_CODE
#include "Options.inc"
#undef OPTTABLE_STR_TABLE_CODE

#define OPTTABLE_PREFIXES_TABLE_CODE
#include "Options.inc"
#undef OPTTABLE_PREFIXES_TABLE_CODE

constexpr OptTable::Info infos[] = {
#define OPTION(...) LLVM_CONSTRUCT_OPT_INFO(__VA_ARGS__),
#include "Options.inc"
#undef OPTION
};

class OptionTable final : public GenericOptTable {
public:
  OptionTable() : GenericOptTable(OptionStrTable, OptionPrefixesTable, infos) {}
};

/// Turns parsed arguments into options; the first value that makes no sense is reported.
class OptionReader {
public:
  OptionReader(const InputArgList &arguments, raw_ostream &err) : arguments(arguments), err(err) {}

  std::optional<Options> read() {
    readInput();
    options.output = arguments.getLastArgValue(OPT_output);
    options.shapes = arguments.getAllArgValues(OPT_shape);
    options.constants = arguments.getAllArgValues(OPT_constant);
    readShapeSets();
    options.taps = arguments.getAllArgValues(OPT_tap);
    options.report = arguments.hasArg(OPT_report);
    if (const Arg *verify = arguments.getLastArg(OPT_verify, OPT_verify_eq))
      options.verify = verify->getNumValues() > 0 ? verify->getValue() : "";
    options.tapOnly = arguments.hasArg(OPT_tap_only);
    options.requireFused = getList(OPT_require_fused);
    options.prefix = arguments.getLastArgValue(OPT_prefix);
    options.precision = arguments.getLastArgValue(OPT_precision, options.precision);
    options.plainProducts = arguments.hasArg(OPT_plain_products);
    options.tuning = arguments.getLastArgValue(OPT_tuning);
    readTune();
    readMaxMemory();
    readLevels();
    readArtefacts();
    readWeights();
    readExplain();
    readStage();
    if (!valid)
      return std::nullopt;
    return options;
  }

private:
  void reject(const Twine &message) {
    if (valid)
      err << "vitc: error: " << message << '\n';
    valid = false;
  }

  /// The items of a comma-separated option, of which none is empty.
  std::vector<std::string> getList(ID id) {
    std::vector<std::string> items;
    for (const Arg *argument : arguments.filtered(id)) {
      SmallVector<StringRef> parts;
      StringRef(argument->getValue()).split(parts, ',');
      if (is_contained(parts, ""))
        reject("expected a list without empty items in " + argument->getAsString(arguments));
      items.insert(items.end(), parts.begin(), parts.end());
    }
    return items;
  }

  /// `x=1x3x224x224,mask=1x5;x=…`
  void readShapeSets() {
    for (const std::string &argument : arguments.getAllArgValues(OPT_shapes)) {
      SmallVector<StringRef> sets, shapes;
      StringRef(argument).split(sets, ';');
      for (StringRef set : sets) {
        shapes.clear();
        set.split(shapes, ',');
        options.shapeSets.emplace_back(shapes.begin(), shapes.end());
      }
    }
  }

  void readInput() {
    std::vector<std::string> inputs = arguments.getAllArgValues(OPT_INPUT);
    if (inputs.size() > 1)
      reject("expected one model, got '" + inputs[0] + "' and '" + inputs[1] + "'");
    if (!inputs.empty())
      options.input = inputs.front();
  }

  void readLevels() {
    options.levels = getList(OPT_mcpu);
    for (StringRef item : getList(OPT_target)) {
      StringRef level = item;
      if (level != "aarch64" && !level.starts_with("cuda-") &&
          (!level.consume_front("cpu") || (!level.empty() && !level.consume_front(":"))))
        reject("expected cpu, cpu:LEVEL, aarch64 or cuda-sm_NN in --target, got '" + item + "'");
      options.levels.push_back(level.empty() ? "host" : level.str());
    }
  }

  void readTune() {
    StringRef text = arguments.getLastArgValue(OPT_tune, "0");
    if (text.getAsDouble(options.tuneSeconds) || (arguments.hasArg(OPT_tune) && !(options.tuneSeconds > 0)))
      reject("expected a number of seconds in --tune, got '" + text + "'");
  }

  void readMaxMemory() {
    if (!arguments.hasArg(OPT_max_memory))
      return;
    StringRef text = arguments.getLastArgValue(OPT_max_memory), digits = text;
    unsigned shift = digits.consume_back("K") ? 10 : digits.consume_back("M") ? 20 : digits.consume_back("G") ? 30 : 0;
    uint64_t count = 0;
    if (digits.getAsInteger(10, count) || count == 0 || count > UINT64_MAX >> shift)
      return reject("expected a number of bytes, or one with K, M or G behind it, in --max-memory, got '" + text + "'");
    options.maxMemory = count << shift;
  }

  void readArtefacts() {
    for (StringRef item : getList(OPT_emit)) {
      std::optional<Artefact> artefact = StringSwitch<std::optional<Artefact>>(item)
                                             .Case("so", Artefact::SharedLibrary)
                                             .Case("obj", Artefact::Object)
                                             .Case("header", Artefact::Header)
                                             .Case("asm", Artefact::Assembly)
                                             .Case("ptx", Artefact::PTX)
                                             .Default(std::nullopt);
      if (!artefact)
        return reject("expected so, obj, header, asm or ptx in --emit, got '" + item + "'");
      options.artefacts.push_back(*artefact);
    }
  }

  void readWeights() {
    StringRef place = arguments.getLastArgValue(OPT_weights, "embedded");
    if (place != "embedded" && place != "external")
      reject("expected embedded or external in --weights, got '" + place + "'");
    options.externalWeights = place == "external";
  }

  void readExplain() {
    if (arguments.hasArg(OPT_explain))
      options.explain = ExplainFormat::Text;
    StringRef format = arguments.getLastArgValue(OPT_explain_eq);
    if (format == "json")
      options.explain = ExplainFormat::JSON;
    else if (format == "text")
      options.explain = ExplainFormat::Text;
    else if (arguments.hasArg(OPT_explain_eq))
      reject("expected text or json in --explain, got '" + format + "'");
  }

  void readStage() {
    if (!arguments.hasArg(OPT_compile_to))
      return;
    StringRef name = arguments.getLastArgValue(OPT_compile_to);
    std::optional<Stage> stage = StringSwitch<std::optional<Stage>>(name)
                                     .Case("onnx", Stage::ONNX)
                                     .Case("linalg", Stage::Linalg)
                                     .Case("vit", Stage::ViT)
                                     .Case("fused", Stage::Fused)
                                     .Case("tiled", Stage::Tiled)
                                     .Case("vector", Stage::Vector)
                                     .Case("llvm", Stage::LLVM)
                                     .Default(std::nullopt);
    if (!stage)
      return reject("expected onnx, linalg, vit, fused, tiled, vector or llvm in --compile-to, got '" + name + "'");
    options.stopAfter = *stage;
  }

  const InputArgList &arguments;
  raw_ostream &err;
  Options options;
  bool valid = true;
};

} // namespace

/// Whether every argument is an option of vitc with its value.
static bool checkSyntax(const InputArgList &arguments, unsigned missingIndex, unsigned missingCount, raw_ostream &err) {
  if (missingCount) {
    err << "vitc: error: expected a value after " << arguments.getArgString(missingIndex) << '\n';
    return false;
  }
  for (const Arg *unknown : arguments.filtered(OPT_UNKNOWN)) {
    err << "vitc: error: unknown option '" << unknown->getAsString(arguments) << "'; see vitc --help\n";
    return false;
  }
  return true;
}

/// The words of the command line that are not those of an option.
static SmallVector<const char *> getWordsBesides(ID id, const InputArgList &arguments, ArrayRef<const char *> words) {
  SmallVector<const char *> rest;
  SmallVector<bool> dropped(words.size(), false);
  for (const Arg *argument : arguments.filtered(id)) {
    dropped[argument->getIndex()] = true;
    if (!argument->getAlias())
      dropped[argument->getIndex() + 1] = true; // the value is a word of its own
  }
  for (auto [word, drop] : zip(words, dropped))
    if (!drop)
      rest.push_back(word);
  return rest;
}

std::optional<Invocation> vitc::tool::parseCommandLine(ArrayRef<const char *> words, raw_ostream &err) {
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList arguments = OptionTable().ParseArgs(words, missingIndex, missingCount);
  Invocation invocation;
  if (arguments.hasArg(OPT_help)) {
    invocation.action = Action::Help;
    return invocation;
  }
  if (arguments.hasArg(OPT_version)) {
    invocation.action = Action::Version;
    return invocation;
  }
  if (!checkSyntax(arguments, missingIndex, missingCount, err))
    return std::nullopt;
  if (arguments.hasArg(OPT_info)) {
    invocation.action = Action::Info;
    invocation.file = arguments.getLastArgValue(OPT_info);
    return invocation;
  }
  if (arguments.getAllArgValues(OPT_batch).size() > 1) {
    err << "vitc: error: expected one list in --batch, got several\n";
    return std::nullopt;
  }
  if (arguments.hasArg(OPT_batch)) {
    invocation.action = Action::Batch;
    invocation.file = arguments.getLastArgValue(OPT_batch);
    invocation.common = getWordsBesides(OPT_batch, arguments, words);
    return invocation;
  }
  std::optional<Options> options = OptionReader(arguments, err).read();
  if (!options)
    return std::nullopt;
  invocation.options = std::move(*options);
  return invocation;
}

void vitc::tool::printHelp(raw_ostream &os) {
  OptionTable().printHelp(os, "vitc <model.onnx> -o <model.so> [options]",
                          "Compiles an ONNX model into a shared library that needs nothing else");
}
