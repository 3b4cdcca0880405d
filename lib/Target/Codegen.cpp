#include "vitc/Target/Codegen.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Triple.h"

using namespace vitc;
using namespace vitc::target;

static void initializeTargets() {
  static const bool once = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
    return true;
  }();
  (void)once;
}

std::string target::symbolOfLevel(llvm::StringRef symbol, llvm::StringRef level, unsigned shape) {
  return (symbol + "." + level + (shape == 0 ? "" : ".shape" + llvm::Twine(shape))).str();
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> target::createTargetMachine(const TargetInfo &info) {
  initializeTargets();
  llvm::Triple triple(info.triple);
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, info.llvmCpu, info.llvmFeatures, options, llvm::Reloc::PIC_,
                                  llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive));
}

/// What every definition of a library has in common: it is not seen outside, does not unwind, and ignores traps.
static void setAttributes(llvm::Module &module, const llvm::TargetMachine &machine) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr(llvm::Attribute::NoUnwind);
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    if (!machine.getTargetFeatureString().empty())
      function.addFnAttr("target-features", machine.getTargetFeatureString());
    function.addFnAttr("no-trapping-math", "true");
  }
}

/// Renames and hides the definitions of a level's module.
static void claimSymbols(llvm::Module &module, llvm::StringRef level, unsigned shape) {
  for (llvm::GlobalValue &value : module.global_values()) {
    if (value.isDeclaration() || value.hasLocalLinkage())
      continue;
    value.setName(symbolOfLevel(value.getName(), level, shape));
    value.setVisibility(llvm::GlobalValue::HiddenVisibility);
    value.setDSOLocal(true);
  }
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  // Kernels come unrolled as their schedule says; the vectorisers are for cold code.
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

Code target::compileModule(llvm::Module &module, llvm::TargetMachine &machine, CodeKind kind) {
  module.setTargetTriple(machine.getTargetTriple());
  module.setDataLayout(machine.createDataLayout());
  setAttributes(module, machine);
  optimize(module, machine);
  Code code;
  llvm::raw_svector_ostream os(code);
  llvm::legacy::PassManager passes;
  auto fileType = kind == CodeKind::Object ? llvm::CodeGenFileType::ObjectFile : llvm::CodeGenFileType::AssemblyFile;
  [[maybe_unused]] bool unsupported = machine.addPassesToEmitFile(passes, os, nullptr, fileType);
  assert(!unsupported && "both targets emit objects and assembly");
  passes.run(module);
  return code;
}

/// The parts of one level's module, as bitcode: contexts of LLVM belong to one thread.
static llvm::Expected<std::vector<Code>> translateToParts(const LevelModule &level, unsigned parts) {
  mlir::ModuleOp op = level.module;
  mlir::registerBuiltinDialectTranslation(*op.getContext());
  mlir::registerLLVMDialectTranslation(*op.getContext());
  // Constant offsets are folded during the translation: it has to know the machine's layout.
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(level.target);
  if (!machine)
    return machine.takeError();
  std::string layout = (*machine)->createDataLayout().getStringRepresentation();
  op->setAttr(mlir::LLVM::LLVMDialect::getDataLayoutAttrName(), mlir::StringAttr::get(op.getContext(), layout));

  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = mlir::translateModuleToLLVMIR(op, context, level.target.level);
  if (!module)
    return llvm::createStringError("the module for " + level.target.level + " could not be translated to LLVM IR");
  claimSymbols(*module, level.target.level, level.shape);
  return partitionModule(*module, parts);
}

static llvm::Expected<Code> compileBitcode(llvm::ArrayRef<char> bitcode, const TargetInfo &target, CodeKind kind) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> module = llvm::parseBitcodeFile(
      llvm::MemoryBufferRef(llvm::StringRef(bitcode.data(), bitcode.size()), target.level), context);
  if (!module)
    return module.takeError();
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  return compileModule(**module, **machine, kind);
}

llvm::Expected<std::vector<Code>> target::compileModules(llvm::ArrayRef<LevelModule> modules,
                                                         const CodegenOptions &options) {
  struct Part {
    Code bitcode;
    const TargetInfo *target;
    llvm::Expected<Code> code = Code();
  };
  std::vector<Part> parts;
  for (const LevelModule &level : modules) {
    llvm::Expected<std::vector<Code>> bitcodes = translateToParts(level, options.parts);
    if (!bitcodes)
      return bitcodes.takeError();
    for (Code &bitcode : *bitcodes)
      parts.push_back({std::move(bitcode), &level.target});
  }
  initializeTargets();
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(options.threads));
  for (Part &part : parts)
    pool.async([&part, kind = options.kind] {
      // An Expected says nothing until it was looked at, even before it is replaced.
      llvm::cantFail(part.code.takeError());
      part.code = compileBitcode(part.bitcode, *part.target, kind);
    });
  pool.wait();

  std::vector<Code> codes;
  llvm::Error errors = llvm::Error::success();
  for (Part &part : parts) {
    if (part.code)
      codes.push_back(std::move(*part.code));
    else
      errors = llvm::joinErrors(std::move(errors), part.code.takeError());
  }
  if (errors)
    return std::move(errors);
  return codes;
}
