#include "vitc/Target/PTX.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::target;

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createMachine(const PTXOptions &options) {
  static const bool once = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)once;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  std::string message;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!target)
    return llvm::createStringError(message);
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, options.chip, "+ptx" + options.version, llvm::TargetOptions(), std::nullopt,
                                  std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// convert-cf-to-llvm, which as a pass runs on a builtin.module alone.
static LogicalResult lowerBranches(gpu::GPUModuleOp module) {
  MLIRContext *context = module.getContext();
  LLVMTypeConverter converter(context);
  RewritePatternSet patterns(context);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  ConversionTarget legal(*context);
  legal.addIllegalDialect<cf::ControlFlowDialect>();
  legal.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  return applyPartialConversion(module, legal, std::move(patterns));
}

/// Into the LLVM dialect alone.
static LogicalResult lower(gpu::GPUModuleOp module) {
  auto first = PassManager::on<gpu::GPUModuleOp>(module.getContext());
  first.addPass(createSCFToControlFlowPass());
  first.addPass(createConvertNVVMToLLVMPass());
  first.addPass(createArithToLLVMConversionPass());
  auto last = PassManager::on<gpu::GPUModuleOp>(module.getContext());
  last.addPass(createReconcileUnrealizedCastsPass());
  last.addPass(createCSEPass());
  return success(succeeded(first.run(module)) && succeeded(lowerBranches(module)) && succeeded(last.run(module)));
}

/// Instructions in PTX of their own may be cooperative: LLVM must neither duplicate them nor move them under a
/// condition.
static void markConvergent(llvm::Module &module) {
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = dyn_cast<llvm::CallInst>(&instruction))
        if (auto *text = dyn_cast<llvm::InlineAsm>(call->getCalledOperand()); text && text->hasSideEffects())
          call->addFnAttr(llvm::Attribute::Convergent);
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopUnrolling = false; // kernels come unrolled as they are wanted
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

llvm::Expected<std::string> target::compileToPTX(gpu::GPUModuleOp module, const PTXOptions &options) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = createMachine(options);
  if (!machine)
    return machine.takeError();
  std::string name = module.getName().str();
  if (failed(lower(module)))
    return llvm::createStringError("the kernels of " + name + " could not be lowered to the LLVM dialect");
  MLIRContext *context = module.getContext();
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
  registerGPUDialectTranslation(*context);
  registerNVVMDialectTranslation(*context);
  // Constant offsets are folded during the translation: it has to know the machine's layout.
  std::string layout = (*machine)->createDataLayout().getStringRepresentation();
  module->setAttr(LLVM::LLVMDialect::getDataLayoutAttrName(), StringAttr::get(context, layout));
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, llvmContext, name);
  if (!translated)
    return llvm::createStringError("the kernels of " + name + " could not be translated to LLVM IR");
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  markConvergent(*translated);
  optimize(*translated, **machine);
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager passes;
  [[maybe_unused]] bool unsupported =
      (*machine)->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile);
  assert(!unsupported && "NVPTX prints assembly");
  passes.run(*translated);
  return text.str().str();
}

llvm::Expected<CompiledKernels> target::compileModule(gpu::GPUModuleOp module, const PTXOptions &options) {
  llvm::Expected<std::string> ptx = compileToPTX(module, options);
  if (!ptx)
    return ptx.takeError();
  CompiledKernels code;
  code.ptx = std::move(*ptx);
  if (!findPtxas(options).empty())
    if (llvm::Error error = assemble(code, options))
      return error;
  return code;
}
