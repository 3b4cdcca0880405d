// RUN: vitc-opt %s --vit-recognize-visual-tokens --split-input-file | FileCheck %s

// Softmax over tokens: maps of a token do not sum to one.
// CHECK-LABEL: func @softmax_over_tokens
// CHECK-NOT: vit.tokenize
// CHECK-NOT: vit.missed
func.func @softmax_over_tokens(%x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<?x6x3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t6 = linalg.transpose ins(%p4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t6, %x : tensor<?x3x6xf32>, tensor<?x6x4xf32>) outs(%z8 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %c9 : tensor<?x3x4xf32>
}

// -----

// Another map is pooled than the scores are made of.
// CHECK-LABEL: func @other_source
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "what is pooled is not what the scores are made of"
func.func @other_source(%x: tensor<2x6x4xf32>, %y: tensor<2x6x4xf32>) -> tensor<2x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<2x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(1) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x3x6xf32>
  %t6 = linalg.transpose ins(%p4 : tensor<2x6x3xf32>) outs(%e5 : tensor<2x3x6xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty() : tensor<2x3x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t6, %y : tensor<2x3x6xf32>, tensor<2x6x4xf32>) outs(%z8 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %c9 : tensor<2x3x4xf32>
}

// -----

// The same map, but by columns: as many positions in another order.
// CHECK-LABEL: func @turned_map
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "what is pooled is not what the scores are made of"
func.func @turned_map(%x: tensor<?x4x2x2xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x4x2x2xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %f0 = tensor.collapse_shape %x [[0], [1], [2, 3]] : tensor<?x4x2x2xf32> into tensor<?x4x4xf32>
  %e1 = tensor.empty(%b) : tensor<?x4x4xf32>
  %t2 = linalg.transpose ins(%f0 : tensor<?x4x4xf32>) outs(%e1 : tensor<?x4x4xf32>) permutation = [0, 2, 1]
  %e3 = tensor.empty(%b) : tensor<?x4x2x2xf32>
  %t4 = linalg.transpose ins(%x : tensor<?x4x2x2xf32>) outs(%e3 : tensor<?x4x2x2xf32>) permutation = [0, 1, 3, 2]
  %f5 = tensor.collapse_shape %t4 [[0], [1], [2, 3]] : tensor<?x4x2x2xf32> into tensor<?x4x4xf32>
  %e6 = tensor.empty(%b) : tensor<?x4x4xf32>
  %t7 = linalg.transpose ins(%f5 : tensor<?x4x4xf32>) outs(%e6 : tensor<?x4x4xf32>) permutation = [0, 2, 1]
  %e8 = tensor.empty(%b) : tensor<?x4x3xf32>
  %z9 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<?x4x3xf32>) -> tensor<?x4x3xf32>
  %c10 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%t2, %w : tensor<?x4x4xf32>, tensor<4x3xf32>) outs(%z9 : tensor<?x4x3xf32>) -> tensor<?x4x3xf32>
  %e11 = tensor.empty(%b) : tensor<?x4x3xf32>
  %p12 = linalg.softmax dimension(1) ins(%c10 : tensor<?x4x3xf32>) outs(%e11 : tensor<?x4x3xf32>) -> tensor<?x4x3xf32>
  %e13 = tensor.empty(%b) : tensor<?x3x4xf32>
  %t14 = linalg.transpose ins(%p12 : tensor<?x4x3xf32>) outs(%e13 : tensor<?x3x4xf32>) permutation = [0, 2, 1]
  %e15 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z16 = linalg.fill ins(%zero : f32) outs(%e15 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c17 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t14, %t7 : tensor<?x3x4xf32>, tensor<?x4x4xf32>) outs(%z16 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %c17 : tensor<?x3x4xf32>
}

// -----

// Two layers before what is pooled.
// CHECK-LABEL: func @two_layers
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "what is pooled is not what the scores are made of"
func.func @two_layers(%x: tensor<?x6x4xf32>) -> tensor<?x3x5xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %v = arith.constant dense_resource<v> : tensor<4x4xf32>
  %u = arith.constant dense_resource<u> : tensor<4x5xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p4 = linalg.softmax dimension(1) ins(%c2 : tensor<?x6x3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t6 = linalg.transpose ins(%p4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty(%b) : tensor<?x6x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%x, %v : tensor<?x6x4xf32>, tensor<4x4xf32>) outs(%z8 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %e10 = tensor.empty(%b) : tensor<?x6x5xf32>
  %z11 = linalg.fill ins(%zero : f32) outs(%e10 : tensor<?x6x5xf32>) -> tensor<?x6x5xf32>
  %c12 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%c9, %u : tensor<?x6x4xf32>, tensor<4x5xf32>) outs(%z11 : tensor<?x6x5xf32>) -> tensor<?x6x5xf32>
  %e13 = tensor.empty(%b) : tensor<?x3x5xf32>
  %z14 = linalg.fill ins(%zero : f32) outs(%e13 : tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %c15 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t6, %c12 : tensor<?x3x6xf32>, tensor<?x6x5xf32>) outs(%z14 : tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  return %c15 : tensor<?x3x5xf32>
}

// -----

// Weights that an input gives: whether they are tokens is not known.
// CHECK-LABEL: func @weights_of_an_input
// CHECK-NOT: vit.tokenize
// CHECK: tokenize = "the weights depend on the input other than through tokens"
func.func @weights_of_an_input(%x: tensor<2x6x4xf32>, %w: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x3x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, l, p, c) -> (b, l, c)>, affine_map<(b, l, p, c) -> (b, p, c)>, affine_map<(b, l, p, c) -> (b, l, p)>] ins(%w, %x : tensor<2x3x4xf32>, tensor<2x6x4xf32>) outs(%z1 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %e3 = tensor.empty() : tensor<2x3x6xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<2x3x6xf32>) outs(%e3 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %e5 = tensor.empty() : tensor<2x3x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%p4, %x : tensor<2x3x6xf32>, tensor<2x6x4xf32>) outs(%z6 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %c7 : tensor<2x3x4xf32>
}

// -----

// Tokens that read one another: an attention, not a tokenizer of tokens.
// CHECK-LABEL: func @among_tokens
// CHECK-COUNT-1: vit.tokenize
// CHECK-NOT: vit.tokenize
// CHECK: linalg.softmax
// CHECK-NOT: vit.missed
func.func @among_tokens(%x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p4 = linalg.softmax dimension(1) ins(%c2 : tensor<?x6x3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t6 = linalg.transpose ins(%p4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t6, %x : tensor<?x3x6xf32>, tensor<?x6x4xf32>) outs(%z8 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %e10 = tensor.empty(%b) : tensor<?x3x3xf32>
  %z11 = linalg.fill ins(%zero : f32) outs(%e10 : tensor<?x3x3xf32>) -> tensor<?x3x3xf32>
  %c12 = linalg.contract indexing_maps = [affine_map<(b, m, n, c) -> (b, m, c)>, affine_map<(b, m, n, c) -> (b, n, c)>, affine_map<(b, m, n, c) -> (b, m, n)>] ins(%c9, %c9 : tensor<?x3x4xf32>, tensor<?x3x4xf32>) outs(%z11 : tensor<?x3x3xf32>) -> tensor<?x3x3xf32>
  %e13 = tensor.empty(%b) : tensor<?x3x3xf32>
  %p14 = linalg.softmax dimension(2) ins(%c12 : tensor<?x3x3xf32>) outs(%e13 : tensor<?x3x3xf32>) -> tensor<?x3x3xf32>
  %e15 = tensor.empty(%b) : tensor<?x3x4xf32>
  %z16 = linalg.fill ins(%zero : f32) outs(%e15 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %c17 = linalg.contract indexing_maps = [affine_map<(b, m, e, n) -> (b, m, n)>, affine_map<(b, m, e, n) -> (b, n, e)>, affine_map<(b, m, e, n) -> (b, m, e)>] ins(%p14, %c9 : tensor<?x3x3xf32>, tensor<?x3x4xf32>) outs(%z16 : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  return %c17 : tensor<?x3x4xf32>
}
