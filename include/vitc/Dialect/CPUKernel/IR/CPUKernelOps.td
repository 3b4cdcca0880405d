#ifndef VITC_DIALECT_CPUKERNEL_IR_CPUKERNELOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_CPUKERNELOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"
include "vitc/Dialect/CPUKernel/IR/HostOps.td"

class CPUKernel_KernelOp<string mnemonic, list<Trait> traits = []>
    : CPUKernel_Op<mnemonic, !listconcat([DestinationStyleOpInterface, AttrSizedOperandSegments, IsolatedFromAbove,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<CPUKernel_KernelOpInterface>], traits)> {
  code dpsDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
  let extraClassDeclaration = dpsDeclaration;
}

def CPUKernel_YieldOp : CPUKernel_Op<"yield", [Pure, Terminator]> {
  let summary = "the value of an epilogue";
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def CPUKernel_LaunchOp : CPUKernel_Op<"launch", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "runs all work items of an emitted kernel";
  let description = [{
    The kernel is a function of inputs, outputs, scratch and `continues` (`memref<?xi8>` and `i1`, only where `scratch`
    gives the former's bytes a thread; see CPUKernel_KernelOpInterface), first item and one past the last: it may be called
    for any split of [0, items) into ranges, in any order and at once. Calls for fewer than `least` items are wasteful.
    Inputs (memrefs and scalars) are read, outputs are read and written. For profiles, `kind` is the name of the op that it
    was and `cost` what it costs, where that follows from the model's symbols: multiplications with an addition, bytes of
    weights, bytes of other operands.

    - (C1) The kernel is a function of the symbol table whose arguments have those types and which returns nothing.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Index:$items, Optional<Index>:$scratch_bytes,
                   Variadic<AnyType>:$inputs, Variadic<AnyMemRef>:$outputs, OptionalAttr<StrAttr>:$kind,
                   OptionalAttr<AffineMapAttr>:$cost, DefaultValuedAttr<I64Attr, "1">:$least);
  let assemblyFormat = [{
    $kernel `items` `(` $items `)` (`scratch` `(` $scratch_bytes^ `)`)? (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    (`outs` `(` $outputs^ `:` type($outputs) `)`)? attr-dict
  }];
}

def CPUKernel_GemmOp : CPUKernel_KernelOp<"gemm"> {
  let summary = "matrix products with a packed right side and an epilogue";
  let description = [{
    C[b.., m, n] = epilogue(Σ_k A[b.., m, k] · B[b.., k, n], extras..). A is row-major, B is packed in panels of `nr`
    columns, (⌈N / nr⌉, K, nr), the last one padded with zeros. Either may be one matrix for the whole batch. The epilogue
    is a region over scalars (arith, math, `vit.gelu`, `vit.silu`): its arguments are the accumulator and one element of
    each extra operand, read through its map, an affine map from (b.., m, n).

    B may be bf16: it is widened as it is read, and products are f32. With `bf16_products` both operands of a product are
    bf16, and two neighbours along K are multiplied and added to the f32 sum at once (`vdpbf16ps`, which takes
    subnormal numbers for 0): B is packed in pairs (`vcpu.pack` with `interleave` 2), and the rows of A are rounded to
    the nearest, ties to even, as `pack_a` copies them. With `tiles` AMX computes 32 × 32 sums at once in tiles of 16 × 16,
    which go through a scratch into the epilogue; rows of a last tile that are none are computed and dropped.

    The schedule: a register tile is `mr` × `nr` elements, nr / `lanes` vectors wide. A work item is one tile: rows are
    split into balanced blocks, `mc` rows (all, where it is 0) make a chunk, and items count blocks of a chunk first, then
    panels, then chunks, so that a chunk of A stays in L2 while the panels stream past it; matrices of a batch follow each other. `pack_a` copies the rows that
    a thread reads into scratch, a chunk at a time: for strides that make the rows of a tile compete for one set of L1.

    - (C1) C is (batch.., M, N), A (batch.., M, K) or (M, K), both f32, B (batch.., ⌈N / nr⌉, K, nr) or
      (⌈N / nr⌉, K, nr), f32 or bf16; K and N are static and positive, M and the batch may be dynamic.
    - (C2) There is one output. There is one map an extra operand, from (batch.., m, n) to its rank.
    - (C3) The region is empty or has one block whose arguments are the accumulator and one scalar an extra operand,
      and which yields one value of C's element type.
    - (C4) mr, lanes are positive, lanes divides nr; mc is not negative.
    - (C5) The last dimension of memrefs has stride 1.
    - (C6) With `bf16_products` there is `pack_a`, and B is bf16 (.., ⌈N / nr⌉, ⌈K / 2⌉, 2 · nr).
    - (C7) With `tiles` there are `bf16_products`, mr and nr are 32, lanes is 16, and 32 divides K.

    An extra may be C itself where its map is the identity: each element is read before it is written.
  }];
  let arguments = (ins CPUKernel_Shaped:$a, CPUKernel_Shaped:$b, Variadic<CPUKernel_Shaped>:$extras,
                   Variadic<CPUKernel_Shaped>:$outputs,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps, I64Attr:$mr, I64Attr:$nr, I64Attr:$lanes,
                   DefaultValuedAttr<I64Attr, "0">:$mc, UnitAttr:$pack_a, UnitAttr:$bf16_products,
                   UnitAttr:$tiles);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`epilogue` $epilogue^)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = dpsDeclaration # [{
    ::mlir::OpFoldResult getScratchBytes(::mlir::OpBuilder &builder);
    int64_t getLeastItems();
    ::mlir::OpFoldResult getMacs(::mlir::OpBuilder &builder);
    ::mlir::ShapedType getAType() { return ::llvm::cast<::mlir::ShapedType>(getA().getType()); }
    ::mlir::ShapedType getBType() { return ::llvm::cast<::mlir::ShapedType>(getB().getType()); }
    ::mlir::ShapedType getCType() { return ::llvm::cast<::mlir::ShapedType>(getOutputs()[0].getType()); }
    /// The leading dimensions of C that count matrices.
    int64_t getBatchRank() { return getCType().getRank() - 2; }
    int64_t getInnerSize() { return getAType().getShape().back(); }
    /// Rows of a packed panel: K, or its pairs.
    int64_t getPanelRows() { return getBf16Products() ? (getInnerSize() + 1) / 2 : getInnerSize(); }
    int64_t getPanelCount() { return getBType().getShape().take_back(3).front(); }
  }];
}

include "vitc/Dialect/CPUKernel/IR/AttentionOps.td"
include "vitc/Dialect/CPUKernel/IR/ConvOps.td"
include "vitc/Dialect/CPUKernel/IR/IndexingOps.td"
include "vitc/Dialect/CPUKernel/IR/PackOps.td"
include "vitc/Dialect/CPUKernel/IR/RowOps.td"
include "vitc/Dialect/CPUKernel/IR/StrassenOps.td"

#endif
