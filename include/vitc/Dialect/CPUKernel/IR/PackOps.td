#ifndef VITC_DIALECT_CPUKERNEL_IR_PACKOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_PACKOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"

/// A kernel that moves data: one input, one output.
class CPUKernel_MoveOp<string mnemonic> : CPUKernel_Op<mnemonic, [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, DeclareOpInterfaceMethods<CPUKernel_KernelOpInterface>]> {
  let results = (outs Optional<AnyRankedTensor>:$result);
  let hasVerifier = 1;
  code moveDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
    ::mlir::ShapedType getInputType() { return ::llvm::cast<::mlir::ShapedType>(getInput().getType()); }
    ::mlir::ShapedType getOutputType() { return ::llvm::cast<::mlir::ShapedType>(getOutput().getType()); }
  }];
  let extraClassDeclaration = moveDeclaration;
}

def CPUKernel_PackOp : CPUKernel_MoveOp<"pack"> {
  let summary = "lays matrices out in the panels a GEMM reads";
  let description = [{
    `permutation` reads the input as (batch.., K.., N): dimension i of that view is dimension permutation[i] of the
    input. The K dimensions (as many as the output's rank leaves) count as one, row-major. The output is
    (batch.., ⌈N / nr⌉, K, nr): out[b.., p, k, j] = in[b.., k, p · nr + j], and 0 where p · nr + j ≥ N.

    A weight (K, N) has permutation [0, 1], one stored (N, K) [1, 0]; the keys (B, N, H, D) of an attention have
    [0, 2, 3, 1] into (B, H, ⌈N / nr⌉, D, nr); a filter (F, C, kh, kw) of a channel-last convolution [2, 3, 1, 0]
    into (⌈F / nr⌉, kh · kw · C, nr). With nr = N this is a transpose.

    With `interleave` 2 each two rows of K become one of pairs, as products of bf16 read them: (batch.., ⌈N / nr⌉,
    ⌈K / 2⌉, 2 · nr) with out[b.., p, q, 2 · j + s] = in[b.., 2 · q + s, p · nr + j], and 0 where 2 · q + s = K.

    - (C1) `permutation` is one of the input's dimensions; the output's rank is from 3 to the input's rank + 1.
    - (C2) The output is (batch.., ⌈N / nr⌉, ⌈K / interleave⌉, interleave · nr) where the sizes are static, and nr is.
    - (C3) Input and output have the same element type, or f32 becomes bf16, rounded to the nearest, ties to even.
    - (C4) `lanes`, the elements of a vector register, is a power of two.
    - (C5) The last dimension of a memref output has stride 1.
    - (C6) `interleave` is 1, or 2 where the output is bf16 and its last dimension even.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$output, DenseI64ArrayAttr:$permutation,
                   DefaultValuedAttr<I64Attr, "16">:$lanes, DefaultValuedAttr<I64Attr, "1">:$interleave);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` `permutation` `=` $permutation
    attr-dict (`->` type($result)^)?
  }];
  let extraClassDeclaration = moveDeclaration # [{
    /// A work item is a tile of at most these rows of K and columns of a panel.
    static constexpr int64_t tileRows = 256, tileColumns = 64;
    /// The leading dimensions of the permuted input that are batches.
    int64_t getBatchRank() { return getOutputType().getRank() - 3; }
    /// nr, the columns of a panel.
    int64_t getPanelWidth() { return getOutputType().getShape().back() / static_cast<int64_t>(getInterleave()); }
  }];
}

def CPUKernel_PatchifyOp : CPUKernel_MoveOp<"patchify"> {
  let summary = "gathers the patches of images as rows";
  let description = [{
    out[b, py · W/pw + px, (c · ph + y) · pw + x] = image[b, c, py · ph + y, px · pw + x]: image (B, C, H, W), out
    (B, H/ph · W/pw, C · ph · pw), so that a patch embedding is one GEMM with its weight as stored.

    - (C1) image has rank 4 and out rank 3, both f32; C, H, W are static, ph divides H and pw divides W.
    - (C2) out is (B, H/ph · W/pw, C · ph · pw).
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$output, DenseI64ArrayAttr:$patch,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $output `:` type($output) `)` `patch` `=` $patch
    attr-dict (`->` type($result)^)?
  }];
}

def CPUKernel_GatherRowsOp : CPUKernel_MoveOp<"gather_rows"> {
  let summary = "rows in another order";
  let description = [{
    out[b, t, :] = in[b, rows[t], :]. A work item is a row of the output.

    - (C1) The input is f32 (B, R, C), C static; rows is i32 (T).
    - (C2) The output is (B, T, C).
    - (C3) The last dimension of memrefs has stride 1.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, CPUKernel_Shaped:$rows, CPUKernel_Shaped:$output,
                   DefaultValuedAttr<I64Attr, "16">:$lanes);
  let assemblyFormat = [{
    `ins` `(` $input `,` $rows `:` type($input) `,` type($rows) `)` `outs` `(` $output `:` type($output) `)`
    attr-dict (`->` type($result)^)?
  }];
}

#endif
