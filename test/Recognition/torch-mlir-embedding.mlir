// RUN: vitc-opt %s --vit-raise --vit-recognize | FileCheck %s

// Patch embedding, class token and positions in the form that torch-mlir has them in on linalg: the convolution starts from its bias,
// parameters of extent one are repeated by generics with a constant in their index map. 2 images, 4 patches, width 6.

#whole = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (0, 0, d2)>
#rows = affine_map<(d0, d1, d2) -> (0, d1, d2)>

// CHECK-LABEL: func.func @embedding(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8x8xf32>)
// CHECK: %[[PATCHES:.*]] = vit.patch_embed %[[X]], %{{.*}} bias(%{{.*}} : tensor<6xf32>)
// CHECK: vit.assemble prefix(%{{.*}} : tensor<1x6xf32>) patches(%[[PATCHES]] : tensor<2x4x6xf32>) position(%{{.*}} : tensor<4x6xf32>)
// CHECK-SAME: cls = 1
func.func @embedding(%x: tensor<2x3x8x8xf32>) -> tensor<2x6xf32> {
  %w = arith.constant dense_resource<w> : tensor<6x3x4x4xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x1x6xf32>
  %position = arith.constant dense_resource<position> : tensor<1x5x6xf32>
  %0 = tensor.empty() : tensor<2x6x2x2xf32>
  %1 = linalg.broadcast ins(%b : tensor<6xf32>) outs(%0 : tensor<2x6x2x2xf32>) dimensions = [0, 2, 3]
  %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<4> : vector<2xi64>}
      ins(%x, %w : tensor<2x3x8x8xf32>, tensor<6x3x4x4xf32>) outs(%1 : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  %3 = tensor.collapse_shape %2 [[0], [1], [2, 3]] : tensor<2x6x2x2xf32> into tensor<2x6x4xf32>
  %4 = tensor.empty() : tensor<2x4x6xf32>
  %5 = linalg.transpose ins(%3 : tensor<2x6x4xf32>) outs(%4 : tensor<2x4x6xf32>) permutation = [0, 2, 1]
  %6 = tensor.empty() : tensor<2x1x6xf32>
  %7 = linalg.generic {indexing_maps = [#row, #whole], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%cls : tensor<1x1x6xf32>) outs(%6 : tensor<2x1x6xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<2x1x6xf32>
  %8 = tensor.concat dim(1) %7, %5 : (tensor<2x1x6xf32>, tensor<2x4x6xf32>) -> tensor<2x5x6xf32>
  %9 = tensor.empty() : tensor<2x5x6xf32>
  %10 = linalg.generic {indexing_maps = [#whole, #rows, #whole], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%8, %position : tensor<2x5x6xf32>, tensor<1x5x6xf32>) outs(%9 : tensor<2x5x6xf32>) {
  ^bb0(%in: f32, %p: f32, %out: f32):
    %s = arith.addf %in, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x5x6xf32>
  %11 = tensor.extract_slice %10[0, 0, 0] [2, 1, 6] [1, 1, 1] : tensor<2x5x6xf32> to tensor<2x1x6xf32>
  %12 = tensor.collapse_shape %11 [[0], [1, 2]] : tensor<2x1x6xf32> into tensor<2x6xf32>
  return %12 : tensor<2x6xf32>
}
