#ifndef VITC_DIALECT_GPUKERNEL_IR_GPUKERNELOPS_TD
#define VITC_DIALECT_GPUKERNEL_IR_GPUKERNELOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"

def GPUKernel_Dialect : Dialect {
  let name = "vgpu";
  let cppNamespace = "::vitc::vgpu";
  let summary = "what a GPU runs of a model, and in which order";
  let description = [{
    A program for a GPU is a list of launches that the runtime of the library goes through; there is no code for the host.
    Buffers and the values of named dimensions are those of the `vcpu` dialect (`vcpu.buffer`, `vcpu.symbol`).
  }];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::memref::MemRefDialect"];
}

class GPUKernel_Op<string mnemonic, list<Trait> traits = []> : Op<GPUKernel_Dialect, mnemonic, traits>;

def GPUKernel_LaunchOp : GPUKernel_Op<"launch", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs a kernel on a grid of blocks";
  let description = [{
    The kernel is an `llvm.func` or `gpu.func` of a `gpu.module`. Dimension i of the grid has ⌈grid[i] / per[i]⌉ blocks of
    `block` threads each. A buffer (a whole one, no view) is an address in the kernel, an index a number of 64 bits. For
    profiles, `kind` and `cost` are as in `vcpu.launch`.

    - (C1) The symbol is a function of a gpu.module, which has as many arguments as the launch.
    - (C2) The grid has one to three dimensions, `per` as many positive numbers, `block` up to 1024 threads.
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<Index>:$grid, DenseI64ArrayAttr:$per,
                   Variadic<AnyTypeOf<[AnyMemRef, Index]>>:$arguments, I64Attr:$block,
                   DefaultValuedAttr<I64Attr, "0">:$shared_bytes, OptionalAttr<StrAttr>:$kind,
                   OptionalAttr<AffineMapAttr>:$cost);
  let assemblyFormat = [{
    $kernel `grid` `(` $grid `)` `per` $per `block` $block (`args` `(` $arguments^ `:` type($arguments) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

#endif
