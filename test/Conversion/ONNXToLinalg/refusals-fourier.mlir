// RUN: not vitc-opt %s --convert-onnx-to-linalg 2>&1 | FileCheck %s

// CHECK: error: cannot compile 3 nodes:
// CHECK-NEXT: (onnx.DFT): its numbers are of 64 bits
// CHECK-NEXT: (onnx.DFT): the extent of its axis and dft_length cannot be compared
// CHECK-NEXT: (onnx.DFT): it is of more than 2^12 numbers, and vitc has no fast transform
#b = #vit.dims<["n"], affine_map<()[s0] -> (s0, 1)>>
func.func @refused(%d: tensor<5x1xf64>, %s: tensor<?x1xf32, #b>, %l: tensor<5000x1xf32>) -> (tensor<5x2xf64>, tensor<4x2xf32>, tensor<5000x2xf32>) {
  %four = onnx.Constant dense<4> : tensor<i64> : tensor<i64>
  %0 = onnx.DFT %d {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5x1xf64>) -> tensor<5x2xf64>
  %1 = onnx.DFT %s, %four {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<?x1xf32, #b>, tensor<i64>) -> tensor<4x2xf32>
  %2 = onnx.DFT %l {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<5000x1xf32>) -> tensor<5000x2xf32>
  return %0, %1, %2 : tensor<5x2xf64>, tensor<4x2xf32>, tensor<5000x2xf32>
}
