#ifndef VITC_DIALECT_CPUKERNEL_IR_CPUKERNELOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_CPUKERNELOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"
include "vitc/Dialect/CPUKernel/IR/HostOps.td"

class CPUKernel_KernelOp<string mnemonic, list<Trait> traits = []>
    : CPUKernel_Op<mnemonic, !listconcat([DestinationStyleOpInterface, AttrSizedOperandSegments,
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

def CPUKernel_GemmOp : CPUKernel_KernelOp<"gemm"> {
  let summary = "matrix product with a packed right side and an epilogue";
  let description = [{
    C[m, n] = epilogue(Σ_k A[m, k] · B[k, n], extras..). A is row-major, B is packed in panels of `nr` columns,
    (⌈N / nr⌉, K, nr), the last one padded with zeros. The epilogue is a region over scalars (arith, math, `vit.gelu`,
    `vit.silu`): its arguments are the accumulator and one element of each extra operand, read through its map, an
    affine map from (m, n) (terms m, n, m mod T and constants).

    - (C1) A is (M, K), B (⌈N / nr⌉, K, nr), C (M, N), all f32; K, N, nr, mr are static, M may be dynamic.
    - (C2) One map an extra operand; the region is empty or has one block that yields f32.
  }];
  let arguments = (ins CPUKernel_Shaped:$a, CPUKernel_Shaped:$b, Variadic<CPUKernel_Shaped>:$extras,
                   Variadic<CPUKernel_Shaped>:$outputs,
                   DefaultValuedAttr<AffineMapArrayAttr, "{}">:$extra_maps, I64Attr:$mr, I64Attr:$nr);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region MaxSizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)` (`extras` `(` $extras^ `:` type($extras) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`epilogue` $epilogue^)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

include "vitc/Dialect/CPUKernel/IR/AttentionOps.td"
include "vitc/Dialect/CPUKernel/IR/ConvOps.td"
include "vitc/Dialect/CPUKernel/IR/PackOps.td"

#endif
