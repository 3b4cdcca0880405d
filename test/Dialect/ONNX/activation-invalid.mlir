// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @p_relu_c1(%x: tensor<2x3xf32>, %slope: tensor<3xf32>) {
  // expected-error @+1 {{expected x and y of the same shape, got 'tensor<2x3xf32>' and 'tensor<2x4xf32>'}}
  %0 = onnx.PRelu %x, %slope : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @p_relu_c2(%x: tensor<2x3xf32>, %slope: tensor<4x1x1xf32>) {
  // expected-error @+1 {{expected slope to broadcast to 'tensor<2x3xf32>', got 'tensor<4x1x1xf32>'}}
  %0 = onnx.PRelu %x, %slope : (tensor<2x3xf32>, tensor<4x1x1xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @p_relu_c3(%x: tensor<2x3xf32>, %slope: tensor<3xi32>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.PRelu %x, %slope : (tensor<2x3xf32>, tensor<3xi32>) -> tensor<2x3xf32>
  return
}
