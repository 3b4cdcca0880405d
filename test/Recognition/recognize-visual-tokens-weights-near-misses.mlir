// RUN: vitc-opt %s --vit-recognize-visual-tokens --split-input-file | FileCheck %s

// A bias of each position changes the maps.
// CHECK-LABEL: func @position_bias
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "an addend varies from position to position"
func.func @position_bias(%x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %p = arith.constant dense_resource<p> : tensor<6x3xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %s4 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%c2, %p : tensor<?x6x3xf32>, tensor<6x3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p6 = linalg.softmax dimension(1) ins(%s4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e7 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t8 = linalg.transpose ins(%p6 : tensor<?x6x3xf32>) outs(%e7 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e9 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z10 = linalg.fill ins(%zero : f32) outs(%e9 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c11 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t8, %x : tensor<?x3x6xf32>, tensor<?x6x4xf32>) outs(%z10 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %c11 : tensor<?x3x4xf32>
}

// -----

// Softmax of −∞ everywhere is NaN: such a bias does not go.
// CHECK-LABEL: func @infinite_bias
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "an addend is no constant of finite elements"
func.func @infinite_bias(%x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %p = arith.constant dense<[0.0, 1.0, 0xFF800000]> : tensor<3xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %s4 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%c2, %p : tensor<?x6x3xf32>, tensor<3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p6 = linalg.softmax dimension(1) ins(%s4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e7 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t8 = linalg.transpose ins(%p6 : tensor<?x6x3xf32>) outs(%e7 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e9 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z10 = linalg.fill ins(%zero : f32) outs(%e9 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c11 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t8, %x : tensor<?x3x6xf32>, tensor<?x6x4xf32>) outs(%z10 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %c11 : tensor<?x3x4xf32>
}

// -----

// Weights of two heads: an attention.
// CHECK-LABEL: func @two_heads
// CHECK-NOT: vit.tokenize
// CHECK-NOT: vit.missed
func.func @two_heads(%x: tensor<?x6x8xf32>) -> tensor<?x3x2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x8xf32>
  %heads = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [%b, 6, 2, 4] : tensor<?x6x8xf32> into tensor<?x6x2x4xf32>
  %w = arith.constant dense_resource<w> : tensor<2x3x4xf32>
  %e0 = tensor.empty(%b) : tensor<?x2x3x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, h, l, p, d) -> (b, p, h, d)>, affine_map<(b, h, l, p, d) -> (h, l, d)>, affine_map<(b, h, l, p, d) -> (b, h, l, p)>] ins(%heads, %w : tensor<?x6x2x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %e3 = tensor.empty(%b) : tensor<?x2x3x6xf32>
  %p4 = linalg.softmax dimension(3) ins(%c2 : tensor<?x2x3x6xf32>) outs(%e3 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %e5 = tensor.empty(%b) : tensor<?x3x2x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<?x3x2x4xf32>) -> tensor<?x3x2x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, l, h, e, p) -> (b, h, l, p)>, affine_map<(b, l, h, e, p) -> (b, p, h, e)>, affine_map<(b, l, h, e, p) -> (b, l, h, e)>] ins(%p4, %heads : tensor<?x2x3x6xf32>, tensor<?x6x2x4xf32>) outs(%z6 : tensor<?x3x2x4xf32>) -> tensor<?x3x2x4xf32>
  return %c7 : tensor<?x3x2x4xf32>
}

// -----

// Weights that are the same for all pictures, but not for both maps of one: an attention.
// CHECK-LABEL: func @two_maps_of_a_picture
// CHECK-NOT: vit.tokenize
// CHECK-NOT: vit.missed
func.func @two_maps_of_a_picture(%x: tensor<?x6x2x4xf32>) -> tensor<?x3x2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x2x4xf32>
  %w = arith.constant dense_resource<w> : tensor<2x3x4xf32>
  %e0 = tensor.empty(%b) : tensor<?x2x3x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, h, l, p, d) -> (b, p, h, d)>, affine_map<(b, h, l, p, d) -> (h, l, d)>, affine_map<(b, h, l, p, d) -> (b, h, l, p)>] ins(%x, %w : tensor<?x6x2x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %e3 = tensor.empty(%b) : tensor<?x2x3x6xf32>
  %p4 = linalg.softmax dimension(3) ins(%c2 : tensor<?x2x3x6xf32>) outs(%e3 : tensor<?x2x3x6xf32>) -> tensor<?x2x3x6xf32>
  %e5 = tensor.empty(%b) : tensor<?x3x2x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<?x3x2x4xf32>) -> tensor<?x3x2x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, l, h, e, p) -> (b, h, l, p)>, affine_map<(b, l, h, e, p) -> (b, p, h, e)>, affine_map<(b, l, h, e, p) -> (b, l, h, e)>] ins(%p4, %x : tensor<?x2x3x6xf32>, tensor<?x6x2x4xf32>) outs(%z6 : tensor<?x3x2x4xf32>) -> tensor<?x3x2x4xf32>
  return %c7 : tensor<?x3x2x4xf32>
}
