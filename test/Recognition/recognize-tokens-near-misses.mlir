// RUN: vitc-opt %s --vit-recognize-tokens --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @rows_after_patches
// CHECK-NOT: vit.assemble
// CHECK: tokens = "constant rows follow the patches"
func.func @rows_after_patches(%p: tensor<?x4x8xf32>) -> (tensor<?x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %x = tensor.concat dim(1) %p, %c : (tensor<?x4x8xf32>, tensor<?x1x8xf32>) -> tensor<?x5x8xf32>
  return %x : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @part_of_the_patches
// CHECK-NOT: vit.assemble
// CHECK: tokens = "only a part of the patches is in the sequence"
func.func @part_of_the_patches(%p: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %s = tensor.extract_slice %p[0, 1, 0] [%b, 3, 8] [1, 1, 1] : tensor<?x4x8xf32> to tensor<?x3x8xf32>
  %x = tensor.concat dim(1) %c, %s : (tensor<?x1x8xf32>, tensor<?x3x8xf32>) -> tensor<?x4x8xf32>
  return %x : tensor<?x4x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @patches_twice
// CHECK-NOT: vit.assemble
// CHECK: tokens = "patches stand in several pieces"
func.func @patches_twice(%p: tensor<?x4x8xf32>) -> (tensor<?x9x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %x = tensor.concat dim(1) %p, %c, %p : (tensor<?x4x8xf32>, tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x9x8xf32>
  return %x : tensor<?x9x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// Only the concatenation is an assembly.
// CHECK-LABEL: func @position_from_the_input
// CHECK: vit.assemble prefix(%{{.+}}) patches(%{{[^ ]+}} : tensor<?x4x8xf32>) {cls
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add>
func.func @position_from_the_input(%p: tensor<?x4x8xf32>, %pos: tensor<5x8xf32>) -> (tensor<?x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %c, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  return %x : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @rows_of_the_input
// CHECK-NOT: vit.assemble
// CHECK: tensor.concat
// CHECK-NOT: vit.missed
func.func @rows_of_the_input(%p: tensor<?x4x8xf32>, %c: tensor<?x1x8xf32>) -> (tensor<?x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %x = tensor.concat dim(1) %c, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  return %x : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// A vector that is the same for every row is no position.
// CHECK-LABEL: func @channel_vector
// CHECK: vit.assemble prefix(%{{.+}}) patches(%{{[^ ]+}} : tensor<?x4x8xf32>) {cls
func.func @channel_vector(%p: tensor<?x4x8xf32>) -> (tensor<?x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %v = arith.constant dense_resource<v> : tensor<8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %c, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d2)>, #id] ins(%seq, %v : tensor<?x5x8xf32>, tensor<8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  return %x : tensor<?x5x8xf32>
}
