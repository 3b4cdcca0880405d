#ifndef VITC_TEST_UNIT_GPUKERNELS_KERNELMODULE_H
#define VITC_TEST_UNIT_GPUKERNELS_KERNELMODULE_H

#include "vitc/Dialect/GPUKernel/Kernels/LaunchPlan.h"
#include "vitc/Target/PTX.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <memory>

namespace vitc::test {

/// A module of kernels that are being built.
class KernelModule {
public:
  KernelModule();

  mlir::OpBuilder builder() { return mlir::OpBuilder(context.get()); }
  mlir::gpu::GPUModuleOp gpuModule() { return module; }
  /// What the diagnostics said, a line each.
  const std::string &diagnostics() const { return said; }

  /// PTX of the module. Fails the current test where it cannot be compiled.
  std::string ptx(std::string chip = "sm_90a");
  /// The same, and what ptxas says of it; `code.resources` is empty where there is no ptxas. Fails the current test
  /// where a kernel spills, and where ptxas warns of one.
  target::CompiledKernels compile(std::string chip = "sm_90a");

private:
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> outer;
  mlir::gpu::GPUModuleOp module;
  std::string said;
};

/// How often `what` stands in `text`.
size_t count(llvm::StringRef text, llvm::StringRef what);

} // namespace vitc::test

#endif // VITC_TEST_UNIT_GPUKERNELS_KERNELMODULE_H
