// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// Legal ONNX that is not supported, and says which part of it.

// CHECK: error: cannot compile 2 nodes:
// CHECK-NEXT: (onnx.Attention): its mask has one column, which may be meant for the first key or for all; expected one a key
// CHECK-NEXT: (onnx.Gemm): a product of integers needs integer factors alpha and beta
func.func @options(%q: tensor<1x2x4x8xf32>, %mask: tensor<4x1xi1>, %n: tensor<3x3xi32>)
    -> (tensor<1x2x4x8xf32>, tensor<3x3xi32>) {
  %0 = onnx.Attention %q, %q, %q, %mask {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<4x1xi1>) -> tensor<1x2x4x8xf32>
  %1 = onnx.Gemm %n, %n {alpha = 0.5 : f32} : (tensor<3x3xi32>, tensor<3x3xi32>) -> tensor<3x3xi32>
  return %0, %1 : tensor<1x2x4x8xf32>, tensor<3x3xi32>
}

// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.ConvTranspose): its padding depends on a symbolic extent

#s = #vit.dims<["s"], affine_map<()[s0] -> (1, 2, s0, 4)>>
#u = #vit.dims<["s"], affine_map<()[s0] -> (1, 1, s0, 8)>>
func.func @windows(%x: tensor<1x2x?x4xf32, #s>, %w: tensor<2x1x3x3xf32>) -> tensor<1x1x?x8xf32, #u> {
  %3 = onnx.ConvTranspose %x, %w {strides = array<i64: 2, 2>, auto_pad = "SAME_UPPER"} : (tensor<1x2x?x4xf32, #s>, tensor<2x1x3x3xf32>) -> tensor<1x1x?x8xf32, #u>
  return %3 : tensor<1x1x?x8xf32, #u>
}

// -----

// CHECK: error: cannot compile 7 nodes:
// CHECK-NEXT: (onnx.Squeeze): a dimension that it removes cannot be shown to be 1
// CHECK-NEXT: (onnx.GroupNormalization): its number of channels is not static
// CHECK-NEXT: (onnx.GatherND): the length of its index vectors is not static
// CHECK-NEXT: (onnx.Attention): its numbers of heads or features are not static
// CHECK-NEXT: (onnx.Attention): operands of different element types are not supported
// CHECK-NEXT: (onnx.Attention): the extents of its mask cannot be shown to broadcast
// CHECK-NEXT: (onnx.MaxPool): auto_pad of a symbolic extent with a stride is not supported

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
#n4 = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
#c = #vit.dims<["n"], affine_map<()[s0] -> (1, s0, 4)>>
#i = #vit.dims<["n"], affine_map<()[s0] -> (3, s0)>>
#h = #vit.dims<["n"], affine_map<()[s0] -> (1, s0, 4, 8)>>
#m = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
#s = #vit.dims<["n"], affine_map<()[s0] -> (1, 2, s0, 4)>>
#p = #vit.dims<["n"], affine_map<()[s0] -> (1, 2, (s0 + 1) floordiv 2, 2)>>
func.func @symbols(%n: tensor<?xf32, #n>, %x: tensor<?x4xf32, #n4>, %c: tensor<1x?x4xf32, #c>, %v: tensor<?xf32, #n>, %i: tensor<3x?xi64, #i>, %d: tensor<4x4xf32>,
                   %h: tensor<1x?x4x8xf32, #h>, %q: tensor<1x2x4x8xf32>, %w: tensor<1x2x4x8xf64>, %m: tensor<?x4xf32, #m>, %im: tensor<1x2x?x4xf32, #s>)
    -> (tensor<4xf32>, tensor<1x?x4xf32, #c>, tensor<3xf32>, tensor<1x?x4x8xf32, #h>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x?x2xf32, #p>) {
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Squeeze %x, %zero : (tensor<?x4xf32, #n4>, tensor<1xi64>) -> tensor<4xf32>
  %1 = onnx.GroupNormalization %c, %v, %v {num_groups = 1 : i64} : (tensor<1x?x4xf32, #c>, tensor<?xf32, #n>, tensor<?xf32, #n>) -> tensor<1x?x4xf32, #c>
  %2 = onnx.GatherND %d, %i : (tensor<4x4xf32>, tensor<3x?xi64, #i>) -> tensor<3xf32>
  %3 = onnx.Attention %h, %h, %h {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x?x4x8xf32, #h>, tensor<1x?x4x8xf32, #h>, tensor<1x?x4x8xf32, #h>) -> tensor<1x?x4x8xf32, #h>
  %4 = onnx.Attention %q, %q, %w {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf64>) -> tensor<1x2x4x8xf32>
  %5 = onnx.Attention %q, %q, %q, %m {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<?x4xf32, #m>) -> tensor<1x2x4x8xf32>
  %6 = onnx.MaxPool %im {kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>, auto_pad = "SAME_UPPER", resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<1x2x?x4xf32, #s>) -> tensor<1x2x?x2xf32, #p>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<4xf32>, tensor<1x?x4xf32, #c>, tensor<3xf32>, tensor<1x?x4x8xf32, #h>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>,
    tensor<1x2x?x2xf32, #p>
}
