// RUN: vitc-opt %s --vit-fuse-epilogues --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @gelu
func.func @gelu(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>) -> tensor<4x6xf32> {
  // CHECK: vit.linear {{.*}} epilogue {
  // CHECK-NEXT: ^bb0(%[[ACC:.+]]: f32):
  // CHECK-NEXT: %[[G:.+]] = vit.gelu %[[ACC]] : f32
  // CHECK-NEXT: vit.yield %[[G]]
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %1 = vit.gelu %0 : tensor<4x6xf32>
  return %1 : tensor<4x6xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// A layer scale, then the residual, in the order the graph has them.
// CHECK-LABEL: func.func @scale_and_residual
// CHECK-SAME: %[[X:.+]]: tensor<4x8xf32>, %[[W:.+]]: tensor<8x8xf32>, %[[G:.+]]: tensor<8xf32>
func.func @scale_and_residual(%x: tensor<4x8xf32>, %w: tensor<8x8xf32>, %g: tensor<8xf32>) -> tensor<4x8xf32> {
  // CHECK: vit.linear %[[X]], %[[W]] extras(%[[G]], %[[X]] : tensor<8xf32>, tensor<4x8xf32>)
  // CHECK-NEXT: ^bb0(%[[ACC:.+]]: f32, %[[GE:.+]]: f32, %[[XE:.+]]: f32):
  // CHECK-NEXT: %[[S:.+]] = arith.mulf %[[ACC]], %[[GE]]
  // CHECK-NEXT: %[[R:.+]] = arith.addf %[[XE]], %[[S]]
  // CHECK-NEXT: vit.yield %[[R]]
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x8xf32>) -> tensor<4x8xf32>
  %1 = vit.layer_scale %0, %g : tensor<4x8xf32>, tensor<8xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #id, #id]
    ins(%x, %1 : tensor<4x8xf32>, tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// Near miss: two readers.
// CHECK-LABEL: func.func @two_readers
func.func @two_readers(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
  // CHECK: vit.linear
  // CHECK-NOT: epilogue
  // CHECK: vit.gelu {{.*}} : tensor<4x6xf32>
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %1 = vit.gelu %0 : tensor<4x6xf32>
  return %0, %1 : tensor<4x6xf32>, tensor<4x6xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>

// Near miss: the reader transposes.
// CHECK-LABEL: func.func @transposed_reader
func.func @transposed_reader(%x: tensor<4x8xf32>, %w: tensor<8x4xf32>) -> tensor<4x4xf32> {
  // CHECK: vit.linear
  // CHECK-NOT: epilogue
  // CHECK: linalg.elementwise
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %1 = tensor.empty() : tensor<4x4xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps = [#t, #id]
    ins(%0 : tensor<4x4xf32>) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %2 : tensor<4x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Near miss: the reader computes booleans.
// CHECK-LABEL: func.func @comparison
func.func @comparison(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>, %z: tensor<4x6xf32>) -> tensor<4x6xi1> {
  // CHECK: vit.linear
  // CHECK-NOT: epilogue
  // CHECK: linalg.generic
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %1 = tensor.empty() : tensor<4x6xi1>
  %2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%0, %z : tensor<4x6xf32>, tensor<4x6xf32>) outs(%1 : tensor<4x6xi1>) {
  ^bb0(%a: f32, %b: f32, %out: i1):
    %c = arith.cmpf ogt, %a, %b : f32
    linalg.yield %c : i1
  } -> tensor<4x6xi1>
  return %2 : tensor<4x6xi1>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Near miss: the reader chooses by a mask of booleans.
// CHECK-LABEL: func.func @select
func.func @select(%x: tensor<4x8xf32>, %w: tensor<8x6xf32>, %m: tensor<4x6xi1>, %z: tensor<4x6xf32>) -> tensor<4x6xf32> {
  // CHECK: vit.linear
  // CHECK-NOT: epilogue
  // CHECK: linalg.elementwise kind=#linalg.elementwise_kind<select>
  %0 = vit.linear %x, %w : (tensor<4x8xf32>, tensor<8x6xf32>) -> tensor<4x6xf32>
  %1 = tensor.empty() : tensor<4x6xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps = [#id, #id, #id, #id]
    ins(%m, %0, %z : tensor<4x6xi1>, tensor<4x6xf32>, tensor<4x6xf32>) outs(%1 : tensor<4x6xf32>) -> tensor<4x6xf32>
  return %2 : tensor<4x6xf32>
}
