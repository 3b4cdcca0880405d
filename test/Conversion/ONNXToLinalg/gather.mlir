// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @class_row
// CHECK: tensor.extract_slice %{{.+}}[0, 0, 0] [2, 1, 384] [1, 1, 1] : tensor<2x197x384xf32> to tensor<2x384xf32>
// CHECK: tensor.extract_slice %{{.+}}[0, 196, 0] [2, 1, 384] [1, 1, 1] : tensor<2x197x384xf32> to tensor<2x384xf32>
func.func @class_row(%x: tensor<2x197x384xf32>) -> (tensor<2x384xf32>, tensor<2x384xf32>) {
  %first = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %last = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  %0 = onnx.Gather %x, %first {axis = 1 : i64} : (tensor<2x197x384xf32>, tensor<i64>) -> tensor<2x384xf32>
  %1 = onnx.Gather %x, %last {axis = 1 : i64} : (tensor<2x197x384xf32>, tensor<i64>) -> tensor<2x384xf32>
  return %0, %1 : tensor<2x384xf32>, tensor<2x384xf32>
}

// -----

// CHECK-LABEL: @runs
// CHECK: %[[A:.+]] = tensor.extract_slice %{{.+}}[4] [2] [1]
// CHECK: %[[B:.+]] = tensor.extract_slice %{{.+}}[0] [3] [1]
// CHECK: %[[AB:.+]] = tensor.concat dim(0) %[[A]], %[[B]]
// CHECK: %[[STRIDED:.+]] = tensor.extract_slice %{{.+}}[1] [3] [2]
func.func @runs(%x: tensor<6xf32>) -> (tensor<5xf32>, tensor<3xf32>) {
  %i = onnx.Constant dense<[4, 5, 0, 1, 2]> : tensor<5xi64> : tensor<5xi64>
  %j = onnx.Constant dense<[1, 3, 5]> : tensor<3xi64> : tensor<3xi64>
  %0 = onnx.Gather %x, %i : (tensor<6xf32>, tensor<5xi64>) -> tensor<5xf32>
  %1 = onnx.Gather %x, %j : (tensor<6xf32>, tensor<3xi64>) -> tensor<3xf32>
  return %0, %1 : tensor<5xf32>, tensor<3xf32>
}

// -----

// Indices of the run count from the end where they are negative, and never read outside.

// CHECK-LABEL: @at_run_time
// CHECK-SAME: %[[X:.+]]: tensor<10x4xf32>, %[[I:.+]]: tensor<2x3xi64>
// CHECK: %[[SIZE:.+]] = arith.constant 10 : index
// CHECK: linalg.generic
// CHECK: %[[D0:.+]] = linalg.index 0
// CHECK: %[[D1:.+]] = linalg.index 1
// CHECK: %[[D2:.+]] = linalg.index 2
// CHECK: %[[RAW:.+]] = tensor.extract %[[I]][%[[D0]], %[[D1]]]
// CHECK: arith.addi %{{.+}}, %[[SIZE]]
// CHECK: arith.minsi
// CHECK: %[[ROW:.+]] = arith.maxsi
// CHECK: tensor.extract %[[X]][%[[ROW]], %[[D2]]]
func.func @at_run_time(%x: tensor<10x4xf32>, %i: tensor<2x3xi64>) -> tensor<2x3x4xf32> {
  %0 = onnx.Gather %x, %i : (tensor<10x4xf32>, tensor<2x3xi64>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// CHECK-LABEL: @gather_nd
// CHECK-SAME: %[[X:.+]]: tensor<2x3x4xf32>
// CHECK: linalg.generic
// CHECK-COUNT-2: arith.maxsi
// CHECK: tensor.extract %[[X]]
func.func @gather_nd(%x: tensor<2x3x4xf32>, %i: tensor<5x2xi64>) -> tensor<5x4xf32> {
  %0 = onnx.GatherND %x, %i : (tensor<2x3x4xf32>, tensor<5x2xi64>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}
