#ifndef VITC_CONVERSION_PASSES_TD
#define VITC_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertCPUKernelToLLVMPass : Pass<"convert-vcpu-to-llvm", "::mlir::ModuleOp"> {
  let summary = "read the runtime's frame";
  let description = [{
    `vcpu.buffer`, `vcpu.symbol` and `vcpu.scratch` become loads from the frame (`vitc_frame` in lib/Runtime/Program.h),
    `vcpu.barrier` a call of the runtime's `vitc_barrier`.

    Precondition: `vcpu-lower-launches` has run. Postcondition: no vcpu op but what `unrealized_conversion_cast`s hide.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
