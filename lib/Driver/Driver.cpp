#include "vitc/Driver/Driver.h"
#include "Artefacts.h"
#include "Backend.h"
#include "ConstantFolding.h"
#include "CostReport.h"
#include "Diagnostics.h"
#include "ElementTypes.h"
#include "MemoryLimit.h"
#include "OptionChecks.h"
#include "OutputShapes.h"

#include "vitc/Import/Import.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"

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
      // What the rewrites of `fused` saved belongs to the report, where they run.
      bool wantsIR = options.stopAfter != Stage::Library && options.explain == ExplainFormat::None;
      bool isReported = stage == Stage::Fused || (stage == Stage::ViT && options.stopAfter == stage);
      if (isReported && failed(reportRecognition()))
        return CannotCompile;
      if (isReported && options.output.empty() && !wantsIR && !options.report)
        return Done; // only what was recognised was asked for
      if (stage == Stage::Fused && options.report)
        costs = CostReport(*modules.front(), targets);
      if (options.stopAfter == stage) {
        printModules();
        return Done;
      }
    }
    if (options.report)
      costs.print(lowered.program, lowered.weights.getWeights().bytes, out);
    return options.output.empty() || succeeded(writeFiles()) ? Done : CannotCompile;
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
      if (failed(runStage(stage, *module, target)))
        return explainFailure();
    return success();
  }

  LogicalResult runStage(Stage stage, ModuleOp module, const TargetInfo &target) {
    PassManager pm(&context);
    CPUPipelineOptions cpu;
    cpu.level = target.level;
    switch (stage) {
    case Stage::ONNX:
      buildONNXPipeline(pm);
      break;
    case Stage::Linalg:
      buildLinalgPipeline(pm);
      break;
    case Stage::ViT:
      buildRecognitionPipeline(pm, &report);
      break;
    case Stage::Fused: {
      // Rewrites cut weights into parts, which are constants again before anything is fused with them.
      PassManager rewrites(&context);
      buildRewritePipeline(rewrites, &report);
      if (failed(rewrites.run(module)) || failed(foldConstantSubgraphs(module)))
        return failure();
      buildFusedPipeline(pm);
      break;
    }
    case Stage::Tiled:
      buildCPUTiledPipeline(pm, cpu);
      break;
    case Stage::Vector:
      buildCPUVectorPipeline(pm, cpu);
      break;
    case Stage::LLVM:
      return lowerToLLVM(module, target, lowered);
    case Stage::Library:
      llvm_unreachable("the library is no stage of the IR");
    }
    return failure(failed(pm.run(module)) || failed(finishStage(stage, module)));
  }

  /// Constants are folded before recognition, which looks at weights; and after it, which leaves arithmetic of prefix
  /// tokens and positions.
  static LogicalResult finishStage(Stage stage, ModuleOp module) {
    if (stage == Stage::ONNX)
      return failure(failed(checkElementTypes(module)) || failed(checkOutputShapes(module)));
    return stage == Stage::Linalg || stage == Stage::ViT ? foldConstantSubgraphs(module) : success();
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
      err << "vitc: error: " << missed.node << ": not recognised as " << missed.candidate << ": " << missed.reason
          << '\n';
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

  LogicalResult writeFiles() {
    std::vector<target::LevelModule> levels;
    for (auto [module, target] : llvm::zip(modules, targets))
      levels.push_back({*module, target});
    llvm::Error error = writeArtefacts(options, lowered, levels);
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
