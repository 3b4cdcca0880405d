// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics --mlir-print-local-scope | FileCheck %s

#b = #vit.dims<["batch", "length"], affine_map<()[s0, s1] -> (s0, s1, 1)>>
// CHECK-LABEL: func.func @dft
func.func @dft(%x: tensor<?x?x1xf32, #b>, %y: tensor<4x9x2xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %n = onnx.Constant dense<7> : tensor<i64> : tensor<i64>
  %axis = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // CHECK: onnx.DFT {{.*}} -> tensor<?x?x2xf32, #vit.dims<["batch", "length"], affine_map<()[s0, s1] -> (s0, s1, 2)>>>
  %0 = onnx.DFT %x {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x?x1xf32, #b>) -> tensor<*xf32>
  // CHECK: onnx.DFT {{.*}} -> tensor<?x?x2xf32, #vit.dims<["batch", "length"], affine_map<()[s0, s1] -> (s0, s1 floordiv 2 + 1, 2)>>>
  %1 = onnx.DFT %x {onesided = true, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<?x?x1xf32, #b>) -> tensor<*xf32>
  // CHECK: onnx.DFT {{.*}} -> tensor<4x7x2xf32>
  %z = onnx.DFT %y, %n {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<4x9x2xf32>, tensor<i64>) -> tensor<*xf32>
  // CHECK: onnx.DFT {{.*}} -> tensor<7x9x2xf32>
  %2 = onnx.DFT %y, %n, %axis {inverse = true, operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<4x9x2xf32>, tensor<i64>, tensor<i64>) -> tensor<*xf32>
  // CHECK: onnx.DFT {{.*}} -> tensor<4x16x1xf32>
  %3 = onnx.DFT %y {inverse = true, onesided = true, operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<4x9x2xf32>) -> tensor<*xf32>
  return %0, %1, %z, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @length(%x: tensor<4x9x2xf32>) -> tensor<*xf32> {
  %n = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected a positive length of the transform, got 0}}
  %0 = onnx.DFT %x, %n {operandSegmentSizes = array<i32: 1, 1, 0>} : (tensor<4x9x2xf32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @axis(%x: tensor<4x9x2xf32>, %p: tensor<3xf32>) -> tensor<*xf32> {
  %axis = onnx.Size %p : (tensor<3xf32>) -> tensor<i64>
  // expected-error @+1 {{expected an axis from -3 to 2, got 3}}
  %0 = onnx.DFT %x, %axis {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<4x9x2xf32>, tensor<i64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
