#ifndef VITC_DIALECT_ONNX_IR_ONNXSAMPLINGOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXSAMPLINGOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

//===----------------------------------------------------------------------===//
// Sampling at computed positions
//===----------------------------------------------------------------------===//

def ONNX_GridSampleOp : ONNX_Op<"GridSample"> {
  let summary = "elements of a map at the positions of a grid";
  let description = [{
    X is (B, C, I..), grid (B, O.., r) and Y (B, C, O..), r the number of spatial dimensions I. A grid vector names a
    position from the last spatial dimension to the first, from −1 to 1 over the pixels' centres with `align_corners`,
    else over their outer edges. The attributes are those of ONNX's GridSample (opset 20), which defines the sampling.

    - (C1) `x`, `grid` and `y` have the same rank, at least 3.
    - (C2) The last dimension of `grid` is r = rank − 2; the first is that of `x`.
  }];
  let arguments = (ins ONNX_Tensor:$x, ONNX_FloatTensor:$grid, ONNX_Bool<0>:$align_corners,
                   ONNX_Word<["linear", "nearest", "cubic"]>:$mode,
                   ONNX_Word<["zeros", "border", "reflection"]>:$padding_mode);
  let results = (outs ONNX_Tensor:$y);
  let hasVerifier = 1;
}

def ONNX_AffineGridOp : ONNX_Op<"AffineGrid", [ONNX_ShapedByOperands]> {
  let summary = "the grid of an affine transformation, for GridSample";
  let description = [{
    theta is (B, 2, 3) or (B, 3, 4); `size` is (B, C, H, W) or (B, C, D, H, W). grid[b, p.., :] = theta[b] · (x.., 1), x
    the position of pixel p from −1 to 1, its last coordinate first. Shape inference drops a `size` that holds named
    dimensions.

    - (C1) `theta` has rank 3 and static extents 2 and 3, or 3 and 4, after the first.
    - (C2) `size`, where present, is a list (rank 1) of 4 or 5 elements.
    - (C3) `grid` has rank 4 or 5.
  }];
  let arguments = (ins ONNX_FloatTensor:$theta, Optional<ONNX_I64Tensor>:$size, ONNX_Bool<0>:$align_corners);
  let results = (outs ONNX_FloatTensor:$grid);
  let hasVerifier = 1;
}

def ONNX_RoiAlignOp : ONNX_Op<"RoiAlign"> {
  let summary = "bins of boxes, pooled over interpolated samples";
  let description = [{
    X is (B, C, H, W), rois (R, 4) boxes (x1, y1, x2, y2), batch_indices (R) their pictures, Y (R, C, output_height,
    output_width). A bin has `sampling_ratio` samples along each dimension, or ⌈its length⌉ where that is 0. Source: He
    et al., arXiv 1703.06870, §3, as ONNX's RoiAlign (opset 16) defines it.

    - (C1) `x` has rank 4, `rois` rank 2 with 4 columns, `batch_indices` rank 1 and as many elements as `rois` has rows.
    - (C2) `output_height` and `output_width` are positive, `sampling_ratio` is not negative.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$rois, ONNX_I64Tensor:$batch_indices,
                   ONNX_Word<["half_pixel", "output_half_pixel"]>:$coordinate_transformation_mode,
                   ONNX_Word<["avg", "max"]>:$mode, ONNX_Int<1>:$output_height, ONNX_Int<1>:$output_width,
                   ONNX_Int<0>:$sampling_ratio, ONNX_Float<"1.0f">:$spatial_scale);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

def ONNX_MaxRoiPoolOp : ONNX_Op<"MaxRoiPool"> {
  let summary = "the maxima of the bins of boxes";
  let description = [{
    X is (B, C, H, W), rois (R, 5) boxes (picture, x1, y1, x2, y2), Y (R, C, pooled_shape..). Boxes are rounded to
    pixels, both corners in; an empty bin gives 0. Source: Girshick, arXiv 1504.08083, §2.1.

    - (C1) `x` has rank 4, `rois` rank 2 with 5 columns.
    - (C2) `pooled_shape` has two positive values.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$rois, DenseI64ArrayAttr:$pooled_shape,
                   ONNX_Float<"1.0f">:$spatial_scale);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Whole windows
//===----------------------------------------------------------------------===//

def ONNX_CenterCropPadOp : ONNX_Op<"CenterCropPad", [ONNX_ShapedByOperands]> {
  let summary = "the middle of the operand, or the operand in the middle of zeros";
  let description = [{
    The dimensions `axes` (all where empty) get the extents `shape`: longer ones lose as much at both ends, shorter ones
    gain as many zeros; of an odd number the end has one more.

    - (C1) `axes` are distinct and in [−rank, rank).
    - (C2) `shape` is a list (rank 1), as long as `axes` or as the rank.
    - (C3) `input_data` and `output_data` have the same rank.
  }];
  let arguments = (ins ONNX_Tensor:$input_data, ONNX_IndexTensor:$shape, ONNX_Ints:$axes);
  let results = (outs ONNX_Tensor:$output_data);
  let hasVerifier = 1;
}

def ONNX_Col2ImOp : ONNX_Op<"Col2Im", [ONNX_ShapedByOperands]> {
  let summary = "windows put back where they were, overlaps summed";
  let description = [{
    input is (B, C · k, L), k the product of `block_shape` and L the number of positions of a window of that shape over
    an image of `image_shape` with `strides`, `pads` and `dilations`; output is (B, C, image_shape..).

    - (C1) `input` has rank 3.
    - (C2) `image_shape` and `block_shape` are lists (rank 1) of the same length r.
    - (C3) `strides` and `dilations` are positive, `pads` not negative: r, r and 2 · r values where not empty.
  }];
  let arguments = (ins ONNX_NumericTensor:$input, ONNX_I64Tensor:$image_shape, ONNX_I64Tensor:$block_shape,
                   ONNX_Ints:$dilations, ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_NumericTensor:$output);
  let hasVerifier = 1;
}

#endif
