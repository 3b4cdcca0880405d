// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file --mlir-print-local-scope | FileCheck %s

// Floats of eight bits are bytes, whose bits are computed; the caller's type is kept beside them.
// CHECK-LABEL: func.func @floats
// CHECK-SAME: %[[X:.+]]: tensor<3xi8> {vit.element_type = f8E4M3FN
// CHECK-SAME: -> (tensor<3xi8> {vit.element_type = f8E5M2
// CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<3xi8>) outs(%{{.+}} : tensor<3xf32>)
// CHECK: arith.bitcast %{{.+}} : i32 to f32
// CHECK: linalg.generic {{.*}} outs(%{{.+}} : tensor<3xi8>)
// CHECK: arith.bitcast %{{.+}} : f32 to i32
// CHECK: math.roundeven
// CHECK: arith.trunci %{{.+}} : i32 to i8
func.func @floats(%x: tensor<3xf8E4M3FN>) -> tensor<3xf8E5M2> {
  %0 = onnx.Cast %x {to = f32} : (tensor<3xf8E4M3FN>) -> tensor<3xf32>
  %1 = onnx.Cast %0 {saturate = false, to = f8E5M2} : (tensor<3xf32>) -> tensor<3xf8E5M2>
  return %1 : tensor<3xf8E5M2>
}

// -----

// Integers of four bits are the low ones of bytes; what the others are does not matter. Constants are sign-extended.
// CHECK-LABEL: func.func @integers
// CHECK-SAME: %[[X:.+]]: tensor<3xi8> {vit.element_type = i4
// CHECK: arith.constant dense<[-8, 7, -1]> : tensor<3xi8>
// CHECK: linalg.generic {{.*}} ins(%[[X]] : tensor<3xi8>)
// CHECK: %[[LOW:.+]] = arith.trunci %{{.+}} : i8 to i4
// CHECK: arith.sitofp %[[LOW]] : i4 to f32
// CHECK: arith.fptosi %{{.+}} : f32 to i32
// CHECK: arith.trunci %{{.+}} : i32 to i4
// CHECK: arith.extsi %{{.+}} : i4 to i8
func.func @integers(%x: tensor<3xi4>) -> (tensor<3xi4>, tensor<3xf32>, tensor<3xi4>) {
  %c = onnx.Constant dense<[-8, 7, -1]> : tensor<3xi4> : tensor<3xi4>
  %0 = onnx.Cast %x {to = f32} : (tensor<3xi4>) -> tensor<3xf32>
  %1 = onnx.Cast %0 {to = i4} : (tensor<3xf32>) -> tensor<3xi4>
  return %1, %0, %c : tensor<3xi4>, tensor<3xf32>, tensor<3xi4>
}
