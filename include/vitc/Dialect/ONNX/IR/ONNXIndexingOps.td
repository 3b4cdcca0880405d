#ifndef VITC_DIALECT_ONNX_IR_ONNXINDEXINGOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXINDEXINGOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

// Indices that the run decides may count from the end; what lies outside is clamped to the dimension, as Gather does.

//===----------------------------------------------------------------------===//
// Elements at indices
//===----------------------------------------------------------------------===//

def ONNX_GatherElementsOp : ONNX_Op<"GatherElements"> {
  let summary = "elements of the operand, each at its own index along one dimension";
  let description = [{
    output[i.., j, k..] = data[i.., indices[i.., j, k..], k..], where i.. are the dimensions before `axis`. Negative
    indices count from the end.

    - (C1) `axis` is in [−rank, rank); `data` has at least one dimension.
    - (C2) `data`, `indices` and `output` have the same rank.
    - (C3) `indices` and `output` have the same shape, whose static extents but that of `axis` are at most those of `data`.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_IndexTensor:$indices, ONNX_Int<0>:$axis);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

class ONNX_ScatterOp<string mnemonic, Type indexType, dag extraAttributes> : ONNX_Op<mnemonic> {
  let arguments = !con((ins ONNX_Tensor:$data, indexType:$indices, ONNX_Tensor:$updates), extraAttributes,
                       (ins ONNX_Word<["none", "add", "mul", "max", "min"]>:$reduction));
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_ScatterElementsOp : ONNX_ScatterOp<"ScatterElements", ONNX_IndexTensor, (ins ONNX_Int<0>:$axis)> {
  let summary = "the operand with elements replaced, each at its own index along one dimension";
  let description = [{
    output is `data`, then output[i.., indices[i.., j, k..], k..] = updates[i.., j, k..] in the order of the updates, or
    with a `reduction` the sum, product, maximum or minimum of both (logical or and and for bools). Negative indices
    count from the end. ONNX's Scatter (before opset 11) is this without reductions.

    - (C1) `axis` is in [−rank, rank); `data` has at least one dimension.
    - (C2) `data`, `indices`, `updates` and `output` have the same rank.
    - (C3) `indices` and `updates` have the same shape, whose static extents but that of `axis` are at most those of `data`.
    - (C4) `data` and `output` have the same shape; `data` and `updates` have the same element type.
  }];
}

def ONNX_ScatterNDOp : ONNX_ScatterOp<"ScatterND", ONNX_I64Tensor, (ins)> {
  let summary = "the operand with slices replaced at index vectors";
  let description = [{
    output is `data`, then output[indices[i.., :].., k..] = updates[i.., k..] in the order of the updates, or with a
    `reduction` the sum, product, maximum or minimum of both (logical or and and for bools). Negative indices count from
    the end.

    - (C1) `data` and `indices` have at least one dimension.
    - (C2) The static length of the index vectors is in [1, rank(data)].
    - (C3) The shape of `updates` is that of `indices` without its last dimension, then that of `data` without the
      dimensions that are indexed.
    - (C4) `data` and `output` have the same shape; `data` and `updates` have the same element type.
  }];
}

def ONNX_ReverseSequenceOp : ONNX_Op<"ReverseSequence"> {
  let summary = "sequences of different lengths, each backwards";
  let description = [{
    The first sequence_lens[b] elements along `time_axis` are in reverse order in sequence b along `batch_axis`; those
    after them stay. A length outside the dimension is clamped.

    - (C1) `input` and `y` have the same shape, of rank at least 2.
    - (C2) `time_axis` and `batch_axis` are 0 and 1 in either order.
    - (C3) `sequence_lens` is (N), N the extent of `batch_axis`.
  }];
  let arguments = (ins ONNX_Tensor:$input, ONNX_I64Tensor:$sequence_lens, ONNX_Int<1>:$batch_axis,
                   ONNX_Int<0>:$time_axis);
  let results = (outs ONNX_Tensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Indices as matrices
//===----------------------------------------------------------------------===//

def ONNX_OneHotOp : ONNX_Op<"OneHot", [ONNX_ShapedByOperands], ["input(2)"]> {
  let summary = "a dimension of `depth` values, one of them on";
  let description = [{
    output[i.., d, k..] is values[1] where indices[i.., k..] (plus `depth` where negative) is d, else values[0];
    indices outside [−depth, depth) put nothing on. `axis` is the position of the new dimension d in the result.

    - (C1) `axis` is in [−r, r), r the rank of the result, which is one more than that of `indices`.
    - (C2) `depth` is a scalar or has one element; a constant one is not negative.
    - (C3) `values` has two elements.
  }];
  let arguments = (ins ONNX_NumericTensor:$indices, ONNX_NumericTensor:$depth, ONNX_Tensor:$values,
                   ONNX_Int<-1>:$axis);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_EyeLikeOp : ONNX_Op<"EyeLike", [],
    ["attribute(\"dtype\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"dtype\")).getValue() : input(0)"]> {
  let summary = "ones on a diagonal of a matrix, zeros elsewhere";
  let description = [{
    The ones are where column − row is `k`.

    - (C1) `input` and `output` have the same shape, of rank 2.
  }];
  let arguments = (ins ONNX_Tensor:$input, OptionalAttr<TypeAttr>:$dtype, ONNX_Int<0>:$k);
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Channels and pixels
//===----------------------------------------------------------------------===//

class ONNX_BlockOp<string mnemonic> : ONNX_Op<mnemonic> {
  let arguments = (ins ONNX_Tensor:$input, ONNX_I64Attr:$blocksize, ONNX_Word<["DCR", "CRD"]>:$mode);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_DepthToSpaceOp : ONNX_BlockOp<"DepthToSpace"> {
  let summary = "channels moved into squares of pixels";
  let description = [{
    (B, C, H, W) becomes (B, C / b², H · b, W · b), b = `blocksize`. A channel is (row in the square, column, channel of
    the result) in mode DCR, (channel of the result, row, column) in mode CRD.

    - (C1) `input` and `output` have rank 4.
    - (C2) `blocksize` is positive.
    - (C3) b² divides the static channels.
  }];
}

def ONNX_SpaceToDepthOp : ONNX_BlockOp<"SpaceToDepth"> {
  let summary = "squares of pixels moved into channels";
  let description = [{
    The inverse of DepthToSpace: (B, C, H, W) becomes (B, C · b², H / b, W / b). What a symbolic extent has beyond a
    multiple of b is not read.

    - (C1) `input` and `output` have rank 4.
    - (C2) `blocksize` is positive.
    - (C3) b divides static heights and widths.
  }];
}

#endif
