// RUN: vitc-opt %s --onnx-widen-floats --split-input-file | FileCheck %s

// Storage types stay at the boundary.
// CHECK-LABEL: @arguments_and_results
// CHECK-SAME: (%[[X:.*]]: tensor<4xf16>, %[[Y:.*]]: tensor<4xf32>) -> (tensor<4xf16>, tensor<4xbf16>)
func.func @arguments_and_results(%x: tensor<4xf16>, %y: tensor<4xf32>) -> (tensor<4xf16>, tensor<4xbf16>) {
  // CHECK-NEXT: %[[WIDE:.*]] = onnx.Cast %[[X]] {to = f32} : (tensor<4xf16>) -> tensor<4xf32>
  // CHECK-NEXT: %[[EXP:.*]] = onnx.Exp %[[WIDE]] : (tensor<4xf32>) -> tensor<4xf32>
  %0 = onnx.Exp %x : (tensor<4xf16>) -> tensor<4xf16>
  // CHECK-NEXT: %[[CAST:.*]] = onnx.Cast %[[Y]] {to = bf16} : (tensor<4xf32>) -> tensor<4xbf16>
  %1 = onnx.Cast %y {to = bf16} : (tensor<4xf32>) -> tensor<4xbf16>
  // CHECK: %[[ROUNDED:.*]] = onnx.Cast %[[EXP]] {to = f16} : (tensor<4xf32>) -> tensor<4xf16>
  // CHECK-NEXT: return %[[ROUNDED]], %[[CAST]]
  return %0, %1 : tensor<4xf16>, tensor<4xbf16>
}

// -----

// An argument that is returned is not converted.
// CHECK-LABEL: @untouched
// CHECK-SAME: (%[[X:.*]]: tensor<4xbf16>)
// CHECK: return %[[X]]
func.func @untouched(%x: tensor<4xbf16>) -> tensor<4xbf16> {
  return %x : tensor<4xbf16>
}

// -----

// What is cast to a storage type is rounded, and read in f32; what is cast to f32 otherwise was never rounded.
// CHECK-LABEL: @casts
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @casts(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: %[[ROUNDED:.*]] = onnx.Cast %[[X]] {to = f16} : (tensor<4xf32>) -> tensor<4xf16>
  // CHECK-NEXT: %[[WIDE:.*]] = onnx.Cast %[[ROUNDED]] {to = f32} : (tensor<4xf16>) -> tensor<4xf32>
  // CHECK-NEXT: %[[SQRT:.*]] = onnx.Sqrt %[[WIDE]] : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: %[[ABS:.*]] = onnx.Abs %[[SQRT]] : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK-NEXT: return %[[ABS]]
  %0 = onnx.Cast %x {to = f16} : (tensor<4xf32>) -> tensor<4xf16>
  %1 = onnx.Sqrt %0 : (tensor<4xf16>) -> tensor<4xf16>
  %2 = onnx.Cast %1 {to = f32} : (tensor<4xf16>) -> tensor<4xf32>
  %3 = onnx.Abs %2 : (tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// Constants and attributes that name the type.
// CHECK-LABEL: @constants
func.func @constants(%x: tensor<1x4x8xf16>) -> tensor<1x4x1xf16> {
  // CHECK: onnx.Constant dense<[1.000000e+00, -5.96046448E-8, 0x7F800000, 2.000000e+00
  // CHECK-SAME: tensor<8xf32>
  %s = onnx.Constant dense<[1.0, -5.960464e-08, 0x7C00, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<8xf16> : tensor<8xf16>
  // CHECK: onnx.LayerNormalization {{.*}} {stash_type = f32} : (tensor<1x4x8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32> inv_std_dev tensor<1x4x1xf32>
  %0, %1 = onnx.LayerNormalization %x, %s {stash_type = f16} : (tensor<1x4x8xf16>, tensor<8xf16>) -> tensor<1x4x8xf16> inv_std_dev tensor<1x4x1xf16>
  return %1 : tensor<1x4x1xf16>
}

// -----

// The bits of a value are those that are stored.
// CHECK-LABEL: @bits
// CHECK-SAME: (%[[X:.*]]: tensor<4xf16>)
func.func @bits(%x: tensor<4xf16>) -> (tensor<4xi16>, tensor<4xbf16>) {
  // CHECK: %[[EXP:.*]] = onnx.Exp
  // CHECK-NEXT: %[[ROUNDED:.*]] = onnx.Cast %[[EXP]] {to = f16}
  // CHECK-NEXT: %[[I:.*]] = onnx.BitCast %[[ROUNDED]] {to = i16} : (tensor<4xf16>) -> tensor<4xi16>
  // CHECK-NEXT: %[[B:.*]] = onnx.BitCast %[[X]] {to = bf16} : (tensor<4xf16>) -> tensor<4xbf16>
  // CHECK-NEXT: return %[[I]], %[[B]]
  %0 = onnx.Exp %x : (tensor<4xf16>) -> tensor<4xf16>
  %1 = onnx.BitCast %0 {to = i16} : (tensor<4xf16>) -> tensor<4xi16>
  %2 = onnx.BitCast %x {to = bf16} : (tensor<4xf16>) -> tensor<4xbf16>
  return %1, %2 : tensor<4xi16>, tensor<4xbf16>
}

// -----

// What an activation has, rounded to be stored, is that again; what is a weight or a little off is not.
// CHECK-LABEL: @activations
func.func @activations() -> (tensor<f16>, tensor<1xbf16>, tensor<f16>, tensor<2xf16>) {
  // CHECK-NEXT: onnx.Constant dense<1.41421354> : tensor<f32>
  %0 = onnx.Constant dense<1.41406> : tensor<f16> : tensor<f16>
  // CHECK-NEXT: onnx.Constant dense<0.797884583> : tensor<1xf32>
  %1 = onnx.Constant dense<0.796875> : tensor<1xbf16> : tensor<1xbf16>
  // CHECK-NEXT: onnx.Constant dense<1.41503906> : tensor<f32>
  %2 = onnx.Constant dense<1.41504> : tensor<f16> : tensor<f16>
  // CHECK-NEXT: onnx.Constant dense<1.4140625> : tensor<2xf32>
  %3 = onnx.Constant dense<1.41406> : tensor<2xf16> : tensor<2xf16>
  return %0, %1, %2, %3 : tensor<f16>, tensor<1xbf16>, tensor<f16>, tensor<2xf16>
}

// -----

// Constants stay resources: half the bytes in, as many numbers out.
// CHECK-LABEL: @resources
func.func @resources() -> (tensor<2xf16>, tensor<2xbf16>) {
  // CHECK: dense_resource<w_1> : tensor<2xf32>
  %0 = onnx.Constant dense_resource<w> : tensor<2xf16> : tensor<2xf16>
  // CHECK: dense_resource<v_1> : tensor<2xf32>
  %1 = onnx.Constant dense_resource<v> : tensor<2xbf16> : tensor<2xbf16>
  return %0, %1 : tensor<2xf16>, tensor<2xbf16>
}
// CHECK-DAG: w_1: "0x400000000000C03F00008033"
// CHECK-DAG: v_1: "0x400000000000C03F000080FF"

{-# dialect_resources: { builtin: { w: "0x02000000003E0100", v: "0x02000000C03F80FF" } } #-}

// -----

// Floats of eight bits widen as others do; what is stored again is stored as it was, infinities too. A zero point of such a
// type says what it is quantised to, which the operator itself says then.
// CHECK-LABEL: func.func @small
func.func @small(%x: tensor<3xf8E5M2>, %y: tensor<3xf32>, %s: tensor<f32>) -> (tensor<3x1xf8E5M2>, tensor<3xf8E4M3FN>) {
  // CHECK: onnx.Cast %{{.+}} {to = f32} : (tensor<3xf8E5M2>) -> tensor<3xf32>
  // CHECK: onnx.Constant dense<0.000000e+00> : tensor<f32>
  %axes = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %z = onnx.Constant dense<0.0> : tensor<f8E4M3FN> : tensor<f8E4M3FN>
  // CHECK: onnx.Unsqueeze {{.*}} -> tensor<3x1xf32>
  %0 = onnx.Unsqueeze %x, %axes : (tensor<3xf8E5M2>, tensor<1xi64>) -> tensor<3x1xf8E5M2>
  // CHECK: onnx.QuantizeLinear {{.*}} {output_dtype = f8E4M3FN} : (tensor<3xf32>, tensor<f32>, tensor<f32>) -> tensor<3xf8E4M3FN>
  %1 = onnx.QuantizeLinear %y, %s, %z : (tensor<3xf32>, tensor<f32>, tensor<f8E4M3FN>) -> tensor<3xf8E4M3FN>
  // CHECK: onnx.Cast %{{.+}} {saturate = false, to = f8E5M2}
  return %0, %1 : tensor<3x1xf8E5M2>, tensor<3xf8E4M3FN>
}
