// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file --mlir-print-local-scope | FileCheck %s

// The elements are counted, the count named, and the positions found.
// CHECK-LABEL: func.func @non_zero
// CHECK-SAME: %[[X:.+]]: tensor<4x5xf32>
// CHECK: %[[N:.+]] = vit.procedure ins(%[[X]] : tensor<4x5xf32>) outs(%{{.+}} : tensor<i64>) {
// CHECK: arith.cmpf une
// CHECK: %[[READ:.+]] = tensor.extract %[[N]][]
// CHECK: %[[COUNT:.+]] = arith.index_cast %[[READ]]
// CHECK: %[[BOUND:.+]] = arith.constant 20 : index
// CHECK: %[[EXTENT:.+]] = vit.extent "count(find)"(%[[COUNT]]) at most %[[BOUND]]
// CHECK: %[[INIT:.+]] = tensor.empty(%[[EXTENT]]) : tensor<2x?xi64>
// CHECK: vit.procedure ins(%[[X]] : tensor<4x5xf32>) outs(%[[INIT]] : tensor<2x?xi64>) {
func.func @non_zero(%x: tensor<4x5xf32>) -> tensor<2x?xi64, #vit.dims<["count(find)"], affine_map<()[s0] -> (2, s0)>>> {
  %0 = onnx.NonZero %x {onnx.extent = #vit.dims<["count(find)"], affine_map<()[s0] -> (s0, 20)>>}
      : (tensor<4x5xf32>) -> tensor<2x?xi64, #vit.dims<["count(find)"], affine_map<()[s0] -> (2, s0)>>>
  return %0 : tensor<2x?xi64, #vit.dims<["count(find)"], affine_map<()[s0] -> (2, s0)>>>
}

// -----

// A count that is known needs no name.
// CHECK-LABEL: func.func @compress
// CHECK-NOT: vit.extent
// CHECK: vit.procedure {{.*}} outs(%{{.+}} : tensor<1x2xi64>)
// CHECK: linalg.generic
func.func @compress(%x: tensor<4x3xf32>) -> tensor<4x2xf32> {
  %c = onnx.Constant dense<[true, false, true]> : tensor<3xi1> : tensor<3xi1>
  %0 = onnx.Compress %x, %c {axis = 1 : i64} : (tensor<4x3xf32>, tensor<3xi1>) -> tensor<4x2xf32>
  return %0 : tensor<4x2xf32>
}

// -----

// Classes are independent of each other; their rows are gathered when all are known.
// CHECK-LABEL: func.func @suppression
// CHECK: %[[ITEMS:.+]] = arith.constant 6 : index
// CHECK: %[[PICKED:.+]]:3 = vit.procedure items(%[[ITEMS]]) {{.*}} outs({{.*}} : tensor<2x3x5xi64>, tensor<2x3xi64>, tensor<2x3x40xi8>) {
// CHECK: scf.while
// CHECK: vit.procedure ins(%[[PICKED]]#1 : tensor<2x3xi64>) outs(%{{.+}} : tensor<i64>)
// CHECK: %[[N:.+]] = vit.extent "count(nms)"
// CHECK: vit.procedure ins(%[[PICKED]]#0, %[[PICKED]]#1 : {{.*}}) outs(%{{.+}} : tensor<?x3xi64>)
func.func @suppression(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>) -> tensor<?x3xi64, #vit.dims<["count(nms)"], affine_map<()[s0] -> (s0, 3)>>> {
  %five = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.NonMaxSuppression %b, %s, %five {onnx.extent = #vit.dims<["count(nms)"], affine_map<()[s0] -> (s0, 30)>>, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<1xi64>) -> tensor<?x3xi64, #vit.dims<["count(nms)"], affine_map<()[s0] -> (s0, 3)>>>
  return %0 : tensor<?x3xi64, #vit.dims<["count(nms)"], affine_map<()[s0] -> (s0, 3)>>>
}

// -----

// CHECK-LABEL: func.func @slice
// CHECK-SAME: %[[X:[^:]+]]: tensor<7x3xf32>
// CHECK: arith.ceildivsi
// CHECK: %[[N:.+]] = vit.extent "count(part)"
// CHECK: tensor.extract_slice %[[X]][%{{.+}}, 0] [%[[N]], 3] [2, 1] : tensor<7x3xf32> to tensor<?x3xf32>
func.func @slice(%x: tensor<7x3xf32>, %from: tensor<1xi64>, %to: tensor<1xi64>) -> tensor<?x3xf32, #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 3)>>> {
  %axis = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %step = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %from, %to, %axis, %step {onnx.extent = #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 7)>>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<7x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3xf32, #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 3)>>>
  return %0 : tensor<?x3xf32, #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 3)>>>
}

// -----

// CHECK-LABEL: func.func @top_k
// CHECK: %[[K:.+]] = vit.extent "count(best)"
// CHECK: vit.procedure items(%{{.+}}) {{.*}} outs(%{{.+}}, %{{.+}} : tensor<2x?xf32>, tensor<2x?xi64>) {
// CHECK: scf.while
func.func @top_k(%x: tensor<2x9xf32>, %k: tensor<1xi64>) -> tensor<2x?xf32, #vit.dims<["count(best)"], affine_map<()[s0] -> (2, s0)>>> {
  %v, %i = onnx.TopK %x, %k {onnx.extent = #vit.dims<["count(best)"], affine_map<()[s0] -> (s0, 9)>>}
      : (tensor<2x9xf32>, tensor<1xi64>) -> (tensor<2x?xf32, #vit.dims<["count(best)"], affine_map<()[s0] -> (2, s0)>>>, tensor<2x?xi64, #vit.dims<["count(best)"], affine_map<()[s0] -> (2, s0)>>>)
  return %v : tensor<2x?xf32, #vit.dims<["count(best)"], affine_map<()[s0] -> (2, s0)>>>
}

// -----

// Rows are sorted and numbered, the number of distinct ones named, and these gathered.
#rows = #vit.dims<["count(find)"], affine_map<()[s0] -> (4, s0)>>
#count = #vit.dims<["count(find)"], affine_map<()[s0] -> (s0)>>
// CHECK-LABEL: func.func @unique
// CHECK: %[[FOUND:.+]]:2 = vit.procedure ins(%{{.+}} : tensor<3x4xf32>) outs({{.*}} : tensor<5x3xi64>, tensor<i64>) {
// CHECK: tensor.extract %[[FOUND]]#1[]
// CHECK: %[[EXTENT:.+]] = vit.extent "count(find)"
// CHECK: %[[FIRST:.+]] = tensor.extract_slice %[[FOUND]]#0[2, 0] [1, %[[EXTENT]]] [1, 1] : tensor<5x3xi64> to tensor<?xi64>
// CHECK: tensor.empty(%[[EXTENT]]) : tensor<4x?xf32>
// CHECK: tensor.extract %[[FIRST]]
// CHECK: tensor.extract_slice %[[FOUND]]#0[3, 0] [1, 3] [1, 1]
// CHECK: tensor.extract_slice %[[FOUND]]#0[4, 0] [1, %[[EXTENT]]] [1, 1]
func.func @unique(%x: tensor<4x3xf32>) -> (tensor<4x?xf32, #rows>, tensor<?xi64, #count>, tensor<3xi64>, tensor<?xi64, #count>) {
  %0:4 = onnx.Unique %x {axis = 1 : i64, onnx.extent = #vit.dims<["count(find)"], affine_map<()[s0] -> (s0, 3)>>} : (tensor<4x3xf32>)
      -> (tensor<4x?xf32, #rows>, tensor<?xi64, #count>, tensor<3xi64>, tensor<?xi64, #count>)
  return %0#0, %0#1, %0#2, %0#3 : tensor<4x?xf32, #rows>, tensor<?xi64, #count>, tensor<3xi64>, tensor<?xi64, #count>
}
