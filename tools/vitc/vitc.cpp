#include "vitc/Driver/Driver.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace vitc::driver;

namespace {

cl::OptionCategory category("vitc options");

cl::opt<std::string> input(cl::Positional, cl::desc("MODEL.onnx"), cl::cat(category));
cl::opt<std::string> output("o", cl::desc("Library to write"), cl::value_desc("MODEL.so"), cl::cat(category));
cl::list<std::string> shapes("shape", cl::desc("Fix the shape of an input"), cl::value_desc("NAME=1x3x224x224"),
                             cl::cat(category));
cl::list<std::string> targets("target", cl::CommaSeparated,
                              cl::desc("What to compile for: cpu[:LEVEL] (default: this machine's CPU)"),
                              cl::value_desc("LIST"), cl::cat(category));
cl::list<std::string> levels("mcpu", cl::CommaSeparated, cl::desc("Short for --target=cpu:LEVEL"),
                             cl::value_desc("LIST"), cl::cat(category));
cl::list<Artefact> artefacts("emit", cl::CommaSeparated, cl::desc("Files to write (default: so):"),
                             cl::values(clEnumValN(Artefact::SharedLibrary, "so", "shared library"),
                                        clEnumValN(Artefact::Object, "obj", "object file for static linking"),
                                        clEnumValN(Artefact::Header, "header", "C header"),
                                        clEnumValN(Artefact::Assembly, "asm", "assembly")),
                             cl::cat(category));
cl::opt<std::string> weights("weights", cl::desc("Where the weights go: embedded (default) or external"),
                             cl::init("embedded"), cl::value_desc("PLACE"), cl::cat(category));
cl::opt<std::string> prefix("prefix", cl::desc("Of the symbol PREFIX_model_v1 (default: the library's name)"),
                            cl::value_desc("PREFIX"), cl::cat(category));
cl::opt<ExplainFormat>
    explain("explain", cl::ValueOptional, cl::desc("Say what was recognised and fused, and why the rest was not:"),
            cl::values(clEnumValN(ExplainFormat::Text, "text", "for people"), clEnumValN(ExplainFormat::Text, "", ""),
                       clEnumValN(ExplainFormat::JSON, "json", "docs/explain.schema.json")),
            cl::init(ExplainFormat::None), cl::cat(category));
cl::list<std::string> requireFused("require-fused", cl::CommaSeparated, cl::desc("Fail where one of KINDS is missed"),
                                   cl::value_desc("KINDS"), cl::cat(category));
cl::opt<Stage> stopAfter("compile-to", cl::desc("Print the IR after a stage and stop:"),
                         cl::values(clEnumValN(Stage::ONNX, "onnx", "shapes known, shape arithmetic gone"),
                                    clEnumValN(Stage::Linalg, "linalg", "linalg and tensor"),
                                    clEnumValN(Stage::ViT, "vit", "attention, tokens, … recognised"),
                                    clEnumValN(Stage::Fused, "fused", "epilogues fused"),
                                    clEnumValN(Stage::Tiled, "tiled", "kernels with their schedules"),
                                    clEnumValN(Stage::Vector, "vector", "buffers and kernels' code"),
                                    clEnumValN(Stage::LLVM, "llvm", "the LLVM dialect")),
                         cl::init(Stage::Library), cl::cat(category));

/// CPU levels of `--target` and `--mcpu`; nothing where an item is no target.
std::optional<std::vector<std::string>> collectLevels() {
  std::vector<std::string> collected(levels.begin(), levels.end());
  for (StringRef item : targets) {
    if (!item.consume_front("cpu") || (!item.empty() && !item.consume_front(":"))) {
      errs() << "vitc: error: expected cpu or cpu:LEVEL in --target, got '" << item << "'\n";
      return std::nullopt;
    }
    collected.push_back(item.empty() ? "host" : item.str());
  }
  return collected;
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  if (!cl::ParseCommandLineOptions(argc, argv,
                                   "Compiles an ONNX model into a shared library that needs nothing else.\n", &errs()))
    return Usage;
  std::optional<std::vector<std::string>> cpuLevels = collectLevels();
  if (!cpuLevels)
    return Usage;
  if (weights != "embedded" && weights != "external") {
    errs() << "vitc: error: expected embedded or external in --weights, got '" << weights << "'\n";
    return Usage;
  }
  Options options;
  options.input = input;
  options.output = output;
  options.shapes.assign(shapes.begin(), shapes.end());
  options.levels = *cpuLevels;
  options.artefacts.assign(artefacts.begin(), artefacts.end());
  options.requireFused.assign(requireFused.begin(), requireFused.end());
  options.prefix = prefix;
  options.stopAfter = stopAfter;
  options.explain = explain;
  options.externalWeights = weights == "external";
  return compile(options, outs(), errs());
}
