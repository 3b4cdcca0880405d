// RUN: vitc-opt %s --vit-recognize-attention --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Queries and keys are five each: only the axis tells them apart.
// CHECK-LABEL: func @softmax_over_queries
// CHECK-NOT: vit.attention
// CHECK: attention = "softmax does not run over the contracted keys"
func.func @softmax_over_queries(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(2) ins(%scores : tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i5 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i5 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// The probabilities are transposed before the product.
// CHECK-LABEL: func @transposed_probs
// CHECK-NOT: vit.attention
// CHECK: attention = "softmax does not run over the contracted keys"
func.func @transposed_probs(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %pt = linalg.transpose ins(%p : tensor<?x2x5x5xf32>) outs(%i4 : tensor<?x2x5x5xf32>) permutation = [0, 1, 3, 2]
  %i5 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%pt, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i6 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i6 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Feature 2·i + j of the queries meets feature 2·j + i of the keys.
// CHECK-LABEL: func @permuted_features
// CHECK-NOT: vit.attention
// CHECK: attention = "queries or keys are contracted over features that are not contiguous in order"
func.func @permuted_features(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k5 = tensor.expand_shape %k [[0], [1], [2], [3, 4]] output_shape [%b, 2, 5, 2, 2] : tensor<?x2x5x4xf32> into tensor<?x2x5x2x2xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x2x2xf32>
  %k5t = linalg.transpose ins(%k5 : tensor<?x2x5x2x2xf32>) outs(%i2 : tensor<?x2x5x2x2xf32>) permutation = [0, 1, 2, 4, 3]
  %kp = tensor.collapse_shape %k5t [[0], [1], [2], [3, 4]] : tensor<?x2x5x2x2xf32> into tensor<?x2x5x4xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z3 = linalg.fill ins(%zero : f32) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %kp : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i6 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i6 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Every key has its own factor.
// CHECK-LABEL: func @vector_scale
// CHECK-NOT: vit.attention
// CHECK: attention = "the scores do not come from a contraction"
func.func @vector_scale(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %raw = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %factors = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, affine_map<(d0, d1, d2, d3) -> (d3)>, #id] ins(%raw, %factors : tensor<?x2x5x5xf32>, tensor<5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i6 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i6 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// CHECK-LABEL: func @sum_of_two_products
// CHECK-NOT: vit.attention
// CHECK: attention = "both sides of a sum are products"
func.func @sum_of_two_products(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %raw = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%raw, %raw : tensor<?x2x5x5xf32>, tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z5 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i6 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i6 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// The scores are read as if queries came before heads.
// CHECK-LABEL: func @scrambled_scores
// CHECK-NOT: vit.attention
// CHECK: attention = "a reshape cuts a dimension of extents 2x5 into 5x2"
func.func @scrambled_scores(%x: tensor<2x5x24xf32>) -> (tensor<2x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 2, 4] : tensor<2x5x24xf32> into tensor<2x5x3x2x4xf32>
  %i1 = tensor.empty() : tensor<3x2x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<2x5x3x2x4xf32>) outs(%i1 : tensor<3x2x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %i2 = tensor.empty() : tensor<2x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %raw = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<2x2x5x4xf32>, tensor<2x2x5x4xf32>) outs(%z2 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %flat = tensor.collapse_shape %raw [[0], [1, 2], [3]] : tensor<2x2x5x5xf32> into tensor<2x10x5xf32>
  %scr = tensor.expand_shape %flat [[0], [1, 2], [3]] output_shape [2, 5, 2, 5] : tensor<2x10x5xf32> into tensor<2x5x2x5xf32>
  %i3 = tensor.empty() : tensor<2x2x5x5xf32>
  %scores = linalg.transpose ins(%scr : tensor<2x5x2x5xf32>) outs(%i3 : tensor<2x2x5x5xf32>) permutation = [0, 2, 1, 3]
  %i4 = tensor.empty() : tensor<2x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<2x2x5x5xf32>) outs(%i4 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %i5 = tensor.empty() : tensor<2x2x5x4xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x2x5x5xf32>, tensor<2x2x5x4xf32>) outs(%z5 : tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %i6 = tensor.empty() : tensor<2x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<2x2x5x4xf32>) outs(%i6 : tensor<2x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
  return %y : tensor<2x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// CHECK-LABEL: func @two_products
// CHECK-NOT: vit.attention
// CHECK: attention = "several contractions read the probabilities"
func.func @two_products(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>, tensor<?x2x5x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i5 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i5 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  %i6 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%i6 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o2 = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %k : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z6 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  return %y, %o2 : tensor<?x5x8xf32>, tensor<?x2x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// CHECK-LABEL: func @classifier
// CHECK-NOT: vit.attention
// CHECK: attention = "no contraction reads the probabilities"
func.func @classifier(%x: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x8xf32>
  %i1 = tensor.empty(%b) : tensor<?x8xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<?x8xf32>) outs(%i1 : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// All heads of the queries meet the keys of head 0.
// CHECK-LABEL: func @keys_of_one_head
// CHECK-NOT: vit.attention
// CHECK: attention = "keys or values are the same for a part of the batch or heads"
func.func @keys_of_one_head(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k0 = tensor.extract_slice %k[0, 0, 0, 0] [%b, 1, 5, 4] [1, 1, 1, 1] : tensor<?x2x5x4xf32> to tensor<?x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, affine_map<(b, h, m, n, d) -> (b, n, d)>, #s] ins(%q, %k0 : tensor<?x2x5x4xf32>, tensor<?x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i5 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i5 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}
