// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @mean_keeps_dims
// CHECK-SAME: %[[X:.+]]: tensor<2x197x384xf32>
// CHECK: %[[SUM:.+]] = linalg.reduce ins(%[[X]] : tensor<2x197x384xf32>) outs(%{{.+}} : tensor<2x197xf32>) dimensions = [2]
// CHECK: arith.addf
// CHECK: %[[FACTOR:.+]] = arith.constant dense<0.00260416674> : tensor<f32>
// CHECK: %[[MEAN:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.+}} ins(%[[SUM]], %[[FACTOR]] :
// CHECK: tensor.expand_shape %[[MEAN]] {{\[\[}}0], [1, 2]] output_shape [2, 197, 1]
func.func @mean_keeps_dims(%x: tensor<2x197x384xf32>) -> tensor<2x197x1xf32> {
  %a = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.ReduceMean %x, %a : (tensor<2x197x384xf32>, tensor<1xi64>) -> tensor<2x197x1xf32>
  return %0 : tensor<2x197x1xf32>
}

// -----

// CHECK-LABEL: @all_axes
// CHECK: arith.constant 0xFF800000 : f32
// CHECK: linalg.reduce ins(%{{.+}} : tensor<2x3xf32>) outs(%{{.+}} : tensor<f32>) dimensions = [0, 1]
// CHECK: arith.maximumf
func.func @all_axes(%x: tensor<2x3xf32>) -> tensor<f32> {
  %0 = onnx.ReduceMax %x {keepdims = false} : (tensor<2x3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

// CHECK-LABEL: @no_axes
// CHECK-SAME: %[[X:.+]]: tensor<2x3xf32>
// CHECK: return %[[X]]
func.func @no_axes(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = onnx.ReduceSum %x {noop_with_empty_axes = true} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @unsigned_minimum
// CHECK: arith.constant -1 : i8
// CHECK: linalg.reduce
// CHECK: arith.minui
func.func @unsigned_minimum(%x: tensor<4xui8>) -> tensor<ui8> {
  %0 = onnx.ReduceMin %x {keepdims = false} : (tensor<4xui8>) -> tensor<ui8>
  return %0 : tensor<ui8>
}

// -----

// CHECK-LABEL: @global_average_pool
// CHECK: linalg.reduce {{.+}} outs(%{{.+}} : tensor<2x8xf32>) dimensions = [2, 3]
// CHECK: tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2, 3]] output_shape [2, 8, 1, 1]
func.func @global_average_pool(%x: tensor<2x8x7x7xf32>) -> tensor<2x8x1x1xf32> {
  %0 = onnx.GlobalAveragePool %x : (tensor<2x8x7x7xf32>) -> tensor<2x8x1x1xf32>
  return %0 : tensor<2x8x1x1xf32>
}

// -----

// CHECK-LABEL: @softmax
// CHECK: linalg.softmax dimension(1) ins(%{{.+}} : tensor<2x3x4xf32>)
func.func @softmax(%x: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = onnx.Softmax %x {axis = -2 : i64} : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// The first maximum: a later one has to be greater.

// CHECK-LABEL: @argmax
// CHECK: linalg.generic {{.+}} iterator_types = ["parallel", "reduction"]
// CHECK: arith.cmpf ogt
// CHECK: linalg.index 1
func.func @argmax(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  %0 = onnx.ArgMax %x {axis = 1 : i64, keepdims = false} : (tensor<2x3xf32>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}
