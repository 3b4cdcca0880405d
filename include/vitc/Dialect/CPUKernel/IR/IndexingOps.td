#ifndef VITC_DIALECT_CPUKERNEL_IR_INDEXINGOPS_TD
#define VITC_DIALECT_CPUKERNEL_IR_INDEXINGOPS_TD

include "vitc/Dialect/CPUKernel/IR/CPUKernelBase.td"

def CPUKernel_ScatterOp : CPUKernel_Op<"scatter", [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, DeclareOpInterfaceMethods<CPUKernel_KernelOpInterface>]> {
  let summary = "updates elements or slices of its output at indices";
  let description = [{
    `vit.scatter` in place: the output holds the data first. A work item is one position of the output's first dimension:
    every thread reads the indices in order and makes the updates of its own range, so that the result does not depend on
    the number of threads.

    - (C1) Output, indices, updates and `axis` are as (C1), (C2) and (C3) of `vit.scatter` say of its data, indices,
      updates and axis, and `reduction` as (C4) says.
  }];
  let arguments = (ins CPUKernel_Shaped:$indices, CPUKernel_Shaped:$updates, CPUKernel_Shaped:$output,
                   OptionalAttr<I64Attr>:$axis, DefaultValuedStrAttr<StrAttr, "none">:$reduction, UnitAttr:$is_unsigned);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $indices `,` $updates `:` type($indices) `,` type($updates) `)`
    `outs` `(` $output `:` type($output) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getLeastItems();
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputMutable(); }
  }];
}

def CPUKernel_TopKOp : CPUKernel_Op<"top_k", [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<CPUKernel_KernelOpInterface, ["getScratchBytes"]>]> {
  let summary = "the k first elements of each row in sorted order, and where they are";
  let description = [{
    `vit.top_k` on rows, by a merge sort of their indices in scratch: O(N log N) steps whatever the elements are. A work
    item is one row.

    - (C1) The input is (M, N), the outputs are values (M, K) of its element type and i64 indices (M, K); K is static.
  }];
  let arguments = (ins CPUKernel_Shaped:$input, Variadic<CPUKernel_Shaped>:$outputs, UnitAttr:$smallest,
                   UnitAttr:$is_unsigned);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $outputs `:` type($outputs) `)` attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
  }];
}

#endif
