// RUN: vitc-opt %s --vit-recognize-visual-tokens --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

// X + softmax_L((X W_Q)(T W_K)ᵀ)(T W_V) of a map in images; the sum is part of it.
// CHECK-LABEL: func @project
// CHECK-SAME: (%[[MAP:[a-z0-9]+]]: tensor<2x4x2x3xf32>, %[[T:[a-z0-9]+]]: tensor<2x3x5xf32>)
// CHECK: %[[X:.+]] = linalg.transpose {{.*}} permutation = [0, 2, 1]
// CHECK-DAG: %[[Q:.+]] = linalg.contract {{.*}} ins(%[[X]], %{{.+}} : tensor<2x6x4xf32>, tensor<4x2xf32>)
// CHECK-DAG: %[[K:.+]] = linalg.contract {{.*}} ins(%[[T]], %{{.+}} : tensor<2x3x5xf32>, tensor<5x2xf32>)
// CHECK-DAG: %[[V:.+]] = linalg.contract {{.*}} ins(%[[T]], %{{.+}} : tensor<2x3x5xf32>, tensor<5x4xf32>)
// CHECK: %[[Y:.+]] = vit.project %[[X]], %[[Q]], %[[K]], %[[V]] {scale = 1.000000e+00 : f32} : {{.*}} -> tensor<2x6x4xf32>
// CHECK-NOT: elementwise_kind<add>
// CHECK: linalg.transpose
func.func @project(%x: tensor<2x4x2x3xf32>, %t: tensor<2x3x5xf32>) -> tensor<2x4x2x3xf32> {
  %zero = arith.constant 0.0 : f32
  %wq = arith.constant dense_resource<wq> : tensor<4x2xf32>
  %wk = arith.constant dense_resource<wk> : tensor<5x2xf32>
  %wv = arith.constant dense_resource<wv> : tensor<5x4xf32>
  %f0 = tensor.collapse_shape %x [[0], [1], [2, 3]] : tensor<2x4x2x3xf32> into tensor<2x4x6xf32>
  %e1 = tensor.empty() : tensor<2x6x4xf32>
  %t2 = linalg.transpose ins(%f0 : tensor<2x4x6xf32>) outs(%e1 : tensor<2x6x4xf32>) permutation = [0, 2, 1]
  %e3 = tensor.empty() : tensor<2x6x2xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<2x6x2xf32>) -> tensor<2x6x2xf32>
  %c5 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%t2, %wq : tensor<2x6x4xf32>, tensor<4x2xf32>) outs(%z4 : tensor<2x6x2xf32>) -> tensor<2x6x2xf32>
  %e6 = tensor.empty() : tensor<2x3x2xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %c8 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%t, %wk : tensor<2x3x5xf32>, tensor<5x2xf32>) outs(%z7 : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %e9 = tensor.empty() : tensor<2x3x4xf32>
  %z10 = linalg.fill ins(%zero : f32) outs(%e9 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c11 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%t, %wv : tensor<2x3x5xf32>, tensor<5x4xf32>) outs(%z10 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e12 = tensor.empty() : tensor<2x2x3xf32>
  %t13 = linalg.transpose ins(%c8 : tensor<2x3x2xf32>) outs(%e12 : tensor<2x2x3xf32>) permutation = [0, 2, 1]
  %e14 = tensor.empty() : tensor<2x6x3xf32>
  %z15 = linalg.fill ins(%zero : f32) outs(%e14 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c16 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, d, l)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%c5, %t13 : tensor<2x6x2xf32>, tensor<2x2x3xf32>) outs(%z15 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e17 = tensor.empty() : tensor<2x6x3xf32>
  %p18 = linalg.softmax dimension(2) ins(%c16 : tensor<2x6x3xf32>) outs(%e17 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e19 = tensor.empty() : tensor<2x6x4xf32>
  %z20 = linalg.fill ins(%zero : f32) outs(%e19 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c21 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p18, %c11 : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z20 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e22 = tensor.empty() : tensor<2x4x6xf32>
  %t23 = linalg.transpose ins(%c21 : tensor<2x6x4xf32>) outs(%e22 : tensor<2x4x6xf32>) permutation = [0, 2, 1]
  %g24 = tensor.expand_shape %t23 [[0], [1], [2, 3]] output_shape [2, 4, 2, 3] : tensor<2x4x6xf32> into tensor<2x4x2x3xf32>
  %e25 = tensor.empty() : tensor<2x4x2x3xf32>
  %s26 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %g24 : tensor<2x4x2x3xf32>, tensor<2x4x2x3xf32>) outs(%e25 : tensor<2x4x2x3xf32>) -> tensor<2x4x2x3xf32>
  return %s26 : tensor<2x4x2x3xf32>
}

// -----

// The ICCV 2021 text: tokens themselves are the values. Queries by a convolution; the maps have a reader.
// CHECK-LABEL: func @project_tokens_themselves
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<2x6x4xf32>, %[[T:[a-z0-9]+]]: tensor<2x3x4xf32>)
// CHECK: %[[Y:.+]], %[[M:.+]] = vit.project %[[X]], %{{.+}}, %{{.+}}, %[[T]] {{.*}} -> tensor<2x6x4xf32> maps tensor<2x6x3xf32>
// CHECK: return %[[Y]], %[[M]]
func.func @project_tokens_themselves(%x: tensor<2x6x4xf32>, %t: tensor<2x3x4xf32>) -> (tensor<2x6x4xf32>, tensor<2x6x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %wq = arith.constant dense_resource<wq> : tensor<4x4x1x1xf32>
  %wk = arith.constant dense_resource<wk> : tensor<4x4xf32>
  %e0 = tensor.empty() : tensor<2x4x6xf32>
  %t1 = linalg.transpose ins(%x : tensor<2x6x4xf32>) outs(%e0 : tensor<2x4x6xf32>) permutation = [0, 2, 1]
  %g2 = tensor.expand_shape %t1 [[0], [1], [2, 3]] output_shape [2, 4, 2, 3] : tensor<2x4x6xf32> into tensor<2x4x2x3xf32>
  %k3 = vit.conv %g2, %wq {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<2x4x2x3xf32>, tensor<4x4x1x1xf32>) -> tensor<2x4x2x3xf32>
  %f4 = tensor.collapse_shape %k3 [[0], [1], [2, 3]] : tensor<2x4x2x3xf32> into tensor<2x4x6xf32>
  %e5 = tensor.empty() : tensor<2x6x4xf32>
  %t6 = linalg.transpose ins(%f4 : tensor<2x4x6xf32>) outs(%e5 : tensor<2x6x4xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty() : tensor<2x3x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%t, %wk : tensor<2x3x4xf32>, tensor<4x4xf32>) outs(%z8 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e10 = tensor.empty() : tensor<2x6x3xf32>
  %z11 = linalg.fill ins(%zero : f32) outs(%e10 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c12 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%t6, %c9 : tensor<2x6x4xf32>, tensor<2x3x4xf32>) outs(%z11 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e13 = tensor.empty() : tensor<2x6x3xf32>
  %p14 = linalg.softmax dimension(2) ins(%c12 : tensor<2x6x3xf32>) outs(%e13 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e15 = tensor.empty() : tensor<2x6x4xf32>
  %z16 = linalg.fill ins(%zero : f32) outs(%e15 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c17 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p14, %t : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z16 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e18 = tensor.empty() : tensor<2x6x4xf32>
  %s19 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c17, %x : tensor<2x6x4xf32>, tensor<2x6x4xf32>) outs(%e18 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  return %s19, %p14 : tensor<2x6x4xf32>, tensor<2x6x3xf32>
}
