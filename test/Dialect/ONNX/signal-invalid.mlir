// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @dft_c1_rank(%x: tensor<5xf32>) {
  // expected-error @+1 {{expected an input of at least 2 dimensions, got 'tensor<5xf32>'}}
  %0 = onnx.DFT %x {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c1(%x: tensor<5x3xf32>) {
  // expected-error @+1 {{expected real or complex numbers in the last dimension of input, got 'tensor<5x3xf32>'}}
  %0 = onnx.DFT %x {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c1_onesided(%x: tensor<5x2xf32>) {
  // expected-error @+1 {{expected real numbers in the last dimension of input, got 'tensor<5x2xf32>'}}
  %0 = onnx.DFT %x {onesided = true, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5x2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c1_inverse(%x: tensor<5x1xf32>) {
  // expected-error @+1 {{expected complex numbers in the last dimension of input, got 'tensor<5x1xf32>'}}
  %0 = onnx.DFT %x {onesided = true, inverse = true, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5x1xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c2(%x: tensor<5x1xf32>, %n: tensor<2xi64>) {
  // expected-error @+1 {{expected a scalar as dft_length, got 'tensor<2xi64>'}}
  %0 = onnx.DFT %x, %n {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<5x1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c3(%x: tensor<5x1xf32>) {
  %axis = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.DFT %x, %axis {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<5x1xf32>, tensor<i64>) -> tensor<*xf32>
  return
}

// -----

func.func @dft_c3_last(%x: tensor<5x1xf32>) {
  %axis = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected an axis other than the last, which holds the parts of numbers}}
  %0 = onnx.DFT %x, %axis {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<5x1xf32>, tensor<i64>) -> tensor<*xf32>
  return
}
