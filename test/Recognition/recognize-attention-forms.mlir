// RUN: vitc-opt %s --vit-recognize-attention --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Separate queries, keys and values; the quotient by √d on the scores.
// CHECK-LABEL: func @hugging_face_any_batch
// CHECK: vit.attention {{.+}} {scale = 5.000000e-01 : f32}
// CHECK-NEXT: tensor.collapse_shape
// CHECK-NEXT: return
func.func @hugging_face_any_batch(%x: tensor<?x5x8xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x8xf32>
  %wq = arith.constant dense_resource<wq> : tensor<8x8xf32>
  %query = vit.linear %x, %wq : (tensor<?x5x8xf32>, tensor<8x8xf32>) -> tensor<?x5x8xf32>
  %qe = tensor.expand_shape %query [[0], [1], [2, 3]] output_shape [%b, 5, 2, 4] : tensor<?x5x8xf32> into tensor<?x5x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %q = linalg.transpose ins(%qe : tensor<?x5x2x4xf32>) outs(%i1 : tensor<?x2x5x4xf32>) permutation = [0, 2, 1, 3]
  %wk = arith.constant dense_resource<wk> : tensor<8x8xf32>
  %key = vit.linear %x, %wk : (tensor<?x5x8xf32>, tensor<8x8xf32>) -> tensor<?x5x8xf32>
  %ke = tensor.expand_shape %key [[0], [1], [2, 3]] output_shape [%b, 5, 2, 4] : tensor<?x5x8xf32> into tensor<?x5x2x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x4x5xf32>
  %k = linalg.transpose ins(%ke : tensor<?x5x2x4xf32>) outs(%i2 : tensor<?x2x4x5xf32>) permutation = [0, 2, 3, 1]
  %wv = arith.constant dense_resource<wv> : tensor<8x8xf32>
  %value = vit.linear %x, %wv : (tensor<?x5x8xf32>, tensor<8x8xf32>) -> tensor<?x5x8xf32>
  %ve = tensor.expand_shape %value [[0], [1], [2, 3]] output_shape [%b, 5, 2, 4] : tensor<?x5x8xf32> into tensor<?x5x2x4xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %v = linalg.transpose ins(%ve : tensor<?x5x2x4xf32>) outs(%i3 : tensor<?x2x5x4xf32>) permutation = [0, 2, 1, 3]
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %raw = linalg.contract indexing_maps = [#q, #kt, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x4x5xf32>) outs(%z4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %s_scores = arith.constant dense<2.0> : tensor<f32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%raw, %s_scores : tensor<?x2x5x5xf32>, tensor<f32>) outs(%i5 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i6 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i6 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i7 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%i7 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z7 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i8 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i8 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
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

// Separate queries, keys and values; the quotient by √d on the scores.
// CHECK-LABEL: func @hugging_face_batch_two
// CHECK: vit.attention {{.+}} {scale = 5.000000e-01 : f32}
// CHECK-NEXT: tensor.collapse_shape
// CHECK-NEXT: return
func.func @hugging_face_batch_two(%x: tensor<2x5x8xf32>) -> (tensor<2x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %wq = arith.constant dense_resource<wq> : tensor<8x8xf32>
  %query = vit.linear %x, %wq : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %qe = tensor.expand_shape %query [[0], [1], [2, 3]] output_shape [2, 5, 2, 4] : tensor<2x5x8xf32> into tensor<2x5x2x4xf32>
  %i1 = tensor.empty() : tensor<2x2x5x4xf32>
  %q = linalg.transpose ins(%qe : tensor<2x5x2x4xf32>) outs(%i1 : tensor<2x2x5x4xf32>) permutation = [0, 2, 1, 3]
  %wk = arith.constant dense_resource<wk> : tensor<8x8xf32>
  %key = vit.linear %x, %wk : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %ke = tensor.expand_shape %key [[0], [1], [2, 3]] output_shape [2, 5, 2, 4] : tensor<2x5x8xf32> into tensor<2x5x2x4xf32>
  %i2 = tensor.empty() : tensor<2x2x4x5xf32>
  %k = linalg.transpose ins(%ke : tensor<2x5x2x4xf32>) outs(%i2 : tensor<2x2x4x5xf32>) permutation = [0, 2, 3, 1]
  %wv = arith.constant dense_resource<wv> : tensor<8x8xf32>
  %value = vit.linear %x, %wv : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %ve = tensor.expand_shape %value [[0], [1], [2, 3]] output_shape [2, 5, 2, 4] : tensor<2x5x8xf32> into tensor<2x5x2x4xf32>
  %i3 = tensor.empty() : tensor<2x2x5x4xf32>
  %v = linalg.transpose ins(%ve : tensor<2x5x2x4xf32>) outs(%i3 : tensor<2x2x5x4xf32>) permutation = [0, 2, 1, 3]
  %i4 = tensor.empty() : tensor<2x2x5x5xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %raw = linalg.contract indexing_maps = [#q, #kt, #s] ins(%q, %k : tensor<2x2x5x4xf32>, tensor<2x2x4x5xf32>) outs(%z4 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %s_scores = arith.constant dense<2.0> : tensor<f32>
  %i5 = tensor.empty() : tensor<2x2x5x5xf32>
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%raw, %s_scores : tensor<2x2x5x5xf32>, tensor<f32>) outs(%i5 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %i6 = tensor.empty() : tensor<2x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<2x2x5x5xf32>) outs(%i6 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %i7 = tensor.empty() : tensor<2x2x5x4xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%i7 : tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x2x5x5xf32>, tensor<2x2x5x4xf32>) outs(%z7 : tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %i8 = tensor.empty() : tensor<2x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<2x2x5x4xf32>) outs(%i8 : tensor<2x5x2x4xf32>) permutation = [0, 2, 1, 3]
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

// Batch and heads are one dimension throughout.
// CHECK-LABEL: func @merged_batch_and_heads
// CHECK-SAME: (%[[X:.+]]: tensor<2x5x24xf32>
// CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[\[0\], \[1\], \[2, 3\]\]}} output_shape [2, 5, 6, 4]
// CHECK: %[[Q:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[K:.+]] = tensor.extract_slice %{{.+}}[0, 0, 2, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[V:.+]] = tensor.extract_slice %{{.+}}[0, 0, 4, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[A:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = 1.000000e+00 : f32}
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1\], \[2, 3\]\]}} : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
// CHECK: return %[[Y]]
func.func @merged_batch_and_heads(%x: tensor<2x5x24xf32>) -> (tensor<2x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 2, 4] : tensor<2x5x24xf32> into tensor<2x5x3x2x4xf32>
  %i1 = tensor.empty() : tensor<3x2x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<2x5x3x2x4xf32>) outs(%i1 : tensor<3x2x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<2x2x5x4xf32>
  %q3 = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<2x2x5x4xf32> into tensor<4x5x4xf32>
  %k3 = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<2x2x5x4xf32> into tensor<4x5x4xf32>
  %v3 = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<2x2x5x4xf32> into tensor<4x5x4xf32>
  %i2 = tensor.empty() : tensor<4x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %scores = linalg.contract indexing_maps = [affine_map<(b, m, n, d) -> (b, m, d)>, affine_map<(b, m, n, d) -> (b, n, d)>, affine_map<(b, m, n, d) -> (b, m, n)>] ins(%q3, %k3 : tensor<4x5x4xf32>, tensor<4x5x4xf32>) outs(%z2 : tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %i3 = tensor.empty() : tensor<4x5x5xf32>
  %p = linalg.softmax dimension(2) ins(%scores : tensor<4x5x5xf32>) outs(%i3 : tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %i4 = tensor.empty() : tensor<4x5x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<4x5x4xf32>) -> tensor<4x5x4xf32>
  %o3 = linalg.contract indexing_maps = [affine_map<(b, m, e, n) -> (b, m, n)>, affine_map<(b, m, e, n) -> (b, n, e)>, affine_map<(b, m, e, n) -> (b, m, e)>] ins(%p, %v3 : tensor<4x5x5xf32>, tensor<4x5x4xf32>) outs(%z4 : tensor<4x5x4xf32>) -> tensor<4x5x4xf32>
  %o = tensor.expand_shape %o3 [[0, 1], [2], [3]] output_shape [2, 2, 5, 4] : tensor<4x5x4xf32> into tensor<2x2x5x4xf32>
  %i5 = tensor.empty() : tensor<2x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<2x2x5x4xf32>) outs(%i5 : tensor<2x5x2x4xf32>) permutation = [0, 2, 1, 3]
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

// A bias of every head and a mask of every key, in sums of either order.
// CHECK-LABEL: func @bias_and_mask
// CHECK-DAG: %[[M:.+]] = arith.constant dense<{{.+}}> : tensor<5xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<bias>
// CHECK: vit.attention {{.+}} addends(%[[M]], %[[B]] : tensor<5xf32>, tensor<2x5x5xf32>) {scale = 5.000000e-01 : f32}
func.func @bias_and_mask(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
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
  %s_scaled = arith.constant dense<0.5> : tensor<f32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %scaled = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%raw, %s_scaled : tensor<?x2x5x5xf32>, tensor<f32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %bias = arith.constant dense_resource<bias> : tensor<2x5x5xf32>
  %mask = arith.constant dense<[0.0, 0.0, 0.0, -1.0e9, -1.0e9]> : tensor<5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %biased = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>, #id, #id] ins(%bias, %scaled : tensor<2x5x5xf32>, tensor<?x2x5x5xf32>) outs(%i4 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, affine_map<(d0, d1, d2, d3) -> (d3)>, #id] ins(%biased, %mask : tensor<?x2x5x5xf32>, tensor<5xf32>) outs(%i5 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i6 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i6 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i7 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%i7 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z7 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i8 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i8 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
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

// What the graph returns of the inside becomes a result of the attention.
// CHECK-LABEL: func @probs_have_another_reader
// CHECK: %[[A:.+]], %[[S:.+]], %[[P:.+]] = vit.attention
// CHECK-SAME: scores tensor<?x2x5x5xf32> probs tensor<?x2x5x5xf32>
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[A]]
// CHECK: return %[[Y]], %[[P]], %[[S]]
func.func @probs_have_another_reader(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>, tensor<?x2x5x5xf32>, tensor<?x2x5x5xf32>) {
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
  return %y, %p, %scores : tensor<?x5x8xf32>, tensor<?x2x5x5xf32>, tensor<?x2x5x5xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Head 0 of the queries meets the keys of head 0 but weighs the values of head 1.
// CHECK-LABEL: func @heads_of_another_order
// CHECK: %[[VS:.+]] = tensor.concat
// CHECK: %[[V:.+]] = linalg.transpose ins(%[[VS]]
// CHECK: vit.attention %{{.+}}, %{{.+}}, %[[V]]
func.func @heads_of_another_order(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %k = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<?x2x5x4xf32>
  %v1 = tensor.extract_slice %v[0, 1, 0, 0] [%b, 1, 5, 4] [1, 1, 1, 1] : tensor<?x2x5x4xf32> to tensor<?x1x5x4xf32>
  %v0 = tensor.extract_slice %v[0, 0, 0, 0] [%b, 1, 5, 4] [1, 1, 1, 1] : tensor<?x2x5x4xf32> to tensor<?x1x5x4xf32>
  %vs = tensor.concat dim(1) %v1, %v0 : (tensor<?x1x5x4xf32>, tensor<?x1x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%i2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #k, #s] ins(%q, %k : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z2 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<?x2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %i4 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%i4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %vs : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%z4 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %i5 = tensor.empty(%b) : tensor<?x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<?x2x5x4xf32>) outs(%i5 : tensor<?x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
  return %y : tensor<?x5x8xf32>
}
