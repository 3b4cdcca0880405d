// RUN: vitc-opt %s --vit-recognize-patch-embed --split-input-file | FileCheck %s

// CHECK-LABEL: func @flatten_then_transpose
// CHECK-SAME: (%[[X:.+]]: tensor<?x3x8x12xf32>, %[[I:.+]]: tensor<?x6x5xf32>)
// CHECK: %[[Y:.+]] = vit.patch_embed %[[X]], %{{.+}} bias(%{{.+}} : tensor<5xf32>) : (tensor<?x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<?x6x5xf32>
// CHECK: return %[[Y]]
func.func @flatten_then_transpose(%x: tensor<?x3x8x12xf32>, %i: tensor<?x6x5xf32>) -> tensor<?x6x5xf32> {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %b = arith.constant dense_resource<b> : tensor<5xf32>
  %0 = vit.conv %x, %w bias(%b : tensor<5xf32>) {strides = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<?x5x2x3xf32>
  %1 = tensor.collapse_shape %0 [[0], [1], [2, 3]] : tensor<?x5x2x3xf32> into tensor<?x5x6xf32>
  %2 = linalg.transpose ins(%1 : tensor<?x5x6xf32>) outs(%i : tensor<?x6x5xf32>) permutation = [0, 2, 1]
  return %2 : tensor<?x6x5xf32>
}

// -----

// CHECK-LABEL: func @transpose_then_flatten
// CHECK: %[[Y:.+]] = vit.patch_embed
// CHECK: return %[[Y]]
func.func @transpose_then_flatten(%x: tensor<2x3x8x12xf32>) -> tensor<2x6x5xf32> {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %i = tensor.empty() : tensor<2x2x3x5xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x2x3xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x5x2x3xf32>) outs(%i : tensor<2x2x3x5xf32>) permutation = [0, 2, 3, 1]
  %2 = tensor.collapse_shape %1 [[0], [1, 2], [3]] : tensor<2x2x3x5xf32> into tensor<2x6x5xf32>
  return %2 : tensor<2x6x5xf32>
}

// -----

// Channels last without flattening: rows of patches as well.
// CHECK-LABEL: func @channels_last
// CHECK: %[[P:.+]] = vit.patch_embed {{.+}} -> tensor<2x6x5xf32>
// CHECK: %[[Y:.+]] = tensor.expand_shape %[[P]] {{\[\[0\], \[1, 2\], \[3\]\]}}
// CHECK: return %[[Y]]
func.func @channels_last(%x: tensor<2x3x8x12xf32>) -> tensor<2x2x3x5xf32> {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %i = tensor.empty() : tensor<2x2x3x5xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x2x3xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x5x2x3xf32>) outs(%i : tensor<2x2x3x5xf32>) permutation = [0, 2, 3, 1]
  return %1 : tensor<2x2x3x5xf32>
}

// -----

// Patches in columns, and a view that takes features for patches (NCHW read as (N, HW, C)).
// CHECK-LABEL: func @other_orders
// CHECK-NOT: vit.patch_embed
// CHECK-COUNT-2: patch_embed = "the patches are not read as rows (patch, channel)"
func.func @other_orders(%x: tensor<2x3x8x12xf32>) -> (tensor<2x6x5xf32>, tensor<2x6x5xf32>) {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %v = arith.constant dense_resource<v> : tensor<5x3x4x4xf32>
  %i = tensor.empty() : tensor<2x3x2x5xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x2x3xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x5x2x3xf32>) outs(%i : tensor<2x3x2x5xf32>) permutation = [0, 3, 2, 1]
  %2 = tensor.collapse_shape %1 [[0], [1, 2], [3]] : tensor<2x3x2x5xf32> into tensor<2x6x5xf32>
  %3 = vit.conv %x, %v {strides = array<i64: 4, 4>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x2x3xf32>
  %4 = tensor.collapse_shape %3 [[0], [1, 2, 3]] : tensor<2x5x2x3xf32> into tensor<2x30xf32>
  %5 = tensor.expand_shape %4 [[0], [1, 2]] output_shape [2, 6, 5] : tensor<2x30xf32> into tensor<2x6x5xf32>
  return %2, %5 : tensor<2x6x5xf32>, tensor<2x6x5xf32>
}

// -----

// CHECK-LABEL: func @other_convolutions
// CHECK-NOT: vit.patch_embed
// CHECK: patch_embed = "the convolution is padded or dilated"
// CHECK: patch_embed = "the stride of the convolution is not its kernel"
// CHECK: patch_embed = "the patches do not divide the image"
func.func @other_convolutions(%x: tensor<2x3x8x12xf32>, %i: tensor<2x3x4x5xf32>, %j: tensor<2x3x5x5xf32>, %k: tensor<2x2x4x5xf32>) -> (tensor<2x3x4x5xf32>, tensor<2x3x5x5xf32>, tensor<2x2x4x5xf32>) {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %v = arith.constant dense_resource<v> : tensor<5x3x3x3xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 4, 4>, pads = array<i64: 2, 2, 2, 2>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x3x4xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x5x3x4xf32>) outs(%i : tensor<2x3x4x5xf32>) permutation = [0, 2, 3, 1]
  %2 = vit.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x3x5xf32>
  %3 = linalg.transpose ins(%2 : tensor<2x5x3x5xf32>) outs(%j : tensor<2x3x5x5xf32>) permutation = [0, 2, 3, 1]
  %4 = vit.conv %x, %v {strides = array<i64: 3, 3>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x3x3xf32>) -> tensor<2x5x2x4xf32>
  %5 = linalg.transpose ins(%4 : tensor<2x5x2x4xf32>) outs(%k : tensor<2x2x4x5xf32>) permutation = [0, 2, 3, 1]
  return %1, %3, %5 : tensor<2x3x4x5xf32>, tensor<2x3x5x5xf32>, tensor<2x2x4x5xf32>
}

// -----

// Convolutions of a CNN are no near misses.
// CHECK-LABEL: func @convolutions_of_a_cnn
// CHECK-NOT: vit.missed
func.func @convolutions_of_a_cnn(%x: tensor<2x3x8x12xf32>) -> (tensor<2x5x3x5xf32>, tensor<2x5x8x12xf32>) {
  %w = arith.constant dense_resource<w> : tensor<5x3x4x4xf32>
  %v = arith.constant dense_resource<v> : tensor<5x3x1x1xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x4x4xf32>) -> tensor<2x5x3x5xf32>
  %1 = vit.conv %x, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<2x3x8x12xf32>, tensor<5x3x1x1xf32>) -> tensor<2x5x8x12xf32>
  return %0, %1 : tensor<2x5x3x5xf32>, tensor<2x5x8x12xf32>
}
