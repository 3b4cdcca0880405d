// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// By 0 the result is 0, and no divisor stops the program.
// CHECK-LABEL: @div
// CHECK: ^bb0(%[[X:.+]]: i32, %[[Y:.+]]: i32, %{{.+}}: i32):
// CHECK: %[[SAFE:.+]] = arith.select %{{.+}}, %{{.+}}, %[[Y]] : i32
// CHECK: %[[Q:.+]] = arith.divsi %[[X]], %[[SAFE]] : i32
// CHECK: %[[RESULT:.+]] = arith.select %{{.+}}, %{{.+}}, %[[Q]] : i32
// CHECK: linalg.yield %[[RESULT]]
func.func @div(%x: tensor<3xi32>, %y: tensor<3xi32>) -> tensor<3xi32> {
  %0 = onnx.Div %x, %y : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// CHECK-LABEL: @mod
// CHECK: arith.remui
func.func @mod(%x: tensor<3xui8>, %y: tensor<3xui8>) -> tensor<3xui8> {
  %0 = onnx.Mod %x, %y : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}

// -----

// A bit of the exponent is worth a square.
// CHECK-LABEL: @pow
// CHECK-COUNT-15: arith.muli
// CHECK-NOT: arith.muli
// CHECK-NOT: math
func.func @pow(%x: tensor<3xi32>, %y: tensor<3xui8>) -> tensor<3xi32> {
  %0 = onnx.Pow %x, %y : (tensor<3xi32>, tensor<3xui8>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// CHECK-LABEL: @square
// CHECK-SAME: %[[X:.+]]: tensor<3xi32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%[[X]], %[[X]]
func.func @square(%x: tensor<3xi32>) -> tensor<3xi32> {
  %c = onnx.Constant dense<2> : tensor<i32> : tensor<i32>
  %0 = onnx.Pow %x, %c : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
  return %0 : tensor<3xi32>
}

// -----

// What the type lacks becomes its nearest value.
// CHECK-LABEL: @saturating_cast
// CHECK: %[[LOW:.+]] = arith.cmpf olt
// CHECK: %[[HIGH:.+]] = arith.cmpf oge
// CHECK: %[[NAN:.+]] = arith.cmpf uno
// CHECK: arith.select %[[LOW]], %c-128_i8
// CHECK: arith.select %[[HIGH]], %c127_i8
// CHECK: arith.select %[[NAN]], %c0_i8
func.func @saturating_cast(%x: tensor<3xf32>) -> tensor<3xi8> {
  %0 = onnx.Cast %x {to = i8} : (tensor<3xf32>) -> tensor<3xi8>
  return %0 : tensor<3xi8>
}

// -----

// CHECK-LABEL: @shifts
// CHECK: arith.minui
// CHECK: arith.shrsi
// CHECK: arith.shrui
// CHECK: arith.select
// CHECK: arith.shli
// CHECK: arith.select
func.func @shifts(%x: tensor<3xi8>, %y: tensor<3xui8>) -> (tensor<3xi8>, tensor<3xui8>, tensor<3xi8>) {
  %0 = onnx.BitShift %x, %x {direction = "RIGHT"} : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  %1 = onnx.BitShift %y, %y {direction = "RIGHT"} : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %2 = onnx.BitShift %x, %x {direction = "LEFT"} : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  return %0, %1, %2 : tensor<3xi8>, tensor<3xui8>, tensor<3xi8>
}

// -----

// CHECK-LABEL: @bits
// CHECK: arith.andi
// CHECK: arith.xori
// CHECK: arith.bitcast %{{.+}} : f32 to i32
func.func @bits(%x: tensor<3xui8>, %y: tensor<3xf32>) -> (tensor<3xui8>, tensor<3xui8>, tensor<3xui32>) {
  %0 = onnx.BitwiseAnd %x, %x : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  %1 = onnx.BitwiseNot %x : (tensor<3xui8>) -> tensor<3xui8>
  %2 = onnx.BitCast %y {to = ui32} : (tensor<3xf32>) -> tensor<3xui32>
  return %0, %1, %2 : tensor<3xui8>, tensor<3xui8>, tensor<3xui32>
}
