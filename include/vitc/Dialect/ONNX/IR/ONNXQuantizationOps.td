#ifndef VITC_DIALECT_ONNX_IR_ONNXQUANTIZATIONOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXQUANTIZATIONOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"
include "vitc/Dialect/ONNX/IR/ONNXNNOps.td"

defvar ONNX_ByteTypes = [I8, UI8];
def ONNX_ByteTensor : TensorOf<ONNX_ByteTypes>;
def ONNX_I32Tensor : TensorOf<[I32]>;
/// Also what is quantised to a storage type, which is computed with in f32.
def ONNX_DequantizableTensor : TensorOf<!listconcat(ONNX_ByteTypes, [I16, UI16, I32], ONNX_FloatTypes,
                                                    ONNX_SmallFloatTypes, ONNX_SmallIntegerTypes)>;
def ONNX_QuantizableTensor : TensorOf<!listconcat(ONNX_FloatTypes, [I32])>;
def ONNX_ScaleTensor : TensorOf<!listconcat(ONNX_FloatTypes, [F8E8M0FNU, I32])>;

defvar ONNX_Granularity = [{
    The scale is of the whole tensor (a scalar), of each position along `axis` (a list), or of blocks of `block_size`
    elements along `axis` (a tensor of the same rank, the last block may be shorter).
}];

//===----------------------------------------------------------------------===//
// Between floats and integers
//===----------------------------------------------------------------------===//

def ONNX_QuantizeLinearOp : ONNX_Op<"QuantizeLinear", [], [
    "attribute(\"output_dtype\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"output_dtype\")).getValue() : "
    "input(2) ? input(2) : ::mlir::Type(builder.getIntegerType(8, false))"]> {
  let summary = "y = saturate(round(x / y_scale) + y_zero_point), halves to even";
  let description = ONNX_Granularity # [{
    Computed in f32, whatever `precision` says. NaN becomes 0.

    - (C1) `x` and `y` have the same shape, and `axis` is in [−rank, rank) where the scale is no scalar.
    - (C2) `y_scale` is a scalar, (D), or of the shape of `x` but for ⌈D / block_size⌉ instead of D, D the extent of `axis`.
    - (C3) `y_zero_point` has the shape of `y_scale`, or both have one element.
    - (C4) `output_dtype`, where present, is the element type of `y`, and so is that of `y_zero_point`, or where it is a
      storage type, f32.
  }];
  let arguments = (ins ONNX_QuantizableTensor:$x, ONNX_ScaleTensor:$y_scale,
                   Optional<ONNX_Tensor>:$y_zero_point, ONNX_Int<1>:$axis, ONNX_Int<0>:$block_size,
                   OptionalAttr<TypeAttr>:$output_dtype, OptionalAttr<TypeAttr>:$precision, ONNX_Bool<1>:$saturate);
  let results = (outs ONNX_Tensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_DequantizeLinearOp : ONNX_Op<"DequantizeLinear", [], [
    "attribute(\"output_dtype\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"output_dtype\")).getValue() : input(1)"]> {
  let summary = "y = (x − x_zero_point) · x_scale";
  let description = ONNX_Granularity # [{
    Differences are computed in i32, products in f32.

    - (C1) `x` and `y` have the same shape, and `axis` is in [−rank, rank) where the scale is no scalar.
    - (C2) `x_scale` is a scalar, (D), or of the shape of `x` but for ⌈D / block_size⌉ instead of D, D the extent of `axis`.
    - (C3) `x_zero_point` has the shape of `x_scale`, or both have one element; and the element type of `x`.
  }];
  let arguments = (ins ONNX_DequantizableTensor:$x, ONNX_ScaleTensor:$x_scale,
                   Optional<ONNX_DequantizableTensor>:$x_zero_point, ONNX_Int<1>:$axis, ONNX_Int<0>:$block_size,
                   OptionalAttr<TypeAttr>:$output_dtype);
  let results = (outs ONNX_FloatTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

def ONNX_DynamicQuantizeLinearOp : ONNX_Op<"DynamicQuantizeLinear", [], [
    "builder.getIntegerType(8, false)", "builder.getF32Type()", "builder.getIntegerType(8, false)"]> {
  let summary = "x quantised to the eight bits that its least and greatest element, and 0, spread over";
  let description = [{
    y_scale = (max(0, max(x)) − min(0, min(x))) / 255, y_zero_point = saturate(round(0 − min(0, min(x)) / y_scale)) and
    y = saturate(round(x / y_scale) + y_zero_point), halves to even. Where all elements are 0, so are the results.

    - (C1) `x` and `y` have the same shape; the others are scalars.
  }];
  let arguments = (ins TensorOf<[F32]>:$x);
  let results = (outs TensorOf<[UI8]>:$y, TensorOf<[F32]>:$y_scale, TensorOf<[UI8]>:$y_zero_point);
}

//===----------------------------------------------------------------------===//
// Products of integers
//===----------------------------------------------------------------------===//

defvar ONNX_QuantizedFactors = [{
    Zero points and scales of `a` are scalars, a list with an element a row, or a tensor with extent 1 in the last
    dimension; those of `b` scalars, a list with an element a column, or a tensor with extent 1 in the last but one.
}];

def ONNX_MatMulIntegerOp : ONNX_Op<"MatMulInteger", [AttrSizedOperandSegments], ["builder.getI32Type()"]> {
  let summary = "(a − a_zero_point) · (b − b_zero_point) as MatMul multiplies, in i32";
  let description = ONNX_QuantizedFactors # [{
    - (C1) Zero points have the element types of their operands.
  }];
  let arguments = (ins ONNX_ByteTensor:$a, ONNX_ByteTensor:$b, Optional<ONNX_ByteTensor>:$a_zero_point,
                   Optional<ONNX_ByteTensor>:$b_zero_point);
  let results = (outs ONNX_I32Tensor:$y);
  let hasVerifier = 1;
}

def ONNX_QLinearMatMulOp : ONNX_Op<"QLinearMatMul", [], ["input(7)"]> {
  let summary = "y = saturate(round(p · (a_scale · b_scale / y_scale)) + y_zero_point), p as of MatMulInteger";
  let description = ONNX_QuantizedFactors # [{
    Scale and zero point of `y` are as those of `a`.

    - (C1) Zero points have the element types of their operands and of `y`.
  }];
  let arguments = (ins ONNX_ByteTensor:$a, ONNX_FloatTensor:$a_scale, ONNX_ByteTensor:$a_zero_point, ONNX_ByteTensor:$b,
                   ONNX_FloatTensor:$b_scale, ONNX_ByteTensor:$b_zero_point, ONNX_FloatTensor:$y_scale,
                   ONNX_ByteTensor:$y_zero_point);
  let results = (outs ONNX_ByteTensor:$y);
  let hasVerifier = 1;
}

defvar ONNX_QuantizedConvolution = [{
    Shapes, `auto_pad`, `dilations`, `group`, `kernel_shape`, `pads` and `strides` are as in Conv; what is padded is the
    zero point. Zero point and scale of `x` are scalars, those of `w` scalars or (F).

    - (C1) (C1), (C2) and (C4) of Conv.
    - (C2) Zero points have the element types of their operands and of `y`.
}];

def ONNX_ConvIntegerOp : ONNX_Op<"ConvInteger", [AttrSizedOperandSegments], ["builder.getI32Type()"]> {
  let summary = "the convolution of x − x_zero_point with w − w_zero_point, in i32";
  let description = ONNX_QuantizedConvolution;
  let arguments = (ins ONNX_ByteTensor:$x, ONNX_ByteTensor:$w, Optional<ONNX_ByteTensor>:$x_zero_point,
                   Optional<ONNX_ByteTensor>:$w_zero_point, ONNX_AutoPad:$auto_pad, ONNX_Ints:$dilations,
                   ONNX_Int<1>:$group, ONNX_Ints:$kernel_shape, ONNX_Ints:$pads, ONNX_Ints:$strides);
  let results = (outs ONNX_I32Tensor:$y);
  let hasVerifier = 1;
}

def ONNX_QLinearConvOp : ONNX_Op<"QLinearConv", [], ["input(7)"]> {
  let summary = "y = saturate(round((c + b) · (x_scale · w_scale / y_scale)) + y_zero_point), c as of ConvInteger";
  let description = ONNX_QuantizedConvolution # [{
    - (C3) `b` is (F). `y_scale` and `y_zero_point` are scalars.
  }];
  let arguments = (ins ONNX_ByteTensor:$x, ONNX_FloatTensor:$x_scale, ONNX_ByteTensor:$x_zero_point, ONNX_ByteTensor:$w,
                   ONNX_FloatTensor:$w_scale, ONNX_ByteTensor:$w_zero_point, ONNX_FloatTensor:$y_scale,
                   ONNX_ByteTensor:$y_zero_point, Optional<ONNX_I32Tensor>:$b, ONNX_AutoPad:$auto_pad,
                   ONNX_Ints:$dilations, ONNX_Int<1>:$group, ONNX_Ints:$kernel_shape, ONNX_Ints:$pads,
                   ONNX_Ints:$strides);
  let results = (outs ONNX_ByteTensor:$y);
  let hasVerifier = 1;
}

#endif
