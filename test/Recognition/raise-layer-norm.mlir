// RUN: vitc-opt %s --vit-raise-layer-norm --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @power_and_quotient
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK-DAG: %[[G:.+]] = arith.constant dense<[1.0{{.+}}> : tensor<8xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[8.0{{.+}}> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.layer_norm %[[X]] scale(%[[G]] : tensor<8xf32>) bias(%[[B]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @power_and_quotient(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %scaled = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %gamma : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#channel, #id, #id] ins(%beta, %scaled : tensor<8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @square_and_rsqrt
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK-DAG: %[[G:.+]] = arith.constant dense<[1.0{{.+}}> : tensor<8xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense<[8.0{{.+}}> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.layer_norm %[[X]] scale(%[[G]] : tensor<8xf32>) bias(%[[B]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @square_and_rsqrt(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%centered, %centered : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#row, #id, #id] ins(%root, %centered : tensor<2x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %scaled = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %gamma : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#channel, #id, #id] ins(%beta, %scaled : tensor<8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @reciprocal_without_affine
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK: %[[Y:.+]] = vit.layer_norm %[[X]] {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @reciprocal_without_affine(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%centered, %centered : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sqrt = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> indexing_maps=[#rows, #rows] ins(%sqrt : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}
