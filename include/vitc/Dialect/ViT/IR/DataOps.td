// What depends on data: extents that a run computes, and programs with loops of their own.
#ifndef VITC_DIALECT_VIT_IR_DATAOPS_TD
#define VITC_DIALECT_VIT_IR_DATAOPS_TD

include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "vitc/Dialect/ViT/IR/ViTBase.td"

def ViT_ExtentOp : ViT_Op<"extent", [Pure]> {
  let summary = "an extent that the run computes, under its name";
  let description = [{
    result = min(max(value, 0), bound): whatever `value` is, buffers that are planned for `bound` hold what the result
    counts. The `vit.dims` of the entry function's results may use the name, as those of arguments; the runtime's
    frame has a place for it.

    Example: `%n = vit.extent "count(detections)"(%value) at most %boxes`.
  }];
  let arguments = (ins StrAttr:$name, Index:$value, Index:$bound);
  let results = (outs Index:$result);
  let assemblyFormat = "$name `(` $value `)` `at` `most` $bound attr-dict";
}

def ViT_ProcedureOp : ViT_Op<"procedure", [DestinationStyleOpInterface, AttrSizedOperandSegments, IsolatedFromAbove,
    SingleBlock, NoTerminator, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "loops over the buffers of its operands, for what no structured op says";
  let description = [{
    Sorting, selecting, counting: the body reads its inputs and writes its outputs by `memref.load` and `memref.store`,
    wherever it likes within them. It runs once for each of `items` items (one, where absent), which are independent of
    each other: they may run in any order and at once. The arguments of the body are the item and a memref of dynamic
    extents, strides and offset for each input and output. An output holds nothing when the op begins.

    - (C1) The block has the argument `index`, then one memref of the element type and rank of each input and output,
      with a layout `strided<[?, ..], offset: ?>` and dynamic extents.
    - (C2) Results, where there are any, have the types of the outputs.
  }];
  let arguments = (ins Optional<Index>:$items, Variadic<AnyShaped>:$inputs, Variadic<AnyShaped>:$outputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`items` `(` $items^ `)`)? (`ins` `(` $inputs^ `:` type($inputs) `)`)? `outs` `(` $outputs `:` type($outputs) `)`
    attr-dict-with-keyword $body (`->` type($results)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$items, "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$outputs,
    "::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::Value, ::mlir::ValueRange)>":$body)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutputsMutable(); }
    /// The type in which the body sees an operand.
    static ::mlir::MemRefType getBodyType(::mlir::Type operand);
  }];
}

#endif
