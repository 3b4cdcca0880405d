// RUN: vitc-opt %s --vit-recognize-attention --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Split and Squeeze, √scale on both sides, the keys transposed.
// CHECK-LABEL: func @torchscript_batch_one
// CHECK-SAME: (%[[X:.+]]: tensor<1x5x24xf32>
// CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[\[0\], \[1\], \[2, 3\]\]}} output_shape [1, 5, 6, 4]
// CHECK: %[[Q:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] [1, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[K:.+]] = tensor.extract_slice %{{.+}}[0, 0, 2, 0] [1, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[V:.+]] = tensor.extract_slice %{{.+}}[0, 0, 4, 0] [1, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[A:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = {{.+}} : f32}
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1\], \[2, 3\]\]}} : tensor<1x5x2x4xf32> into tensor<1x5x8xf32>
// CHECK: return %[[Y]]
func.func @torchscript_batch_one(%x: tensor<1x5x24xf32>) -> (tensor<1x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [1, 5, 3, 2, 4] : tensor<1x5x24xf32> into tensor<1x5x3x2x4xf32>
  %i1 = tensor.empty() : tensor<3x1x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<1x5x3x2x4xf32>) outs(%i1 : tensor<3x1x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q5 = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 1, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x1x2x5x4xf32> to tensor<1x1x2x5x4xf32>
  %q = tensor.collapse_shape %q5 [[0, 1], [2], [3], [4]] : tensor<1x1x2x5x4xf32> into tensor<1x2x5x4xf32>
  %k5 = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 1, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x1x2x5x4xf32> to tensor<1x1x2x5x4xf32>
  %k = tensor.collapse_shape %k5 [[0, 1], [2], [3], [4]] : tensor<1x1x2x5x4xf32> into tensor<1x2x5x4xf32>
  %v5 = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 1, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x1x2x5x4xf32> to tensor<1x1x2x5x4xf32>
  %v = tensor.collapse_shape %v5 [[0, 1], [2], [3], [4]] : tensor<1x1x2x5x4xf32> into tensor<1x2x5x4xf32>
  %i2 = tensor.empty() : tensor<1x2x4x5xf32>
  %kt = linalg.transpose ins(%k : tensor<1x2x5x4xf32>) outs(%i2 : tensor<1x2x4x5xf32>) permutation = [0, 1, 3, 2]
  %s_qs = arith.constant dense<0.70710678> : tensor<f32>
  %i3 = tensor.empty() : tensor<1x2x5x4xf32>
  %qs = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%q, %s_qs : tensor<1x2x5x4xf32>, tensor<f32>) outs(%i3 : tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %s_ks = arith.constant dense<0.70710678> : tensor<f32>
  %i4 = tensor.empty() : tensor<1x2x4x5xf32>
  %ks = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%kt, %s_ks : tensor<1x2x4x5xf32>, tensor<f32>) outs(%i4 : tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32>
  %i5 = tensor.empty() : tensor<1x2x5x5xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #kt, #s] ins(%qs, %ks : tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) outs(%z5 : tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %i6 = tensor.empty() : tensor<1x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%scores : tensor<1x2x5x5xf32>) outs(%i6 : tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %i7 = tensor.empty() : tensor<1x2x5x4xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%i7 : tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %o = linalg.contract indexing_maps = [affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<1x2x5x5xf32>, tensor<1x2x5x4xf32>) outs(%z7 : tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %i8 = tensor.empty() : tensor<1x5x2x4xf32>
  %t_out = linalg.transpose ins(%o : tensor<1x2x5x4xf32>) outs(%i8 : tensor<1x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %y = tensor.collapse_shape %t_out [[0], [1], [2, 3]] : tensor<1x5x2x4xf32> into tensor<1x5x8xf32>
  return %y : tensor<1x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>
#q = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#kt = affine_map<(b, h, m, n, d) -> (b, h, d, n)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>

// Split and Squeeze, √scale on both sides, the keys transposed.
// CHECK-LABEL: func @torchscript_batch_two
// CHECK-SAME: (%[[X:.+]]: tensor<2x5x24xf32>
// CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[\[0\], \[1\], \[2, 3\]\]}} output_shape [2, 5, 6, 4]
// CHECK: %[[Q:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[K:.+]] = tensor.extract_slice %{{.+}}[0, 0, 2, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[V:.+]] = tensor.extract_slice %{{.+}}[0, 0, 4, 0] [2, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[A:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = {{.+}} : f32}
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1\], \[2, 3\]\]}} : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
// CHECK: return %[[Y]]
func.func @torchscript_batch_two(%x: tensor<2x5x24xf32>) -> (tensor<2x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 2, 4] : tensor<2x5x24xf32> into tensor<2x5x3x2x4xf32>
  %i1 = tensor.empty() : tensor<3x2x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<2x5x3x2x4xf32>) outs(%i1 : tensor<3x2x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q5 = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %q = tensor.collapse_shape %q5 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %k5 = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %k = tensor.collapse_shape %k5 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %v5 = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %v = tensor.collapse_shape %v5 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %i2 = tensor.empty() : tensor<2x2x4x5xf32>
  %kt = linalg.transpose ins(%k : tensor<2x2x5x4xf32>) outs(%i2 : tensor<2x2x4x5xf32>) permutation = [0, 1, 3, 2]
  %s_qs = arith.constant dense<0.70710678> : tensor<f32>
  %i3 = tensor.empty() : tensor<2x2x5x4xf32>
  %qs = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%q, %s_qs : tensor<2x2x5x4xf32>, tensor<f32>) outs(%i3 : tensor<2x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  %s_ks = arith.constant dense<0.70710678> : tensor<f32>
  %i4 = tensor.empty() : tensor<2x2x4x5xf32>
  %ks = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%kt, %s_ks : tensor<2x2x4x5xf32>, tensor<f32>) outs(%i4 : tensor<2x2x4x5xf32>) -> tensor<2x2x4x5xf32>
  %i5 = tensor.empty() : tensor<2x2x5x5xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #kt, #s] ins(%qs, %ks : tensor<2x2x5x4xf32>, tensor<2x2x4x5xf32>) outs(%z5 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
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

// Split and Squeeze, √scale on both sides, the keys transposed.
// CHECK-LABEL: func @torchscript_any_batch
// CHECK-SAME: (%[[X:.+]]: tensor<?x5x24xf32>
// CHECK: %[[E:.+]] = tensor.expand_shape %[[X]] {{\[\[0\], \[1\], \[2, 3\]\]}} output_shape [%{{.+}}, 5, 6, 4]
// CHECK: %[[Q:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] [%{{.+}}, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[K:.+]] = tensor.extract_slice %{{.+}}[0, 0, 2, 0] [%{{.+}}, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[V:.+]] = tensor.extract_slice %{{.+}}[0, 0, 4, 0] [%{{.+}}, 5, 2, 4] [1, 1, 1, 1]
// CHECK: %[[A:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = {{.+}} : f32}
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1\], \[2, 3\]\]}} : tensor<?x5x2x4xf32> into tensor<?x5x8xf32>
// CHECK: return %[[Y]]
func.func @torchscript_any_batch(%x: tensor<?x5x24xf32>) -> (tensor<?x5x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x5x24xf32>
  %e = tensor.expand_shape %x [[0], [1], [2, 3, 4]] output_shape [%b, 5, 3, 2, 4] : tensor<?x5x24xf32> into tensor<?x5x3x2x4xf32>
  %i1 = tensor.empty(%b) : tensor<3x?x2x5x4xf32>
  %t = linalg.transpose ins(%e : tensor<?x5x3x2x4xf32>) outs(%i1 : tensor<3x?x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %q5 = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<1x?x2x5x4xf32>
  %q = tensor.collapse_shape %q5 [[0, 1], [2], [3], [4]] : tensor<1x?x2x5x4xf32> into tensor<?x2x5x4xf32>
  %k5 = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<1x?x2x5x4xf32>
  %k = tensor.collapse_shape %k5 [[0, 1], [2], [3], [4]] : tensor<1x?x2x5x4xf32> into tensor<?x2x5x4xf32>
  %v5 = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, %b, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x?x2x5x4xf32> to tensor<1x?x2x5x4xf32>
  %v = tensor.collapse_shape %v5 [[0, 1], [2], [3], [4]] : tensor<1x?x2x5x4xf32> into tensor<?x2x5x4xf32>
  %i2 = tensor.empty(%b) : tensor<?x2x4x5xf32>
  %kt = linalg.transpose ins(%k : tensor<?x2x5x4xf32>) outs(%i2 : tensor<?x2x4x5xf32>) permutation = [0, 1, 3, 2]
  %s_qs = arith.constant dense<0.70710678> : tensor<f32>
  %i3 = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %qs = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%q, %s_qs : tensor<?x2x5x4xf32>, tensor<f32>) outs(%i3 : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %s_ks = arith.constant dense<0.70710678> : tensor<f32>
  %i4 = tensor.empty(%b) : tensor<?x2x4x5xf32>
  %ks = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%kt, %s_ks : tensor<?x2x4x5xf32>, tensor<f32>) outs(%i4 : tensor<?x2x4x5xf32>) -> tensor<?x2x4x5xf32>
  %i5 = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z5 = linalg.fill ins(%zero : f32) outs(%i5 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %scores = linalg.contract indexing_maps = [#q, #kt, #s] ins(%qs, %ks : tensor<?x2x5x4xf32>, tensor<?x2x4x5xf32>) outs(%z5 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
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

// An addend that depends on the input: the product of queries and keys is the other side.
// CHECK-LABEL: func @bias_from_the_input
// CHECK-SAME: %[[BIAS:[a-z0-9]+]]: tensor<2x5x5xf32>
// CHECK: vit.attention %{{.+}}, %{{.+}}, %{{.+}} addends(%[[BIAS]] : tensor<2x5x5xf32>)
func.func @bias_from_the_input(%x: tensor<?x5x24xf32>, %bias: tensor<2x5x5xf32>) -> (tensor<?x5x8xf32>) {
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
  %scores = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>, #id] ins(%raw, %bias : tensor<?x2x5x5xf32>, tensor<2x5x5xf32>) outs(%i3 : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
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
