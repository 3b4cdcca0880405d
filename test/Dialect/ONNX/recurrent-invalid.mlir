// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @recurrent_c1(%x: tensor<4x2xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected x of rank 3}}
  %0 = onnx.RNN %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<4x2xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c2_directions(%x: tensor<4x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected w with an extent of 2 in dimension 0, got 1}}
  %0 = onnx.RNN %x, %w, %r {direction = "bidirectional", operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c2_gates(%x: tensor<4x2x3xf32>, %w: tensor<1x10x3xf32>, %r: tensor<1x15x5xf32>) {
  // expected-error @+1 {{expected w with an extent of 15 in dimension 1, got 10}}
  %0 = onnx.GRU %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x10x3xf32>, tensor<1x15x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c2_hidden(%x: tensor<4x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected r with an extent of 4 in dimension 2, got 5}}
  %0 = onnx.RNN %x, %w, %r {hidden_size = 4 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c3(%x: tensor<4x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected layout 0 or 1, got 2}}
  %0 = onnx.RNN %x, %w, %r {layout = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c4(%x: tensor<4x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected 1 activations, got 2}}
  %0 = onnx.RNN %x, %w, %r {activations = ["Tanh", "Tanh"], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @recurrent_c4_name(%x: tensor<4x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) {
  // expected-error @+1 {{expected the name of an activation, got 'Sine'}}
  %0 = onnx.RNN %x, %w, %r {activations = ["Sine"], operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<4x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return
}
