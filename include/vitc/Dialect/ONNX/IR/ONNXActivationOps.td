#ifndef VITC_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXACTIVATIONOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXElementwiseOps.td"

//===----------------------------------------------------------------------===//
// Activations of older networks
//===----------------------------------------------------------------------===//

def ONNX_CeluOp : ONNX_UnaryOp<"Celu", "max(0, x) + min(0, alpha · (exp(x / alpha) − 1))", ONNX_FloatTensor,
                               (ins ONNX_Float<"1.0f">:$alpha)>;
def ONNX_SeluOp : ONNX_UnaryOp<"Selu", "gamma · (x for x > 0, else alpha · (exp(x) − 1))", ONNX_FloatTensor,
                               (ins ONNX_Float<"1.67326319217681884765625f">:$alpha,
                                    ONNX_Float<"1.05070102214813232421875f">:$gamma)>;
def ONNX_ShrinkOp : ONNX_UnaryOp<"Shrink", "input + bias below −lambd, input − bias above lambd, else 0",
                                 ONNX_NumericTensor, (ins ONNX_Float<"0.0f">:$bias, ONNX_Float<"0.5f">:$lambd),
                                 "input", "output">;
def ONNX_SoftsignOp : ONNX_InputUnaryOp<"Softsign", "input / (1 + |input|)">;
def ONNX_ThresholdedReluOp : ONNX_UnaryOp<"ThresholdedRelu", "x for x > alpha, else 0", ONNX_FloatTensor,
                                          (ins ONNX_Float<"1.0f">:$alpha)>;

def ONNX_PReluOp : ONNX_Op<"PRelu", [SameOperandsElementType]> {
  let summary = "elementwise y = x for x ≥ 0, else slope · x";
  let description = [{
    - (C1) `x` and `y` have the same shape.
    - (C2) `slope` broadcasts to it.
    - (C3) The operands have the same element type.
  }];
  let arguments = (ins ONNX_WideTensor:$x, ONNX_WideTensor:$slope);
  let results = (outs ONNX_WideTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Functions of angles
//===----------------------------------------------------------------------===//

def ONNX_AcosOp : ONNX_InputUnaryOp<"Acos", "arccos(input)">;
def ONNX_AcoshOp : ONNX_InputUnaryOp<"Acosh", "arcosh(input)">;
def ONNX_AsinOp : ONNX_InputUnaryOp<"Asin", "arcsin(input)">;
def ONNX_AsinhOp : ONNX_InputUnaryOp<"Asinh", "arsinh(input)">;
def ONNX_AtanOp : ONNX_InputUnaryOp<"Atan", "arctan(input)">;
def ONNX_AtanhOp : ONNX_InputUnaryOp<"Atanh", "artanh(input)">;
def ONNX_CoshOp : ONNX_InputUnaryOp<"Cosh", "cosh(input)">;
def ONNX_SinhOp : ONNX_InputUnaryOp<"Sinh", "sinh(input)">;
def ONNX_TanOp : ONNX_InputUnaryOp<"Tan", "tan(input)">;

//===----------------------------------------------------------------------===//
// Tests
//===----------------------------------------------------------------------===//

def ONNX_IsInfOp : ONNX_Op<"IsInf", [SameOperandsAndResultShape], [ONNX_AsI1]> {
  let summary = "elementwise y = x is infinite, of a sign that is looked for";
  let description = [{
    - (C1) Operand and result have the same shape.
  }];
  let arguments = (ins ONNX_FloatTensor:$x, ONNX_Bool<1>:$detect_negative, ONNX_Bool<1>:$detect_positive);
  let results = (outs ONNX_BoolTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
}

#endif
