// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @bit_shift_c2(%x: tensor<3xui8>, %y: tensor<3xui16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.BitShift %x, %y {direction = "LEFT"} : (tensor<3xui8>, tensor<3xui16>) -> tensor<3xui8>
  return
}

// -----

func.func @bit_shift_c3(%x: tensor<3xui8>) {
  // expected-error @+1 {{expected the direction LEFT or RIGHT, got 'UP'}}
  %0 = onnx.BitShift %x, %x {direction = "UP"} : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return
}

// -----

func.func @bit_cast_c2(%x: tensor<3xi8>) {
  // expected-error @+1 {{expected element types with as many bits, got 'i8' and 'f16'}}
  %0 = onnx.BitCast %x {to = f16} : (tensor<3xi8>) -> tensor<3xf16>
  return
}

// -----

func.func @bit_cast_bool(%x: tensor<3xi1>) {
  %0 = onnx.BitCast %x {to = ui8} : (tensor<3xi1>) -> tensor<3xui8>
  // expected-error @+1 {{expected element types with as many bits, got 'i1' and 'i32'}}
  %1 = onnx.BitCast %x {to = i32} : (tensor<3xi1>) -> tensor<3xi32>
  return
}

// -----

func.func @bitwise_type(%x: tensor<3xf32>) {
  // expected-error @+1 {{operand #0 must be tensor of 8-bit signless integer}}
  %0 = onnx.BitwiseNot %x : (tensor<3xf32>) -> tensor<3xf32>
  return
}
