#include "vitc/Driver/Driver.h"
#include "Backend.h"
#include "ConstantFolding.h"
#include "Diagnostics.h"
#include "ElementTypes.h"

#include "vitc/Import/Import.h"
#include "vitc/Pipelines/Pipelines.h"
#include "vitc/Recognition/Passes.h"
#include "vitc/Recognition/Report.h"
#include "vitc/Target/Codegen.h"
#include "vitc/Target/Library.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

namespace {

/// One compilation: a module on its way through the stages.
class Compilation {
public:
  Compilation(const Options &options, const TargetInfo &target, raw_ostream &out, raw_ostream &err)
      : options(options), target(target), out(out), err(err), context(makeRegistry()), diagnostics(&context, err) {}

  ExitCode run() {
    if (failed(import()))
      return CannotCompile;
    for (Stage stage = Stage::ONNX; stage != Stage::Library; stage = static_cast<Stage>(static_cast<int>(stage) + 1)) {
      if (failed(runStage(stage)))
        return CannotCompile;
      if (stage == Stage::ViT && failed(reportRecognition()))
        return CannotCompile;
      bool wantsIR = options.stopAfter != Stage::Library && options.explain == ExplainFormat::None;
      if (stage == Stage::ViT && options.output.empty() && !wantsIR)
        return Done; // only the report was asked for
      if (options.stopAfter == stage) {
        printModule();
        return Done;
      }
    }
    return succeeded(writeArtefacts()) ? Done : CannotCompile;
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
    FailureOr<OwningOpRef<ModuleOp>> imported = importONNX(options.input, importOptions, &context);
    if (failed(imported))
      return failure();
    module = std::move(*imported);
    return success();
  }

  LogicalResult runStage(Stage stage) {
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
    case Stage::Fused:
      buildFusedPipeline(pm);
      break;
    case Stage::Tiled:
      buildCPUTiledPipeline(pm, cpu);
      break;
    case Stage::Vector:
      buildCPUVectorPipeline(pm, cpu);
      break;
    case Stage::LLVM:
      return lowerToLLVMDialect();
    case Stage::Library:
      llvm_unreachable("the library is no stage of the IR");
    }
    if (succeeded(pm.run(*module)) && succeeded(finishStage(stage)))
      return success();
    return explainFailure();
  }

  /// Constants are folded before recognition, which looks at weights; and after it, which leaves arithmetic of prefix
  /// tokens and positions.
  LogicalResult finishStage(Stage stage) {
    if (stage == Stage::ONNX)
      return checkElementTypes(*module);
    return stage == Stage::Linalg || stage == Stage::ViT ? foldConstantSubgraphs(*module) : success();
  }

  LogicalResult lowerToLLVMDialect() {
    StringRef name = options.output.empty() ? options.input : options.output;
    FailureOr<LoweredModule> result = lowerToLLVM(*module, target, llvm::sys::path::stem(name));
    if (failed(result))
      return explainFailure();
    lowered = std::move(*result);
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
      err << "vitc: error: " << missed.node << ": not recognised as " << missed.candidate << ": " << missed.reason
          << '\n';
      complete = false;
    }
    return success(complete);
  }

  void printModule() {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(16);
    flags.elideLargeResourceString(64);
    flags.useLocalScope(); // otherwise every resource becomes text, elided or not
    flags.enableDebugInfo(false);
    module->print(out, flags);
    out << '\n';
  }

  LogicalResult writeArtefacts() {
    std::vector<Artefact> artefacts = options.artefacts;
    if (artefacts.empty())
      artefacts.push_back(Artefact::SharedLibrary);
    std::vector<std::string> written;
    for (Artefact artefact : artefacts) {
      if (llvm::Error error = write(artefact)) {
        err << "vitc: error: " << llvm::toString(std::move(error)) << '\n';
        for (const std::string &path : written)
          llvm::sys::fs::remove(path);
        return failure();
      }
      written.push_back(getPath(artefact));
    }
    return success();
  }

  static llvm::Error writeText(const std::string &path, function_ref<llvm::Error(raw_ostream &)> print) {
    if (llvm::Error error = llvm::writeToOutput(path, print))
      return llvm::createFileError(path, std::move(error));
    return llvm::Error::success();
  }

  llvm::Error write(Artefact artefact) {
    target::LibraryOptions library;
    library.path = getPath(artefact);
    library.soname = llvm::sys::path::filename(library.path).str();
    library.externalWeights = options.externalWeights;
    library.prefix = options.prefix.empty() ? target::makePrefix(llvm::sys::path::stem(library.path)) : options.prefix;
    if (artefact == Artefact::Header)
      return writeText(library.path, [&](raw_ostream &os) {
        target::printHeader(lowered.program, library.prefix, os);
        return llvm::Error::success();
      });
    target::CodegenOptions codegen;
    codegen.kind = artefact == Artefact::Assembly ? target::CodeKind::Assembly : target::CodeKind::Object;
    target::LevelModule level{*module, target};
    llvm::Expected<std::vector<target::Code>> code = target::compileModules(level, codegen);
    if (!code)
      return code.takeError();
    target::LibraryParts parts{lowered.program, *code, lowered.weights.weights};
    switch (artefact) {
    case Artefact::SharedLibrary:
      return target::writeSharedLibrary(parts, library);
    case Artefact::Object:
      return target::writeObjectFile(parts, library);
    case Artefact::Assembly:
      return writeText(library.path, [&](raw_ostream &os) {
        for (const target::Code &part : *code)
          os << StringRef(part.data(), part.size());
        return llvm::Error::success();
      });
    case Artefact::Header:
      break;
    }
    llvm_unreachable("headers are written above");
  }

  /// `-o model.so` names the library; other artefacts differ in their extension.
  std::string getPath(Artefact artefact) const {
    llvm::SmallString<128> path(options.output);
    switch (artefact) {
    case Artefact::SharedLibrary:
      break;
    case Artefact::Object:
      llvm::sys::path::replace_extension(path, "o");
      break;
    case Artefact::Header:
      llvm::sys::path::replace_extension(path, "h");
      break;
    case Artefact::Assembly:
      llvm::sys::path::replace_extension(path, "s");
      break;
    }
    return path.str().str();
  }

  const Options &options;
  const TargetInfo &target;
  raw_ostream &out, &err;
  MLIRContext context;
  DiagnosticPrinter diagnostics;
  OwningOpRef<ModuleOp> module;
  Report report;
  LoweredModule lowered;
};

} // namespace

/// What is wrong with the options, if anything.
static std::optional<std::string> checkOptions(const Options &options) {
  if (options.input.empty())
    return "expected a model to compile";
  bool onlyReports = options.explain != ExplainFormat::None || !options.requireFused.empty();
  if (options.output.empty() && options.stopAfter == Stage::Library && !onlyReports)
    return "expected -o with the path of the library to write";
  if (options.levels.size() > 1)
    return "expected one CPU level: several in one library are not supported yet";
  if (!options.output.empty() && llvm::sys::fs::equivalent(options.input, options.output))
    return "expected -o to name another file than the model, got '" + options.output + "'";
  for (StringRef kind : options.requireFused)
    if (!llvm::is_contained(kRecognizedKinds, kind))
      return ("expected kinds of " + llvm::join(std::begin(kRecognizedKinds), std::end(kRecognizedKinds), ", ") +
              " in --require-fused, got '" + kind + "'")
          .str();
  for (StringRef shape : options.shapes)
    if (!parseInputShape(shape))
      return ("expected --shape NAME=1x3x224x224, got '" + shape + "'").str();
  return std::nullopt;
}

ExitCode vitc::driver::compile(const Options &options, raw_ostream &out, raw_ostream &err) {
  if (std::optional<std::string> problem = checkOptions(options)) {
    err << "vitc: error: " << *problem << '\n';
    return Usage;
  }
  std::string level = options.levels.empty() ? "host" : options.levels.front();
  std::optional<TargetInfo> target = TargetInfo::get(level);
  if (!target) {
    err << "vitc: error: unknown CPU level '" << level << "'; expected " << llvm::join(TargetInfo::levels(), ", ")
        << '\n';
    return Usage;
  }
  return Compilation(options, *target, out, err).run();
}
