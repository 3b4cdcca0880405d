// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// One product an axis; the axes that stay have none.

// CHECK-DAG: #[[$READ_H:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-DAG: #[[$WEIGHT_H:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d4)>
// CHECK-DAG: #[[$WEIGHT_W:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d4)>
// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.+]]: tensor<1x3x2x4xf32>
// CHECK: %[[H:.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00], [7.500000e-01, 2.500000e-01], [2.500000e-01, 7.500000e-01], [0.000000e+00, 1.000000e+00]]> : tensor<4x2xf32>
// CHECK: %[[ROWS:.+]] = linalg.contract indexing_maps = [#[[$READ_H]], #[[$WEIGHT_H]], #{{.+}}] ins(%[[X]], %[[H]] : {{.+}}) {{.+}} -> tensor<1x3x4x4xf32>
// CHECK: linalg.contract indexing_maps = [#{{.+}}, #[[$WEIGHT_W]], #{{.+}}] ins(%[[ROWS]], %{{.+}} : tensor<1x3x4x4xf32>, tensor<8x4xf32>) {{.+}} -> tensor<1x3x4x8xf32>
// CHECK-NOT: linalg.contract
func.func @linear(%x: tensor<1x3x2x4xf32>) -> tensor<1x3x4x8xf32> {
  %s = onnx.Constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> : tensor<4xf32>
  %0 = onnx.Resize %x, %s {mode = "linear", operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<1x3x2x4xf32>, tensor<4xf32>) -> tensor<1x3x4x8xf32>
  return %0 : tensor<1x3x4x8xf32>
}

// -----

// CHECK-LABEL: @nearest
// CHECK-SAME: %[[X:.+]]: tensor<1x1x2x2xi64>
// CHECK-DAG: %[[TABLE:.+]] = arith.constant dense<[0, 0, 1, 1]> : tensor<4xi64>
// CHECK: linalg.generic
// CHECK: %[[FOUND:.+]] = tensor.extract %[[TABLE]]
// CHECK: arith.index_cast %[[FOUND]] : i64 to index
// CHECK: tensor.extract %[[X]]
func.func @nearest(%x: tensor<1x1x2x2xi64>) -> tensor<1x1x4x2xi64> {
  %s = onnx.Constant dense<[4, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Resize %x, %s {axes = array<i64: 2, 3>, operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<1x1x2x2xi64>, tensor<2xi64>) -> tensor<1x1x4x2xi64>
  return %0 : tensor<1x1x4x2xi64>
}
