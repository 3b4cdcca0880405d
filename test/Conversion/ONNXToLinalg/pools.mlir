// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Three dimensions are loops: those of the result, then those of the window.

// CHECK-DAG: #[[$READ:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d2 * 2 + d5, d3 + d6 * 3, d4 + d7)>
// CHECK-DAG: #[[$WINDOW:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d5, d6, d7)>
// CHECK-LABEL: @average_pool_3d
// CHECK: linalg.generic {indexing_maps = [#[[$READ]], #[[$WINDOW]], #{{.+}}]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul>
func.func @average_pool_3d(%x: tensor<1x2x8x8x8xf32>) -> tensor<1x2x4x5x7xf32> {
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 2, 2, 2>, strides = array<i64: 2, 1, 1>, dilations = array<i64: 1, 3, 1>}
    : (tensor<1x2x8x8x8xf32>) -> tensor<1x2x4x5x7xf32>
  return %0 : tensor<1x2x4x5x7xf32>
}

// -----

// What a window of a symbolic space reads is counted at run time.

#s = #vit.dims<["s"], affine_map<()[s0] -> (1, 2, s0, 4)>>
// CHECK-LABEL: @average_pool_symbolic
// CHECK: linalg.pooling_nchw_sum
// CHECK: linalg.pooling_nchw_sum {{.+}} tensor<1x1x?x4xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<div>
func.func @average_pool_symbolic(%x: tensor<1x2x?x4xf32, #s>) -> tensor<1x2x?x4xf32, #s> {
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x?x4xf32, #s>) -> tensor<1x2x?x4xf32, #s>
  return %0 : tensor<1x2x?x4xf32, #s>
}

// -----

// The indices count all elements of the input; a position in the padding is never better than the lowest value.

// CHECK-LABEL: @max_pool_indices
// CHECK: %[[PADDED:.+]] = tensor.pad
// CHECK: linalg.generic {{.+}} ins(%[[PADDED]], %{{.+}}) outs(%{{.+}}, %{{.+}} : tensor<1x2x4x4xf32>, tensor<1x2x4x4xi64>)
// CHECK: arith.cmpf ogt
// CHECK: linalg.yield %{{.+}}, %{{.+}} : f32, i64
func.func @max_pool_indices(%x: tensor<1x2x8x8xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xi64>) {
  %0:2 = onnx.MaxPool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
    : (tensor<1x2x8x8xf32>) -> (tensor<1x2x4x4xf32>, tensor<1x2x4x4xi64>)
  return %0#0, %0#1 : tensor<1x2x4x4xf32>, tensor<1x2x4x4xi64>
}

// -----

// CHECK-LABEL: @lp_pool
// CHECK: math.powf
// CHECK: linalg.pooling_nchw_sum
// CHECK: math.powf
func.func @lp_pool(%x: tensor<1x2x8xf32>) -> tensor<1x2x7xf32> {
  %0 = onnx.LpPool %x {kernel_shape = array<i64: 2>, p = 3 : i64} : (tensor<1x2x8xf32>) -> tensor<1x2x7xf32>
  return %0 : tensor<1x2x7xf32>
}

// -----

// Two channels before and two after would be a size of 5; of 4 channels, one is before.

// CHECK-DAG: #[[$LRN:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 + d3, d2)>
// CHECK-LABEL: @lrn
// CHECK: tensor.pad %{{.+}} low[0, 1, 0] high[0, 2, 0]
// CHECK: linalg.generic {indexing_maps = [#[[$LRN]],
// CHECK: math.powf
func.func @lrn(%x: tensor<1x8x6xf32>) -> tensor<1x8x6xf32> {
  %0 = onnx.LRN %x {size = 4 : i64} : (tensor<1x8x6xf32>) -> tensor<1x8x6xf32>
  return %0 : tensor<1x8x6xf32>
}
