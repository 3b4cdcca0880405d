// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s

// Tokens are pixels with channels last: nothing but the filters is transposed. What nothing else reads is rounded.
// CHECK-LABEL: func.func @tokens
// CHECK-SAME: (%[[X:.+]]: tensor<?x12x16xf32>, %[[W:.+]]: tensor<16x1x3x3xf32>, %[[B:.+]]: tensor<16xf32>)
// CHECK-DAG: %[[ROUNDED:.+]] = arith.truncf %[[X]]
// CHECK-DAG: %[[IMAGE:.+]] = tensor.expand_shape %[[ROUNDED]] {{\[\[}}0], [1, 2], [3]] {{.*}} into tensor<?x3x4x16xbf16>
// CHECK-DAG: %[[ROWS:.+]] = tensor.collapse_shape %[[W]] {{\[\[}}0], [1, 2, 3]] : tensor<16x1x3x3xf32> into tensor<16x9xf32>
// CHECK-DAG: %[[FILTERS:.+]] = linalg.transpose ins(%[[ROWS]] : tensor<16x9xf32>) {{.*}} permutation = [1, 0]
// CHECK: %[[Y:.+]] = vgpu.depthwise_conv ins(%[[IMAGE]], %[[FILTERS]] : tensor<?x3x4x16xbf16>, tensor<9x16xf32>) bias(%[[B]] : tensor<16xf32>) outs(%{{.+}} : tensor<?x3x4x16xf32>)
// CHECK-SAME: {activation = "gelu", dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, strides = array<i64: 1, 1>, taps = array<i64: 3, 3>}
// CHECK-NOT: linalg.transpose
// CHECK: %[[TOKENS:.+]] = tensor.collapse_shape %[[Y]] {{\[\[}}0], [1, 2], [3]]
// CHECK: return %[[TOKENS]]
func.func @tokens(%x: tensor<?x12x16xf32>, %w: tensor<16x1x3x3xf32>, %b: tensor<16xf32>) -> tensor<?x12x16xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x12x16xf32>
  %e = tensor.empty(%n) : tensor<?x16x12xf32>
  %t = linalg.transpose ins(%x : tensor<?x12x16xf32>) outs(%e : tensor<?x16x12xf32>) permutation = [0, 2, 1]
  %i = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [%n, 16, 3, 4] : tensor<?x16x12xf32> into tensor<?x16x3x4xf32>
  %0 = vit.conv %i, %w bias(%b : tensor<16xf32>) {dilations = array<i64: 1, 1>, groups = 16 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<?x16x3x4xf32>, tensor<16x1x3x3xf32>) -> tensor<?x16x3x4xf32> epilogue {
  ^bb0(%acc: f32):
    %g = vit.gelu %acc : f32
    vit.yield %g : f32
  }
  %c = tensor.collapse_shape %0 [[0], [1], [2, 3]] : tensor<?x16x3x4xf32> into tensor<?x16x12xf32>
  %f = tensor.empty(%n) : tensor<?x12x16xf32>
  %r = linalg.transpose ins(%c : tensor<?x16x12xf32>) outs(%f : tensor<?x12x16xf32>) permutation = [0, 2, 1]
  return %r : tensor<?x12x16xf32>
}

// -----

// What is read by others, too, is read as it is. A residual is no part of the kernel: loops add it, channels last.
// CHECK-LABEL: func.func @residual
// CHECK-SAME: (%[[X:.+]]: tensor<2x12x7x9xf32>
// CHECK: %[[IMAGE:.+]] = linalg.transpose ins(%[[X]] : {{.*}}) permutation = [0, 2, 3, 1]
// CHECK: %[[Y:.+]] = vgpu.depthwise_conv ins(%[[IMAGE]], %{{.+}} : tensor<2x7x9x12xf32>, tensor<15x12xf32>) outs(%{{.+}} : tensor<2x4x9x12xf32>)
// CHECK-SAME: {dilations = array<i64: 1, 2>, pads = array<i64: 1, 4>, strides = array<i64: 2, 1>, taps = array<i64: 3, 5>}
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %{{.+}} : tensor<2x4x9x12xf32>, tensor<2x4x9x12xf32>)
// CHECK: arith.addf
func.func @residual(%x: tensor<2x12x7x9xf32>, %w: tensor<12x1x3x5xf32>, %z: tensor<2x12x4x9xf32>) -> (tensor<2x12x4x9xf32>, tensor<2x12x7x9xf32>) {
  %0 = vit.conv %x, %w extras(%z : tensor<2x12x4x9xf32>)
      {dilations = array<i64: 1, 2>, extra_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], groups = 12 : i64, pads = array<i64: 1, 4, 1, 4>, strides = array<i64: 2, 1>}
      : (tensor<2x12x7x9xf32>, tensor<12x1x3x5xf32>) -> tensor<2x12x4x9xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    vit.yield %s : f32
  }
  return %0, %x : tensor<2x12x4x9xf32>, tensor<2x12x7x9xf32>
}

// -----

// What is only read rounded is stored so.
// CHECK-LABEL: func.func @rounded
// CHECK: %[[Y:.+]] = vgpu.depthwise_conv {{.*}} outs(%{{.+}} : tensor<1x4x4x16xbf16>)
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[Y]] {{.*}} into tensor<16x16xbf16>
// CHECK: vgpu.gemm ins(%[[ROWS]],
func.func @rounded(%x: tensor<1x16x4x4xf32>, %w: tensor<16x1x3x3xf32>, %v: tensor<8x16x1x1xf32>) -> tensor<1x8x4x4xf32> {
  %0 = vit.conv %x, %w {dilations = array<i64: 1, 1>, groups = 16 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<1x16x4x4xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x4x4xf32>
  %1 = vit.conv %0, %v {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x16x4x4xf32>, tensor<8x16x1x1xf32>) -> tensor<1x8x4x4xf32>
  return %1 : tensor<1x8x4x4xf32>
}

// -----

// Loops they stay: two filters a channel, groups of two channels, pixels of no multiple of 16 bytes, rows of too many
// taps, an open height.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-5: vit.conv
// CHECK-NOT: vgpu.depthwise_conv
func.func @others(%x: tensor<1x8x4x4xf32>, %y: tensor<1x6x4x4xf32>, %z: tensor<1x8x?x4xf32>, %u: tensor<16x1x3x3xf32>, %v: tensor<8x2x3x3xf32>, %w: tensor<6x1x3x3xf32>,
    %l: tensor<8x1x1x31xf32>, %p: tensor<8x1x1x1xf32>) -> (tensor<1x16x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x6x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x?x4xf32>) {
  %0 = vit.conv %x, %u {dilations = array<i64: 1, 1>, groups = 8 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<16x1x3x3xf32>) -> tensor<1x16x4x4xf32>
  %1 = vit.conv %x, %v {dilations = array<i64: 1, 1>, groups = 4 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<8x2x3x3xf32>) -> tensor<1x8x4x4xf32>
  %2 = vit.conv %y, %w {dilations = array<i64: 1, 1>, groups = 6 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<1x6x4x4xf32>, tensor<6x1x3x3xf32>) -> tensor<1x6x4x4xf32>
  %3 = vit.conv %x, %l {dilations = array<i64: 1, 1>, groups = 8 : i64, pads = array<i64: 0, 15, 0, 15>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<8x1x1x31xf32>) -> tensor<1x8x4x4xf32>
  %4 = vit.conv %z, %p {dilations = array<i64: 1, 1>, groups = 8 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x8x?x4xf32>, tensor<8x1x1x1xf32>) -> tensor<1x8x?x4xf32>
  return %0, %1, %2, %3, %4 : tensor<1x16x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x6x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x?x4xf32>
}
