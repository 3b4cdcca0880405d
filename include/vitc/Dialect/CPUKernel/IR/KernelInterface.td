#ifndef VITC_DIALECT_CPUKERNEL_IR_KERNELINTERFACE_TD
#define VITC_DIALECT_CPUKERNEL_IR_KERNELINTERFACE_TD

include "mlir/IR/OpBase.td"

def CPUKernel_KernelOpInterface : OpInterface<"KernelOpInterface"> {
  let cppNamespace = "::vitc::vcpu";
  let description = [{
    An op that is emitted as one function, which threads call for ranges of its work items.

    The function has the op's operands (memrefs, in order), then, only where `getScratchBytes` is not null, scratch
    (`memref<?xi8>`, 64-byte aligned, private to the thread) and whether the thread's last call left it for the items
    right before these (`i1`), then the first item and one past the last (`index`).
    Items may run in any order and at once. The body must not allocate and calls nothing.
  }];
  let methods = [
    InterfaceMethod<"The number of independent work items, computed from the operands' (memref) sizes.",
      "::mlir::OpFoldResult", "getWorkItems", (ins "::mlir::OpBuilder &":$builder)>,
    InterfaceMethod<"The multiplications with an addition that the op's products take: fewer than those of the products it "
                    "stands for where its algorithm saves some. From the operands' (memref) sizes; null for none.",
      "::mlir::OpFoldResult", "getMacs", (ins "::mlir::OpBuilder &":$builder), "", [{ return nullptr; }]>,
    InterfaceMethod<"Bytes of scratch a thread needs, or null for none.",
      "::mlir::OpFoldResult", "getScratchBytes", (ins "::mlir::OpBuilder &":$builder), "", [{ return nullptr; }]>,
    InterfaceMethod<"How many items a call should have at least, so that what it does for all of them is little beside them.",
      "int64_t", "getLeastItems", (ins), "", [{ return 1; }]>,
    InterfaceMethod<"Fills the body of the kernel; `builder` stands in the entry block, whose arguments are as above. "
                    "The caller adds the return.",
      "::llvm::LogicalResult", "emitKernel", (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$arguments)>,
  ];
}

#endif
