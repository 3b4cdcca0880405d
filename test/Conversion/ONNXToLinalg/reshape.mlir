// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @split_heads
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3, 4]] output_shape [2, 197, 3, 6, 64]
func.func @split_heads(%x: tensor<2x197x1152xf32>) -> tensor<2x197x3x6x64xf32> {
  %s = onnx.Constant dense<[2, 197, 3, 6, 64]> : tensor<5xi64> : tensor<5xi64>
  %0 = onnx.Reshape %x, %s : (tensor<2x197x1152xf32>, tensor<5xi64>) -> tensor<2x197x3x6x64xf32>
  return %0 : tensor<2x197x3x6x64xf32>
}

// -----

// Only the dimensions that change are joined: 8 · 7 = 56 stays apart from the channels.

// CHECK-LABEL: @windows
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2], [3, 4], [5]] output_shape [1, 8, 7, 8, 7, 96]
func.func @windows(%x: tensor<1x56x56x96xf32>) -> tensor<1x8x7x8x7x96xf32> {
  %s = onnx.Constant dense<[1, 8, 7, 8, 7, 96]> : tensor<6xi64> : tensor<6xi64>
  %0 = onnx.Reshape %x, %s : (tensor<1x56x56x96xf32>, tensor<6xi64>) -> tensor<1x8x7x8x7x96xf32>
  return %0 : tensor<1x8x7x8x7x96xf32>
}

// -----

// What does not divide goes through the product.

// CHECK-LABEL: @scramble
// CHECK: %[[FLAT:.+]] = tensor.collapse_shape %{{.+}} {{\[\[}}0], [1, 2]] : tensor<2x4x6xf32> into tensor<2x24xf32>
// CHECK: tensor.expand_shape %[[FLAT]] {{\[\[}}0], [1, 2]] output_shape [2, 3, 8]
func.func @scramble(%x: tensor<2x4x6xf32>) -> tensor<2x3x8xf32> {
  %s = onnx.Constant dense<[2, 3, 8]> : tensor<3xi64> : tensor<3xi64>
  %0 = onnx.Reshape %x, %s : (tensor<2x4x6xf32>, tensor<3xi64>) -> tensor<2x3x8xf32>
  return %0 : tensor<2x3x8xf32>
}

// -----

// The groups come from the axes: at batch 1 the shapes alone would not say which unit dimension goes.

// CHECK-LABEL: @squeeze
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0], [1, 2], [3]] : tensor<1x6x1x64xf32> into tensor<1x6x64xf32>
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] : tensor<1x6x1x64xf32> into tensor<6x1x64xf32>
func.func @squeeze(%x: tensor<1x6x1x64xf32>) -> (tensor<1x6x64xf32>, tensor<6x1x64xf32>) {
  %a = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Squeeze %x, %a : (tensor<1x6x1x64xf32>, tensor<1xi64>) -> tensor<1x6x64xf32>
  %b = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %1 = onnx.Squeeze %x, %b : (tensor<1x6x1x64xf32>, tensor<1xi64>) -> tensor<6x1x64xf32>
  return %0, %1 : tensor<1x6x64xf32>, tensor<6x1x64xf32>
}

// -----

// CHECK-LABEL: @unsqueeze_scalar
// CHECK: tensor.expand_shape %{{.+}} [] output_shape [1, 1] : tensor<f32> into tensor<1x1xf32>
func.func @unsqueeze_scalar(%x: tensor<f32>) -> tensor<1x1xf32> {
  %a = onnx.Constant dense<[0, 1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Unsqueeze %x, %a : (tensor<f32>, tensor<2xi64>) -> tensor<1x1xf32>
  return %0 : tensor<1x1xf32>
}

// -----

// CHECK-LABEL: @transpose
// CHECK: linalg.transpose ins(%{{.+}} : tensor<2x3x4xf32>) outs(%{{.+}} : tensor<4x3x2xf32>) permutation = [2, 1, 0]
func.func @transpose(%x: tensor<2x3x4xf32>) -> tensor<4x3x2xf32> {
  %0 = onnx.Transpose %x : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
  return %0 : tensor<4x3x2xf32>
}

// -----

// CHECK-LABEL: @tile
// CHECK: %[[COPIES:.+]] = linalg.broadcast ins(%{{.+}} : tensor<2x3xf32>) outs(%{{.+}} : tensor<2x4x3xf32>) dimensions = [1]
// CHECK: tensor.collapse_shape %[[COPIES]] {{\[\[}}0], [1, 2]] : tensor<2x4x3xf32> into tensor<2x12xf32>
func.func @tile(%x: tensor<2x3xf32>) -> tensor<2x12xf32> {
  %r = onnx.Constant dense<[1, 4]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Tile %x, %r : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x12xf32>
  return %0 : tensor<2x12xf32>
}
