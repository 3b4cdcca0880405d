#ifndef VITC_DIALECT_ONNX_IR_ONNXNNOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXNNOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def ONNX_MatMulOp : ONNX_Op<"MatMul", [SameOperandsElementType]> {
  let summary = "matrix product, batched and broadcast as numpy.matmul does";
  let description = [{
    Operands of rank 1 are a row (`a`) or a column (`b`) whose dimension the result lacks.

    - (C1) The operands have at least rank 1.
    - (C2) The last dimension of `a` is the last but one of `b` (its only one where `b` has rank 1).
    - (C3) The dimensions before the last two broadcast.
    - (C4) The operands have the same element type.
  }];
  let arguments = (ins ONNX_WideTensor:$a, ONNX_WideTensor:$b);
  let results = (outs ONNX_WideTensor:$y);
  let hasVerifier = 1;
}

def ONNX_GemmOp : ONNX_Op<"Gemm", [SameOperandsElementType]> {
  let summary = "y = alpha · a' · b' + beta · c, with a' and b' transposed or not";
  let description = [{
    - (C1) `a` and `b` are matrices.
    - (C2) They agree in the contracted dimension.
    - (C3) `c` has at most rank 2 and broadcasts to the result, a matrix.
    - (C4) The operands have the same element type.
  }];
  let arguments = (ins ONNX_WideTensor:$a, ONNX_WideTensor:$b, Optional<ONNX_WideTensor>:$c, ONNX_Float<"1.0f">:$alpha,
                   ONNX_Float<"1.0f">:$beta, ONNX_Bool<0>:$trans_a, ONNX_Bool<0>:$trans_b);
  let results = (outs ONNX_WideTensor:$y);
  let hasVerifier = 1;
}

def ONNX_EinsumOp : ONNX_Op<"Einsum", [SameOperandsElementType]> {
  let summary = "sum of products over the letters that the result's term lacks";
  let description = [{
    - (C1) There is at least one operand, and the equation has one term for each, with as many letters as its rank
      (or fewer, with an ellipsis).
    - (C2) A letter stands for the same static extent everywhere, or for 1.
    - (C3) The operands have the same element type.
  }];
  let arguments = (ins Variadic<ONNX_NumericTensor>:$inputs, StrAttr:$equation);
  let results = (outs ONNX_NumericTensor:$output);
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

def ONNX_AutoPad : ONNX_Word<["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]>;

def ONNX_ConvOp : ONNX_Op<"Conv", [SameOperandsElementType]> {
  let summary = "convolution";
  let description = [{
    `x` is (batch, C, spatial..), `w` is (F, C / group, kernel..), `b` is (F), `y` is (batch, F, spatial..). `pads` are
    those before each spatial dimension, then those after each.

    - (C1) `x`, `w` and `y` have the same rank, at least 3.
    - (C2) `group` is positive and divides F, and C is group · (C / group).
    - (C3) `b` is (F).
    - (C4) `strides`, `dilations` and `kernel_shape` are empty or have a positive value a spatial dimension,
      `kernel_shape` that of `w`; `pads` are empty or have two values a spatial dimension, not negative.
    - (C5) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$w, Optional<ONNX_FloatTensor>:$b, ONNX_AutoPad:$auto_pad,
                   ONNX_Ints:$dilations, ONNX_Int<1>:$group, ONNX_Ints:$kernel_shape, ONNX_Ints:$pads,
                   ONNX_Ints:$strides);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

def ONNX_ConvTransposeOp : ONNX_Op<"ConvTranspose", [SameOperandsElementType]> {
  let summary = "transposed convolution: the gradient of a convolution with respect to its input";
  let description = [{
    `x` is (batch, C, spatial..), `w` is (C, F / group, kernel..), `b` is (F), `y` is (batch, F, spatial..).

    - (C1) `x`, `w` and `y` have the same rank, at least 3.
    - (C2) `group` is positive and divides C, which `x` and `w` agree on.
    - (C3) `b` is (F).
    - (C4) As (C4) of Conv; `output_shape` and `output_padding` are empty or have a value a spatial dimension, not
      negative.
    - (C5) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$w, Optional<ONNX_FloatTensor>:$b, ONNX_AutoPad:$auto_pad,
                   ONNX_Ints:$dilations, ONNX_Int<1>:$group, ONNX_Ints:$kernel_shape, ONNX_Ints:$output_padding,
                   ONNX_Ints:$output_shape, ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

defvar ONNX_PoolConstraints = [{
    - (C1) `x` and `y` have the same rank, at least 3.
    - (C2) `kernel_shape` has a positive value a spatial dimension; `strides` and `dilations` too, or are empty; `pads`
      are empty or have two values a spatial dimension, not negative.
}];

def ONNX_MaxPoolOp : ONNX_Op<"MaxPool", [], [ONNX_AsInput, ONNX_AsI64]> {
  let summary = "maximum over windows";
  let description = ONNX_PoolConstraints # "- (C3) `storage_order` is 0 or 1.\n";
  let arguments = (ins ONNX_PoolTensor:$x, ONNX_AutoPad:$auto_pad, ONNX_Bool<0>:$ceil_mode, ONNX_Ints:$dilations,
                   DenseI64ArrayAttr:$kernel_shape, ONNX_Ints:$pads, ONNX_Int<0>:$storage_order, ONNX_Ints:$strides);
  let results = (outs ONNX_PoolTensor:$y, Optional<ONNX_I64Tensor>:$indices);
  let hasVerifier = 1;
}

def ONNX_AveragePoolOp : ONNX_Op<"AveragePool"> {
  let summary = "mean over windows";
  let description = ONNX_PoolConstraints;
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_AutoPad:$auto_pad, ONNX_Bool<0>:$ceil_mode,
                   ONNX_Bool<0>:$count_include_pad, ONNX_Ints:$dilations, DenseI64ArrayAttr:$kernel_shape,
                   ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_FloatTensor:$y);
  let hasVerifier = 1;
}

class ONNX_GlobalPoolOp<string mnemonic, string what> : ONNX_Op<mnemonic> {
  let summary = what # " over all spatial dimensions";
  let description = [{
    - (C1) `x` and `y` have the same rank, at least 2; the spatial dimensions of `y` are 1.
  }];
  let arguments = (ins ONNX_FloatTensor:$x);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_InferShapes<"inferGlobalPool(*this, shapes)">.definition;
  let hasVerifier = 1;
}

def ONNX_GlobalAveragePoolOp : ONNX_GlobalPoolOp<"GlobalAveragePool", "mean">;
def ONNX_GlobalMaxPoolOp : ONNX_GlobalPoolOp<"GlobalMaxPool", "maximum">;

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

def ONNX_BatchNormalizationOp : ONNX_Op<"BatchNormalization", [], ["input(0)", "input(3)"]> {
  let summary = "y = (x − mean) / √(var + epsilon) · scale + b for each channel";
  let description = [{
    The statistics are operands or, with `training_mode`, those of `x` over all dimensions but the channels; `running`
    are then the mean and the variance (of the population) that follow: operand · momentum + statistic · (1 − momentum).

    - (C1) `x` and `y` have the same shape, of two dimensions or more.
    - (C2) The other operands are (C), C the second dimension of `x`.
    - (C3) There are at most two `running` statistics, and none without `training_mode`.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$b, ONNX_FloatTensor:$input_mean,
                   ONNX_FloatTensor:$input_var, ONNX_Float<"1.0e-5f">:$epsilon, ONNX_Float<"0.9f">:$momentum,
                   ONNX_Bool<0>:$training_mode);
  let results = (outs ONNX_FloatTensor:$y, Variadic<ONNX_FloatTensor>:$running);
  let hasVerifier = 1;
}

def ONNX_LayerNormalizationOp : ONNX_Op<"LayerNormalization", [AttrSizedResultSegments, SameOperandsElementType],
    ["input(0)", "attribute(\"stash_type\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"stash_type\")).getValue() : builder.getF32Type()"]> {
  let summary = "y = (x − mean(x)) / √(var(x) + epsilon) · scale + b over the dimensions from `axis` on";
  let description = [{
    - (C1) `x` and `y` have the same shape, and `axis` is in [−rank, rank).
    - (C2) `scale` and `b` broadcast to the shape of `x`.
    - (C3) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale, Optional<ONNX_FloatTensor>:$b, ONNX_Int<-1>:$axis,
                   ONNX_Float<"1.0e-5f">:$epsilon, ONNX_StashType:$stash_type);
  let results = (outs ONNX_FloatTensor:$y, Optional<ONNX_FloatTensor>:$mean, Optional<ONNX_FloatTensor>:$inv_std_dev);
  let assemblyFormat = [{
    operands attr-dict `:` `(` type(operands) `)` `->` type($y) (`mean` type($mean)^)? (`inv_std_dev` type($inv_std_dev)^)?
  }];
  let hasVerifier = 1;
}

def ONNX_RMSNormalizationOp : ONNX_Op<"RMSNormalization", [], ["input(1)"]> {
  let summary = "y = x / √(mean(x²) + epsilon) · scale over the dimensions from `axis` on";
  let description = [{
    - (C1) `x` and `y` have the same shape, and `axis` is in [−rank, rank).
    - (C2) `scale` broadcasts to the shape of `x`.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale, ONNX_Int<-1>:$axis, ONNX_Float<"1.0e-5f">:$epsilon,
                   ONNX_StashType:$stash_type);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_InstanceNormalizationOp : ONNX_Op<"InstanceNormalization", [SameOperandsElementType]> {
  let summary = "y = (x − mean) / √(var + epsilon) · scale + b, statistics over the spatial dimensions";
  let description = [{
    - (C1) `input` and `output` have the same shape, of two dimensions or more.
    - (C2) `scale` and `b` are (C), C the second dimension of `input`.
    - (C3) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$input, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$b,
                   ONNX_Float<"1.0e-5f">:$epsilon);
  let results = (outs ONNX_FloatTensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_GroupNormalizationOp : ONNX_Op<"GroupNormalization", [SameOperandsElementType]> {
  let summary = "y = (x − mean) / √(var + epsilon) · scale + bias, statistics over groups of channels and all space";
  let description = [{
    - (C1) `x` and `y` have the same shape, of two dimensions or more.
    - (C2) `scale` and `bias` are (C), C the second dimension of `x`.
    - (C3) `num_groups` is positive and divides C.
    - (C4) The operands have the same element type.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_FloatTensor:$scale, ONNX_FloatTensor:$bias,
                   ONNX_Float<"1.0e-5f">:$epsilon, ONNX_I64Attr:$num_groups, ONNX_StashType:$stash_type);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

#endif
