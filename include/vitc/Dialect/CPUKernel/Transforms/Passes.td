#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_PASSES_TD
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernelsPass : Pass<"vcpu-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "emit one function for each distinct kernel and launch it";
  let description = [{
    Ops that implement KernelOpInterface and agree in name, attributes, operand types and region become launches of one
    function, `<op>_<n>`, whose arguments are the op's inputs, outputs, scratch where the op needs some, and a range
    of work items.

    Before, on memrefs:
    ```mlir
    func.func @main(%x: memref<8x32xf32>, %y: memref<8x32xf32>) {
      vcpu.softmax ins(%x : memref<8x32xf32>) outs(%y : memref<8x32xf32>) {lanes = 16}
      return
    }
    ```
    After:
    ```mlir
    func.func private @softmax_0(%x: memref<8x32xf32>, %y: memref<8x32xf32>, %begin: index, %end: index) {...}
    func.func @main(%x: memref<8x32xf32>, %y: memref<8x32xf32>) {
      %c8 = arith.constant 8 : index
      vcpu.launch @softmax_0 items(%c8) ins(%x : memref<8x32xf32>) outs(%y : memref<8x32xf32>)
      return
    }
    ```

    Precondition: bufferized. Postcondition: no op implements KernelOpInterface.
  }];
  let dependentDialects = ["::vitc::vcpu::CPUKernelDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

def FoldConstantPacksPass : Pass<"vcpu-fold-constant-packs"> {
  let summary = "pack constants at compile time";
  let description = [{
    A `vcpu.pack` of a constant (dense or dense_resource), or of reshapes and static slices of one, becomes the packed
    constant: a resource of its own, aligned to 64 bytes, made once for equal packs. The data is never printed.

    ```mlir
    // before
    %w = arith.constant dense_resource<w> : tensor<384x1152xf32>
    %0 = tensor.empty() : tensor<36x384x32xf32>
    %p = vcpu.pack ins(%w : tensor<384x1152xf32>) outs(%0 : tensor<36x384x32xf32>) permutation = [0, 1] -> …
    // after
    %p = arith.constant dense_resource<packed> : tensor<36x384x32xf32>
    ```

    Precondition: tensors. Postcondition: no pack of a constant of static shape.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def ProtectInputsPass : Pass<"vcpu-protect-inputs", "::mlir::func::FuncOp"> {
  let summary = "forbid bufferization to write into the inputs of a model";
  let description = [{
    Marks every argument of a public function `bufferization.writable = false`.

    ```mlir
    // before
    func.func @main(%x: tensor<4xf32>) -> tensor<4xf32>
    // after
    func.func @main(%x: tensor<4xf32> {bufferization.writable = false}) -> tensor<4xf32>
    ```
  }];
}

def PlanMemoryPass : Pass<"vcpu-plan-memory", "::mlir::ModuleOp"> {
  let summary = "give every buffer of the entry function its place";
  let description = [{
    The entry functions (public, arguments named by `vit.name`) become `(frame, thread, threads)`: arguments and results
    turn into the frame's inputs and outputs, `memref.alloc` into planned buffers, `memref.global` constants into
    offsets of the weights. A result that is no allocation of its own (an input, a constant, one returned twice) is
    copied. What the runtime needs is left in attributes: on the function `vcpu.inputs`, `vcpu.outputs` (name, type, dims),
    `vcpu.symbols` (name, input, dim) and `vcpu.buffers` (bytes as an affine map of the symbols, first and last step);
    on every global its `vcpu.offset`.

    ```mlir
    // before
    func.func @main(%x: memref<?x8xf32> {vit.name = "x", vit.dims = …}) -> (memref<?x8xf32> {…}) {
      %c0 = arith.constant 0 : index
      %b = memref.dim %x, %c0 : memref<?x8xf32>
      %y = memref.alloc(%b) : memref<?x8xf32>
      …
    // after
    func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) {
      %b = vcpu.symbol 0 of %frame
      %x = vcpu.buffer input[0] of %frame(%b) : memref<?x8xf32>
      %y = vcpu.buffer output[0] of %frame(%b) : memref<?x8xf32>
      …
    ```

    Precondition: bufferized, one block, identity layouts at the boundary; kernels are not yet emitted.
    Postcondition: no `memref.alloc`, no `memref.get_global` in an entry function.
  }];
  let dependentDialects = ["::vitc::vcpu::CPUKernelDialect", "::mlir::LLVM::LLVMDialect", "::mlir::linalg::LinalgDialect"];
}

def LowerLaunchesPass : Pass<"vcpu-lower-launches", "::mlir::ModuleOp"> {
  let summary = "turn launches into calls that every thread makes for items it claims";
  let description = [{
    Each thread claims items and calls the kernel for them until there are none left, and then waits for the others: an
    entry function is one program that all threads run, with a barrier after each step. The scratch that a thread needs is the largest
    of all launches; their sizes are left in `vcpu.scratch` of the function, an affine map of the symbols. A function with
    `vit.passes` (see `vit-split-batch`) does all that as often, each time with the next part of its inputs and outputs.

    Precondition: `vcpu-plan-memory` has run. Postcondition: no `vcpu.launch`.
  }];
  let dependentDialects = ["::vitc::vcpu::CPUKernelDialect", "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect"];
}

#endif
