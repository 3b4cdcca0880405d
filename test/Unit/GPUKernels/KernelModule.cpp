#include "KernelModule.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace vitc::test;

KernelModule::KernelModule() : context(std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED)) {
  context->loadDialect<gpu::GPUDialect, LLVM::LLVMDialect, scf::SCFDialect>();
  context->getDiagEngine().registerHandler([this](Diagnostic &diagnostic) { said += diagnostic.str() + "\n"; });
  OpBuilder builder(context.get());
  Location loc = builder.getUnknownLoc();
  outer = ModuleOp::create(loc);
  builder.setInsertionPointToStart(outer->getBody());
  module = gpu::GPUModuleOp::create(builder, loc, "kernels");
}

std::string KernelModule::ptx(std::string chip) {
  target::PTXOptions options;
  options.chip = std::move(chip);
  llvm::Expected<std::string> text = target::compileToPTX(module, options);
  if (text)
    return *text;
  ADD_FAILURE() << llvm::toString(text.takeError()) << "\n" << said;
  return "";
}

vitc::target::CompiledKernels KernelModule::compile(std::string chip) {
  target::PTXOptions options;
  options.chip = std::move(chip);
  llvm::Expected<target::CompiledKernels> code = target::compileModule(module, options);
  if (!code) {
    ADD_FAILURE() << llvm::toString(code.takeError()) << "\n" << said;
    return {};
  }
  for (const target::KernelResources &kernel : code->resources)
    EXPECT_EQ(kernel.spilledBytes, 0u) << kernel.name;
  for (const target::KernelWarning &warning : code->warnings)
    ADD_FAILURE() << warning.kernel << ": " << warning.reason;
  return std::move(*code);
}

size_t vitc::test::count(llvm::StringRef text, llvm::StringRef what) { return text.count(what); }
