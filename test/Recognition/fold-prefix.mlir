// RUN: vitc-opt %s --vit-fold-prefix --canonicalize --cse --split-input-file | FileCheck %s

// The norm and both projections of the first block: rows of patches alone; the prefix has its own, of constants.
// CHECK-LABEL: func @first_block
// CHECK-SAME: (%[[P:[a-z0-9]+]]: tensor<1x4x8xf32>)
// CHECK-DAG: %[[PREFIX:.+]] = arith.constant dense_resource<prefix> : tensor<3x8xf32>
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<w> : tensor<8x24xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<b> : tensor<24xf32>
// CHECK-DAG: %[[V:.+]] = arith.constant dense_resource<v> : tensor<8x8xf32>
// CHECK: %[[X:.+]] = vit.assemble prefix(%[[PREFIX]] : tensor<3x8xf32>) patches(%[[P]] : tensor<1x4x8xf32>)
// CHECK-DAG: %[[NP:.+]] = vit.layer_norm %[[PREFIX]] {epsilon = 9.99999997E-7 : f32} : tensor<3x8xf32>
// CHECK-DAG: %[[ROWS:.+]] = tensor.extract_slice %[[X]][0, 3, 0] [1, 4, 8] [1, 1, 1]
// CHECK-DAG: %[[N:.+]] = vit.layer_norm %[[ROWS]] {{.*}} : tensor<1x4x8xf32>
// CHECK-DAG: %[[QP:.+]] = vit.linear %[[NP]], %[[W]] bias(%[[B]] : tensor<24xf32>) : (tensor<3x8xf32>, tensor<8x24xf32>) -> tensor<3x24xf32>
// CHECK-DAG: %[[Q:.+]] = vit.linear %[[N]], %[[W]] bias(%[[B]] : tensor<24xf32>) : (tensor<1x4x8xf32>, tensor<8x24xf32>) -> tensor<1x4x24xf32>
// CHECK-DAG: vit.assemble prefix(%[[QP]] : tensor<3x24xf32>) patches(%[[Q]] : tensor<1x4x24xf32>) {{.*}} -> tensor<1x7x24xf32>
// CHECK-DAG: vit.linear %[[NP]], %[[V]]
// CHECK-DAG: vit.linear %[[N]], %[[V]]
// CHECK: return %[[X]]
func.func @first_block(%p: tensor<1x4x8xf32>) -> (tensor<1x7x8xf32>, tensor<1x7x24xf32>, tensor<1x7x8xf32>) {
  %prefix = arith.constant dense_resource<prefix> : tensor<3x8xf32>
  %w = arith.constant dense_resource<w> : tensor<8x24xf32>
  %b = arith.constant dense_resource<b> : tensor<24xf32>
  %v = arith.constant dense_resource<v> : tensor<8x8xf32>
  %x = vit.assemble prefix(%prefix : tensor<3x8xf32>) patches(%p : tensor<1x4x8xf32>) {cls = 1, registers = 2} -> tensor<1x7x8xf32>
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<1x7x8xf32>
  %0 = vit.linear %n, %w bias(%b : tensor<24xf32>) : (tensor<1x7x8xf32>, tensor<8x24xf32>) -> tensor<1x7x24xf32>
  %1 = vit.linear %n, %v : (tensor<1x7x8xf32>, tensor<8x8xf32>) -> tensor<1x7x8xf32>
  return %x, %0, %1 : tensor<1x7x8xf32>, tensor<1x7x24xf32>, tensor<1x7x8xf32>
}

// -----

// Near misses: several pictures, whose rows would be copied; a prefix that depends on the input; a norm that is read as
// it is; weights that depend on the input; no prefix.
// CHECK-LABEL: func @near_misses
// CHECK-COUNT-5: vit.assemble
// CHECK-NOT: vit.assemble
// CHECK-NOT: tensor.extract_slice
func.func @near_misses(%p: tensor<1x4x8xf32>, %two: tensor<2x4x8xf32>, %cls: tensor<3x8xf32>, %weight: tensor<8x8xf32>)
    -> (tensor<2x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x4x8xf32>) {
  %prefix = arith.constant dense_resource<prefix> : tensor<3x8xf32>
  %other = arith.constant dense_resource<other> : tensor<3x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<4x8xf32>
  %v = arith.constant dense_resource<v> : tensor<8x8xf32>
  %x0 = vit.assemble prefix(%prefix : tensor<3x8xf32>) patches(%two : tensor<2x4x8xf32>) {cls = 1, registers = 2} -> tensor<2x7x8xf32>
  %n0 = vit.layer_norm %x0 {epsilon = 1.0e-6 : f32} : tensor<2x7x8xf32>
  %0 = vit.linear %n0, %v : (tensor<2x7x8xf32>, tensor<8x8xf32>) -> tensor<2x7x8xf32>
  %x1 = vit.assemble prefix(%cls : tensor<3x8xf32>) patches(%p : tensor<1x4x8xf32>) {cls = 1, registers = 2} -> tensor<1x7x8xf32>
  %n1 = vit.layer_norm %x1 {epsilon = 1.0e-6 : f32} : tensor<1x7x8xf32>
  %1 = vit.linear %n1, %v : (tensor<1x7x8xf32>, tensor<8x8xf32>) -> tensor<1x7x8xf32>
  %x2 = vit.assemble prefix(%prefix : tensor<3x8xf32>) patches(%p : tensor<1x4x8xf32>) {cls = 1, registers = 2} -> tensor<1x7x8xf32>
  %n2 = vit.layer_norm %x2 {epsilon = 1.0e-6 : f32} : tensor<1x7x8xf32>
  %2 = vit.linear %n2, %v : (tensor<1x7x8xf32>, tensor<8x8xf32>) -> tensor<1x7x8xf32>
  %x3 = vit.assemble prefix(%other : tensor<3x8xf32>) patches(%p : tensor<1x4x8xf32>) {cls = 1, registers = 2} -> tensor<1x7x8xf32>
  %n3 = vit.layer_norm %x3 {epsilon = 1.0e-6 : f32} : tensor<1x7x8xf32>
  %3 = vit.linear %n3, %weight : (tensor<1x7x8xf32>, tensor<8x8xf32>) -> tensor<1x7x8xf32>
  %x4 = vit.assemble patches(%p : tensor<1x4x8xf32>) position(%pos : tensor<4x8xf32>) {cls = 0, registers = 0} -> tensor<1x4x8xf32>
  %n4 = vit.layer_norm %x4 {epsilon = 1.0e-6 : f32} : tensor<1x4x8xf32>
  %4 = vit.linear %n4, %v : (tensor<1x4x8xf32>, tensor<8x8xf32>) -> tensor<1x4x8xf32>
  return %0, %1, %n2, %2, %3, %4 : tensor<2x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x7x8xf32>, tensor<1x4x8xf32>
}
