// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-DAG: #[[$K:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
// CHECK-DAG: #[[$V:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-LABEL: @attention
// CHECK-SAME: %[[Q:.+]]: tensor<2x6x8x64xf32>, %[[K:.+]]: tensor<2x6x9x64xf32>, %[[V:.+]]: tensor<2x6x9x64xf32>
// CHECK: %[[PRODUCT:.+]] = linalg.contract indexing_maps = [#{{.+}}, #[[$K]], #{{.+}}] ins(%[[Q]], %[[K]] :
// CHECK: %[[SCALE:.+]] = arith.constant dense<1.250000e-01> : tensor<f32>
// CHECK: %[[SCORES:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.+}} ins(%[[PRODUCT]], %[[SCALE]] :
// CHECK: %[[PROBS:.+]] = linalg.softmax dimension(3) ins(%[[SCORES]] :
// CHECK: linalg.contract indexing_maps = [#{{.+}}, #[[$V]], #{{.+}}] ins(%[[PROBS]], %[[V]] :
func.func @attention(%q: tensor<2x6x8x64xf32>, %k: tensor<2x6x9x64xf32>, %v: tensor<2x6x9x64xf32>) -> tensor<2x6x8x64xf32> {
  %0 = onnx.Attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<2x6x8x64xf32>, tensor<2x6x9x64xf32>, tensor<2x6x9x64xf32>) -> tensor<2x6x8x64xf32>
  return %0 : tensor<2x6x8x64xf32>
}

// -----

// Heads that are consecutive features; queries share keys in groups of 3.

// CHECK-LABEL: @grouped_queries
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]] output_shape [2, 8, 6, 4]
// CHECK: linalg.transpose {{.+}} permutation = [0, 2, 1, 3]
// CHECK: linalg.contract {{.+}} -> tensor<2x2x3x8x9xf32>
// CHECK: linalg.softmax
// CHECK: linalg.contract {{.+}} -> tensor<2x2x3x8x4xf32>
func.func @grouped_queries(%q: tensor<2x8x24xf32>, %k: tensor<2x9x8xf32>, %v: tensor<2x9x8xf32>) -> tensor<2x8x24xf32> {
  %0 = onnx.Attention %q, %k, %v {q_num_heads = 6 : i64, kv_num_heads = 2 : i64,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<2x8x24xf32>, tensor<2x9x8xf32>, tensor<2x9x8xf32>) -> tensor<2x8x24xf32>
  return %0 : tensor<2x8x24xf32>
}
