#include "vitc/Driver/Driver.h"
#include "Artefacts.h"
#include "Backend.h"
#include "CompareLibraries.h"
#include "CostReport.h"
#include "Diagnostics.h"
#include "HostLibrary.h"
#include "InputConstants.h"
#include "LaunchList.h"
#include "MemoryLimit.h"
#include "OptionChecks.h"
#include "OutputShapes.h"
#include "StageRunner.h"
#include "Tuner.h"
#include "Verification.h"

#include "vitc/Dialect/ViT/Utils/TuningAttribute.h"
#include "vitc/Import/Import.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Support/PrintableText.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

/// One function of the library on its way through the stages.
struct Unit {
  OwningOpRef<ModuleOp> module;
  TargetInfo target;
  unsigned shape; ///< which item of `--shapes` it is for
};

/// One compilation: a module for each item of `--shapes`, from `tiled` on one for each CPU level of each.
class Compilation {
public:
  Compilation(const Options &options, raw_ostream &out, raw_ostream &err)
      : options(options), targets(resolveLevels(options)), out(out), err(err), context(makeRegistry()),
        diagnostics(&context, err) {}

  ExitCode run() {
    if (failed(readTuning()) || failed(import()) || failed(checkShapesOfReport()))
      return CannotCompile;
    for (Stage stage = Stage::ONNX; stage != Stage::Library; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
      if (failed(runStage(stage)))
        return CannotCompile;
      if (stage == Stage::ONNX && options.verify)
        graph = units.front().module->clone();
      // What the rewrites of `fused` saved belongs to the report, where they run.
      bool wantsIR = options.stopAfter != Stage::Library && options.explain == ExplainFormat::None;
      bool isReported = stage == Stage::Fused || (stage == Stage::ViT && options.stopAfter == stage);
      if (stage == Stage::Fused && options.explain != ExplainFormat::None)
        for (const TargetInfo &target : targets)
          llvm::append_range(report.missed, findLoops(*units.front().module, target));
      if (isReported && failed(reportRecognition()))
        return CannotCompile;
      if (isReported && options.output.empty() && !wantsIR && !options.report && !options.verify)
        return succeeded(applyTuning()) ? Done : CannotCompile; // no library was asked for
      if (stage == Stage::Fused && options.report)
        costs = openShape ? CostReport(*openShape, targets) : CostReport(*units.front().module, targets);
      if (stage == Stage::Fused && options.verify)
        verifiedNodes = findVerifiedNodes(*units.front().module, *graph);
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

  /// Imports the model with the shapes of one item of `--shapes`.
  LogicalResult importFor(ArrayRef<std::string> shapes) {
    ImportOptions importOptions;
    for (StringRef shape : llvm::concat<const std::string>(options.shapes, shapes))
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
    units.push_back({std::move(*imported), targets.front(), static_cast<unsigned>(units.size())});
    return success();
  }

  LogicalResult import() {
    if (options.shapeSets.empty() && failed(importFor({})))
      return failure();
    for (ArrayRef<std::string> shapes : options.shapeSets)
      if (failed(importFor(shapes)))
        return failure();
    StringRef name = options.output.empty() ? options.input : options.output;
    lowered.program.name = llvm::sys::path::stem(name).str();
    lowered.program.options = {{"precision", options.precision}};
    if (options.plainProducts)
      lowered.program.options.emplace_back("plain-products", "true");
    // Why a dimension that the file leaves open is not.
    if (!options.shapes.empty())
      lowered.program.options.emplace_back("shape", llvm::join(options.shapes, ","));
    if (!options.shapeSets.empty())
      lowered.program.options.emplace_back(
          "shapes",
          llvm::join(llvm::map_range(options.shapeSets, [](auto &set) { return llvm::join(set, ","); }), ";"));
    return success();
  }

  LogicalResult checkShapesOfReport() {
    openShape = options.report ? findOpenShape(*units.front().module) : std::nullopt;
    if (!openShape || llvm::all_of(targets, [](const TargetInfo &target) { return target.isGPU(); }))
      return success(); // of GPUs, the memory of open sizes is told
    err << "vitc: error: " << options.input << ": --report needs all sizes; give those that are open with --shape "
        << *openShape << '\n';
    return failure();
  }

  LogicalResult runStage(Stage stage) {
    if (stage == Stage::Tiled) {
      if (failed(applyTuning()))
        return failure();
      cloneForLevels();
    }
    for (Unit &unit : units) {
      // What is recognised is the same for all shapes, but for the number of patches.
      Report other, &told = unit.shape == 0 ? report : other;
      if (failed(stage == Stage::LLVM ? lowerToLLVM(*unit.module, unit.target, unit.shape, lowered)
                                      : driver::runStage(stage, *unit.module, unit.target, &told)))
        return explainFailure();
      if (stage == Stage::ViT)
        noteTokens(told.tokens, unit.shape == 0);
    }
    return success();
  }

  /// For info_json.
  void noteTokens(const Report::Tokens &found, bool isFirst) {
    target::Tokens &tokens = lowered.program.tokens;
    std::optional<int64_t> patches = found.patches > 0 ? std::optional(found.patches) : std::nullopt;
    if (isFirst)
      tokens = {found.cls, found.registers, patches};
    else if (tokens.patches != patches)
      tokens.patches = std::nullopt;
  }

  void cloneForLevels() {
    std::vector<Unit> all;
    for (Unit &unit : units) {
      for (const TargetInfo &target : ArrayRef(targets).drop_front())
        all.push_back({unit.module->clone(), target, unit.shape});
      // The best level comes first.
      all.insert(all.end() - (targets.size() - 1), std::move(unit));
    }
    units = std::move(all);
  }

  std::string getTuningPath() const {
    if (!options.tuning.empty() || options.tuneSeconds == 0)
      return options.tuning;
    llvm::SmallString<128> path(options.output);
    llvm::sys::path::replace_extension(path, "tuning.json");
    return path.str().str();
  }

  LogicalResult failTuning(const Twine &why) {
    err << "vitc: error: " << (options.tuneSeconds > 0 ? "--tune: " : "--tuning: ") << why << '\n';
    return failure();
  }

  /// `--tuning`; a file that `--tune` is to write need not be there.
  LogicalResult readTuning() {
    std::string path = getTuningPath();
    tuning.cpu = llvm::sys::getHostCPUName().str();
    if (path.empty() || (options.tuneSeconds > 0 && !llvm::sys::fs::exists(path)))
      return success();
    llvm::Expected<Tuning> read = Tuning::read(path);
    if (!read)
      return failTuning(llvm::toString(read.takeError()));
    // A file that --tune adds to may be of other targets so far.
    ArrayRef<TargetInfo> wanted = ArrayRef(targets).take_front(options.tuneSeconds > 0 ? 0 : targets.size());
    if (std::string reason = whyUnfit(*read, wanted); !reason.empty())
      return failTuning("'" + path + "': " + reason);
    if (options.tuneSeconds > 0 && read->cpu != tuning.cpu)
      return failTuning("'" + path + "' was measured on " + read->cpu + ", and this machine is " + tuning.cpu);
    tuning = std::move(*read);
    return success();
  }

  /// `--tune`; what was measured goes to the modules and to the file.
  LogicalResult applyTuning() {
    if (options.tuneSeconds > 0) {
      auto modules = llvm::map_to_vector(units, [](Unit &unit) { return *unit.module; });
      llvm::Expected<TuningReport> tuned = tuneTargets(modules, targets, options.tuneSeconds, tuning);
      if (!tuned)
        return failTuning(llvm::toString(tuned.takeError()));
      for (const std::string &failed : tuned->failures)
        err << "vitc: warning: --tune: " << failed << '\n';
      if (llvm::Error error = tuning.write(getTuningPath()))
        return failTuning(llvm::toString(std::move(error)));
      if (options.explain != ExplainFormat::JSON)
        out << "tuning: " << tuned->measured << " of " << tuned->kernels << " kernels measured, " << tuned->faster
            << " with another schedule than expected; " << getTuningPath() << '\n';
    }
    if (!tuning.schedules.empty())
      for (Unit &unit : units)
        vit::setTuning(*unit.module, tuning);
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
    for (Unit &unit : units) {
      out << StringRef(separator);
      if (units.size() > 1)
        out << "// " << unit.target.level << (unit.shape == 0 ? "" : ", shape " + std::to_string(unit.shape)) << '\n';
      unit.module->print(out, flags);
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
    TemporaryLibrary reference, fused, taps, delivered;
    FailureOr<OwningOpRef<ModuleOp>> unfusedGraph = returnNodes(*graph, verifiedNodes),
                                     fusedGraph = returnNodes(*graph, verifiedNodes);
    if (failed(unfusedGraph) || failed(fusedGraph) ||
        failed(writeReference(**unfusedGraph, *target, reference.getPath())) ||
        failed(writeFused(**fusedGraph, *target, fused.getPath())) ||
        (hasTaps(*graph) && failed(writeTaps(*graph, *target, taps.getPath()))))
      return explainFailure();
    Options library;
    library.output = delivered.getPath();
    if (failed(writeFiles(library)))
      return failure();
    auto comparisons = compareLibraries(
        {reference.getPath(), fused.getPath(), hasTaps(*graph) ? taps.getPath() : "", delivered.getPath()},
        verifiedNodes, *options.verify);
    if (comparisons)
      return success(printVerdict(*comparisons, findTolerance(*graph, target->precision), out, err));
    err << "vitc: error: --verify: " << llvm::toString(comparisons.takeError()) << '\n';
    return failure();
  }

  LogicalResult writeFiles(const Options &files) {
    std::vector<target::LevelModule> levels;
    llvm::Error error = llvm::Error::success();
    for (Unit &unit : units)
      if (!unit.target.isGPU())
        levels.push_back({*unit.module, unit.target, unit.shape});
      else
        error = llvm::joinErrors(std::move(error),
                                 compileKernelsOf(*unit.module, unit.target, unit.shape, lowered.program,
                                                  [&](const Twine &why) { err << "vitc: warning: " << why << '\n'; }));
    if (!error)
      error = writeArtefacts(files, lowered, levels);
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
  std::vector<Unit> units;
  OwningOpRef<ModuleOp> graph;            ///< at the stage `onnx`, for `--verify`
  std::vector<std::string> verifiedNodes; ///< of it, which `--verify` compares
  Tuning tuning;
  Report report;
  CostReport costs;
  std::optional<std::string> openShape; ///< of `--report`
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
