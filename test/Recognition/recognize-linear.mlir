// RUN: vitc-opt %s --vit-recognize-linear --split-input-file | FileCheck %s

#x = affine_map<(b, m, n, k) -> (b, m, k)>
#kn = affine_map<(b, m, n, k) -> (k, n)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#channel = affine_map<(d0, d1, d2) -> (d2)>

// CHECK-LABEL: func @with_bias
// CHECK-SAME: (%[[X:.+]]: tensor<?x7x8xf32>, %[[Z:.+]]: tensor<?x7x6xf32>)
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<w> : tensor<8x6xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<b> : tensor<6xf32>
// CHECK: %[[Y:.+]] = vit.linear %[[X]], %[[W]] bias(%[[B]] : tensor<6xf32>) : (tensor<?x7x8xf32>, tensor<8x6xf32>) -> tensor<?x7x6xf32>
// CHECK: return %[[Y]]
func.func @with_bias(%x: tensor<?x7x8xf32>, %i: tensor<?x7x6xf32>) -> tensor<?x7x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<8x6xf32>
  %bias = arith.constant dense_resource<b> : tensor<6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<?x7x6xf32>) -> tensor<?x7x6xf32>
  %0 = linalg.contract indexing_maps = [#x, #kn, #y] ins(%x, %w : tensor<?x7x8xf32>, tensor<8x6xf32>) outs(%f : tensor<?x7x6xf32>) -> tensor<?x7x6xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#channel, #id, #id] ins(%bias, %0 : tensor<6xf32>, tensor<?x7x6xf32>) outs(%i : tensor<?x7x6xf32>) -> tensor<?x7x6xf32>
  return %1 : tensor<?x7x6xf32>
}

// -----

// A head: Gemm with a transposed weight; its bias keeps a dimension.
// CHECK-LABEL: func @transposed_weight
// CHECK: %[[B:.+]] = tensor.collapse_shape %{{.+}} {{\[\[0, 1\]\]}} : tensor<1x6xf32> into tensor<6xf32>
// CHECK: vit.linear %{{.+}}, %{{.+}} bias(%[[B]] : tensor<6xf32>) {transposed}
func.func @transposed_weight(%x: tensor<2x8xf32>, %i: tensor<2x6xf32>) -> tensor<2x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<6x8xf32>
  %b = arith.constant dense_resource<b> : tensor<1x6xf32>
  %bias = tensor.collapse_shape %b [[0, 1]] : tensor<1x6xf32> into tensor<6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<2x6xf32>) -> tensor<2x6xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>] ins(%x, %w : tensor<2x8xf32>, tensor<6x8xf32>) outs(%f : tensor<2x6xf32>) -> tensor<2x6xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>] ins(%0, %bias : tensor<2x6xf32>, tensor<6xf32>) outs(%i : tensor<2x6xf32>) -> tensor<2x6xf32>
  return %1 : tensor<2x6xf32>
}

// -----

#x = affine_map<(b, m, n, k) -> (b, m, k)>
#kn = affine_map<(b, m, n, k) -> (k, n)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Six tokens, six channels: the vector is added to tokens.
// CHECK-LABEL: func @sum_along_tokens
// CHECK: vit.linear %{{[^ ]+}}, %{{[^ ]+}} :
// CHECK: linalg.elementwise
func.func @sum_along_tokens(%x: tensor<2x6x8xf32>, %i: tensor<2x6x6xf32>) -> tensor<2x6x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<8x6xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  %0 = linalg.contract indexing_maps = [#x, #kn, #y] ins(%x, %w : tensor<2x6x8xf32>, tensor<8x6xf32>) outs(%f : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d1)>, #id] ins(%0, %b : tensor<2x6x6xf32>, tensor<6xf32>) outs(%i : tensor<2x6x6xf32>) -> tensor<2x6x6xf32>
  return %1 : tensor<2x6x6xf32>
}

// -----

#x = affine_map<(b, m, n, k) -> (b, m, k)>
#kn = affine_map<(b, m, n, k) -> (k, n)>
#y = affine_map<(b, m, n, k) -> (b, m, n)>
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// What is read before the bias stays.
// CHECK-LABEL: func @second_reader
// CHECK: %[[Y:.+]] = vit.linear %{{[^ ]+}}, %{{[^ ]+}} :
// CHECK: %[[S:.+]] = linalg.elementwise
// CHECK: return %[[Y]], %[[S]]
func.func @second_reader(%x: tensor<2x7x8xf32>, %i: tensor<2x7x6xf32>) -> (tensor<2x7x6xf32>, tensor<2x7x6xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<8x6xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<2x7x6xf32>) -> tensor<2x7x6xf32>
  %0 = linalg.contract indexing_maps = [#x, #kn, #y] ins(%x, %w : tensor<2x7x8xf32>, tensor<8x6xf32>) outs(%f : tensor<2x7x6xf32>) -> tensor<2x7x6xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d2)>, #id] ins(%0, %b : tensor<2x7x6xf32>, tensor<6xf32>) outs(%i : tensor<2x7x6xf32>) -> tensor<2x7x6xf32>
  return %0, %1 : tensor<2x7x6xf32>, tensor<2x7x6xf32>
}

// -----

// Rows of a picture are interpolated: no candidate.
// CHECK-LABEL: func @interpolation
// CHECK: linalg.contract
// CHECK-NOT: vit.missed
func.func @interpolation(%x: tensor<2x3x8x5xf32>, %i: tensor<2x3x9x5xf32>) -> tensor<2x3x9x5xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<8x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<2x3x9x5xf32>) -> tensor<2x3x9x5xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, c, m, n, k) -> (b, c, k, n)>, affine_map<(b, c, m, n, k) -> (k, m)>, affine_map<(b, c, m, n, k) -> (b, c, m, n)>] ins(%x, %w : tensor<2x3x8x5xf32>, tensor<8x9xf32>) outs(%f : tensor<2x3x9x5xf32>) -> tensor<2x3x9x5xf32>
  return %0 : tensor<2x3x9x5xf32>
}

// -----

// CHECK-LABEL: func @near_misses
// CHECK-NOT: vit.linear
// CHECK: linear = "the contracted dimension is not the last of the input"
// CHECK: linear = "the rows of the result are not those of the input in order"
// CHECK: linear = "the sum does not start from zero"
// CHECK: linear = "more than one dimension is contracted"
// CHECK-NOT: vit.missed
func.func @near_misses(%x: tensor<8x8x8xf32>, %i: tensor<8x8x8xf32>, %v: tensor<8x8xf32>) -> (tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8xf32>, tensor<8x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%i : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %e = tensor.empty() : tensor<8xf32>
  %g = linalg.fill ins(%zero : f32) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, m, n, k) -> (b, k, m)>, affine_map<(b, m, n, k) -> (k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>] ins(%x, %w : tensor<8x8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %1 = linalg.contract indexing_maps = [affine_map<(b, m, n, k) -> (m, b, k)>, affine_map<(b, m, n, k) -> (k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>] ins(%x, %w : tensor<8x8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %2 = linalg.contract indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>] ins(%x, %w : tensor<8x8x8xf32>, tensor<8x8xf32>) outs(%i : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  %3 = linalg.contract indexing_maps = [affine_map<(b, m, k) -> (b, m, k)>, affine_map<(b, m, k) -> (m, k)>, affine_map<(b, m, k) -> (b)>] ins(%x, %w : tensor<8x8x8xf32>, tensor<8x8xf32>) outs(%g : tensor<8xf32>) -> tensor<8xf32>
  // A product of two activations is none.
  %4 = linalg.contract indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>] ins(%x, %v : tensor<8x8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8x8xf32>) -> tensor<8x8x8xf32>
  return %0, %1, %2, %3, %4 : tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8x8x8xf32>, tensor<8xf32>, tensor<8x8x8xf32>
}

// -----

// A matrix whose size the run tells: its product stays a contraction.

// CHECK-LABEL: func @computed_weight
// CHECK-NOT: vit.linear
func.func @computed_weight(%x: tensor<2x?xf32>, %n: index, %m: index) -> tensor<2x?xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = tensor.empty(%n, %m) : tensor<?x?xf32>
  %weight = linalg.fill ins(%one : f32) outs(%w : tensor<?x?xf32>) -> tensor<?x?xf32>
  %e = tensor.empty(%n) : tensor<2x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x?xf32>) -> tensor<2x?xf32>
  %y = linalg.contract indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>]
      ins(%x, %weight : tensor<2x?xf32>, tensor<?x?xf32>) outs(%init : tensor<2x?xf32>) -> tensor<2x?xf32>
  return %y : tensor<2x?xf32>
}
