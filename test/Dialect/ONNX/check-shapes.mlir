// RUN: vitc-opt %s --onnx-check-shapes --split-input-file --verify-diagnostics

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
