#ifndef VITC_DIALECT_ONNX_IR_ONNXBITWISEOPS_TD
#define VITC_DIALECT_ONNX_IR_ONNXBITWISEOPS_TD

include "vitc/Dialect/ONNX/IR/ONNXBase.td"

def ONNX_BitwiseNotOp : ONNX_Op<"BitwiseNot", [SameOperandsAndResultShape]> {
  let summary = "elementwise y = x with every bit changed";
  let description = [{
    - (C1) Operand and result have the same shape.
  }];
  let arguments = (ins ONNX_IntegerTensor:$x);
  let results = (outs ONNX_IntegerTensor:$y);
  let extraClassDefinition = ONNX_SameShape;
}

class ONNX_BitwiseOp<string mnemonic, string formula, dag attributes = (ins), string lhs = "a", string rhs = "b",
                     string result = "c">
    : ONNX_Op<mnemonic, [SameOperandsElementType, ResultsBroadcastableShape]> {
  let summary = "elementwise " # result # " = " # formula # ", broadcast";
  let description = [{
    - (C1) The shapes of the operands broadcast to that of the result.
    - (C2) The operands have the same element type.
  }];
  let arguments = !con(!dag(ins, [ONNX_IntegerTensor, ONNX_IntegerTensor], [lhs, rhs]), attributes);
  let results = !dag(outs, [ONNX_IntegerTensor], [result]);
  let extraClassDefinition = ONNX_BroadcastShape;
}

def ONNX_BitwiseAndOp : ONNX_BitwiseOp<"BitwiseAnd", "a and b, bit by bit">;
def ONNX_BitwiseOrOp : ONNX_BitwiseOp<"BitwiseOr", "a or b, bit by bit">;
def ONNX_BitwiseXorOp : ONNX_BitwiseOp<"BitwiseXor", "a xor b, bit by bit">;

def ONNX_BitShiftOp : ONNX_BitwiseOp<"BitShift", "x shifted by y bits", (ins StrAttr:$direction), "x", "y", "z"> {
  let description = [{
    To the right, signed integers are filled with their sign. An amount below 0 or of all bits and more leaves nothing but
    this filling: −1 or 0.

    - (C1) The shapes of the operands broadcast to that of the result.
    - (C2) The operands have the same element type.
    - (C3) `direction` is LEFT or RIGHT.
  }];
  let hasVerifier = 1;
}

def ONNX_BitCastOp : ONNX_Op<"BitCast", [SameOperandsAndResultShape],
    ["attribute(\"to\") ? ::llvm::cast<::mlir::TypeAttr>(attribute(\"to\")).getValue() : ::mlir::Type()"]> {
  let summary = "the bits of elements, read as another element type";
  let description = [{
    Bools have eight bits, of which the lowest says their value.

    - (C1) Operand and result have the same shape.
    - (C2) `to` is the element type of the result, and has as many bits as that of the operand.
  }];
  let arguments = (ins ONNX_Tensor:$input, TypeAttr:$to);
  let results = (outs ONNX_Tensor:$output);
  let extraClassDefinition = ONNX_SameShape;
  let hasVerifier = 1;
}

#endif
