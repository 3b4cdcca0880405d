#ifndef VITC_DIALECT_ONNX_IR_ONNXWINDOWOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXWINDOWOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXNNOps.td"

def ONNX_DeformConvOp : ONNX_Op<"DeformConv", [AttrSizedOperandSegments, SameOperandsElementType]> {
  let summary = "convolution whose windows read at positions that another tensor moves";
  let description = [{
    Tap (i, j) of the window of y[n, f, p, q] reads x[n, c, ..] at its place in a convolution plus `offset`[n, (g, i, j, ·), p,
    q], rows before columns, g = ⌊c · offset_group / C⌋, interpolated bilinearly, with zeros outside, times `mask`[n, (g, i, j),
    p, q]. Source: Zhu et al., arXiv 1811.11168, equation 1.

    - (C1) `x`, `w`, `offset`, `mask` and `y` have rank 4.
    - (C2) `group` is positive and divides F, and C is group · (C / group); `offset_group` is positive and divides C.
    - (C3) `b` is (F); `offset` has 2 · offset_group · kernel channels, `mask` half as many.
    - (C4) As (C4) of Conv.
    - (C5) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$w, ONNX_FloatTensor:$offset, Optional<ONNX_FloatTensor>:$b,
                   Optional<ONNX_FloatTensor>:$mask, ONNX_Ints:$dilations, ONNX_Int<1>:$group, ONNX_Ints:$kernel_shape,
                   ONNX_Int<1>:$offset_group, ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

def ONNX_LpPoolOp : ONNX_Op<"LpPool"> {
  let summary = "norm of windows: (Σ |x|^p)^(1/p)";
  let description = ONNX_PoolConstraints # "- (C3) `p` is positive.\n";
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_AutoPad:$auto_pad, ONNX_Bool<0>:$ceil_mode, ONNX_Ints:$dilations,
                   DenseI64ArrayAttr:$kernel_shape, ONNX_Int<2>:$p, ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

def ONNX_GlobalLpPoolOp : ONNX_Op<"GlobalLpPool"> {
  let summary = "norm over all spatial dimensions: (Σ |x|^p)^(1/p)";
  let description = [{
    - (C1) `x` and `y` have the same rank, at least 2; the spatial dimensions of `y` are 1.
    - (C2) `p` is positive.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_Int<2>:$p);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_InferShapes<"inferGlobalPool(*this, shapes)">.definition;
  let hasVerifier = 1;
}

def ONNX_LRNOp : ONNX_Op<"LRN"> {
  let summary = "y = x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbouring channels";
  let description = [{
    The sum is over channels c − ⌊(size − 1) / 2⌋ to c + ⌈(size − 1) / 2⌉, as far as they exist. Source: Krizhevsky,
    Sutskever and Hinton, ImageNet Classification with Deep Convolutional Neural Networks, section 3.3.

    - (C1) `x` and `y` have the same shape, of rank at least 2; channels are its second dimension.
    - (C2) `size` is positive.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_Float<"0.0001f">:$alpha, ONNX_Float<"0.75f">:$beta,
                   ONNX_Float<"1.0f">:$bias, ONNX_I64Attr:$size);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_LpNormalizationOp : ONNX_Op<"LpNormalization"> {
  let summary = "output = input / ‖input‖ along one dimension, 0 where the norm is 0";
  let description = [{
    - (C1) `input` and `output` have the same shape, and `axis` is in [−rank, rank).
    - (C2) `p`, the norm, is 1 or 2.
  }];
  let arguments = (ins ONNX_FloatTensor:$input, ONNX_Int<-1>:$axis, ONNX_Int<2>:$p);
  let results = (outs ONNX_FloatTensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

#endif
