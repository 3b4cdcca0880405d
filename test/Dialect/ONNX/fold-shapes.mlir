// RUN: vitc-opt %s --vitc-onnx --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @casts_and_identities
// CHECK-NEXT: return %arg0
func.func @casts_and_identities(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %a = onnx.Cast %x {to = f32} : (tensor<2x3xf32>) -> tensor<*xf32>
  %b = onnx.Identity %a : (tensor<*xf32>) -> tensor<*xf32>
  %c = onnx.Concat %b {axis = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  return %c : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @transposes
// CHECK-NEXT: onnx.Transpose %arg0 {perm = array<i64: 1, 2, 0>} : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
// CHECK-NEXT: return
func.func @transposes(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %a = onnx.Transpose %x {perm = array<i64: 2, 1, 0>} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  %b = onnx.Transpose %a {perm = array<i64: 1, 0, 2>} : (tensor<*xf32>) -> tensor<*xf32>
  return %b : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @transposes_that_undo
// CHECK-NEXT: return %arg0
func.func @transposes_that_undo(%x: tensor<2x2xf32>) -> tensor<*xf32> {
  %a = onnx.Transpose %x : (tensor<2x2xf32>) -> tensor<*xf32>
  %b = onnx.Transpose %a : (tensor<*xf32>) -> tensor<*xf32>
  return %b : tensor<*xf32>
}

// -----

// One transpose of equal extents is none of those.
// CHECK-LABEL: func.func @transpose_of_a_square
// CHECK: onnx.Transpose
func.func @transpose_of_a_square(%x: tensor<2x2xf32>) -> tensor<*xf32> {
  %a = onnx.Transpose %x : (tensor<2x2xf32>) -> tensor<*xf32>
  return %a : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @reshapes
// CHECK-NEXT: onnx.Reshape %arg0 : (tensor<2x3x4xf32>) -> tensor<6x4xf32>
// CHECK-NEXT: return
func.func @reshapes(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  %flat = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %rows = onnx.Constant dense<[-1, 4]> : tensor<2xi64> : tensor<2xi64>
  %a = onnx.Reshape %x, %flat : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  %b = onnx.Reshape %a, %rows : (tensor<*xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %b : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @whole_slice
// CHECK-NEXT: return %arg0
func.func @whole_slice(%x: tensor<4xf32>) -> tensor<*xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %y = onnx.Slice %x, %zero, %end {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A reversal has the shape of its operand, and is not nothing.
// CHECK-LABEL: func.func @reversal
// CHECK: onnx.Slice
func.func @reversal(%x: tensor<4xf32>) -> tensor<*xf32> {
  %minus = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %end = onnx.Constant dense<-9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %y = onnx.Slice %x, %minus, %end, %zero, %minus {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// The pads of a Swin block as TorchScript computes them: pairs reversed.
// CHECK-LABEL: func.func @pads
// CHECK: onnx.Constant dense<[0, 1, 0, 0, 2, 0]> : tensor<6xi64>
func.func @pads(%x: tensor<1x4x4xf32>) -> tensor<*xf32> {
  %given = onnx.Constant dense<[0, 0, 1, 2, 0, 0]> : tensor<6xi64> : tensor<6xi64>
  %pairs = onnx.Constant dense<[-1, 2]> : tensor<2xi64> : tensor<2xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %end = onnx.Constant dense<-9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %r = onnx.Reshape %given, %pairs : (tensor<6xi64>, tensor<2xi64>) -> tensor<*xi64>
  %s = onnx.Slice %r, %minus, %end, %zero, %minus {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %t = onnx.Transpose %s {perm = array<i64: 1, 0>} : (tensor<*xi64>) -> tensor<*xi64>
  %p = onnx.Reshape %t, %minus : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.Pad %x, %p {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<1x4x4xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A slice up to one before the end of a symbolic extent, and a resize that keeps the batch.
#image = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 1, 4, 4)>>
// CHECK-LABEL: func.func @settled
// CHECK-DAG: %[[SIZES:.*]] = onnx.Constant dense<8> : tensor<2xi64>
// CHECK: onnx.Resize %arg0, %[[SIZES]] {axes = array<i64: 2, 3>
// CHECK-NOT: onnx.Shape
func.func @settled(%x: tensor<?x1x4x4xf32, #image>) -> tensor<*xf32> {
  %s = onnx.Shape %x {start = 0 : i64, end = 2 : i64} : (tensor<?x1x4x4xf32, #image>) -> tensor<*xi64>
  %to = onnx.Constant dense<8> : tensor<2xi64> : tensor<2xi64>
  %sizes = onnx.Concat %s, %to {axis = 0 : i64} : (tensor<*xi64>, tensor<2xi64>) -> tensor<*xi64>
  %y = onnx.Resize %x, %sizes {mode = "linear", operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<?x1x4x4xf32, #image>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#image = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
// CHECK-LABEL: func.func @zeros
// CHECK: onnx.Expand %{{.*}} : (tensor<f32>) -> tensor<?x3xf32
func.func @zeros(%x: tensor<?x3xf32, #image>) -> tensor<*xf32> {
  %s = onnx.Shape %x : (tensor<?x3xf32, #image>) -> tensor<*xi64>
  %z = onnx.ConstantOfShape %s : (tensor<*xi64>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}
