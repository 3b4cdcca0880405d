#ifndef VITC_DIALECT_ONNX_IR_ONNXSHAPEINTERFACES_TD
#define VITC_DIALECT_ONNX_IR_ONNXSHAPEINTERFACES_TD

include "mlir/IR/OpBase.td"

def ONNX_ShapeInferenceOpInterface : OpInterface<"ShapeInferenceOpInterface"> {
  let cppNamespace = "::vitc::onnx";
  let description = [{
    Symbolic shape inference. Operands are ranked, their dynamic dimensions named (`#vit.dims`), and the op's verifier
    holds for them, so that implementations check only what it can't see: extents that are symbolic, values of
    operands. Errors name what was expected and what was got.
  }];
  let methods = [
    InterfaceMethod<[{
        Appends the extents of each result in order. `env` knows the contents of small operands. An op whose shape
        operand was dropped keeps the extents that its result type states.
      }],
      "::llvm::LogicalResult", "inferShapes",
      (ins "::vitc::onnx::ShapeEnv &":$env, "::llvm::SmallVectorImpl<::vitc::onnx::SymbolicShape> &":$shapes)>,
  ];
}

def ONNX_ShapedByOperandsOpInterface : OpInterface<"ShapedByOperandsOpInterface"> {
  let cppNamespace = "::vitc::onnx";
  let description = [{
    The shape of a result, or which elements it holds, follows from the values of operands: targets, axes, bounds,
    sizes. After `onnx-infer-shapes` they are constant or absent.
  }];
  let methods = [
    InterfaceMethod<"Those operands, as far as they are present.",
      "::llvm::SmallVector<::mlir::Value>", "getShapeOperands">,
  ];
}

def ONNX_ShapeArithmeticOpInterface : OpInterface<"ShapeArithmeticOpInterface"> {
  let cppNamespace = "::vitc::onnx";
  let description = [{
    Ops that exporters compute shapes, axes and scales with. They fold where they are constant, and shape inference
    follows them where they are symbolic.
  }];
  let methods = [
    InterfaceMethod<[{
        Appends the elements of each result, of the op's result types, which `SmallTensor` admits. Fails where
        operands are not known well enough; single elements may be unknown.
      }],
      "::llvm::LogicalResult", "evaluate",
      (ins "::vitc::onnx::ShapeEnv &":$env, "::llvm::SmallVectorImpl<::vitc::onnx::SmallTensor> &":$results)>,
  ];
}

#endif
