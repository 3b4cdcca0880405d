#ifndef VITC_DIALECT_ONNX_IR_ONNXWINDOWOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXWINDOWOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXNNOps.td"

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
