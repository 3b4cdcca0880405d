#include "vitc/Driver/Driver.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace llvm::opt;
using namespace vitc::driver;

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
  explicit OptionReader(const InputArgList &arguments) : arguments(arguments) {}

  std::optional<Options> read() {
    readInput();
    options.output = arguments.getLastArgValue(OPT_output);
    options.shapes = arguments.getAllArgValues(OPT_shape);
    options.requireFused = getList(OPT_require_fused);
    options.prefix = arguments.getLastArgValue(OPT_prefix);
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
      errs() << "vitc: error: " << message << '\n';
    valid = false;
  }

  /// The items of a comma-separated option.
  std::vector<std::string> getList(ID id) const {
    std::vector<std::string> items;
    for (StringRef list : arguments.getAllArgValues(id)) {
      SmallVector<StringRef> parts;
      list.split(parts, ',', -1, /*KeepEmpty=*/false);
      items.insert(items.end(), parts.begin(), parts.end());
    }
    return items;
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
      if (!level.consume_front("cpu") || (!level.empty() && !level.consume_front(":")))
        reject("expected cpu or cpu:LEVEL in --target, got '" + item + "'");
      options.levels.push_back(level.empty() ? "host" : level.str());
    }
  }

  void readArtefacts() {
    for (StringRef item : getList(OPT_emit)) {
      std::optional<Artefact> artefact = StringSwitch<std::optional<Artefact>>(item)
                                             .Case("so", Artefact::SharedLibrary)
                                             .Case("obj", Artefact::Object)
                                             .Case("header", Artefact::Header)
                                             .Case("asm", Artefact::Assembly)
                                             .Default(std::nullopt);
      if (!artefact)
        return reject("expected so, obj, header or asm in --emit, got '" + item + "'");
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
  Options options;
  bool valid = true;
};

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  OptionTable table;
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList arguments = table.ParseArgs(ArrayRef(argv + 1, argv + argc), missingIndex, missingCount);
  if (arguments.hasArg(OPT_help)) {
    table.printHelp(outs(), "vitc <model.onnx> -o <model.so> [options]",
                    "Compiles an ONNX model into a shared library that needs nothing else");
    return Done;
  }
  if (arguments.hasArg(OPT_version)) {
    outs() << "vitc " VITC_VERSION "\n";
    return Done;
  }
  if (missingCount) {
    errs() << "vitc: error: expected a value after " << arguments.getArgString(missingIndex) << '\n';
    return Usage;
  }
  for (const Arg *unknown : arguments.filtered(OPT_UNKNOWN)) {
    errs() << "vitc: error: unknown option '" << unknown->getAsString(arguments) << "'; see vitc --help\n";
    return Usage;
  }
  if (arguments.hasArg(OPT_info))
    return printInfo(arguments.getLastArgValue(OPT_info), outs(), errs());
  std::optional<Options> options = OptionReader(arguments).read();
  if (!options)
    return Usage;
  return compile(*options, outs(), errs());
}
