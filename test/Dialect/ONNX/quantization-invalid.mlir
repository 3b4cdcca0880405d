// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @quantize_c1(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{shape}}
  %0 = onnx.QuantizeLinear %x, %s : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x4xui8>
  return
}

// -----

func.func @quantize_axis(%x: tensor<2x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.QuantizeLinear %x, %s {axis = 2 : i64} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xui8>
  return
}

// -----

func.func @quantize_c2(%x: tensor<2x3xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected y_scale with 3 elements, those of x along the axis, got 'tensor<2xf32>'}}
  %0 = onnx.QuantizeLinear %x, %s : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x3xui8>
  return
}

// -----

func.func @dequantize_c2_blocks(%x: tensor<2x5xi8>, %s: tensor<2x2xf32>) {
  %0 = onnx.DequantizeLinear %x, %s {block_size = 3 : i64} : (tensor<2x5xi8>, tensor<2x2xf32>) -> tensor<2x5xf32>
  // expected-error @+1 {{expected x_scale with an element for each block of 2 along the axis, got 'tensor<2x2xf32>'}}
  %1 = onnx.DequantizeLinear %x, %s {block_size = 2 : i64} : (tensor<2x5xi8>, tensor<2x2xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @quantize_c3(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %z: tensor<1xi8>) {
  // expected-error @+1 {{shape}}
  %0 = onnx.QuantizeLinear %x, %s, %z : (tensor<2x3xf32>, tensor<3xf32>, tensor<1xi8>) -> tensor<2x3xi8>
  return
}

// -----

func.func @dequantize_c3(%x: tensor<3xi8>, %s: tensor<f32>, %z: tensor<ui8>) {
  // expected-error @+1 {{expected x_zero_point of type 'i8', got 'ui8'}}
  %0 = onnx.DequantizeLinear %x, %s, %z : (tensor<3xi8>, tensor<f32>, tensor<ui8>) -> tensor<3xf32>
  return
}

// -----

func.func @mat_mul_integer_c1(%a: tensor<2x3xi8>, %b: tensor<3x2xui8>, %z: tensor<i8>) {
  // expected-error @+1 {{expected b_zero_point of type 'ui8', got 'i8'}}
  %0 = "onnx.MatMulInteger"(%a, %b, %z, %z) {operandSegmentSizes = array<i32: 1, 1, 1, 1>}
      : (tensor<2x3xi8>, tensor<3x2xui8>, tensor<i8>, tensor<i8>) -> tensor<2x2xi32>
  return
}

// -----

func.func @conv_integer_c1(%x: tensor<1x4x8x8xui8>, %w: tensor<3x4x3x3xi8>) {
  // expected-error @+1 {{expected a positive group that divides the filters, got 2}}
  %0 = "onnx.ConvInteger"(%x, %w) {operandSegmentSizes = array<i32: 1, 1, 0, 0>, group = 2 : i64} : (tensor<1x4x8x8xui8>, tensor<3x4x3x3xi8>) -> tensor<1x3x6x6xi32>
  return
}

// -----

func.func @conv_integer_c2(%x: tensor<1x4x8x8xui8>, %w: tensor<3x4x3x3xi8>, %z: tensor<i8>) {
  // expected-error @+1 {{expected x_zero_point of type 'ui8', got 'i8'}}
  %0 = "onnx.ConvInteger"(%x, %w, %z) {operandSegmentSizes = array<i32: 1, 1, 1, 0>}
      : (tensor<1x4x8x8xui8>, tensor<3x4x3x3xi8>, tensor<i8>) -> tensor<1x3x6x6xi32>
  return
}

// -----

func.func @quantize_c4(%x: tensor<2x3xf32>, %s: tensor<f32>) {
  // expected-error @+1 {{expected element type 'i8' of result 0, got 'ui8'}}
  %0 = onnx.QuantizeLinear %x, %s {output_dtype = i8} : (tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xui8>
  return
}

// -----

func.func @quantize_c4_zero_point(%x: tensor<2x3xf32>, %s: tensor<f32>, %z: tensor<i8>) {
  // expected-error @+1 {{expected y_zero_point of type 'ui8', got 'i8'}}
  %0 = onnx.QuantizeLinear %x, %s, %z {output_dtype = ui8} : (tensor<2x3xf32>, tensor<f32>, tensor<i8>) -> tensor<2x3xui8>
  return
}
