// RUN: vitc-opt %s --convert-onnx-to-linalg --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @layer_norm
// CHECK-SAME: %[[X:.+]]: tensor<2x197x384xf32>, %[[S:.+]]: tensor<384xf32>, %[[B:.+]]: tensor<384xf32>
// CHECK: vit.layer_norm %[[X]] scale(%[[S]] : tensor<384xf32>) bias(%[[B]] : tensor<384xf32>) {epsilon = 9.99999997E-7 : f32} : tensor<2x197x384xf32>
func.func @layer_norm(%x: tensor<2x197x384xf32>, %s: tensor<384xf32>, %b: tensor<384xf32>) -> tensor<2x197x384xf32> {
  %0 = onnx.LayerNormalization %x, %s, %b {epsilon = 1.0e-6 : f32}
    : (tensor<2x197x384xf32>, tensor<384xf32>, tensor<384xf32>) -> tensor<2x197x384xf32>
  return %0 : tensor<2x197x384xf32>
}

// -----

// Several dimensions become one.

// CHECK-LABEL: @two_dims
// CHECK-SAME: %[[X:.+]]: tensor<2x3x4xf32>, %[[S:.+]]: tensor<3x4xf32>
// CHECK-DAG: %[[ROWS:.+]] = tensor.collapse_shape %[[X]] {{\[\[}}0], [1, 2]]
// CHECK-DAG: %[[SCALE:.+]] = tensor.collapse_shape %[[S]] {{\[\[}}0, 1]]
// CHECK: %[[Y:.+]] = vit.layer_norm %[[ROWS]] scale(%[[SCALE]] : tensor<12xf32>)
// CHECK: tensor.expand_shape %[[Y]] {{\[\[}}0], [1, 2]]
func.func @two_dims(%x: tensor<2x3x4xf32>, %s: tensor<3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = onnx.LayerNormalization %x, %s {axis = 1 : i64}
    : (tensor<2x3x4xf32>, tensor<3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// Near misses: a statistic that is read, a scale that depends on the row.

// CHECK-LABEL: @statistic_is_read
// CHECK-NOT: vit.layer_norm
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<rsqrt>
func.func @statistic_is_read(%x: tensor<2x4xf32>, %s: tensor<4xf32>) -> tensor<2x1xf32> {
  %0, %1 = onnx.LayerNormalization %x, %s : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> inv_std_dev tensor<2x1xf32>
  return %1 : tensor<2x1xf32>
}

// CHECK-LABEL: @scale_of_a_row
// CHECK-NOT: vit.layer_norm
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<rsqrt>
func.func @scale_of_a_row(%x: tensor<2x4xf32>, %s: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %0 = onnx.LayerNormalization %x, %s : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// 3 / √(3 + 1) = 1.5; 1 − 2 · 1.5 = −2.

// CHECK-DAG: #[[$CHANNEL:.+]] = affine_map<(d0, d1, d2, d3) -> (d1)>
// CHECK-LABEL: @batch_norm_of_constants
// CHECK-SAME: %[[X:.+]]: tensor<1x2x3x3xf32>
// CHECK-DAG: %[[FACTOR:.+]] = arith.constant dense<1.500000e+00> : tensor<2xf32>
// CHECK-DAG: %[[SHIFT:.+]] = arith.constant dense<-2.000000e+00> : tensor<2xf32>
// CHECK: %[[SCALED:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#{{.+}}, #[[$CHANNEL]], #{{.+}}] ins(%[[X]], %[[FACTOR]] :
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.+}} ins(%[[SCALED]], %[[SHIFT]] :
func.func @batch_norm_of_constants(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %s = onnx.Constant dense<3.0> : tensor<2xf32> : tensor<2xf32>
  %b = onnx.Constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %m = onnx.Constant dense<2.0> : tensor<2xf32> : tensor<2xf32>
  %0 = onnx.BatchNormalization %x, %s, %b, %m, %s {epsilon = 1.0 : f32}
    : (tensor<1x2x3x3xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x3x3xf32>
  return %0 : tensor<1x2x3x3xf32>
}

// -----

// CHECK-LABEL: @rms_norm
// CHECK-SAME: %[[X:.+]]: tensor<2x4xf32>, %[[S:.+]]: tensor<4xf32>
// CHECK: vit.rms_norm %[[X]] scale(%[[S]] : tensor<4xf32>) {epsilon = 9.99999974E-6 : f32}
func.func @rms_norm(%x: tensor<2x4xf32>, %s: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = onnx.RMSNormalization %x, %s : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// A scale for each token is no scale of a vit.rms_norm.

// CHECK-LABEL: @rms_norm_of_tokens
// CHECK-SAME: %[[X:.+]]: tensor<2x4xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<square> {{.*}}ins(%[[X]] :
// CHECK: linalg.reduce
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<rsqrt>
func.func @rms_norm_of_tokens(%x: tensor<2x4xf32>, %s: tensor<2x1xf32>) -> tensor<2x4xf32> {
  %0 = onnx.RMSNormalization %x, %s : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}
