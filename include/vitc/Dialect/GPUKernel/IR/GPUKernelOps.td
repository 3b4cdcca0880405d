#ifndef VITC_DIALECT_GPUKERNEL_IR_GPUKERNELOPS_TD
#define VITC_DIALECT_GPUKERNEL_IR_GPUKERNELOPS_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "vitc/Dialect/GPUKernel/IR/KernelInterface.td"

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

    With `blocks_per_processor` the blocks deal out the work among themselves: of a larger grid so many a multiprocessor
    are launched, in one dimension. `forms`, where it is there, says of each argument how the kernel takes it: a unit as
    above, an index in 32 bits as `i32`, a buffer or view as a tensor map by a dictionary of `type` (CUtensorMapDataType),
    `box` (elements that are copied, innermost first), `swizzle` (CUtensorMapSwizzle) and, where they are no neighbours,
    `steps` (from one of them to the next along each axis).

    With `overlaps` the kernel waits by itself for the launch before, and may be started earlier.

    - (C1) The symbol is a function of a gpu.module, which has as many arguments as the launch.
    - (C2) The grid has one to three dimensions, `per` as many positive numbers, `block` up to 1024 threads.
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<Index>:$grid, DenseI64ArrayAttr:$per,
                   Variadic<AnyTypeOf<[AnyMemRef, Index]>>:$arguments, I64Attr:$block,
                   DefaultValuedAttr<I64Attr, "0">:$shared_bytes, DefaultValuedAttr<I64Attr, "0">:$blocks_per_processor, UnitAttr:$overlaps,
                   OptionalAttr<ArrayAttr>:$forms, OptionalAttr<StrAttr>:$kind, OptionalAttr<AffineMapAttr>:$cost);
  let assemblyFormat = [{
    $kernel `grid` `(` $grid `)` `per` $per `block` $block (`args` `(` $arguments^ `:` type($arguments) `)`)? attr-dict
  }];
  let hasVerifier = 1;
}

class GPUKernel_KernelOp<string mnemonic, list<string> methods, list<Trait> traits = [AttrSizedOperandSegments]>
    : GPUKernel_Op<mnemonic, !listconcat([DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, DeclareOpInterfaceMethods<GPUKernel_KernelOpInterface, methods>],
        traits)> {
  let results = (outs Optional<AnyRankedTensor>:$result);
  let hasVerifier = 1;
  code kernelDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

/// A kernel that may write something beside its result.
class GPUKernel_TappedOp<string mnemonic, list<Trait> traits>
    : GPUKernel_KernelOp<mnemonic, ["getMacs", "isDense"], traits> {
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let kernelDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

def GPUKernel_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef]>;

def GPUKernel_GemmOp : GPUKernel_KernelOp<"gemm", ["getMacs", "isDense"]> {
  let summary = "a matrix product by tensor cores, with an epilogue";
  let description = [{
    C = last(residual + table + scale · activation(A · Wᵀ + bias)), each part where it is there: A (M, K) and W (N, K) of bf16
    or f16, or of f32, of which tensor cores multiply tf32, sums in f32, C (M, N) of bf16, f16 or f32. The schedule are
    `tile_m` × `tile_n` tiles of persistent blocks, or, for few rows, of clusters of `splits` blocks that share K, and
    `stages` tiles of K in shared memory (0: as many as fit); see the kernel's builder (Kernels/Gemm.h). With `mma_sync` it
    is the kernel for sm_80 and sm_89, a block a tile. `activation`, and `last_activation` of the result: none, relu, gelu, gelu_tanh, silu, quick_gelu,
    hard_swish.

    With `gated` the sums' columns come in turns of eight, gates first, and C's are activation(gate) · up.

    - (C1) A, W and C are matrices that agree on M, N and K, but for a gated C, whose columns are N / 2; N and K are
      static. Residual is as C; the bias is f32 (N), scale and table are f32 of C's columns, (N) and (rows, N): row m of C
      takes row m mod rows of the table.
    - (C2) There is a kernel for these sizes, elements and tiles.
  }];
  let arguments = (ins GPUKernel_Shaped:$a, GPUKernel_Shaped:$w, Optional<GPUKernel_Shaped>:$bias,
                   Optional<GPUKernel_Shaped>:$scale, Optional<GPUKernel_Shaped>:$table,
                   Optional<GPUKernel_Shaped>:$residual, GPUKernel_Shaped:$output,
                   DefaultValuedStrAttr<StrAttr, "none">:$activation, DefaultValuedStrAttr<StrAttr, "none">:$last_activation,
                   I64Attr:$tile_m, I64Attr:$tile_n,
                   DefaultValuedAttr<I64Attr, "1">:$splits, DefaultValuedAttr<I64Attr, "0">:$stages, UnitAttr:$gated,
                   UnitAttr:$mma_sync);
  let assemblyFormat = [{
    `ins` `(` $a `,` $w `:` type($a) `,` type($w) `)` (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`scale` `(` $scale^ `:` type($scale) `)`)? (`table` `(` $table^ `:` type($table) `)`)?
    (`residual` `(` $residual^ `:` type($residual) `)`)? `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::GemmConfig getConfig();
  }];
}

def GPUKernel_BatchGemmOp : GPUKernel_KernelOp<"batch_gemm", ["getMacs", "isDense"], []> {
  let summary = "products of many matrices by tensor cores";
  let description = [{
    C = A · W for each b and h, of bf16 or f16, or of f32, of which tensor cores multiply tf32, with sums in f32:
    A (B, H, M, K), W (B, H, K, N) and C (B, H, M, N) of bf16, f16 or f32 (Kernels/Gemm.h). One A may serve all: it is then
    (1, 1, M, K). W may have fewer rows than A has columns; the missing ones count as zeros, and A's columns have to be
    numbers. With `mma_sync` it is the kernel of warps, for sm_80 and sm_89, and of f32 for sm_90, too.

    - (C1) A, W and C agree on B, H, M, K and N; all but B are static.
    - (C2) There is a kernel for these sizes, elements and tiles.
  }];
  let arguments = (ins GPUKernel_Shaped:$a, GPUKernel_Shaped:$w, GPUKernel_Shaped:$output, I64Attr:$tile_m,
                   I64Attr:$tile_n, UnitAttr:$mma_sync);
  let assemblyFormat = [{
    `ins` `(` $a `,` $w `:` type($a) `,` type($w) `)` `outs` `(` $output `:` type($output) `)` attr-dict
    (`->` type($result)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::GemmConfig getConfig();
  }];
}

def GPUKernel_AttentionOp : GPUKernel_TappedOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "scaled dot-product attention by tensor cores";
  let description = [{
    softmax(scale · Q · Kᵀ + bias / log2(e)) · V of each head, as `vit.attention`: all (B, tokens, H, D) of bf16 or f16,
    scores and sums in f32 (Kernels/Attention.h). Batch b takes number b mod P of the bias: relative positions of windows
    and their masks. With `mma_sync` it is the kernel of warps, for sm_80 and sm_89, and of f32, which is multiplied as
    tf32, for sm_90, too.

    - (C1) Q is (B, M, H, D), K (B, N, H, D), V (B, N, H, E), the output (B, M, H, E), of one element type; all but B are
      static.
    - (C2) There is a kernel for these sizes and elements.
    - (C3) The bias is f32 (P, H, M, C), static, with the columns that the kernel reads: N rounded up.
    - (C4) A second output is f32 (B, H, M, N), for the scores, or with `probabilities` for those.
  }];
  let arguments = (ins GPUKernel_Shaped:$query, GPUKernel_Shaped:$key, GPUKernel_Shaped:$value,
                   Optional<GPUKernel_Shaped>:$bias, Variadic<GPUKernel_Shaped>:$outputs, F32Attr:$scale,
                   UnitAttr:$probabilities, UnitAttr:$mma_sync);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)? `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::AttentionConfig getConfig();
  }];
}

def GPUKernel_AttendOp : GPUKernel_TappedOp<"attend", []> {
  let summary = "the values that given scores choose, by tensor cores";
  let description = [{
    softmax(scores) · V of each head, as `vit.attend`: the second half of `vgpu.attention`, by its kernels
    (Kernels/Attention.h). Scores are dense; they are those of an earlier layer, transformed. With `mma_sync` it is the
    kernel for sm_80 and sm_89.

    - (C1) Scores are f32 (B, H, M, N), V (B, N, H, E) and the output (B, M, H, E) of bf16 or f16; all but B are static.
    - (C2) There is a kernel for these sizes and elements.
    - (C3) A second output is f32 (B, H, M, N), for the probabilities.
  }];
  let arguments = (ins GPUKernel_Shaped:$scores, GPUKernel_Shaped:$value, Variadic<GPUKernel_Shaped>:$outputs,
                   UnitAttr:$mma_sync);
  let assemblyFormat = [{
    `ins` `(` $scores `,` $value `:` type($scores) `,` type($value) `)`
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::AttentionConfig getConfig();
  }];
}

def GPUKernel_LayerNormOp : GPUKernel_KernelOp<"layer_norm", ["isDense"]> {
  let summary = "layer normalization or root mean square normalization of rows, one warp a row";
  let description = [{
    `vit.layer_norm`, or with `rms` `vit.rms_norm`, of the rows of x (M, C), f32 or bf16, into y (M, C), f32 or bf16.
    Statistics are f32 (Kernels/LayerNorm.h).

    - (C1) x and y are matrices that agree on M and C; C is static. Scale and bias are f32 (C).
    - (C2) There is a kernel for this C and these elements.
  }];
  let arguments = (ins GPUKernel_Shaped:$input, Optional<GPUKernel_Shaped>:$scale, Optional<GPUKernel_Shaped>:$bias,
                   GPUKernel_Shaped:$output, F32Attr:$epsilon, UnitAttr:$rms);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` (`scale` `(` $scale^ `:` type($scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)? `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = kernelDeclaration # [{
    ::vitc::vgpu::LayerNormConfig getConfig();
  }];
}

include "vitc/Dialect/GPUKernel/IR/ConvolutionOps.td"

#endif
