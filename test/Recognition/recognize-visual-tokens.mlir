// RUN: vitc-opt %s --vit-recognize-visual-tokens --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

// T = softmax_HW(X W_A)ᵀ X: weights are the same for all pictures of a batch.
// CHECK-LABEL: func @static
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x6x4xf32>)
// CHECK: %[[W:.+]] = linalg.transpose ins(%{{.+}} : tensor<4x3xf32>) {{.*}} permutation = [1, 0]
// CHECK: %[[T:.+]] = vit.tokenize %[[X]], %[[W]] {scale = 1.000000e+00 : f32} : (tensor<?x6x4xf32>, tensor<3x4xf32>) -> tensor<?x3x4xf32>
// CHECK-NOT: linalg.softmax
// CHECK: return %[[T]]
func.func @static(%x: tensor<?x6x4xf32>) -> tensor<?x3x4xf32> {
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
  return %c9 : tensor<?x3x4xf32>
}

// -----

// A bias of the scores goes: softmax over positions subtracts it. Values are projected; maps have a reader.
// CHECK-LABEL: func @biased
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x6x4xf32>)
// CHECK: %[[V:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} -> tensor<?x6x5xf32>
// CHECK: %[[T:.+]], %[[M:.+]] = vit.tokenize %[[X]], %{{.+}} values(%[[V]] : tensor<?x6x5xf32>) {{.*}} -> tensor<?x3x5xf32> maps tensor<?x3x6xf32>
// CHECK: %[[MT:.+]] = linalg.transpose ins(%[[M]] : tensor<?x3x6xf32>)
// CHECK: return %[[T]], %[[MT]]
func.func @biased(%x: tensor<?x6x4xf32>) -> (tensor<?x3x5xf32>, tensor<?x6x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %bias = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %v = arith.constant dense_resource<v> : tensor<4x5xf32>
  %vb = arith.constant dense_resource<vb> : tensor<5xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<?x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x3xf32>
  %s4 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%c2, %bias : tensor<?x6x3xf32>, tensor<3xf32>) outs(%e3 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e5 = tensor.empty(%b) : tensor<?x6x3xf32>
  %p6 = linalg.softmax dimension(1) ins(%s4 : tensor<?x6x3xf32>) outs(%e5 : tensor<?x6x3xf32>) -> tensor<?x6x3xf32>
  %e7 = tensor.empty(%b) : tensor<?x6x5xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<?x6x5xf32>) -> tensor<?x6x5xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%x, %v : tensor<?x6x4xf32>, tensor<4x5xf32>) outs(%z8 : tensor<?x6x5xf32>) -> tensor<?x6x5xf32>
  %e10 = tensor.empty(%b) : tensor<?x6x5xf32>
  %s11 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%c9, %vb : tensor<?x6x5xf32>, tensor<5xf32>) outs(%e10 : tensor<?x6x5xf32>) -> tensor<?x6x5xf32>
  %e12 = tensor.empty(%b) : tensor<?x3x6xf32>
  %t13 = linalg.transpose ins(%p6 : tensor<?x6x3xf32>) outs(%e12 : tensor<?x3x6xf32>) permutation = [0, 2, 1]
  %e14 = tensor.empty(%b) : tensor<?x3x5xf32>
  %z15 = linalg.fill ins(%zero : f32) outs(%e14 : tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  %c16 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t13, %s11 : tensor<?x3x6xf32>, tensor<?x6x5xf32>) outs(%z15 : tensor<?x3x5xf32>) -> tensor<?x3x5xf32>
  return %c16, %p6 : tensor<?x3x5xf32>, tensor<?x6x3xf32>
}

// -----

// The first version: scores by a 1 × 1 convolution of the map, values by one in groups.
// CHECK-LABEL: func @convolutions
// CHECK: %[[V:.+]] = vit.conv {{.*}} groups = 2
// CHECK-DAG: %[[X:.+]] = tensor.collapse_shape %{{.+}} {{\[\[0\], \[1, 2\], \[3\]\]}} : tensor<?x2x3x4xf32> into tensor<?x6x4xf32>
// CHECK-DAG: %[[W:.+]] = tensor.collapse_shape %{{.+}} {{\[\[0\], \[1, 2, 3\]\]}} : tensor<3x4x1x1xf32> into tensor<3x4xf32>
// CHECK: vit.tokenize %[[X]], %[[W]] values(%{{.+}} : tensor<?x6x6xf32>) {{.*}} -> tensor<?x3x6xf32>
func.func @convolutions(%x: tensor<?x4x2x3xf32>) -> tensor<?x3x6xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x4x2x3xf32>
  %w = arith.constant dense_resource<w> : tensor<3x4x1x1xf32>
  %bias = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %v = arith.constant dense_resource<v> : tensor<6x2x1x1xf32>
  %k0 = vit.conv %x, %w bias(%bias : tensor<3xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x4x2x3xf32>, tensor<3x4x1x1xf32>) -> tensor<?x3x2x3xf32>
  %f1 = tensor.collapse_shape %k0 [[0], [1], [2, 3]] : tensor<?x3x2x3xf32> into tensor<?x3x6xf32>
  %e2 = tensor.empty(%b) : tensor<?x3x6xf32>
  %p3 = linalg.softmax dimension(2) ins(%f1 : tensor<?x3x6xf32>) outs(%e2 : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  %k4 = vit.conv %x, %v {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x4x2x3xf32>, tensor<6x2x1x1xf32>) -> tensor<?x6x2x3xf32>
  %f5 = tensor.collapse_shape %k4 [[0], [1], [2, 3]] : tensor<?x6x2x3xf32> into tensor<?x6x6xf32>
  %e6 = tensor.empty(%b) : tensor<?x6x6xf32>
  %t7 = linalg.transpose ins(%f5 : tensor<?x6x6xf32>) outs(%e6 : tensor<?x6x6xf32>) permutation = [0, 2, 1]
  %e8 = tensor.empty(%b) : tensor<?x3x6xf32>
  %z9 = linalg.fill ins(%zero : f32) outs(%e8 : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  %c10 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%p3, %t7 : tensor<?x3x6xf32>, tensor<?x6x6xf32>) outs(%z9 : tensor<?x3x6xf32>) -> tensor<?x3x6xf32>
  return %c10 : tensor<?x3x6xf32>
}

// -----

// Weights from tokens, in the other order of operands; a factor anywhere is the scale.
// CHECK-LABEL: func @recurrent
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<2x6x4xf32>, %[[Y:[a-z0-9]+]]: tensor<2x6x4xf32>)
// CHECK: %[[T:.+]] = vit.tokenize %[[X]]
// CHECK: %[[W:.+]] = linalg.contract {{.*}} ins(%[[T]],
// CHECK: vit.tokenize %[[Y]], %[[W]] {scale = 5.000000e-01 : f32} : (tensor<2x6x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
func.func @recurrent(%x: tensor<2x6x4xf32>, %y: tensor<2x6x4xf32>) -> tensor<2x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<4x3xf32>
  %g = arith.constant dense_resource<g> : tensor<4x4xf32>
  %scale = arith.constant dense<0.5> : tensor<f32>
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, c) -> (b, p, c)>, affine_map<(b, p, l, c) -> (c, l)>, affine_map<(b, p, l, c) -> (b, p, l)>] ins(%x, %w : tensor<2x6x4xf32>, tensor<4x3xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(1) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x3x6xf32>
  %t6 = linalg.transpose ins(%p4 : tensor<2x6x3xf32>) outs(%e5 : tensor<2x3x6xf32>) permutation = [0, 2, 1]
  %e7 = tensor.empty() : tensor<2x3x4xf32>
  %z8 = linalg.fill ins(%zero : f32) outs(%e7 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c9 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%t6, %x : tensor<2x3x6xf32>, tensor<2x6x4xf32>) outs(%z8 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e10 = tensor.empty() : tensor<2x3x4xf32>
  %z11 = linalg.fill ins(%zero : f32) outs(%e10 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c12 = linalg.contract indexing_maps = [affine_map<(b, l, d, c) -> (b, l, c)>, affine_map<(b, l, d, c) -> (c, d)>, affine_map<(b, l, d, c) -> (b, l, d)>] ins(%c9, %g : tensor<2x3x4xf32>, tensor<4x4xf32>) outs(%z11 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e13 = tensor.empty() : tensor<2x3x4xf32>
  %s14 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> ()>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%c12, %scale : tensor<2x3x4xf32>, tensor<f32>) outs(%e13 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %e15 = tensor.empty() : tensor<2x4x6xf32>
  %t16 = linalg.transpose ins(%y : tensor<2x6x4xf32>) outs(%e15 : tensor<2x4x6xf32>) permutation = [0, 2, 1]
  %e17 = tensor.empty() : tensor<2x3x6xf32>
  %z18 = linalg.fill ins(%zero : f32) outs(%e17 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %c19 = linalg.contract indexing_maps = [affine_map<(b, l, p, c) -> (b, l, c)>, affine_map<(b, l, p, c) -> (b, c, p)>, affine_map<(b, l, p, c) -> (b, l, p)>] ins(%s14, %t16 : tensor<2x3x4xf32>, tensor<2x4x6xf32>) outs(%z18 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %e20 = tensor.empty() : tensor<2x3x6xf32>
  %p21 = linalg.softmax dimension(2) ins(%c19 : tensor<2x3x6xf32>) outs(%e20 : tensor<2x3x6xf32>) -> tensor<2x3x6xf32>
  %e22 = tensor.empty() : tensor<2x3x4xf32>
  %z23 = linalg.fill ins(%zero : f32) outs(%e22 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %c24 = linalg.contract indexing_maps = [affine_map<(b, l, e, p) -> (b, l, p)>, affine_map<(b, l, e, p) -> (b, p, e)>, affine_map<(b, l, e, p) -> (b, l, e)>] ins(%p21, %y : tensor<2x3x6xf32>, tensor<2x6x4xf32>) outs(%z23 : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %c24 : tensor<2x3x4xf32>
}
