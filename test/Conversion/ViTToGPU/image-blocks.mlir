// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s

// Where channels come last before and after, transposes vanish, and what was between them becomes part of the product
// (a block of ConvNeXt).
// CHECK-LABEL: func.func @block
// CHECK-SAME: (%[[X:.+]]: tensor<1x4x4x16xf32>, %[[W:.+]]: tensor<16x16xf32>, %[[G:.+]]: tensor<16xf32>)
// CHECK-NOT: linalg.transpose
// CHECK: %[[R:.+]] = tensor.collapse_shape %[[X]] {{.*}} : tensor<1x4x4x16xf32> into tensor<16x16xf32>
// CHECK-NOT: linalg.transpose
// CHECK: %[[C:.+]] = vgpu.gemm {{.*}} scale(%[[G]] : tensor<16xf32>) residual(%[[R]] : tensor<16x16xf32>)
// CHECK: %[[Y:.+]] = tensor.expand_shape %[[C]] {{.*}} into tensor<1x4x4x16xf32>
// CHECK-NOT: linalg
// CHECK: return %[[Y]]
func.func @block(%x: tensor<1x4x4x16xf32>, %w: tensor<16x16xf32>, %g: tensor<16xf32>) -> tensor<1x4x4x16xf32> {
  %e = tensor.empty() : tensor<1x16x4x4xf32>
  %f = tensor.empty() : tensor<1x4x4x16xf32>
  %image = linalg.transpose ins(%x : tensor<1x4x4x16xf32>) outs(%e : tensor<1x16x4x4xf32>) permutation = [0, 3, 1, 2]
  %0 = vit.linear %x, %w {transposed} : (tensor<1x4x4x16xf32>, tensor<16x16xf32>) -> tensor<1x4x4x16xf32>
  %1 = linalg.transpose ins(%0 : tensor<1x4x4x16xf32>) outs(%e : tensor<1x16x4x4xf32>) permutation = [0, 3, 1, 2]
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d1)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>]
      ins(%1, %g : tensor<1x16x4x4xf32>, tensor<16xf32>) outs(%e : tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %3 = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%2, %image : tensor<1x16x4x4xf32>, tensor<1x16x4x4xf32>) outs(%e : tensor<1x16x4x4xf32>) -> tensor<1x16x4x4xf32>
  %4 = linalg.transpose ins(%3 : tensor<1x16x4x4xf32>) outs(%f : tensor<1x4x4x16xf32>) permutation = [0, 2, 3, 1]
  return %4 : tensor<1x4x4x16xf32>
}

// -----

// The largest of windows are found over neighbouring channels, and the mean of an image is that of its pixels, wherever
// channels are.
// CHECK-LABEL: func.func @pooled
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8x16xf32>
// CHECK-NOT: linalg.transpose
// CHECK: %[[P:.+]] = linalg.generic {{.*}} ins(%[[X]], %{{.+}} : tensor<2x8x8x16xf32>, tensor<2x2xf32>) outs(%{{.+}} : tensor<2x4x4x16xf32>)
// CHECK: arith.maximumf
// CHECK: linalg.reduce ins(%[[P]] : tensor<2x4x4x16xf32>) outs(%{{.+}} : tensor<2x16xf32>) dimensions = [1, 2]
// CHECK-NOT: linalg.transpose
func.func @pooled(%x: tensor<2x8x8x16xf32>) -> tensor<2x16xf32> {
  %least = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x16x8x8xf32>
  %image = linalg.transpose ins(%x : tensor<2x8x8x16xf32>) outs(%e : tensor<2x16x8x8xf32>) permutation = [0, 3, 1, 2]
  %f = tensor.empty() : tensor<2x16x4x4xf32>
  %g = linalg.fill ins(%least : f32) outs(%f : tensor<2x16x4x4xf32>) -> tensor<2x16x4x4xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %0 = linalg.pooling_nchw_max {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>}
      ins(%image, %window : tensor<2x16x8x8xf32>, tensor<2x2xf32>) outs(%g : tensor<2x16x4x4xf32>) -> tensor<2x16x4x4xf32>
  %h = tensor.empty() : tensor<2x16xf32>
  %i = linalg.fill ins(%zero : f32) outs(%h : tensor<2x16xf32>) -> tensor<2x16xf32>
  %1 = linalg.reduce ins(%0 : tensor<2x16x4x4xf32>) outs(%i : tensor<2x16xf32>) dimensions = [2, 3]
    (%in: f32, %acc: f32) {
      %s = arith.addf %in, %acc : f32
      linalg.yield %s : f32
    }
  return %1 : tensor<2x16xf32>
}
