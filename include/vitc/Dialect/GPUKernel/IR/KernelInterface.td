#ifndef VITC_DIALECT_GPUKERNEL_IR_KERNELINTERFACE_TD
#define VITC_DIALECT_GPUKERNEL_IR_KERNELINTERFACE_TD

include "mlir/IR/OpBase.td"

def GPUKernel_KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::vitc::vgpu";
  let description = [{
    An op with a kernel of its own: a builder emits it for the op's sizes and schedule, and a plan says how it is launched.
  }];
  let methods = [
    InterfaceMethod<"How the kernel `name` is launched.", "::vitc::vgpu::LaunchPlan", "getPlan",
      (ins "::llvm::StringRef":$name)>,
    InterfaceMethod<"Adds the kernel to a module.", "::llvm::LogicalResult", "emitKernel",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::gpu::GPUModuleOp":$module, "::llvm::StringRef":$name)>,
    InterfaceMethod<"The operand that an argument of the plan is; null for the number of rows.", "::mlir::Value",
      "getOperandOf", (ins "::llvm::StringRef":$role)>,
    InterfaceMethod<"A size of the grid, from the operands' (memref) sizes.", "::mlir::OpFoldResult", "getSize",
      (ins "::mlir::OpBuilder &":$builder, "::vitc::vgpu::GridSize":$size)>,
    InterfaceMethod<"Whether the kernel takes an operand as dense elements, wherever its rows begin; else rows begin at "
                    "multiples of 16 bytes, with any strides.",
      "bool", "isDense", (ins "::mlir::Value":$operand), "", [{ return false; }]>,
    InterfaceMethod<"The multiplications with an addition of the products, from the operands' (memref) sizes; null for "
                    "none.",
      "::mlir::OpFoldResult", "getMacs", (ins "::mlir::OpBuilder &":$builder), "", [{ return nullptr; }]>,
  ];
}

#endif
