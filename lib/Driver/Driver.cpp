#include "vitc/Driver/Driver.h"
#include "Artefacts.h"
#include "Backend.h"
#include "CompareLibraries.h"
#include "CostReport.h"
#include "Diagnostics.h"
#include "HostLibrary.h"
#include "InputConstants.h"
#include "MemoryLimit.h"
#include "OptionChecks.h"
#include "OutputShapes.h"
#include "StageRunner.h"
#include "Verification.h"

#include "vitc/Import/Import.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/PrintableText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

/// One compilation: a module on its way through the stages, from `tiled` on one for each CPU level.
class Compilation {
public:
  Compilation(const Options &options, raw_ostream &out, raw_ostream &err)
      : options(options), targets(resolveLevels(options)), out(out), err(err), context(makeRegistry()),
        diagnostics(&context, err) {}

  ExitCode run() {
    if (failed(import()) || failed(checkShapesOfReport()))
      return CannotCompile;
    for (Stage stage = Stage::ONNX; stage != Stage::Library; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
      if (failed(runStage(stage)))
        return CannotCompile;
      if (stage == Stage::ONNX && options.verify)
        graph = modules.front()->clone();
      // What the rewrites of `fused` saved belongs to the report, where they run.
      bool wantsIR = options.stopAfter != Stage::Library && options.explain == ExplainFormat::None;
      bool isReported = stage == Stage::Fused || (stage == Stage::ViT && options.stopAfter == stage);
      if (isReported && failed(reportRecognition()))
        return CannotCompile;
      if (isReported && options.output.empty() && !wantsIR && !options.report && !options.verify)
        return Done; // only what was recognised was asked for
      if (stage == Stage::Fused && options.report)
        costs = CostReport(*modules.front(), targets);
      if (stage == Stage::Fused && options.verify)
        verifiedNodes = findVerifiedNodes(*modules.front(), *graph);
      if (options.stopAfter == stage) {
        printModules();
        return Done;
      }
    }
    if (options.report)
      costs.print(lowered.program, lowered.weights.getWeights().bytes, out);
    if (options.verify && failed(verify()))
      return CannotCompile;
    return options.output.empty() || succeeded(writeFiles(options)) ? Done : CannotCompile;
  }

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }

  LogicalResult import() {
    ImportOptions importOptions;
    for (StringRef shape : options.shapes)
      importOptions.shapes.push_back(*parseInputShape(shape));
    if (llvm::Error error = readConstants(options.constants, &context).moveInto(importOptions.constants)) {
      err << "vitc: error: --constant: " << llvm::toString(std::move(error)) << '\n';
      return failure();
    }
    importOptions.taps.append(options.taps.begin(), options.taps.end());
    importOptions.tapsOnly = options.tapOnly;
    FailureOr<OwningOpRef<ModuleOp>> imported = importONNX(options.input, importOptions, &context);
    if (failed(imported))
      return failure();
    modules.push_back(std::move(*imported));
    StringRef name = options.output.empty() ? options.input : options.output;
    lowered.program.name = llvm::sys::path::stem(name).str();
    lowered.program.options = {{"precision", options.precision}};
    return success();
  }

  LogicalResult checkShapesOfReport() {
    std::optional<std::string> open = options.report ? findOpenShape(*modules.front()) : std::nullopt;
    if (open)
      err << "vitc: error: " << options.input << ": --report needs all sizes; give those that are open with --shape "
          << *open << '\n';
    return failure(open.has_value());
  }

  LogicalResult runStage(Stage stage) {
    if (stage == Stage::Tiled)
      for (size_t level = 1; level < targets.size(); ++level)
        modules.emplace_back(modules.front()->clone());
    for (auto [module, target] : llvm::zip(modules, targets))
      if (failed(stage == Stage::LLVM ? lowerToLLVM(*module, target, lowered)
                                      : driver::runStage(stage, *module, target, &report)))
        return explainFailure();
    return success();
  }

  /// A pass that fails says why; where none did, the defect is ours.
  LogicalResult explainFailure() {
    if (!diagnostics.hasError())
      err << "vitc: error: " << options.input << ": cannot be compiled; this is a defect of vitc\n";
    return failure();
  }

  /// `--explain` and `--require-fused`.
  LogicalResult reportRecognition() {
    if (options.explain == ExplainFormat::Text)
      report.print(out);
    else if (options.explain == ExplainFormat::JSON)
      out << llvm::formatv("{0:2}", report.toJSON()) << '\n';
    bool complete = true;
    for (const Report::Missed &missed : report.missed) {
      if (!llvm::is_contained(options.requireFused, missed.candidate))
        continue;
      err << "vitc: error: " << printable(missed.node) << ": not recognised as " << missed.candidate << ": "
          << missed.reason << '\n';
      complete = false;
    }
    return success(complete);
  }

  /// The modules of several levels are printed as a file that `vitc-opt --split-input-file` reads.
  void printModules() {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16);
    flags.elideLargeResourceString(64);
    flags.useLocalScope(); // otherwise every resource becomes text, elided or not
    flags.enableDebugInfo(false);
    llvm::ListSeparator separator("// -----\n");
    for (auto [module, target] : llvm::zip(modules, targets)) {
      out << StringRef(separator);
      if (modules.size() > 1)
        out << "// " << target.level << '\n';
      module->print(out, flags);
      out << '\n';
    }
  }

  /// `--verify`
  LogicalResult verify() {
    const TargetInfo *target = findRunnable(targets);
    if (!target) {
      err << "vitc: error: --verify runs the model, and this machine's CPU has no level it is compiled for\n";
      return failure();
    }
    TemporaryLibrary reference, fused, delivered;
    FailureOr<OwningOpRef<ModuleOp>> unfusedGraph = returnNodes(*graph, verifiedNodes),
                                     fusedGraph = returnNodes(*graph, verifiedNodes);
    if (failed(unfusedGraph) || failed(fusedGraph) ||
        failed(writeReference(**unfusedGraph, *target, reference.getPath())) ||
        failed(writeFused(**fusedGraph, *target, fused.getPath())))
      return explainFailure();
    Options library;
    library.output = delivered.getPath();
    if (failed(writeFiles(library)))
      return failure();
    auto comparisons =
        compareLibraries({reference.getPath(), fused.getPath(), delivered.getPath()}, verifiedNodes, *options.verify);
    if (comparisons)
      return success(printVerdict(*comparisons, findTolerance(*graph), out, err));
    err << "vitc: error: --verify: " << llvm::toString(comparisons.takeError()) << '\n';
    return failure();
  }

  LogicalResult writeFiles(const Options &files) {
    std::vector<target::LevelModule> levels;
    for (auto [module, target] : llvm::zip(modules, targets))
      levels.push_back({*module, target});
    llvm::Error error = writeArtefacts(files, lowered, levels);
    if (!error)
      return success();
    err << "vitc: error: " << llvm::toString(std::move(error)) << '\n';
    return failure();
  }

  const Options &options;
  std::vector<TargetInfo> targets; ///< from the best to the least
  raw_ostream &out, &err;
  MLIRContext context;
  DiagnosticPrinter diagnostics;
  std::vector<OwningOpRef<ModuleOp>> modules;
  OwningOpRef<ModuleOp> graph;            ///< at the stage `onnx`, for `--verify`
  std::vector<std::string> verifiedNodes; ///< of it, which `--verify` compares
  Report report;
  CostReport costs;
  LoweredProgram lowered;
};

} // namespace

ExitCode vitc::driver::compile(const Options &options, raw_ostream &out, raw_ostream &err) {
  if (std::optional<Refusal> refusal = checkOptions(options)) {
    err << "vitc: error: " << refusal->reason << '\n';
    return refusal->code;
  }
  std::optional<MemoryLimit> limit;
  if (options.maxMemory)
    limit.emplace(options.maxMemory, options.input);
  return Compilation(options, out, err).run();
}
