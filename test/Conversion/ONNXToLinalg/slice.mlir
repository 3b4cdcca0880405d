// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @slice
// CHECK: tensor.extract_slice %{{.+}}[0, 5, 0] [2, 192, 2] [1, 1, 3] : tensor<2x197x6xf32> to tensor<2x192x2xf32>
func.func @slice(%x: tensor<2x197x6xf32>) -> tensor<2x192x2xf32> {
  %s = onnx.Constant dense<[5, 0]> : tensor<2xi64> : tensor<2xi64>
  %e = onnx.Constant dense<9223372036854775807> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %t = onnx.Constant dense<[1, 3]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Slice %x, %s, %e, %a, %t {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
    : (tensor<2x197x6xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x192x2xf32>
  return %0 : tensor<2x192x2xf32>
}

// -----

// CHECK-LABEL: @reverse
// CHECK-SAME: %[[X:.+]]: tensor<4xf32>
// CHECK: %[[LAST:.+]] = arith.constant 3 : index
// CHECK: linalg.generic
// CHECK: %[[I:.+]] = linalg.index 0
// CHECK: %[[STEP:.+]] = arith.constant -1 : index
// CHECK: %[[DISTANCE:.+]] = arith.muli %[[I]], %[[STEP]]
// CHECK: %[[J:.+]] = arith.addi %[[LAST]], %[[DISTANCE]]
// CHECK: tensor.extract %[[X]][%[[J]]]
func.func @reverse(%x: tensor<4xf32>) -> tensor<4xf32> {
  %s = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.Constant dense<-9223372036854775808> : tensor<1xi64> : tensor<1xi64>
  %a = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %s, %e, %a, %s {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
    : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @split
// CHECK: tensor.extract_slice %{{.+}}[0, 0] [2, 3] [1, 1] : tensor<2x5xf32> to tensor<2x3xf32>
// CHECK: tensor.extract_slice %{{.+}}[0, 3] [2, 2] [1, 1] : tensor<2x5xf32> to tensor<2x2xf32>
func.func @split(%x: tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x2xf32>) {
  %0:2 = onnx.Split %x {axis = -1 : i64, num_outputs = 2 : i64} : (tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x2xf32>)
  return %0#0, %0#1 : tensor<2x3xf32>, tensor<2x2xf32>
}

// -----

// A negative start of a symbolic dimension is an offset from its end.

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
#y = #vit.dims<["n"], affine_map<()[s0] -> (s0 - 1, 4)>>

// CHECK-DAG: #[[$FROM_END:.+]] = affine_map<()[s0] -> (s0 - 2)>
// CHECK-DAG: #[[$FEWER:.+]] = affine_map<()[s0] -> (s0 - 1)>
// CHECK-LABEL: @symbolic
// CHECK: %[[N:.+]] = tensor.dim
// CHECK: %[[SIZE:.+]] = affine.apply #[[$FEWER]]()[%[[N]]]
// CHECK: tensor.extract_slice %{{.+}}[1, 0] [%[[SIZE]], 4] [1, 1]
// CHECK: %[[START:.+]] = affine.apply #[[$FROM_END]]()[%[[N]]]
// CHECK: tensor.extract_slice %{{.+}}[%[[START]], 0] [2, 4] [1, 1]
func.func @symbolic(%x: tensor<?x4xf32, #x>) -> (tensor<?x4xf32, #y>, tensor<2x4xf32>) {
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %two = onnx.Constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %e = onnx.Constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %a = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %one, %e, %a {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
    : (tensor<?x4xf32, #x>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xf32, #y>
  %1 = onnx.Slice %x, %two, %e, %a {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}
    : (tensor<?x4xf32, #x>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x4xf32>
  return %0, %1 : tensor<?x4xf32, #y>, tensor<2x4xf32>
}

// -----

// CHECK-LABEL: @pad
// CHECK: %[[CROPPED:.+]] = tensor.extract_slice %{{.+}}[0, 1] [2, 2] [1, 1]
// CHECK: %[[VALUE:.+]] = arith.constant 5.000000e-01 : f32
// CHECK: tensor.pad %[[CROPPED]] low[1, 0] high[2, 0]
// CHECK: tensor.yield %[[VALUE]]
func.func @pad(%x: tensor<2x3xf32>) -> tensor<5x2xf32> {
  %p = onnx.Constant dense<[1, -1, 2, 0]> : tensor<4xi64> : tensor<4xi64>
  %v = onnx.Constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = onnx.Pad %x, %p, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<2x3xf32>, tensor<4xi64>, tensor<f32>) -> tensor<5x2xf32>
  return %0 : tensor<5x2xf32>
}

// -----

// CHECK-LABEL: @pad_edge
// CHECK: linalg.generic
// CHECK: arith.maxsi
// CHECK: arith.minsi
// CHECK: tensor.extract
func.func @pad_edge(%x: tensor<4xf32>) -> tensor<6xf32> {
  %p = onnx.Constant dense<1> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Pad %x, %p {mode = "edge", operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<4xf32>, tensor<2xi64>) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

// CHECK-LABEL: @lower_triangle
// CHECK: linalg.generic
// CHECK: arith.cmpi sle
// CHECK: arith.select
func.func @lower_triangle(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = onnx.Trilu %x {upper = false} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}

// -----

// A slice whose unit dimension goes is a rank-reducing one: the queries of packed queries, keys and values.

// CHECK-LABEL: @slice_and_squeeze
// CHECK-SAME: %[[X:.+]]: tensor<3x2x6x4xf32>
// CHECK: %[[Q:.+]] = tensor.extract_slice %[[X]][1, 0, 0, 0] [1, 2, 6, 4] [1, 1, 1, 1] : tensor<3x2x6x4xf32> to tensor<2x6x4xf32>
// CHECK-NOT: tensor.collapse_shape
// CHECK: return %[[Q]]
func.func @slice_and_squeeze(%x: tensor<3x2x6x4xf32>) -> tensor<2x6x4xf32> {
  %0:3 = onnx.Split %x {num_outputs = 3 : i64} : (tensor<3x2x6x4xf32>) -> (tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32>, tensor<1x2x6x4xf32>)
  %a = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %1 = onnx.Squeeze %0#1, %a : (tensor<1x2x6x4xf32>, tensor<1xi64>) -> tensor<2x6x4xf32>
  return %1 : tensor<2x6x4xf32>
}
