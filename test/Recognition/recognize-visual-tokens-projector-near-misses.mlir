// RUN: vitc-opt %s --vit-recognize-visual-tokens --split-input-file | FileCheck %s

// What is added is another map.
// CHECK-LABEL: func @other_residual
// CHECK-NOT: vit.project
// CHECK: project = "what is added is not what the queries are made of"
func.func @other_residual(%x: tensor<2x6x4xf32>, %y: tensor<2x6x4xf32>, %t: tensor<2x3x4xf32>) -> tensor<2x6x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%x, %t : tensor<2x6x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x6x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p4, %t : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z6 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e8 = tensor.empty() : tensor<2x6x4xf32>
  %s9 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c7, %y : tensor<2x6x4xf32>, tensor<2x6x4xf32>) outs(%e8 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  return %s9 : tensor<2x6x4xf32>
}

// -----

// Half of the map is added.
// CHECK-LABEL: func @scaled_residual
// CHECK-NOT: vit.project
// CHECK: project = "what is added is not what the queries are made of"
func.func @scaled_residual(%x: tensor<2x6x4xf32>, %t: tensor<2x3x4xf32>) -> tensor<2x6x4xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant dense<0.5> : tensor<f32>
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%x, %t : tensor<2x6x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x6x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p4, %t : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z6 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e8 = tensor.empty() : tensor<2x6x4xf32>
  %s9 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> ()>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%x, %half : tensor<2x6x4xf32>, tensor<f32>) outs(%e8 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e10 = tensor.empty() : tensor<2x6x4xf32>
  %s11 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c7, %s9 : tensor<2x6x4xf32>, tensor<2x6x4xf32>) outs(%e10 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  return %s11 : tensor<2x6x4xf32>
}

// -----

// Values of other tokens than the keys.
// CHECK-LABEL: func @other_values
// CHECK-NOT: vit.project
// CHECK: project = "keys and values are not made of the same tokens"
func.func @other_values(%x: tensor<2x6x4xf32>, %t: tensor<2x3x4xf32>, %u: tensor<2x3x4xf32>) -> tensor<2x6x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%x, %t : tensor<2x6x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x6x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p4, %u : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z6 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e8 = tensor.empty() : tensor<2x6x4xf32>
  %s9 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c7, %x : tensor<2x6x4xf32>, tensor<2x6x4xf32>) outs(%e8 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  return %s9 : tensor<2x6x4xf32>
}

// -----

// Positions that read one another: an attention with its residual.
// CHECK-LABEL: func @self_attention
// CHECK-NOT: vit.project
// CHECK-NOT: vit.missed
func.func @self_attention(%x: tensor<?x6x4xf32>) -> tensor<?x6x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x4xf32>
  %wq = arith.constant dense_resource<wq> : tensor<4x4xf32>
  %wk = arith.constant dense_resource<wk> : tensor<4x4xf32>
  %e0 = tensor.empty(%b) : tensor<?x6x4xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%x, %wk : tensor<?x6x4xf32>, tensor<4x4xf32>) outs(%z1 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %e3 = tensor.empty(%b) : tensor<?x6x4xf32>
  %z4 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %c5 = linalg.contract indexing_maps = [affine_map<(b, p, e, c) -> (b, p, c)>, affine_map<(b, p, e, c) -> (c, e)>, affine_map<(b, p, e, c) -> (b, p, e)>] ins(%x, %wq : tensor<?x6x4xf32>, tensor<4x4xf32>) outs(%z4 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %e6 = tensor.empty(%b) : tensor<?x6x6xf32>
  %z7 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
  %c8 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%c5, %c2 : tensor<?x6x4xf32>, tensor<?x6x4xf32>) outs(%z7 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
  %e9 = tensor.empty(%b) : tensor<?x6x6xf32>
  %p10 = linalg.softmax dimension(2) ins(%c8 : tensor<?x6x6xf32>) outs(%e9 : tensor<?x6x6xf32>) -> tensor<?x6x6xf32>
  %e11 = tensor.empty(%b) : tensor<?x6x4xf32>
  %z12 = linalg.fill ins(%zero : f32) outs(%e11 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %c13 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p10, %x : tensor<?x6x6xf32>, tensor<?x6x4xf32>) outs(%z12 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  %e14 = tensor.empty(%b) : tensor<?x6x4xf32>
  %s15 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c13, %x : tensor<?x6x4xf32>, tensor<?x6x4xf32>) outs(%e14 : tensor<?x6x4xf32>) -> tensor<?x6x4xf32>
  return %s15 : tensor<?x6x4xf32>
}

// -----

// What positions read has another reader than the sum.
// CHECK-LABEL: func @read_twice
// CHECK-NOT: vit.project
// CHECK-NOT: project =
// CHECK: elementwise_kind<add>
func.func @read_twice(%x: tensor<2x6x4xf32>, %t: tensor<2x3x4xf32>) -> (tensor<2x6x4xf32>, tensor<2x6x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<2x6x3xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %c2 = linalg.contract indexing_maps = [affine_map<(b, p, l, d) -> (b, p, d)>, affine_map<(b, p, l, d) -> (b, l, d)>, affine_map<(b, p, l, d) -> (b, p, l)>] ins(%x, %t : tensor<2x6x4xf32>, tensor<2x3x4xf32>) outs(%z1 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e3 = tensor.empty() : tensor<2x6x3xf32>
  %p4 = linalg.softmax dimension(2) ins(%c2 : tensor<2x6x3xf32>) outs(%e3 : tensor<2x6x3xf32>) -> tensor<2x6x3xf32>
  %e5 = tensor.empty() : tensor<2x6x4xf32>
  %z6 = linalg.fill ins(%zero : f32) outs(%e5 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %c7 = linalg.contract indexing_maps = [affine_map<(b, p, e, l) -> (b, p, l)>, affine_map<(b, p, e, l) -> (b, l, e)>, affine_map<(b, p, e, l) -> (b, p, e)>] ins(%p4, %t : tensor<2x6x3xf32>, tensor<2x3x4xf32>) outs(%z6 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  %e8 = tensor.empty() : tensor<2x6x4xf32>
  %s9 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%c7, %x : tensor<2x6x4xf32>, tensor<2x6x4xf32>) outs(%e8 : tensor<2x6x4xf32>) -> tensor<2x6x4xf32>
  return %s9, %c7 : tensor<2x6x4xf32>, tensor<2x6x4xf32>
}
