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
  let summary = "checks that shapes are known";
  let description = [{
    Fails with an error for each value whose type is unranked or has an unnamed dynamic dimension, and each operand that
    states a shape and is not constant. Changes nothing.

    ```mlir
    %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<2x2xf32> // error: %t is not constant
    ```
  }];
}

def WidenFloatsPass : Pass<"onnx-widen-floats", "::mlir::func::FuncOp"> {
  let summary = "compute in f32 what is stored in f16 or bf16";
  let description = [{
    Every tensor of a storage type (f16, bf16) becomes one of f32, and so do constants. Arguments of the function keep
    their type and are widened once, results are rounded once. A `Cast` to a storage type stays and rounds; a `Cast` to
    f32 of a value that was not rounded by one does nothing. So a value is rounded where it is stored for the caller or
    where the model asks for it, and nowhere else. A scalar constant that is the rounding of one of an activation (√2 of
    GELU, …) is that one.

    Precondition: shapes are inferred.
    Postcondition: storage types are those of arguments, of results and of the operands and results of `Cast`.

    ```mlir
    func.func @main(%x: tensor<4xf16>) -> tensor<4xf16> {
      %y = onnx.Exp %x : (tensor<4xf16>) -> tensor<4xf16>
      return %y : tensor<4xf16>
    }
    // becomes
    func.func @main(%x: tensor<4xf16>) -> tensor<4xf16> {
      %wide = onnx.Cast %x {to = f32} : (tensor<4xf16>) -> tensor<4xf32>
      %y = onnx.Exp %wide : (tensor<4xf32>) -> tensor<4xf32>
      %rounded = onnx.Cast %y {to = f16} : (tensor<4xf32>) -> tensor<4xf16>
      return %rounded : tensor<4xf16>
    }
    ```
  }];
  let dependentDialects = ["::vitc::onnx::ONNXDialect"];
}

#endif
