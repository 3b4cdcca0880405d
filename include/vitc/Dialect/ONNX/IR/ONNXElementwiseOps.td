#ifndef VITC_DIALECT_ONNX_IR_ONNXELEMENTWISEOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXELEMENTWISEOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

class ONNX_UnaryOp<string mnemonic, string formula, Type type = ONNX_FloatTensor, dag attributes = (ins),
                   string operand = "x", string result = "y", list<Trait> traits = []>
    : ONNX_Op<mnemonic, !listconcat([SameOperandsAndResultShape], traits)> {
  let summary = "elementwise " # result # " = " # formula;
  let description = [{
    - (C1) Operand and result have the same shape.
  }];
  let arguments = !con(!dag(ins, [type], [operand]), attributes);
  let results = !dag(outs, [type], [result]);
  let extraClassDefinition = ONNX_SameShape;
}

/// The older ones call their operand `input` and their result `output`.
class ONNX_InputUnaryOp<string mnemonic, string formula, Type type = ONNX_FloatTensor>
    : ONNX_UnaryOp<mnemonic, formula, type, (ins), "input", "output">;

/// Those that shapes, and the scales that depend on them, are computed with.
class ONNX_UnaryArithmeticOp<string mnemonic, string formula, Type type = ONNX_FloatTensor,
                             string operand = "x", string result = "y">
    : ONNX_UnaryOp<mnemonic, formula, type, (ins), operand, result, [ONNX_ShapeArithmetic]> {
  let extraClassDefinition = !strconcat(ONNX_SameShape, ONNX_FoldByEvaluation);
  let hasFolder = 1;
}

def ONNX_AbsOp : ONNX_UnaryArithmeticOp<"Abs", "|x|", ONNX_NumericTensor>;
def ONNX_CeilOp : ONNX_UnaryArithmeticOp<"Ceil", "⌈x⌉">;
def ONNX_CosOp : ONNX_InputUnaryOp<"Cos", "cos(input)">;
def ONNX_EluOp : ONNX_UnaryOp<"Elu", "x for x ≥ 0, else alpha · (exp(x) − 1)", ONNX_FloatTensor,
                              (ins ONNX_Float<"1.0f">:$alpha)>;
def ONNX_ErfOp : ONNX_InputUnaryOp<"Erf", "erf(input)">;
def ONNX_ExpOp : ONNX_InputUnaryOp<"Exp", "exp(input)">;
def ONNX_FloorOp : ONNX_UnaryArithmeticOp<"Floor", "⌊x⌋">;
def ONNX_GeluOp : ONNX_UnaryOp<"Gelu", "the Gaussian error linear unit of x, exactly or by tanh", ONNX_FloatTensor,
                               (ins ONNX_Word<["none", "tanh"]>:$approximate)>;
def ONNX_HardSigmoidOp : ONNX_UnaryOp<"HardSigmoid", "max(0, min(1, alpha · x + beta))", ONNX_FloatTensor,
                                      (ins ONNX_Float<"0.2f">:$alpha, ONNX_Float<"0.5f">:$beta)>;
def ONNX_HardSwishOp : ONNX_UnaryOp<"HardSwish", "x · max(0, min(1, x / 6 + 1/2))">;
def ONNX_IdentityOp : ONNX_UnaryOp<"Identity", "input", ONNX_Tensor, (ins), "input", "output", [ONNX_ShapeArithmetic]> {
  let hasFolder = 1;
}
def ONNX_LeakyReluOp : ONNX_UnaryOp<"LeakyRelu", "x for x ≥ 0, else alpha · x", ONNX_FloatTensor,
                                    (ins ONNX_Float<"0.01f">:$alpha)>;
def ONNX_LogOp : ONNX_InputUnaryOp<"Log", "ln(input)">;
def ONNX_MishOp : ONNX_UnaryOp<"Mish", "x · tanh(ln(1 + exp(x)))">;
def ONNX_NegOp : ONNX_UnaryArithmeticOp<"Neg", "−x", ONNX_SignedTensor>;
def ONNX_NotOp : ONNX_UnaryArithmeticOp<"Not", "not x", ONNX_BoolTensor>;
def ONNX_ReciprocalOp : ONNX_UnaryArithmeticOp<"Reciprocal", "1 / x">;
def ONNX_ReluOp : ONNX_UnaryOp<"Relu", "max(0, x)", ONNX_SignedTensor>;
def ONNX_RoundOp : ONNX_UnaryArithmeticOp<"Round", "x rounded to the nearest integer, halves to even">;
def ONNX_SigmoidOp : ONNX_UnaryOp<"Sigmoid", "1 / (1 + exp(−x))">;
def ONNX_SignOp : ONNX_InputUnaryOp<"Sign", "−1, 0 or 1", ONNX_NumericTensor>;
def ONNX_SinOp : ONNX_InputUnaryOp<"Sin", "sin(input)">;
def ONNX_SoftplusOp : ONNX_UnaryOp<"Softplus", "ln(1 + exp(x))">;
def ONNX_SqrtOp : ONNX_UnaryArithmeticOp<"Sqrt", "√x">;
def ONNX_SwishOp : ONNX_UnaryOp<"Swish", "x · sigmoid(alpha · x)", ONNX_FloatTensor,
                                (ins ONNX_Float<"1.0f">:$alpha)>;
def ONNX_TanhOp : ONNX_InputUnaryOp<"Tanh", "tanh(input)">;

def ONNX_CastOp : ONNX_Op<"Cast", [SameOperandsAndResultShape, ONNX_ShapeArithmetic],
    ["attribute(\"to\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"to\")).getValue() : ::mlir::Type()"]> {
  let summary = "elementwise conversion to another element type";
  let description = [{
    Floats become integers by truncation and bools by comparison with zero; integers wrap. Where the type lacks the
    truncated float, which ONNX leaves undefined, the result is the nearest integer that it has, and 0 for NaN; of less
    than eight bits, the low bits of that of 32. Floats of eight bits and less take their largest number instead of what is larger; without `saturate`, infinity or NaN.
    FLOAT8E8M0 has powers of two alone: `round_mode` says which neighbour a number between them takes, its sign is
    dropped, and what is less than the least power takes that; without `saturate`, NaN.

    - (C1) Operand and result have the same shape.
    - (C2) `to` is the element type of the result.
  }];
  let arguments = (ins ONNX_Tensor:$input, TypeAttr:$to, ONNX_Bool<1>:$saturate,
                   ONNX_Word<["up", "down", "nearest"]>:$round_mode);
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasFolder = 1;
}

def ONNX_IsNaNOp : ONNX_Op<"IsNaN", [SameOperandsAndResultShape], [ONNX_AsI1]> {
  let summary = "elementwise y = x is not a number";
  let description = [{
    - (C1) Operand and result have the same shape.
  }];
  let arguments = (ins ONNX_FloatTensor:$x);
  let results = (outs ONNX_BoolTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
}

def ONNX_ClipOp : ONNX_Op<"Clip", [AttrSizedOperandSegments]> {
  let summary = "elementwise min(max(input, min), max)";
  let description = [{
    - (C1) `input` and `output` have the same shape.
    - (C2) `min` and `max`, where present, are scalars with the element type of `input`.
  }];
  let arguments = (ins ONNX_NumericTensor:$input, Optional<ONNX_NumericTensor>:$min, Optional<ONNX_NumericTensor>:$max);
  let results = (outs ONNX_NumericTensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Two operands, broadcast
//===----------------------------------------------------------------------===//

class ONNX_BinaryOp<string mnemonic, string formula, Type operandType, Type resultType, list<string> elementTypes,
                    dag attributes = (ins), string lhs = "a", string rhs = "b", string result = "c",
                    list<Trait> traits = [SameOperandsElementType]>
    : ONNX_Op<mnemonic, !listconcat(traits, [ResultsBroadcastableShape, ONNX_ShapeArithmetic]), elementTypes> {
  let summary = "elementwise " # result # " = " # formula # ", broadcast";
  let description = [{
    - (C1) The shapes of the operands broadcast to that of the result.
    - (C2) The operands have the same element type.
  }];
  let arguments = !con(!dag(ins, [operandType, operandType], [lhs, rhs]), attributes);
  let results = !dag(outs, [resultType], [result]);
  let extraClassDefinition = !strconcat(ONNX_BroadcastShape, ONNX_FoldByEvaluation);
  let hasFolder = 1;
}

class ONNX_ArithmeticOp<string mnemonic, string formula, dag attributes = (ins)>
    : ONNX_BinaryOp<mnemonic, formula, ONNX_NumericTensor, ONNX_NumericTensor, [ONNX_AsInput], attributes>;
class ONNX_ComparisonOp<string mnemonic, string formula, Type type = ONNX_NumericTensor>
    : ONNX_BinaryOp<mnemonic, formula, type, ONNX_BoolTensor, [ONNX_AsI1]>;
class ONNX_LogicalOp<string mnemonic, string formula>
    : ONNX_BinaryOp<mnemonic, formula, ONNX_BoolTensor, ONNX_BoolTensor, [ONNX_AsI1]>;

def ONNX_AddOp : ONNX_ArithmeticOp<"Add", "a + b">;
def ONNX_DivOp : ONNX_ArithmeticOp<"Div", "a / b (integers truncate; by 0, they become 0)">;
def ONNX_ModOp : ONNX_ArithmeticOp<"Mod", "a mod b, with the sign of b, or with `fmod` of a (0 for integers where b is 0)", (ins ONNX_Bool<0>:$fmod)>;
def ONNX_MulOp : ONNX_ArithmeticOp<"Mul", "a · b">;
def ONNX_SubOp : ONNX_ArithmeticOp<"Sub", "a − b">;

def ONNX_EqualOp : ONNX_ComparisonOp<"Equal", "a = b", ONNX_Tensor>;
def ONNX_GreaterOp : ONNX_ComparisonOp<"Greater", "a > b">;
def ONNX_GreaterOrEqualOp : ONNX_ComparisonOp<"GreaterOrEqual", "a ≥ b">;
def ONNX_LessOp : ONNX_ComparisonOp<"Less", "a < b">;
def ONNX_LessOrEqualOp : ONNX_ComparisonOp<"LessOrEqual", "a ≤ b">;

def ONNX_AndOp : ONNX_LogicalOp<"And", "a and b">;
def ONNX_OrOp : ONNX_LogicalOp<"Or", "a or b">;
def ONNX_XorOp : ONNX_LogicalOp<"Xor", "a xor b">;

def ONNX_PowOp : ONNX_BinaryOp<"Pow", "x to the power of y", ONNX_NumericTensor, ONNX_NumericTensor, [ONNX_AsInput],
                               (ins), "x", "y", "z", []> {
  let description = [{
    Integers wrap. A power of integers that is no integer is truncated.

    - (C1) The shapes of the operands broadcast to that of the result. Their element types may differ.
  }];
}

//===----------------------------------------------------------------------===//
// Several operands, broadcast
//===----------------------------------------------------------------------===//

class ONNX_VariadicElementwiseOp<string mnemonic, string formula>
    : ONNX_Op<mnemonic, [SameOperandsElementType, ResultsBroadcastableShape, ONNX_ShapeArithmetic]> {
  let summary = "elementwise " # formula # " of the inputs, broadcast";
  let description = [{
    - (C1) The shapes of the operands broadcast to that of the result.
    - (C2) The operands have the same element type.
    - (C3) There is at least one operand.
  }];
  let arguments = (ins Variadic<ONNX_NumericTensor>:$inputs);
  let results = (outs ONNX_NumericTensor:$output);
  let extraClassDefinition = !strconcat(ONNX_BroadcastShape, ONNX_FoldByEvaluation);
  let hasFolder = 1;
}

def ONNX_MaxOp : ONNX_VariadicElementwiseOp<"Max", "maximum">;
def ONNX_MinOp : ONNX_VariadicElementwiseOp<"Min", "minimum">;

def ONNX_WhereOp : ONNX_Op<"Where", [ResultsBroadcastableShape, AllElementTypesMatch<["x", "y"]>, ONNX_ShapeArithmetic],
                           ["input(1)"]> {
  let summary = "elementwise output = condition ? x : y, broadcast";
  let description = [{
    - (C1) The shapes of the operands broadcast to that of the result.
    - (C2) `x` and `y` have the same element type.
  }];
  let arguments = (ins ONNX_BoolTensor:$condition, ONNX_Tensor:$x, ONNX_Tensor:$y);
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_BroadcastShape;
  let hasFolder = 1;
}

#endif
