// RUN: vitc-opt %s --onnx-check-shapes --split-input-file --verify-diagnostics

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
func.func @shape_as_value(%x: tensor<?x3xf32, #b>) -> tensor<2xf32> {
  // expected-error @+1 {{expected no symbolic shapes as values}}
  %s = onnx.Shape %x : (tensor<?x3xf32, #b>) -> tensor<2xi64>
  // expected-note @+1 {{used by onnx.Cast}}
  %y = onnx.Cast %s {to = f32} : (tensor<2xi64>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @target(%x: tensor<4xf32>, %t: tensor<2xi64>) -> tensor<2x2xf32> {
  // expected-error @+2 {{expected constant operands that state shapes}}
  // expected-note @-2 {{this one is not constant}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

func.func @unnamed(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  // expected-error @+1 {{expected results of known extents, got 'tensor<?x3xf32>'}}
  %y = onnx.Relu %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
