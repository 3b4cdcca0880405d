// RUN: vitc-opt %s --vit-raise --canonicalize --cse --mlir-print-local-scope | FileCheck %s
// RUN: vitc-opt %s --vit-raise --vit-recognize | FileCheck %s --check-prefix=TOKENS

// As torch-mlir has it: the sum starts from the bias.
// CHECK-LABEL: @channels_first(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x8x8xf32>)
// CHECK-DAG: %[[W:.*]] = arith.constant dense_resource<w> : tensor<6x3x4x4xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense_resource<b>
// CHECK: vit.conv %[[X]], %[[W]] bias(%[[B]] : tensor<6xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 4, 4>}
// TOKENS-LABEL: @channels_first(
// TOKENS: %[[Y:.*]] = vit.patch_embed %arg0, %{{.*}} bias(%{{.*}} : tensor<6xf32>) : (tensor<2x3x8x8xf32>, tensor<6x3x4x4xf32>) -> tensor<2x4x6xf32>
// TOKENS-NEXT: return %[[Y]]
func.func @channels_first(%x: tensor<2x3x8x8xf32>) -> tensor<2x4x6xf32> {
  %w = arith.constant dense_resource<w> : tensor<6x3x4x4xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %0 = tensor.empty() : tensor<2x6x2x2xf32>
  %init = linalg.broadcast ins(%b : tensor<6xf32>) outs(%0 : tensor<2x6x2x2xf32>) dimensions = [0, 2, 3]
  %1 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<4> : vector<2xi64>}
      ins(%x, %w : tensor<2x3x8x8xf32>, tensor<6x3x4x4xf32>) outs(%init : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  %2 = tensor.collapse_shape %1 [[0], [1], [2, 3]] : tensor<2x6x2x2xf32> into tensor<2x6x4xf32>
  %3 = tensor.empty() : tensor<2x4x6xf32>
  %4 = linalg.transpose ins(%2 : tensor<2x6x4xf32>) outs(%3 : tensor<2x4x6xf32>) permutation = [0, 2, 1]
  return %4 : tensor<2x4x6xf32>
}

// As StableHLO has it: channels last, the bias added to the rows of patches.
// CHECK-LABEL: @channels_last(
// CHECK-DAG: %[[IMAGE:.*]] = linalg.transpose ins(%{{.*}} : tensor<2x8x8x3xf32>) {{.*}} permutation = [0, 3, 1, 2]
// CHECK-DAG: %[[WEIGHT:.*]] = linalg.transpose ins(%{{.*}} : tensor<4x4x3x6xf32>) {{.*}} permutation = [3, 2, 0, 1]
// CHECK: %[[Y:.*]] = vit.conv %[[IMAGE]], %[[WEIGHT]] bias(%{{.*}} : tensor<6xf32>)
// CHECK: linalg.transpose ins(%[[Y]] : tensor<2x6x2x2xf32>) {{.*}} permutation = [0, 2, 3, 1]
// CHECK-NOT: linalg.elementwise
// TOKENS-LABEL: @channels_last(
// TOKENS: %[[Y:.*]] = vit.patch_embed %{{.*}} bias
// TOKENS-NEXT: return %[[Y]]
func.func @channels_last(%x: tensor<2x8x8x3xf32>) -> tensor<2x4x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<4x4x3x6xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %0 = tensor.empty() : tensor<2x2x2x6xf32>
  %init = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x2x2x6xf32>) -> tensor<2x2x2x6xf32>
  %1 = linalg.conv_2d_nhwc_hwcf {dilations = dense<1> : tensor<2xi64>, strides = dense<4> : tensor<2xi64>}
      ins(%x, %w : tensor<2x8x8x3xf32>, tensor<4x4x3x6xf32>) outs(%init : tensor<2x2x2x6xf32>) -> tensor<2x2x2x6xf32>
  %2 = tensor.collapse_shape %1 [[0], [1, 2], [3]] : tensor<2x2x2x6xf32> into tensor<2x4x6xf32>
  %3 = tensor.empty() : tensor<2x4x6xf32>
  %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d2)>,
                                        affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%2, %b : tensor<2x4x6xf32>, tensor<6xf32>) outs(%3 : tensor<2x4x6xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %s = arith.addf %p, %q : f32
    linalg.yield %s : f32
  } -> tensor<2x4x6xf32>
  return %4 : tensor<2x4x6xf32>
}

// The sum starts from a value of its own.
// CHECK-LABEL: @accumulated(
// CHECK: linalg.conv_2d_nchw_fchw
func.func @accumulated(%x: tensor<2x3x8x8xf32>, %w: tensor<6x3x4x4xf32>, %z: tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32> {
  %0 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<4> : vector<2xi64>}
      ins(%x, %w : tensor<2x3x8x8xf32>, tensor<6x3x4x4xf32>) outs(%z : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  return %0 : tensor<2x6x2x2xf32>
}

// What is added is not along the channels; the convolution is read without it.
// CHECK-LABEL: @no_bias(
// CHECK: %[[Y:.*]] = vit.conv %{{.*}}, %{{.*}} {dilations
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK: %[[Z:.*]] = vit.conv %{{.*}}, %{{.*}} {dilations
// CHECK: %[[S:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK: return %{{.*}}, %[[Z]], %[[S]]
func.func @no_bias(%x: tensor<2x3x8x8xf32>) -> (tensor<2x6x2x6xf32>, tensor<2x6x2x2xf32>, tensor<2x6x2x2xf32>) {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<6x3x4x4xf32>
  %v = arith.constant dense_resource<v> : tensor<6x3x4x3xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %0 = tensor.empty() : tensor<2x6x2x6xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x6x2x6xf32>) -> tensor<2x6x2x6xf32>
  %2 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<[4, 1]> : vector<2xi64>}
      ins(%x, %v : tensor<2x3x8x8xf32>, tensor<6x3x4x3xf32>) outs(%1 : tensor<2x6x2x6xf32>) -> tensor<2x6x2x6xf32>
  %3 = linalg.elementwise kind=#linalg.elementwise_kind<add>
      indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>]
      ins(%2, %b : tensor<2x6x2x6xf32>, tensor<6xf32>) outs(%0 : tensor<2x6x2x6xf32>) -> tensor<2x6x2x6xf32>
  %4 = tensor.empty() : tensor<2x6x2x2xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%4 : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  %6 = linalg.conv_2d_nchw_fchw {dilations = dense<1> : vector<2xi64>, strides = dense<4> : vector<2xi64>}
      ins(%x, %w : tensor<2x3x8x8xf32>, tensor<6x3x4x4xf32>) outs(%5 : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  %7 = linalg.elementwise kind=#linalg.elementwise_kind<add>
      indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (b)>, affine_map<(a, b, c, d) -> (a, b, c, d)>]
      ins(%6, %b : tensor<2x6x2x2xf32>, tensor<6xf32>) outs(%4 : tensor<2x6x2x2xf32>) -> tensor<2x6x2x2xf32>
  return %3, %6, %7 : tensor<2x6x2x6xf32>, tensor<2x6x2x2xf32>, tensor<2x6x2x2xf32>
}
