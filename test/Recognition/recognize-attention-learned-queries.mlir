// RUN: vitc-opt %s --vit-recognize-attention --split-input-file | FileCheck %s

#probs = affine_map<(b, m, e, n) -> (b, m, n)>
#values = affine_map<(b, m, e, n) -> (b, n, e)>
#out = affine_map<(b, m, e, n) -> (b, m, e)>

// The queries are the same for every picture: they are repeated.
// CHECK-LABEL: func @learned_queries
// CHECK-SAME: (%[[Q:.+]]: tensor<3x4xf32>,
// CHECK: %[[ONE:.+]] = tensor.expand_shape %[[Q]] {{\[\[}}0, 1], [2]] output_shape [3, 1, 4]
// CHECK: %[[ALL:.+]] = linalg.broadcast ins(%[[ONE]] : tensor<3x1x4xf32>) outs(%{{.+}} : tensor<?x3x1x4xf32>) dimensions = [0]
// CHECK: vit.attention %[[ALL]], %{{.+}}, %{{.+}} {scale = 1.000000e+00 : f32} : (tensor<?x3x1x4xf32>, tensor<?x6x1x4xf32>, tensor<?x6x1x4xf32>)
func.func @learned_queries(%q: tensor<3x4xf32>, %x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
  %f = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %i = tensor.empty(%b) : tensor<?x3x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, m, n, d) -> (m, d)>, affine_map<(b, m, n, d) -> (b, n, d)>, affine_map<(b, m, n, d) -> (b, m, n)>] ins(%q, %x : tensor<3x4xf32>, tensor<?x6x4xf32>) outs(%z : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<?x3x6xf32>) outs(%i : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  %o = tensor.empty(%b) : tensor<?x3x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %y = linalg.contract indexing_maps=[#probs, #values, #out] ins(%p, %x : tensor<?x3x6xf32>, tensor<?x6x4xf32>) outs(%oz : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %y : tensor<?x3x4xf32>
}

// -----

#probs = affine_map<(b, m, e, n) -> (b, m, n)>
#values = affine_map<(b, m, e, n) -> (b, n, e)>
#out = affine_map<(b, m, e, n) -> (b, m, e)>

// Keys are read as the columns of a matrix of tokens, values as its rows.
// CHECK-LABEL: func @shuffled_keys
// CHECK-NOT: vit.attention
// CHECK: attention = "keys and values count the tokens in different orders"
func.func @shuffled_keys(%q: tensor<2x3x4xf32>, %x: tensor<2x6x4xf32>) -> tensor<2x3x4xf32> {
  %f = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0], [1, 2], [3]] output_shape [2, 2, 3, 4] : tensor<2x6x4xf32> into tensor<2x2x3x4xf32>
  %ti = tensor.empty() : tensor<2x3x2x4xf32>
  %t = linalg.transpose ins(%e : tensor<2x2x3x4xf32>) outs(%ti : tensor<2x3x2x4xf32>) permutation = [0, 2, 1, 3]
  %k = tensor.collapse_shape %t [[0], [1, 2], [3]] : tensor<2x3x2x4xf32> into tensor<2x6x4xf32>
  %i = tensor.empty() : tensor<2x3x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, m, n, d) -> (b, m, d)>, affine_map<(b, m, n, d) -> (b, n, d)>, affine_map<(b, m, n, d) -> (b, m, n)>] ins(%q, %k : tensor<2x3x4xf32>, tensor<2x6x4xf32>) outs(%z : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x3x6xf32>) outs(%i : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %o = tensor.empty() : tensor<2x3x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %y = linalg.contract indexing_maps=[#probs, #values, #out] ins(%p, %x : tensor<2x3x6xf32>, tensor<2x6x4xf32>) outs(%oz : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %y : tensor<2x3x4xf32>
}
