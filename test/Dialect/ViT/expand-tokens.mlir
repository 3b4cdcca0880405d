// RUN: vitc-opt %s --vit-expand-tokens --resolve-ranked-shaped-type-result-dims --cse --vit-fuse-epilogues --canonicalize | FileCheck %s

// The position of a patch is added in the epilogue of its projection, and tokens are written into one buffer.
// CHECK: #[[$POSITION:.+]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-LABEL: func.func @tokens
// CHECK-SAME: %[[IMAGE:.+]]: tensor<?x3x32x32xf32>, %[[PREFIX:.+]]: tensor<1x8xf32>, %[[POS:.+]]: tensor<4x8xf32>
func.func @tokens(%image: tensor<?x3x32x32xf32>, %prefix: tensor<1x8xf32>, %pos: tensor<4x8xf32>) -> tensor<?x5x8xf32> {
  %w = arith.constant dense<1.0> : tensor<8x3x16x16xf32>
  // CHECK: %[[W:.+]] = arith.constant {{.*}} : tensor<8x768xf32>
  // CHECK: %[[ROWS:.+]] = vit.patchify %[[IMAGE]]
  // CHECK: %[[P:.+]] = vit.linear %[[ROWS]], %[[W]] extras(%[[POS]] : tensor<4x8xf32>) {extra_maps = [#[[$POSITION]]], transposed}
  // CHECK: arith.addf
  %p = vit.patch_embed %image, %w : (tensor<?x3x32x32xf32>, tensor<8x3x16x16xf32>) -> tensor<?x4x8xf32>
  // CHECK: %[[ROW0:.+]] = linalg.broadcast ins(%[[PREFIX]]
  // CHECK: %[[T:.+]] = tensor.insert_slice %[[P]] into %{{.+}}[0, 1, 0]
  // CHECK: tensor.insert_slice %[[ROW0]] into %[[T]][0, 0, 0]
  %0 = vit.assemble prefix(%prefix : tensor<1x8xf32>) patches(%p : tensor<?x4x8xf32>) position(%pos : tensor<4x8xf32>) {cls = 1, registers = 0} -> tensor<?x5x8xf32>
  return %0 : tensor<?x5x8xf32>
}

// One picture is a matrix, whose rows of patches the projection writes itself: the buffer is there before.
// CHECK-LABEL: func.func @one_picture
// CHECK-SAME: %[[PATCHES:.+]]: tensor<1x4x6xf32>, %[[PREFIX:.+]]: tensor<2x8xf32>, %[[W:.+]]: tensor<6x8xf32>
func.func @one_picture(%patches: tensor<1x4x6xf32>, %prefix: tensor<2x8xf32>, %w: tensor<6x8xf32>) -> tensor<1x6x8xf32> {
  // CHECK: %[[E:.+]] = tensor.empty() : tensor<6x8xf32>
  // CHECK: %[[P:.+]] = vit.linear %[[PATCHES]], %[[W]]
  // CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[P]]
  // CHECK: %[[T:.+]] = tensor.insert_slice %[[ROWS]] into %[[E]][2, 0] [4, 8]
  // CHECK: %[[ALL:.+]] = tensor.insert_slice %[[PREFIX]] into %[[T]][0, 0] [2, 8]
  // CHECK: tensor.expand_shape %[[ALL]]
  %p = vit.linear %patches, %w : (tensor<1x4x6xf32>, tensor<6x8xf32>) -> tensor<1x4x8xf32>
  %0 = vit.assemble prefix(%prefix : tensor<2x8xf32>) patches(%p : tensor<1x4x8xf32>) {cls = 1, registers = 1} -> tensor<1x6x8xf32>
  return %0 : tensor<1x6x8xf32>
}

// Patches of tokens (spatial-reduction attention, arXiv 2102.12122, §3.3) are convolved where they lie.
// CHECK-LABEL: func.func @patches_of_tokens
// CHECK-NOT: vit.patchify
// CHECK: %[[C:.+]] = vit.conv %{{.+}}, %{{.+}} {{.*}}strides = array<i64: 2, 4>} : (tensor<1x8x4x8xf32>, tensor<16x8x2x4xf32>) -> tensor<1x16x2x2xf32>
// CHECK: %[[F:.+]] = tensor.collapse_shape %[[C]]
// CHECK: linalg.transpose ins(%[[F]] : tensor<1x16x4xf32>)
func.func @patches_of_tokens(%tokens: tensor<1x32x8xf32>, %w: tensor<16x8x2x4xf32>) -> tensor<1x4x16xf32> {
  %e = tensor.empty() : tensor<1x8x32xf32>
  %t = linalg.transpose ins(%tokens : tensor<1x32x8xf32>) outs(%e : tensor<1x8x32xf32>) permutation = [0, 2, 1]
  %i = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [1, 8, 4, 8] : tensor<1x8x32xf32> into tensor<1x8x4x8xf32>
  %p = vit.patch_embed %i, %w : (tensor<1x8x4x8xf32>, tensor<16x8x2x4xf32>) -> tensor<1x4x16xf32>
  return %p : tensor<1x4x16xf32>
}
