// RUN: vitc-opt %s --convert-vit-to-cpu=level=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s

// Tokens that are an image for one depthwise convolution, as in PVT v2 and LocalViT: no copy but the padding.
// CHECK-LABEL: func @tokens_as_image
// CHECK-SAME: %[[X:.+]]: tensor<1x64x24xf32>
// CHECK-NOT: linalg.transpose
// CHECK-NOT: permutation = [0, 2, 1]
// CHECK: %[[IMAGE:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2], [3]] output_shape [1, 8, 8, 24]
// CHECK: vcpu.depthwise_conv
// CHECK-NOT: linalg.transpose
// CHECK-NOT: permutation = [0, 2, 1]
// CHECK: %[[Y:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0], [1, 2], [3]] : tensor<1x8x8x24xf32> into tensor<1x64x24xf32>
// CHECK: return %[[Y]]
func.func @tokens_as_image(%x: tensor<1x64x24xf32>, %w: tensor<24x1x3x3xf32>) -> tensor<1x64x24xf32> {
  %e0 = tensor.empty() : tensor<1x24x64xf32>
  %t = linalg.transpose ins(%x : tensor<1x64x24xf32>) outs(%e0 : tensor<1x24x64xf32>) permutation = [0, 2, 1]
  %i = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [1, 24, 8, 8] : tensor<1x24x64xf32> into tensor<1x24x8x8xf32>
  %0 = vit.conv %i, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 24 : i64}
    : (tensor<1x24x8x8xf32>, tensor<24x1x3x3xf32>) -> tensor<1x24x8x8xf32>
  %c = tensor.collapse_shape %0 [[0], [1], [2, 3]] : tensor<1x24x8x8xf32> into tensor<1x24x64xf32>
  %e1 = tensor.empty() : tensor<1x64x24xf32>
  %y = linalg.transpose ins(%c : tensor<1x24x64xf32>) outs(%e1 : tensor<1x64x24xf32>) permutation = [0, 2, 1]
  return %y : tensor<1x64x24xf32>
}

// -----

// Extents that only a run knows: two of them are not made of one.
// CHECK-LABEL: func @open_image
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]]
func.func @open_image(%x: tensor<1x?x24xf32>, %n: index, %h: index, %w: index) -> tensor<1x24x?x?xf32> {
  %e = tensor.empty(%n) : tensor<1x24x?xf32>
  %t = linalg.transpose ins(%x : tensor<1x?x24xf32>) outs(%e : tensor<1x24x?xf32>) permutation = [0, 2, 1]
  %i = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [1, 24, %h, %w] : tensor<1x24x?xf32> into tensor<1x24x?x?xf32>
  return %i : tensor<1x24x?x?xf32>
}

// -----

// Rows of blocks are merged with rows in them, which are no neighbours before the transpose.
// CHECK-LABEL: func @blocks
// CHECK-SAME: %[[X:.+]]: tensor<1x2x2x4x4x8xf32>
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[X]] : {{.+}}) outs(%{{.+}} : tensor<1x2x4x2x4x8xf32>) permutation = [0, 1, 3, 2, 4, 5]
// CHECK: tensor.collapse_shape %[[T]] {{\[\[}}0, 1, 2, 3, 4], [5]] : tensor<1x2x4x2x4x8xf32> into tensor<64x8xf32>
// CHECK: vcpu.gemm
func.func @blocks(%x: tensor<1x2x2x4x4x8xf32>, %w: tensor<16x8x1x1xf32>) -> tensor<1x16x8x8xf32> {
  %e = tensor.empty() : tensor<1x8x2x4x2x4xf32>
  %t = linalg.transpose ins(%x : tensor<1x2x2x4x4x8xf32>) outs(%e : tensor<1x8x2x4x2x4xf32>) permutation = [0, 5, 1, 3, 2, 4]
  %i = tensor.collapse_shape %t [[0], [1], [2, 3], [4, 5]] : tensor<1x8x2x4x2x4xf32> into tensor<1x8x8x8xf32>
  %0 = vit.conv %i, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x8x8x8xf32>, tensor<16x8x1x1xf32>) -> tensor<1x16x8x8xf32>
  return %0 : tensor<1x16x8x8xf32>
}

// -----

// The stem of a ResNet: padding and pooling keep channels innermost, and so does the mean at its end.
// CHECK: #[[$WINDOW:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d3, d2 * 2 + d4, d5)>
// CHECK: #[[$RESULT:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d5)>
// CHECK-LABEL: func @pooling
// CHECK-SAME: %[[X:.+]]: tensor<1x8x8x16xf32>
// CHECK-NOT: linalg.transpose
// CHECK: %[[PAD:.+]] = tensor.pad %[[X]] low[0, 1, 2, 0] high[0, 3, 1, 0]
// CHECK: %[[POOL:.+]] = linalg.generic {indexing_maps = [#[[$WINDOW]], #{{.+}}, #[[$RESULT]]]
// CHECK-SAME: ["parallel", "parallel", "parallel", "reduction", "reduction", "parallel"]
// CHECK-SAME: ins(%[[PAD]], %{{.+}} : tensor<1x12x11x16xf32>, tensor<3x3xf32>) outs(%{{.+}} : tensor<1x5x5x16xf32>)
// CHECK: arith.maximumf
// CHECK: linalg.reduce { arith.addf } ins(%[[POOL]] : tensor<1x5x5x16xf32>) outs(%{{.+}} : tensor<1x16xf32>) dimensions = [1, 2]
// CHECK-NOT: linalg.transpose
func.func @pooling(%x: tensor<1x8x8x16xf32>) -> tensor<1x16xf32> {
  %low = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<1x16x8x8xf32>
  %t = linalg.transpose ins(%x : tensor<1x8x8x16xf32>) outs(%e0 : tensor<1x16x8x8xf32>) permutation = [0, 3, 1, 2]
  %p = tensor.pad %t low[0, 0, 1, 2] high[0, 0, 3, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %low : f32
  } : tensor<1x16x8x8xf32> to tensor<1x16x12x11xf32>
  %w = tensor.empty() : tensor<3x3xf32>
  %e1 = tensor.empty() : tensor<1x16x5x5xf32>
  %f = linalg.fill ins(%low : f32) outs(%e1 : tensor<1x16x5x5xf32>) -> tensor<1x16x5x5xf32>
  %m = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
    ins(%p, %w : tensor<1x16x12x11xf32>, tensor<3x3xf32>) outs(%f : tensor<1x16x5x5xf32>) -> tensor<1x16x5x5xf32>
  %e2 = tensor.empty() : tensor<1x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x16xf32>) -> tensor<1x16xf32>
  %r = linalg.reduce { arith.addf } ins(%m : tensor<1x16x5x5xf32>) outs(%z : tensor<1x16xf32>) dimensions = [2, 3]
  return %r : tensor<1x16xf32>
}

// -----

// The dimensions that stay would change places, and an accumulator holds what was there: both read a copy.
// CHECK-LABEL: func @kept
// CHECK: linalg.reduce { arith.addf } ins(%{{.+}} : tensor<8x16x4xf32>) outs(%{{.+}} : tensor<8x16xf32>) dimensions = [2]
// CHECK: linalg.pooling_nchw_max
func.func @kept(%x: tensor<16x8x4xf32>, %image: tensor<1x8x8x16xf32>, %sums: tensor<8x16xf32>, %pooled: tensor<1x16x6x6xf32>)
    -> (tensor<8x16xf32>, tensor<1x16x6x6xf32>) {
  %e0 = tensor.empty() : tensor<8x16x4xf32>
  %t = linalg.transpose ins(%x : tensor<16x8x4xf32>) outs(%e0 : tensor<8x16x4xf32>) permutation = [1, 0, 2]
  %r = linalg.reduce { arith.addf } ins(%t : tensor<8x16x4xf32>) outs(%sums : tensor<8x16xf32>) dimensions = [2]
  %e1 = tensor.empty() : tensor<1x16x8x8xf32>
  %i = linalg.transpose ins(%image : tensor<1x8x8x16xf32>) outs(%e1 : tensor<1x16x8x8xf32>) permutation = [0, 3, 1, 2]
  %w = tensor.empty() : tensor<3x3xf32>
  %m = linalg.pooling_nchw_max {strides = dense<1> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}
    ins(%i, %w : tensor<1x16x8x8xf32>, tensor<3x3xf32>) outs(%pooled : tensor<1x16x6x6xf32>) -> tensor<1x16x6x6xf32>
  return %r, %m : tensor<8x16xf32>, tensor<1x16x6x6xf32>
}
