#ifndef VITC_DIALECT_ONNX_IR_ONNXCONTROLOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXCONTROLOPS_TD

// Control flow and sequences. They are ops only until shape inference, which unrolls them; a header of their own keeps
// them away from what never sees them.

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

/// A list of tensors, written as the tuple of one tensor of its element type: tuple<tensor<*xf32>>.
def ONNX_SequenceType : Type<CPred<[{
    ::llvm::isa<::mlir::TupleType>($_self) && ::llvm::cast<::mlir::TupleType>($_self).size() == 1 &&
    ::llvm::isa<::mlir::TensorType>(::llvm::cast<::mlir::TupleType>($_self).getType(0))}]>,
    "sequence of tensors", "::mlir::TupleType">;

def ONNX_TensorOrSequence : AnyTypeOf<[ONNX_Tensor, ONNX_SequenceType]>;

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

def ONNX_YieldOp : Op<ONNX_Dialect, "Yield", [Pure, Terminator]> {
  let summary = "the outputs of a subgraph";
  let arguments = (ins Variadic<ONNX_TensorOrSequence>:$outputs);
  let assemblyFormat = "($outputs^ `:` type($outputs))? attr-dict";
}

def ONNX_IfOp : Op<ONNX_Dialect, "If"> {
  let summary = "one of two subgraphs";
  let description = [{
    Both subgraphs read the values around them. Shape inference puts the one that a constant condition chooses in the
    place of the op; where the condition depends on data, both, and a choice between their results.

    - (C1) `condition` has one element.
    - (C2) Each subgraph yields as many values as the op has results, of their element types.
  }];
  let arguments = (ins ONNX_BoolTensor:$condition);
  let results = (outs Variadic<ONNX_TensorOrSequence>:$outputs);
  let regions = (region SizedRegion<1>:$then_branch, SizedRegion<1>:$else_branch);
  let assemblyFormat = [{
    $condition `:` type($condition) `->` `(` type($outputs) `)` $then_branch `else` $else_branch attr-dict
  }];
  let hasVerifier = 1;
}

def ONNX_LoopOp : Op<ONNX_Dialect, "Loop", [AttrSizedOperandSegments]> {
  let summary = "a subgraph again and again";
  let description = [{
    The subgraph's arguments are the number of the iteration, the condition and what `initial` holds; it yields the
    next condition, what the next iteration gets, and elements of the results that collect them. It runs while the
    condition holds, as often as `trip_count` says at most; an absent one sets no bound, an absent condition holds.
    Collected elements stand side by side in a new dimension, `output_axes` (the first where empty), in their order or,
    where `output_directions` say 1, the last one first. Shape inference unrolls it.

    - (C1) `trip_count` and `condition`, where present, have one element.
    - (C2) The subgraph has two arguments more than `initial` has values, and yields one value more than there are
      results, which are at least as many as there are initial values.
  }];
  let arguments = (ins Optional<ONNX_I64Tensor>:$trip_count, Optional<ONNX_BoolTensor>:$condition,
                   Variadic<ONNX_TensorOrSequence>:$initial, ONNX_Ints:$output_axes, ONNX_Ints:$output_directions);
  let results = (outs Variadic<ONNX_TensorOrSequence>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`count` $trip_count^ `:` type($trip_count))? (`while` $condition^ `:` type($condition))?
    `(` ($initial^ `:` type($initial))? `)` `->` `(` type($outputs) `)` $body attr-dict
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

class ONNX_SequenceOp<string mnemonic, string what, dag operands, dag outputs> : Op<ONNX_Dialect, mnemonic, [Pure]> {
  let summary = what;
  let description = "Shape inference follows which tensors a sequence holds. Positions may count from the end.";
  let arguments = operands;
  let results = outputs;
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def ONNX_SequenceConstructOp : ONNX_SequenceOp<"SequenceConstruct", "a sequence of the operands",
    (ins Variadic<ONNX_Tensor>:$inputs), (outs ONNX_SequenceType:$sequence)>;
def ONNX_SequenceInsertOp : ONNX_SequenceOp<"SequenceInsert", "a sequence with one tensor more, by default at its end",
    (ins ONNX_SequenceType:$sequence, ONNX_Tensor:$tensor, Optional<ONNX_IndexTensor>:$position),
    (outs ONNX_SequenceType:$output)>;
def ONNX_SequenceEraseOp : ONNX_SequenceOp<"SequenceErase", "a sequence without one tensor, by default its last",
    (ins ONNX_SequenceType:$sequence, Optional<ONNX_IndexTensor>:$position), (outs ONNX_SequenceType:$output)>;
def ONNX_SequenceAtOp : ONNX_SequenceOp<"SequenceAt", "a tensor of a sequence",
    (ins ONNX_SequenceType:$sequence, ONNX_IndexTensor:$position), (outs ONNX_Tensor:$tensor)>;
def ONNX_SequenceLengthOp : ONNX_SequenceOp<"SequenceLength", "the number of tensors in a sequence",
    (ins ONNX_SequenceType:$sequence), (outs ONNX_I64Tensor:$length)>;
def ONNX_SplitToSequenceOp : ONNX_SequenceOp<"SplitToSequence",
    "parts of a tensor, of the lengths `split` (a scalar is that of all but the last), or 1",
    (ins ONNX_Tensor:$input, Optional<ONNX_IndexTensor>:$split, ONNX_Int<0>:$axis, ONNX_Bool<1>:$keepdims),
    (outs ONNX_SequenceType:$sequence)>;
def ONNX_ConcatFromSequenceOp : ONNX_SequenceOp<"ConcatFromSequence",
    "the tensors of a sequence side by side, along a dimension or in a new one",
    (ins ONNX_SequenceType:$sequence, ONNX_I64Attr:$axis, ONNX_Bool<0>:$new_axis), (outs ONNX_Tensor:$output)>;

#endif
