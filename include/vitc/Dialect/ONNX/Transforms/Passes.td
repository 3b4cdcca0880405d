#ifndef VITC_DIALECT_ONNX_TRANSFORMS_PASSES_TD
#define VITC_DIALECT_ONNX_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def InferShapesPass : Pass<"onnx-infer-shapes", "::mlir::func::FuncOp"> {
  let summary = "infers all shapes and drops the operands that stated them";
  let description = [{
    Infers the type of each value from the arguments on, in order. Dynamic extents are polynomials over named symbols,
    in a normal form, in the encoding of the type. Small tensors (shapes, axes, scales) are followed symbolically:
    constant ones become `onnx.Constant`, symbolic ones leave the ops that read them for shapes, whose result types
    say all. The pass may run again.

    Precondition: arguments are ranked, their dynamic dimensions named; ops stand in one block.
    Postcondition: all values are ranked, their dynamic dimensions named; `vit.dims` of arguments and results says the
    same; no Reshape or Expand has an operand `shape`. An error names the node whose shape is not known.

    ```mlir
    %s = onnx.Shape %x : (tensor<?x12x64xf32, #b>) -> tensor<*xi64>
    %n = onnx.Gather %s, %zero {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %t = onnx.Concat %n, %rest {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
    %y = onnx.Reshape %x, %t : (tensor<?x12x64xf32, #b>, tensor<*xi64>) -> tensor<*xf32>
    // becomes, with %rest = -1
    %y = onnx.Reshape %x : (tensor<?x12x64xf32, #b>) -> tensor<?x768xf32, #vit.dims<["b"], affine_map<()[s0] -> (s0, 768)>>>
    ```
  }];
  let dependentDialects = ["::vitc::onnx::ONNXDialect", "::vitc::vit::ViTDialect"];
}

def CheckShapesPass : Pass<"onnx-check-shapes", "::mlir::func::FuncOp"> {
  let summary = "checks that shapes are known and shape arithmetic is gone";
  let description = [{
    Fails with an error for each value whose type is unranked or has an unnamed dynamic dimension, each operand that
    states a shape and is not constant, and each `onnx.Shape` or `onnx.Size`. Changes nothing.

    ```mlir
    %s = onnx.Shape %x : (tensor<?x3xf32, #b>) -> tensor<2xi64> // error: expected no shapes as values
    ```
  }];
}

#endif
