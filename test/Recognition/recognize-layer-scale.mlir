// RUN: vitc-opt %s --vit-recognize-layer-scale --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#channel = affine_map<(d0, d1, d2) -> (d2)>

// CHECK-LABEL: func @residual_branch
// CHECK-SAME: (%[[X:.+]]: tensor<?x7x8xf32>, %[[R:.+]]: tensor<?x7x8xf32>,
// CHECK: %[[G:.+]] = arith.constant dense_resource<gamma> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.layer_scale %[[X]], %[[G]] : tensor<?x7x8xf32>, tensor<8xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[R]], %[[Y]]
func.func @residual_branch(%x: tensor<?x7x8xf32>, %r: tensor<?x7x8xf32>, %i: tensor<?x7x8xf32>) -> tensor<?x7x8xf32> {
  %gamma = arith.constant dense_resource<gamma> : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%x, %gamma : tensor<?x7x8xf32>, tensor<8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %0 : tensor<?x7x8xf32>, tensor<?x7x8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  return %1 : tensor<?x7x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#channel = affine_map<(d0, d1, d2) -> (d2)>

// A folded batch normalization: the sum is with a constant.
// CHECK-LABEL: func @affine
// CHECK-NOT: vit.
func.func @affine(%x: tensor<?x7x8xf32>, %i: tensor<?x7x8xf32>) -> tensor<?x7x8xf32> {
  %gamma = arith.constant dense_resource<gamma> : tensor<8xf32>
  %beta = arith.constant dense_resource<beta> : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%x, %gamma : tensor<?x7x8xf32>, tensor<8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #channel, #id] ins(%0, %beta : tensor<?x7x8xf32>, tensor<8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  return %1 : tensor<?x7x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>

// Eight tokens, eight channels: the factors are those of tokens. And factors from the input are none.
// CHECK-LABEL: func @other_factors
// CHECK-NOT: vit.
func.func @other_factors(%x: tensor<2x8x8xf32>, %r: tensor<2x8x8xf32>, %i: tensor<2x8x8xf32>, %g: tensor<8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8x8xf32>) {
  %gamma = arith.constant dense_resource<gamma> : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d1)>, #id] ins(%x, %gamma : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %0 : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d2)>, #id] ins(%x, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %3 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %2 : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %1, %3 : tensor<2x8x8xf32>, tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#channel = affine_map<(d0, d1, d2) -> (d2)>

// CHECK-LABEL: func @second_reader
// CHECK-NOT: vit.layer_scale
// CHECK: layer_scale = "the product is not only added to a residual"
func.func @second_reader(%x: tensor<?x7x8xf32>, %r: tensor<?x7x8xf32>, %i: tensor<?x7x8xf32>) -> (tensor<?x7x8xf32>, tensor<?x7x8xf32>) {
  %gamma = arith.constant dense_resource<gamma> : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%x, %gamma : tensor<?x7x8xf32>, tensor<8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %0 : tensor<?x7x8xf32>, tensor<?x7x8xf32>) outs(%i : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  return %0, %1 : tensor<?x7x8xf32>, tensor<?x7x8xf32>
}
