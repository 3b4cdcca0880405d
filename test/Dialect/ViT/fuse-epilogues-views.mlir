// RUN: vitc-opt %s --vit-fuse-epilogues --split-input-file | FileCheck %s

// The activation of a convolution that is read as tokens.
// CHECK-LABEL: func @tokens
// CHECK: %[[C:.+]] = vit.conv %{{.+}} epilogue {
// CHECK-NEXT: ^bb0(%[[ACC:.+]]: f32):
// CHECK-NEXT: %[[G:.+]] = vit.gelu %[[ACC]] : f32
// CHECK-NEXT: vit.yield %[[G]]
// CHECK: %[[F:.+]] = tensor.collapse_shape %[[C]]
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[F]]
// CHECK-NEXT: return %[[T]]
func.func @tokens(%x: tensor<1x4x8x8xf32>, %w: tensor<4x1x3x3xf32>) -> tensor<1x64x4xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64}
    : (tensor<1x4x8x8xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x8x8xf32>
  %1 = tensor.collapse_shape %0 [[0], [1], [2, 3]] : tensor<1x4x8x8xf32> into tensor<1x4x64xf32>
  %e = tensor.empty() : tensor<1x64x4xf32>
  %2 = linalg.transpose ins(%1 : tensor<1x4x64xf32>) outs(%e : tensor<1x64x4xf32>) permutation = [0, 2, 1]
  %3 = vit.gelu %2 : tensor<1x64x4xf32>
  return %3 : tensor<1x64x4xf32>
}

// -----

// CHECK-LABEL: func @attributes
// CHECK: vit.linear %{{.+}} epilogue {
// CHECK: vit.silu %{{.+}} {beta = 1.702000e+00 : f32} : f32
// CHECK: vit.linear %{{.+}} epilogue {
// CHECK: vit.gelu %{{.+}} {approximate = 1 : i32} : f32
func.func @attributes(%x: tensor<6x4xf32>, %w: tensor<4x8xf32>) -> (tensor<2x3x8xf32>, tensor<8x6xf32>) {
  %0 = vit.linear %x, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [2, 3, 8] : tensor<6x8xf32> into tensor<2x3x8xf32>
  %2 = vit.silu %1 {beta = 1.702 : f32} : tensor<2x3x8xf32>
  %3 = vit.linear %x, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %e = tensor.empty() : tensor<8x6xf32>
  %4 = linalg.transpose ins(%3 : tensor<6x8xf32>) outs(%e : tensor<8x6xf32>) permutation = [1, 0]
  %5 = vit.gelu %4 {approximate = 1 : i32} : tensor<8x6xf32>
  return %2, %5 : tensor<2x3x8xf32>, tensor<8x6xf32>
}

// -----

// What is read before its activation as well stays as it is.
// CHECK-LABEL: func @read_twice
// CHECK: vit.linear
// CHECK-NOT: epilogue
// CHECK: vit.silu %{{.+}} : tensor<2x3x8xf32>
func.func @read_twice(%x: tensor<6x4xf32>, %w: tensor<4x8xf32>) -> (tensor<2x3x8xf32>, tensor<2x3x8xf32>) {
  %0 = vit.linear %x, %w : (tensor<6x4xf32>, tensor<4x8xf32>) -> tensor<6x8xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [2, 3, 8] : tensor<6x8xf32> into tensor<2x3x8xf32>
  %2 = vit.silu %1 : tensor<2x3x8xf32>
  return %1, %2 : tensor<2x3x8xf32>, tensor<2x3x8xf32>
}
