// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// A slope for each channel is broadcast by its map.

// CHECK-LABEL: @prelu
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #{{.+}}, #{{.+}}]
// CHECK: ^bb0(%[[X:.+]]: f32, %[[SLOPE:.+]]: f32, %{{.+}}: f32):
// CHECK-DAG: %[[PRODUCT:.+]] = arith.mulf %[[X]], %[[SLOPE]]
// CHECK-DAG: %[[NEGATIVE:.+]] = arith.cmpf olt, %[[X]], %{{.+}}
// CHECK: arith.select %[[NEGATIVE]], %[[PRODUCT]], %[[X]]
func.func @prelu(%x: tensor<2x3x4xf32>, %slope: tensor<3x1xf32>) -> tensor<2x3x4xf32> {
  %0 = onnx.PRelu %x, %slope : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// Integers have no slope in floats, and unsigned ones nothing below zero.

// CHECK-LABEL: @prelu_of_integers
// CHECK-SAME: %{{.+}}: tensor<4xi32>, %[[U:.+]]: tensor<4xi32>
// CHECK: arith.cmpi slt
// CHECK: return %{{.+}}, %[[U]]
func.func @prelu_of_integers(%x: tensor<4xi32>, %u: tensor<4xui32>) -> (tensor<4xi32>, tensor<4xui32>) {
  %0 = onnx.PRelu %x, %x : (tensor<4xi32>, tensor<4xi32>) -> tensor<4xi32>
  %1 = onnx.PRelu %u, %u : (tensor<4xui32>, tensor<4xui32>) -> tensor<4xui32>
  return %0, %1 : tensor<4xi32>, tensor<4xui32>
}

// -----

// CHECK-LABEL: @shrink_of_integers
// CHECK: arith.sitofp %{{.+}} : i16 to f64
// CHECK: arith.fptosi %{{.+}} : f64 to i64
// CHECK: arith.trunci %{{.+}} : i64 to i16
func.func @shrink_of_integers(%x: tensor<4xi16>) -> tensor<4xi16> {
  %0 = onnx.Shrink %x {bias = 1.0 : f32, lambd = 2.0 : f32} : (tensor<4xi16>) -> tensor<4xi16>
  return %0 : tensor<4xi16>
}

// -----

// Only the sign that is looked for is compared with.

// CHECK-LABEL: @is_inf
// CHECK-DAG: %[[MINUS:.+]] = arith.constant 0xFF800000 : f32
// CHECK: arith.cmpf oeq, %{{.+}}, %[[MINUS]]
// CHECK-NOT: 0x7F800000
func.func @is_inf(%x: tensor<4xf32>) -> tensor<4xi1> {
  %0 = onnx.IsInf %x {detect_positive = false} : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

// CHECK-LABEL: @others
// CHECK: math.expm1
// CHECK: math.expm1
// CHECK: math.absf
// CHECK: arith.cmpf olt
// CHECK: math.sin
// CHECK: math.cos
// CHECK: math.log1p
func.func @others(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Celu %x {alpha = 2.0 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Selu %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = onnx.Softsign %1 : (tensor<4xf32>) -> tensor<4xf32>
  %3 = onnx.ThresholdedRelu %2 : (tensor<4xf32>) -> tensor<4xf32>
  %4 = onnx.Tan %3 : (tensor<4xf32>) -> tensor<4xf32>
  %5 = onnx.Asinh %4 : (tensor<4xf32>) -> tensor<4xf32>
  return %5 : tensor<4xf32>
}
