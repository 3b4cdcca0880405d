// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @conv
// CHECK: vit.conv %{{.+}}, %{{.+}} bias(%{{.+}} : tensor<16xf32>)
// CHECK-SAME: dilations = array<i64: 1, 2>, groups = 2 : i64, pads = array<i64: 0, 1, 2, 3>, strides = array<i64: 2, 1>
// CHECK-SAME: (tensor<1x8x9x9xf32>, tensor<16x4x3x3xf32>) -> tensor<1x16x5x9xf32>
func.func @conv(%x: tensor<1x8x9x9xf32>, %w: tensor<16x4x3x3xf32>, %b: tensor<16xf32>) -> tensor<1x16x5x9xf32> {
  %0 = onnx.Conv %x, %w, %b {dilations = array<i64: 1, 2>, group = 2 : i64, pads = array<i64: 0, 1, 2, 3>, strides = array<i64: 2, 1>}
    : (tensor<1x8x9x9xf32>, tensor<16x4x3x3xf32>, tensor<16xf32>) -> tensor<1x16x5x9xf32>
  return %0 : tensor<1x16x5x9xf32>
}

// -----

// An odd padding has its greater half after with SAME_UPPER, before with SAME_LOWER.

// CHECK-LABEL: @same
// CHECK: vit.conv {{.+}} pads = array<i64: 0, 0, 1, 1>
// CHECK: vit.conv {{.+}} pads = array<i64: 1, 1, 0, 0>
func.func @same(%x: tensor<1x1x4x4xf32>, %w: tensor<1x1x2x2xf32>) -> (tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>) {
  %0 = onnx.Conv %x, %w {auto_pad = "SAME_UPPER"} : (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x4x4xf32>
  %1 = onnx.Conv %x, %w {auto_pad = "SAME_LOWER"} : (tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32>) -> tensor<1x1x4x4xf32>
  return %0, %1 : tensor<1x1x4x4xf32>, tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @conv_in_one_dimension
// CHECK-SAME: %[[X:.+]]: tensor<2x3x8xf32>, %[[W:.+]]: tensor<4x3x3xf32>
// CHECK-DAG: %[[X4:.+]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1, 2], [3]] output_shape [2, 3, 1, 8]
// CHECK-DAG: %[[W4:.+]] = tensor.expand_shape %[[W]] {{\[\[}}0], [1, 2], [3]] output_shape [4, 3, 1, 3]
// CHECK: %[[Y:.+]] = vit.conv %[[X4]], %[[W4]] {{.+}} pads = array<i64: 0, 1, 0, 1>
// CHECK: tensor.collapse_shape %[[Y]] {{\[\[}}0], [1, 2], [3]] : tensor<2x4x1x8xf32> into tensor<2x4x8xf32>
func.func @conv_in_one_dimension(%x: tensor<2x3x8xf32>, %w: tensor<4x3x3xf32>) -> tensor<2x4x8xf32> {
  %0 = onnx.Conv %x, %w {pads = array<i64: 1, 1>} : (tensor<2x3x8xf32>, tensor<4x3x3xf32>) -> tensor<2x4x8xf32>
  return %0 : tensor<2x4x8xf32>
}

// -----

// CHECK-LABEL: @deconvolution
// CHECK: vit.conv {{.+}} pads = array<i64: 1, 1, 0, 0>, strides = array<i64: 2, 2>, transposed
// CHECK-SAME: -> tensor<1x4x8x8xf32>
func.func @deconvolution(%x: tensor<1x2x4x4xf32>, %w: tensor<2x4x3x3xf32>) -> tensor<1x4x8x8xf32> {
  %0 = onnx.ConvTranspose %x, %w {output_padding = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
    : (tensor<1x2x4x4xf32>, tensor<2x4x3x3xf32>) -> tensor<1x4x8x8xf32>
  return %0 : tensor<1x4x8x8xf32>
}

// -----

// What output_padding adds beyond the reach of the input holds the bias alone.

// CHECK-LABEL: @deconvolution_beyond_reach
// CHECK-SAME: %[[B:.+]]: tensor<4xf32>)
// CHECK: %[[Y:.+]] = vit.conv %{{.+}}, %{{.+}} {{{.+}}transposed} : {{.+}} -> tensor<1x4x8x8xf32>
// CHECK: %[[PADDED:.+]] = tensor.pad %[[Y]] low[0, 0, 0, 0] high[0, 0, 1, 1]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.+}} ins(%[[PADDED]], %{{.+}} : tensor<1x4x9x9xf32>, tensor<4xf32>)
func.func @deconvolution_beyond_reach(%x: tensor<1x2x4x4xf32>, %w: tensor<2x4x2x2xf32>, %b: tensor<4xf32>) -> tensor<1x4x9x9xf32> {
  %0 = onnx.ConvTranspose %x, %w, %b {output_padding = array<i64: 1, 1>, strides = array<i64: 2, 2>}
    : (tensor<1x2x4x4xf32>, tensor<2x4x2x2xf32>, tensor<4xf32>) -> tensor<1x4x9x9xf32>
  return %0 : tensor<1x4x9x9xf32>
}

// -----

// Where no kernel takes it, a transposed convolution is one by the kernel backwards over an input with zeros between.

// CHECK-LABEL: @deconvolution_dilated
// CHECK: tensor.pad %{{.+}} low[0, 0, 0, 0, 0] high[0, 0, 0, 1, 0]
// CHECK: tensor.pad %{{.+}} low[0, 0, 0, 0, 0] high[0, 0, 0, 0, 1]
// CHECK: vit.conv %{{.+}}, %{{.+}} {dilations = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
// CHECK-SAME: (tensor<1x2x11x11xf32>, tensor<4x2x2x2xf32>) -> tensor<1x4x9x9xf32>
func.func @deconvolution_dilated(%x: tensor<1x2x4x4xf32>, %w: tensor<2x4x2x2xf32>) -> tensor<1x4x9x9xf32> {
  %0 = onnx.ConvTranspose %x, %w {dilations = array<i64: 2, 2>, strides = array<i64: 2, 2>}
    : (tensor<1x2x4x4xf32>, tensor<2x4x2x2xf32>) -> tensor<1x4x9x9xf32>
  return %0 : tensor<1x4x9x9xf32>
}

// -----

// Three dimensions are loops, the last position innermost.

// CHECK-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7, d8, d9) -> (d0, d1, d5, d3 * 2 + d6, d4 + d7, d8 + d9)>
// CHECK-LABEL: @convolution_in_three_dimensions
// CHECK: linalg.generic {indexing_maps = [#[[$X]],
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction", "reduction", "parallel"]
func.func @convolution_in_three_dimensions(%x: tensor<1x4x5x5x5xf32>, %w: tensor<6x2x3x3x3xf32>) -> tensor<1x6x2x3x3xf32> {
  %0 = onnx.Conv %x, %w {group = 2 : i64, strides = array<i64: 2, 1, 1>} : (tensor<1x4x5x5x5xf32>, tensor<6x2x3x3x3xf32>) -> tensor<1x6x2x3x3xf32>
  return %0 : tensor<1x6x2x3x3xf32>
}

// -----

// CHECK-LABEL: @max_pool
// CHECK: %[[LOW:.+]] = arith.constant 0xFF800000 : f32
// CHECK: %[[PADDED:.+]] = tensor.pad %{{.+}} low[0, 0, 1, 1] high[0, 0, 0, 0]
// CHECK: linalg.pooling_nchw_max {dilations = dense<1> : tensor<2xi64>, strides = dense<2> : tensor<2xi64>} ins(%[[PADDED]], %{{.+}} : tensor<1x8x9x9xf32>, tensor<3x3xf32>)
func.func @max_pool(%x: tensor<1x8x8x8xf32>) -> tensor<1x8x4x4xf32> {
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
    : (tensor<1x8x8x8xf32>) -> tensor<1x8x4x4xf32>
  return %0 : tensor<1x8x4x4xf32>
}

// -----

// Without the padding, windows at the edge have fewer elements.

// CHECK-LABEL: @average_pool
// CHECK: %[[SUM:.+]] = linalg.pooling_nchw_sum
// CHECK: %[[COUNT:.+]] = arith.constant dense<{{\[\[}}4.000000e+00, 6.000000e+00, 4.000000e+00], [6.000000e+00, 9.000000e+00, 6.000000e+00], [4.000000e+00, 6.000000e+00, 4.000000e+00]]> : tensor<3x3xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<div> {{.+}} ins(%[[SUM]], %[[COUNT]] :
func.func @average_pool(%x: tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32> {
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  return %0 : tensor<1x8x3x3xf32>
}

// CHECK-LABEL: @average_pool_includes_padding
// CHECK: %[[SUM:.+]] = linalg.pooling_nchw_sum
// CHECK: %[[FACTOR:.+]] = arith.constant dense<0.111111112> : tensor<f32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.+}} ins(%[[SUM]], %[[FACTOR]] :
func.func @average_pool_includes_padding(%x: tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32> {
  %0 = onnx.AveragePool %x {count_include_pad = true, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}
    : (tensor<1x8x3x3xf32>) -> tensor<1x8x3x3xf32>
  return %0 : tensor<1x8x3x3xf32>
}

// -----

// Where a window reads is clamped into the image; what lay outside is zero.

// CHECK-LABEL: @deform_conv
// CHECK: linalg.generic {{.+}} outs(%{{.+}} : tensor<1x4x3x3x6x6xf32>)
// CHECK: arith.maxnumf
// CHECK: arith.minnumf
// CHECK: arith.fptosi
// CHECK-COUNT-4: tensor.extract
// CHECK: linalg.contract {{.+}} ins(%{{.+}}, %{{.+}} : tensor<1x2x18x36xf32>, tensor<2x4x18xf32>)
func.func @deform_conv(%x: tensor<1x4x8x8xf32>, %w: tensor<8x2x3x3xf32>, %o: tensor<1x18x6x6xf32>) -> tensor<1x8x6x6xf32> {
  %0 = onnx.DeformConv %x, %w, %o {group = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
    : (tensor<1x4x8x8xf32>, tensor<8x2x3x3xf32>, tensor<1x18x6x6xf32>) -> tensor<1x8x6x6xf32>
  return %0 : tensor<1x8x6x6xf32>
}
