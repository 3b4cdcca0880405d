#ifndef VITC_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXSHAPEOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

//===----------------------------------------------------------------------===//
// The same elements in another shape or order
//===----------------------------------------------------------------------===//

def ONNX_ReshapeOp : ONNX_Op<"Reshape", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "the same elements in another shape";
  let description = [{
    In `shape`, −1 stands for what is left (at most once), and 0 for the dimension of `data` at that position, or with
    `allowzero` for zero. Shape inference drops `shape`: the type of the result says all, symbolic extents included.

    - (C1) `shape`, where present, is a list (rank 1) whose static length is the rank of the result; where it is
      absent, the result is ranked.
    - (C2) Static shapes of `data` and `reshaped` hold the same number of elements.
  }];
  let arguments = (ins ONNX_Tensor:$data, Optional<ONNX_I64Tensor>:$shape, ONNX_Bool<0>:$allowzero);
  let results = (outs ONNX_Tensor:$reshaped);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def ONNX_FlattenOp : ONNX_Op<"Flatten", [ONNX_ShapeArithmetic]> {
  let summary = "a matrix of the dimensions before `axis` by those from it on";
  let description = [{
    - (C1) `axis` is in [−rank, rank].
    - (C2) The result has rank 2; static shapes hold the same number of elements.
  }];
  let arguments = (ins ONNX_Tensor:$input, ONNX_Int<1>:$axis);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SqueezeOp : ONNX_Op<"Squeeze", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "removes dimensions of extent 1";
  let description = [{
    Without `axes`, all dimensions of extent 1.

    - (C1) `axes` is a list (rank 1); constant ones are distinct and in [−rank, rank).
    - (C2) Static shapes hold the same number of elements.
  }];
  let arguments = (ins ONNX_Tensor:$data, Optional<ONNX_I64Tensor>:$axes);
  let results = (outs ONNX_Tensor:$squeezed);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_UnsqueezeOp : ONNX_Op<"Unsqueeze", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "inserts dimensions of extent 1";
  let description = [{
    `axes` are positions in the result.

    - (C1) `axes` is a list (rank 1) or a scalar; constant ones are distinct and in [−r, r), r the rank of the result.
    - (C2) Static shapes hold the same number of elements.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_I64Tensor:$axes);
  let results = (outs ONNX_Tensor:$expanded);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_TransposeOp : ONNX_Op<"Transpose", [ONNX_ShapeArithmetic]> {
  let summary = "dimension i of the result is dimension perm[i] of the operand";
  let description = [{
    An empty `perm` reverses the dimensions.

    - (C1) A `perm` that is not empty is a permutation of the dimensions of `data`.
    - (C2) Static extents of `transposed` are those of `data`, permuted.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_Ints:$perm);
  let results = (outs ONNX_Tensor:$transposed);
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Parts and copies
//===----------------------------------------------------------------------===//

def ONNX_ConcatOp : ONNX_Op<"Concat", [SameOperandsElementType, ONNX_ShapeArithmetic]> {
  let summary = "the operands one after another along a dimension";
  let description = [{
    - (C1) There is at least one operand.
    - (C2) The operands have the same element type.
    - (C3) Operands and result have the same rank, and `axis` is in [−rank, rank).
    - (C4) Static extents agree in the other dimensions.
  }];
  let arguments = (ins Variadic<ONNX_Tensor>:$inputs, ONNX_I64Attr:$axis);
  let results = (outs ONNX_Tensor:$concat_result);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SplitOp : ONNX_Op<"Split", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic], [ONNX_AsInput]> {
  let summary = "parts of the operand along a dimension";
  let description = [{
    The parts have the lengths `split`, or all ⌈n / results⌉ but the last one, which may be shorter.

    - (C1) `axis` is in [−rank, rank).
    - (C2) `split` is a list (rank 1) with one element a result.
    - (C3) `num_outputs`, where present, is the number of results; only one of `split` and `num_outputs` is present.
    - (C4) There is at least one result; they have the rank of `input`.
  }];
  let arguments = (ins ONNX_Tensor:$input, Optional<ONNX_I64Tensor>:$split, ONNX_Int<0>:$axis,
                   OptionalAttr<ONNX_I64Attr>:$num_outputs);
  let results = (outs Variadic<ONNX_Tensor>:$outputs);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SliceOp : ONNX_Op<"Slice", [AttrSizedOperandSegments, ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "elements at regular steps";
  let description = [{
    Slices the dimensions `axes` (all where absent) from `starts` to `ends` (excluded) by `steps` (1 where absent).
    Negative starts and ends count from the end; what lies outside is clamped.

    - (C1) `starts`, `ends`, `axes` and `steps` are lists (rank 1) of the same length.
    - (C2) They have the same element type.
    - (C3) `data` and `output` have the same rank.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_IndexTensor:$starts, ONNX_IndexTensor:$ends,
                   Optional<ONNX_IndexTensor>:$axes, Optional<ONNX_IndexTensor>:$steps);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SymbolicSliceOp : ONNX_Op<"SymbolicSlice"> {
  let summary = "the part of the operand at symbolic offsets that is as large as the result type says";
  let description = [{
    Not an operator of ONNX: shape inference makes it of a Slice or a Split whose bounds are expressions of named
    dimensions. `offsets` has an expression over `symbols` for each dimension, and `steps` the distance of elements.

    - (C1) `data` and `output` have the same rank, and `offsets` and `steps` as many entries.
    - (C2) `offsets` is a map from no dimensions and as many symbols as `symbols` names.
    - (C3) No step is 0.
  }];
  let arguments = (ins ONNX_Tensor:$data, StrArrayAttr:$symbols, AffineMapAttr:$offsets, DenseI64ArrayAttr:$steps);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_GatherOp : ONNX_Op<"Gather", [ONNX_ShapeArithmetic]> {
  let summary = "slices of the operand along one dimension, at indices";
  let description = [{
    output[i.., j.., k..] = data[i.., indices[j..], k..], where i.. are the dimensions before `axis`. Negative indices
    count from the end.

    - (C1) `axis` is in [−rank, rank).
    - (C2) The rank of the result is rank(data) + rank(indices) − 1.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_IndexTensor:$indices, ONNX_Int<0>:$axis);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_GatherNDOp : ONNX_Op<"GatherND"> {
  let summary = "slices of the operand at index vectors";
  let description = [{
    output[b.., i.., k..] = data[b.., indices[b.., i.., :].., k..], where b.. are the first `batch_dims` dimensions.

    - (C1) `batch_dims` is not negative and less than both ranks, which are at least 1.
    - (C2) The static length of the index vectors is in [1, rank(data) − batch_dims].
    - (C3) The rank of the result is rank(data) + rank(indices) − length − 1 − batch_dims.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_I64Tensor:$indices, ONNX_Int<0>:$batch_dims);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_ExpandOp : ONNX_Op<"Expand", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "the operand broadcast with a shape";
  let description = [{
    The broadcast is multidirectional: a 1 in `shape` leaves the operand's dimension as it is. Shape inference drops
    `shape`: the operand then broadcasts to the type of the result.

    - (C1) `shape`, where present, is a list (rank 1); where it is absent, the result is ranked.
    - (C2) The rank of the result is the greater of the rank of `input` and the static length of `shape`.
  }];
  let arguments = (ins ONNX_Tensor:$input, Optional<ONNX_I64Tensor>:$shape);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_TileOp : ONNX_Op<"Tile", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "the operand repeated along its dimensions";
  let description = [{
    - (C1) `repeats` is a list (rank 1) with one element a dimension of `input`.
    - (C2) `input` and `output` have the same rank.
  }];
  let arguments = (ins ONNX_Tensor:$input, ONNX_I64Tensor:$repeats);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_PadOp : ONNX_Op<"Pad", [AttrSizedOperandSegments, ONNX_ShapedByOperands]> {
  let summary = "elements added before and after";
  let description = [{
    `pads` are the numbers before each of the dimensions `axes` (all where absent), then those after each; negative
    ones remove elements.

    - (C1) `pads` and `axes` are lists (rank 1); the static length of `pads` is twice that of `axes`, or twice the rank.
    - (C2) `constant_value` is a scalar with the element type of `data`.
    - (C3) `data` and `output` have the same rank.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_I64Tensor:$pads, Optional<ONNX_Tensor>:$constant_value,
                   Optional<ONNX_IndexTensor>:$axes, ONNX_Word<["constant", "reflect", "edge", "wrap"]>:$mode);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SymbolicPadOp : ONNX_Op<"SymbolicPad"> {
  let summary = "the operand at symbolic offsets within a result that is as large as its type says";
  let description = [{
    Not an operator of ONNX: shape inference makes it of a Pad by expressions of named dimensions, none of them negative.
    `offsets` has an expression over `symbols` for each dimension; `constant_value` and `mode` are those of Pad.

    - (C1) `data` and `output` have the same rank, and `offsets` as many results.
    - (C2) `offsets` is a map from no dimensions and as many symbols as `symbols` names.
  }];
  let arguments = (ins ONNX_Tensor:$data, Optional<ONNX_Tensor>:$constant_value, StrArrayAttr:$symbols,
                   AffineMapAttr:$offsets, ONNX_Word<["constant", "reflect", "edge", "wrap"]>:$mode);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_ResizeOp : ONNX_Op<"Resize", [AttrSizedOperandSegments, ONNX_ShapedByOperands]> {
  let summary = "the operand resampled on a grid of another size";
  let description = [{
    The attributes are those of ONNX's Resize (opset 19), which defines the sampling; `tf_half_pixel_for_nn`, which
    samples at (i + ½) / scale, is opset 11's. Interpolated integers are truncated.

    - (C1) Exactly one of `scales` and `sizes` is present, or none where the result type states symbolic sizes. It is a
      list (rank 1), as long as `axes` or as the rank.
    - (C2) `x` and `y` have the same rank.
    - (C3) `axes` are distinct and in [−rank, rank).
    - (C4) `roi`, where present, is a list (rank 1); `tf_crop_and_resize` needs it.
  }];
  let arguments = (ins ONNX_Tensor:$x, Optional<ONNX_FloatTensor>:$roi, Optional<TensorOf<[F32]>>:$scales,
                   Optional<ONNX_I64Tensor>:$sizes, ONNX_Bool<0>:$antialias, ONNX_Ints:$axes,
                   ONNX_Word<["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                              "tf_crop_and_resize", "tf_half_pixel_for_nn"]>:$coordinate_transformation_mode,
                   ONNX_Float<"-0.75f">:$cubic_coeff_a, ONNX_Bool<0>:$exclude_outside,
                   ONNX_Float<"0.0f">:$extrapolation_value,
                   ONNX_Word<["stretch", "not_larger", "not_smaller"]>:$keep_aspect_ratio_policy,
                   ONNX_Word<["nearest", "linear", "cubic"]>:$mode,
                   ONNX_Word<["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]>:$nearest_mode);
  let results = (outs ONNX_Tensor:$y);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_TriluOp : ONNX_Op<"Trilu", [ONNX_ShapedByOperands]> {
  let summary = "the upper or lower triangles of matrices, zero elsewhere";
  let description = [{
    `k` moves the diagonal up.

    - (C1) `input` and `output` have the same shape, of rank at least 2.
    - (C2) `k`, where present, is a scalar.
  }];
  let arguments = (ins ONNX_Tensor:$input, Optional<ONNX_I64Tensor>:$k, ONNX_Bool<1>:$upper);
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Shapes as values, values from shapes
//===----------------------------------------------------------------------===//

def ONNX_ShapeOp : ONNX_Op<"Shape", [ONNX_ShapeArithmetic], [ONNX_AsI64]> {
  let summary = "the shape of the operand, from dimension `start` to `end` (excluded)";
  let description = [{
    Negative positions count from the end; what lies outside is clamped.

    - (C1) The result has rank 1.
  }];
  let arguments = (ins ONNX_Tensor:$data, ONNX_Int<0>:$start, OptionalAttr<ONNX_I64Attr>:$end);
  let results = (outs ONNX_I64Tensor:$shape);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_SizeOp : ONNX_Op<"Size", [ONNX_ShapeArithmetic], [ONNX_AsI64]> {
  let summary = "the number of elements of the operand";
  let description = [{
    - (C1) The result has rank 0.
  }];
  let arguments = (ins ONNX_Tensor:$data);
  let results = (outs ONNX_I64Tensor:$size);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_ConstantOfShapeOp : ONNX_Op<"ConstantOfShape", [ONNX_ShapedByOperands, ONNX_ShapeArithmetic], [
    "attribute(\"value\") ? ::llvm::cast<::mlir::ElementsAttr>(attribute(\"value\")).getElementType() : builder.getF32Type()"]> {
  let summary = "a tensor of one value";
  let description = [{
    The value is 0 of type f32 where absent.

    - (C1) `value`, where present, has one element.
    - (C2) `input` is a list (rank 1) whose static length is the rank of the result.
  }];
  let arguments = (ins ONNX_I64Tensor:$input, OptionalAttr<ElementsAttr>:$value);
  let results = (outs ONNX_Tensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

def ONNX_RangeOp : ONNX_Op<"Range", [SameOperandsElementType, ONNX_ShapedByOperands, ONNX_ShapeArithmetic]> {
  let summary = "start, start + delta, …, up to limit (excluded)";
  let description = [{
    Shape inference drops a `limit` that is an expression of named dimensions: the type of the result says how many there are.

    - (C1) The operands are scalars.
    - (C2) They have the same element type.
    - (C3) The result has rank 1.
  }];
  let arguments = (ins ONNX_SignedTensor:$start, Optional<ONNX_SignedTensor>:$limit, ONNX_SignedTensor:$delta,
                   ONNX_StashType:$stash_type);
  let results = (outs ONNX_SignedTensor:$output);
  let hasFolder = 1;
  let hasVerifier = 1;
}

#endif
