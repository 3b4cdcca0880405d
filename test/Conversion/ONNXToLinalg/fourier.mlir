// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file --mlir-print-local-scope | FileCheck %s

// A product with roots of unity, whose angles are reduced as integers.
// CHECK-LABEL: func.func @dft
// CHECK-SAME: %[[X:.+]]: tensor<2x5x3x1xf32>
// CHECK: %[[ROOTS:.+]] = linalg.generic
// CHECK-SAME: outs(%{{.+}} : tensor<5x1x5x2xf32>)
// CHECK: arith.remui
// CHECK: math.sin
// CHECK: linalg.contract indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d4, d2, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d1, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>] ins(%[[X]], %[[ROOTS]]
func.func @dft(%x: tensor<2x5x3x1xf32>) -> tensor<2x5x3x2xf32> {
  %axis = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  %0 = onnx.DFT %x, %axis {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<2x5x3x1xf32>, tensor<i64>) -> tensor<2x5x3x2xf32>
  return %0 : tensor<2x5x3x2xf32>
}

// -----

// What a length leaves out is not read; what it adds is zero, and adds nothing.
// CHECK-LABEL: func.func @lengths
// CHECK: tensor.extract_slice %{{.+}}[0, 0, 0] [2, 4, 2] [1, 1, 1]
// CHECK: outs(%{{.+}} : tensor<4x2x4x2xf32>)
// CHECK: outs(%{{.+}} : tensor<5x2x8x1xf32>)
func.func @lengths(%x: tensor<2x5x2xf32>) -> (tensor<2x4x2xf32>, tensor<2x8x1xf32>) {
  %four = onnx.Constant dense<4> : tensor<i64> : tensor<i64>
  %0 = onnx.DFT %x, %four {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<2x5x2xf32>, tensor<i64>) -> tensor<2x4x2xf32>
  %1 = onnx.DFT %x {inverse = true, onesided = true, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<2x5x2xf32>) -> tensor<2x8x1xf32>
  return %0, %1 : tensor<2x4x2xf32>, tensor<2x8x1xf32>
}
