// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @element_type(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected element type 'i32' of result 0, got 'i64'}}
  %0 = onnx.Cast %x {to = i32} : (tensor<2x3xf32>) -> tensor<2x3xi64>
  return
}

// -----

func.func @comparison_element_type(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{must be tensor of 1-bit signless integer values}}
  %0 = onnx.Less %x, %x : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @unary_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %0 = onnx.Sqrt %x : (tensor<2x3xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @unary_type(%x: tensor<2x3xi64>) {
  // expected-error @+1 {{operand #0 must be tensor of bfloat16 type or 16-bit float or 32-bit float or 64-bit float values}}
  %0 = onnx.Erf %x : (tensor<2x3xi64>) -> tensor<2x3xi64>
  return
}

// -----

func.func @gelu_word(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{attribute 'approximate' failed to satisfy constraint: string attribute whose value is one of none, tanh}}
  %0 = onnx.Gelu %x {approximate = "erf"} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @cast_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %0 = onnx.Cast %x {to = f16} : (tensor<2x3xf32>) -> tensor<3x2xf16>
  return
}

// -----

func.func @cast_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected element type 'f16' of result 0, got 'bf16'}}
  %0 = onnx.Cast %x {to = f16} : (tensor<2x3xf32>) -> tensor<2x3xbf16>
  return
}

// -----

func.func @clip_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected input and output of the same shape, got 'tensor<2x3xf32>' and 'tensor<2xf32>'}}
  %0 = onnx.Clip %x {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @clip_c2(%x: tensor<2x3xf32>, %max: tensor<3xf32>) {
  // expected-error @+1 {{expected a scalar as max, got 'tensor<3xf32>'}}
  %0 = onnx.Clip %x, %max {operandSegmentSizes = array<i32: 1, 0, 1>}
      : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @clip_c2_type(%x: tensor<2x3xf32>, %min: tensor<f64>) {
  // expected-error @+1 {{expected min of type 'f32', got 'f64'}}
  %0 = onnx.Clip %x, %min {operandSegmentSizes = array<i32: 1, 1, 0>}
      : (tensor<2x3xf32>, tensor<f64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @binary_c1(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{operands don't have broadcast-compatible shapes}}
  %0 = onnx.Add %a, %b : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @binary_c2(%a: tensor<2x3xf32>, %b: tensor<2x3xf64>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Mul %a, %b : (tensor<2x3xf32>, tensor<2x3xf64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @pow_c1(%x: tensor<2x3xf32>, %y: tensor<2xi64>) {
  // expected-error @+1 {{operands don't have broadcast-compatible shapes}}
  %0 = onnx.Pow %x, %y : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @max_c1(%a: tensor<2x3xf32>, %b: tensor<3xf32>, %c: tensor<2xf32>) {
  // expected-error @+1 {{operands don't have broadcast-compatible shapes}}
  %0 = onnx.Max %a, %b, %c : (tensor<2x3xf32>, tensor<3xf32>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @max_c2(%a: tensor<2x3xf32>, %b: tensor<3xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Max %a, %b : (tensor<2x3xf32>, tensor<3xf16>) -> tensor<2x3xf32>
  return
}

// -----

func.func @max_c3() {
  // expected-error @+1 {{expected 1 or more operands, but found 0}}
  %0 = onnx.Max : () -> tensor<2x3xf32>
  return
}

// -----

func.func @where_c1(%c: tensor<4xi1>, %x: tensor<2x3xf32>) {
  // expected-error @+1 {{operands don't have broadcast-compatible shapes}}
  %0 = onnx.Where %c, %x, %x : (tensor<4xi1>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @where_c2(%c: tensor<3xi1>, %x: tensor<2x3xf32>, %y: tensor<2x3xi64>) {
  // expected-error @+1 {{failed to verify that all of {x, y} have same element type}}
  %0 = onnx.Where %c, %x, %y : (tensor<3xi1>, tensor<2x3xf32>, tensor<2x3xi64>) -> tensor<2x3xf32>
  return
}
