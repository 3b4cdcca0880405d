// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// The weight has no batch: it is a matrix in the maps, not a broadcast.

// CHECK-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$W:.+]] = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
// CHECK-DAG: #[[$Y:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.+]]: tensor<2x197x384xf32>, %[[W:.+]]: tensor<384x64xf32>
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<2x197x64xf32>
// CHECK: %[[INIT:.+]] = linalg.fill ins(%[[ZERO]] : f32) outs(%[[EMPTY]] : tensor<2x197x64xf32>)
// CHECK: linalg.contract indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]] ins(%[[X]], %[[W]] : {{.+}}) outs(%[[INIT]] : {{.+}})
func.func @linear(%x: tensor<2x197x384xf32>, %w: tensor<384x64xf32>) -> tensor<2x197x64xf32> {
  %0 = onnx.MatMul %x, %w : (tensor<2x197x384xf32>, tensor<384x64xf32>) -> tensor<2x197x64xf32>
  return %0 : tensor<2x197x64xf32>
}

// -----

// CHECK-DAG: #[[$Q:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
// CHECK-DAG: #[[$K:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-DAG: #[[$S:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
// CHECK-LABEL: @scores
// CHECK: linalg.contract indexing_maps = [#[[$Q]], #[[$K]], #[[$S]]]
func.func @scores(%q: tensor<1x6x197x64xf32>, %k: tensor<1x6x64x197xf32>) -> tensor<1x6x197x197xf32> {
  %0 = onnx.MatMul %q, %k : (tensor<1x6x197x64xf32>, tensor<1x6x64x197xf32>) -> tensor<1x6x197x197xf32>
  return %0 : tensor<1x6x197x197xf32>
}

// -----

// A unit batch dimension that is broadcast leaves the operand.

// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d1, d2, d4)>
// CHECK-DAG: #[[$B:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d3)>
// CHECK-LABEL: @broadcast_batch
// CHECK-SAME: %[[A:.+]]: tensor<1x3x4x5xf32>, %[[B:.+]]: tensor<2x1x5x6xf32>
// CHECK-DAG: %[[A3:.+]] = tensor.collapse_shape %[[A]] {{\[\[}}0, 1], [2], [3]] : {{.+}} into tensor<3x4x5xf32>
// CHECK-DAG: %[[B3:.+]] = tensor.collapse_shape %[[B]] {{\[\[}}0, 1], [2], [3]] : {{.+}} into tensor<2x5x6xf32>
// CHECK: linalg.contract indexing_maps = [#[[$A]], #[[$B]], #{{.+}}] ins(%[[A3]], %[[B3]] : {{.+}}) {{.+}} -> tensor<2x3x4x6xf32>
func.func @broadcast_batch(%a: tensor<1x3x4x5xf32>, %b: tensor<2x1x5x6xf32>) -> tensor<2x3x4x6xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<1x3x4x5xf32>, tensor<2x1x5x6xf32>) -> tensor<2x3x4x6xf32>
  return %0 : tensor<2x3x4x6xf32>
}

// -----

// A constant goes second, and loses its unit batch.

// CHECK-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d3, d2)>
// CHECK-DAG: #[[$W:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d3)>
// CHECK-LABEL: @constant_first
// CHECK-SAME: %[[X:.+]]: tensor<1x5x6xf32>
// CHECK: %[[W:.+]] = arith.constant dense<1.000000e+00> : tensor<4x5xf32>
// CHECK: linalg.contract indexing_maps = [#[[$X]], #[[$W]], #{{.+}}] ins(%[[X]], %[[W]] :
func.func @constant_first(%x: tensor<1x5x6xf32>) -> tensor<1x4x6xf32> {
  %w = onnx.Constant dense<1.0> : tensor<1x4x5xf32> : tensor<1x4x5xf32>
  %0 = onnx.MatMul %w, %x : (tensor<1x4x5xf32>, tensor<1x5x6xf32>) -> tensor<1x4x6xf32>
  return %0 : tensor<1x4x6xf32>
}

// -----

// CHECK-DAG: #[[$M:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$V:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$R:.+]] = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: @matrix_vector
// CHECK: linalg.contract indexing_maps = [#[[$M]], #[[$V]], #[[$R]]]
func.func @matrix_vector(%a: tensor<4x5xf32>, %b: tensor<5xf32>) -> tensor<4xf32> {
  %0 = onnx.MatMul %a, %b : (tensor<4x5xf32>, tensor<5xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-DAG: #[[$A:.+]] = affine_map<(d0, d1, d2) -> (d2, d0)>
// CHECK-DAG: #[[$B:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: @gemm
// CHECK: %[[PRODUCT:.+]] = linalg.contract indexing_maps = [#[[$A]], #[[$B]], #{{.+}}]
// CHECK: %[[HALF:.+]] = arith.constant dense<5.000000e-01> : tensor<f32>
// CHECK: %[[SCALED:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.+}} ins(%[[PRODUCT]], %[[HALF]] :
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.+}} ins(%[[SCALED]], %{{.+}} : tensor<4x6xf32>, tensor<6xf32>)
func.func @gemm(%a: tensor<5x4xf32>, %b: tensor<6x5xf32>, %c: tensor<6xf32>) -> tensor<4x6xf32> {
  %0 = onnx.Gemm %a, %b, %c {alpha = 5.000000e-01 : f32, trans_a = true, trans_b = true}
    : (tensor<5x4xf32>, tensor<6x5xf32>, tensor<6xf32>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// Three operands are two products; what only one operand has is summed before.

// CHECK-LABEL: @einsum
// CHECK-SAME: %[[A:.+]]: tensor<2x3xf32>, %[[B:.+]]: tensor<3x4x5xf32>, %[[C:.+]]: tensor<4x6xf32>
// CHECK: %[[SUM:.+]] = linalg.reduce ins(%[[B]] : tensor<3x4x5xf32>) {{.+}} dimensions = [2]
// CHECK: %[[AB:.+]] = linalg.contract {{.+}} ins(%[[A]], %[[SUM]] : tensor<2x3xf32>, tensor<3x4xf32>)
// CHECK: linalg.contract {{.+}} ins(%[[AB]], %[[C]] : tensor<2x4xf32>, tensor<4x6xf32>) {{.+}} -> tensor<6x2xf32>
func.func @einsum(%a: tensor<2x3xf32>, %b: tensor<3x4x5xf32>, %c: tensor<4x6xf32>) -> tensor<6x2xf32> {
  %0 = onnx.Einsum %a, %b, %c {equation = "ij, jkz, kl -> li"} : (tensor<2x3xf32>, tensor<3x4x5xf32>, tensor<4x6xf32>) -> tensor<6x2xf32>
  return %0 : tensor<6x2xf32>
}
