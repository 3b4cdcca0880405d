#ifndef VITC_DIALECT_GPUKERNEL_TRANSFORMS_PASSES_TD
#define VITC_DIALECT_GPUKERNEL_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def OutlineKernelsPass : Pass<"vgpu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "emit one kernel for each distinct loop nest and launch it";
  let description = [{
    Every structured op of an entry function becomes a kernel with one thread for each point of its parallel loops, which
    runs the other loops; every other op that implements KernelOpInterface one with a thread for each work item. What
    they read is computed in the kernel from the addresses of whole buffers and the values of named dimensions: views,
    sizes, positions. Kernels that are equal are emitted once.

    ```mlir
    // before
    linalg.add ins(%x, %x : memref<8x32xf32>, memref<8x32xf32>) outs(%y : memref<8x32xf32>)
    // after
    gpu.module @kernels {
      llvm.func @add_0(%x: !llvm.ptr<1>, %y: !llvm.ptr<1>) attributes {nvvm.kernel, …} {…}
    }
    …
    vgpu.launch @kernels::@add_0 grid(%c256) per [256] block 256 args(%x, %y : memref<8x32xf32>, memref<8x32xf32>)
    ```

    Precondition: `vcpu-plan-memory` has run. Postcondition: entry functions hold buffers, arithmetic on sizes and launches.
    An op that neither is one of these nor computes a size (a scalar that is read, a branch) is an error.
  }];
  let dependentDialects = ["::vitc::vgpu::GPUKernelDialect", "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::scf::SCFDialect", "::mlir::affine::AffineDialect"];
}

def OverlapLaunchesPass : Pass<"vgpu-overlap-launches", "::mlir::ModuleOp"> {
  let summary = "let each kernel start before the one before it has ended";
  let description = [{
    Programmatic dependent launch (compute capability 9.0 and later): every kernel waits by `griddepcontrol.wait` for the one
    before, as the first thing that each of its threads does, and lets the next one start. Every launch but the first is
    marked, so that the runtime makes such an edge of a graph.

    ```mlir
    // before
    llvm.func @gemm_0(…) attributes {nvvm.kernel, …} {
      …
    vgpu.launch @kernels::@gemm_0 …
    vgpu.launch @kernels::@gemm_0 …
    // after
    llvm.func @gemm_0(…) attributes {nvvm.kernel, …} {
      llvm.inline_asm has_side_effects "griddepcontrol.wait;", "~{memory}" : () -> ()
      llvm.inline_asm has_side_effects "griddepcontrol.launch_dependents;", "~{memory}" : () -> ()
      …
    vgpu.launch @kernels::@gemm_0 …
    vgpu.launch @kernels::@gemm_0 … {overlaps}
    ```

    A wait ends when the grid before has ended and its writes are seen; that grid's own threads had all waited for the one
    before it. Hence, by induction, a thread goes on when all grids before have ended, and no access is without order: neither
    a read of what an earlier grid writes, nor a write of what one reads. It holds since no kernel is without the wait.

    Precondition: `vgpu-outline-kernels` has run. Postcondition: every kernel waits in its first block.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
