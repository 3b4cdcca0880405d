// Operators whose results have extents that depend on data: how many elements are there, chosen, or distinct.
#ifndef VITC_DIALECT_ONNX_IR_ONNXDATAOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXDATAOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

def ONNX_NonZeroOp : ONNX_Op<"NonZero", [], [ONNX_AsI64]> {
  let summary = "the positions of the elements that are not zero";
  let description = [{
    Column j of `y`, (rank of x, count), is the position of the j-th such element in row-major order. NaN is not zero.
    The count is an extent that the run computes, at most the number of elements of `x`.

    - (C1) `y` has rank 2, and its first extent is the rank of `x`.
  }];
  let arguments = (ins ONNX_Tensor:$x);
  let results = (outs ONNX_I64Tensor:$y);
  let hasVerifier = 1;
}

def ONNX_CompressOp : ONNX_Op<"Compress", [], [ONNX_AsInput]> {
  let summary = "the slices along one dimension for which a condition holds";
  let description = [{
    Without `axis`, elements of `input` in row-major order, and the result has rank 1. What `condition` is too short for
    is left out. How many slices are chosen is known where `condition` is constant; else it is an extent that the run
    computes, at most the lesser length.

    - (C1) `axis` is in [−rank, rank).
    - (C2) `condition` is a list (rank 1); with a static length and extent, it is not longer than what it chooses from.
  }];
  let arguments = (ins ONNX_Tensor:$input, ONNX_BoolTensor:$condition, OptionalAttr<ONNX_I64Attr>:$axis);
  let results = (outs ONNX_Tensor:$output);
  let hasVerifier = 1;
}

def ONNX_UniqueOp : ONNX_Op<"Unique", [], [ONNX_AsInput, ONNX_AsI64, ONNX_AsI64, ONNX_AsI64]> {
  let summary = "the distinct slices along one dimension";
  let description = [{
    Without `axis`, elements of `x` in row-major order, and `y` has rank 1. They are in ascending order, that of their
    elements in row-major order, or as they first occur without `sorted`. NaN is one value, and the last. `indices` says
    where each first occurs, `counts` how often it does, and `inverse_indices` which one each slice of `x` is. How many
    there are is an extent that the run computes, at most the number of slices.

    - (C1) `axis` is in [−rank, rank).
    - (C2) `indices`, `inverse_indices` and `counts` have rank 1.
  }];
  let arguments = (ins ONNX_Tensor:$x, OptionalAttr<ONNX_I64Attr>:$axis, ONNX_Bool<1>:$sorted);
  let results = (outs ONNX_Tensor:$y, ONNX_I64Tensor:$indices, ONNX_I64Tensor:$inverse_indices, ONNX_I64Tensor:$counts);
  let hasVerifier = 1;
}

def ONNX_NonMaxSuppressionOp : ONNX_Op<"NonMaxSuppression", [AttrSizedOperandSegments], [ONNX_AsI64]> {
  let summary = "boxes of the best scores that overlap no better box of their class";
  let description = [{
    Rows (batch, class, box) of `selected_indices`: for each batch and class in order, boxes from the best score down,
    of equal scores the first one first. A box is chosen if its score is greater than `score_threshold` (where present),
    and the intersection over the union with every box chosen before is at most `iou_threshold` (0 where absent). Of a
    class at most `max_output_boxes_per_class` boxes are chosen: none where that is absent or not positive. NaN as score
    is never chosen; what has no area overlaps nothing.

    A box is (y1, x1, y2, x2), two corners in any order, or with `center_point_box` (x, y, width, height) around its
    centre. The number of rows is an extent that the run computes.

    - (C1) `boxes` is (batch, boxes, 4), `scores` (batch, classes, boxes), `selected_indices` (count, 3).
    - (C2) The other operands are scalars or have one element.
    - (C3) `center_point_box` is 0 or 1.
  }];
  let arguments = (ins TensorOf<[F32]>:$boxes, TensorOf<[F32]>:$scores,
                   Optional<ONNX_I64Tensor>:$max_output_boxes_per_class, Optional<TensorOf<[F32]>>:$iou_threshold,
                   Optional<TensorOf<[F32]>>:$score_threshold, ONNX_Int<0>:$center_point_box);
  let results = (outs ONNX_I64Tensor:$selected_indices);
  let hasVerifier = 1;
}

#endif
