// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// Legal ONNX that is not supported, and says which part of it.

// CHECK: error: cannot compile 4 nodes:
// CHECK-NEXT: (onnx.Attention): nonpad_kv_seqlen is not supported
// CHECK-NEXT: (onnx.Attention): a softmax_precision other than the operands' is not supported
// CHECK-NEXT: (onnx.Gemm): a product of integers needs integer factors alpha and beta
// CHECK-NEXT: (onnx.ReduceL2): a norm of integers is not supported
func.func @options(%q: tensor<1x2x4x8xf32>, %lengths: tensor<1xi64>, %n: tensor<3x3xi32>)
    -> (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<3x3xi32>, tensor<1x1xi32>) {
  %0 = onnx.Attention %q, %q, %q, %lengths {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1xi64>) -> tensor<1x2x4x8xf32>
  %1 = onnx.Attention %q, %q, %q {softmax_precision = f64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}
    : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  %2 = onnx.Gemm %n, %n {alpha = 0.5 : f32} : (tensor<3x3xi32>, tensor<3x3xi32>) -> tensor<3x3xi32>
  %3 = onnx.ReduceL2 %n : (tensor<3x3xi32>) -> tensor<1x1xi32>
  return %0, %1, %2, %3 : tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<3x3xi32>, tensor<1x1xi32>
}

// -----

// CHECK: error: cannot compile 4 nodes:
// CHECK-NEXT: (onnx.MaxPool): pooling in 3 dimensions is not supported
// CHECK-NEXT: (onnx.AveragePool): a mean over partial windows of a symbolic extent is not supported
// CHECK-NEXT: (onnx.MaxPool): ceil_mode with a symbolic extent is not supported
// CHECK-NEXT: (onnx.ConvTranspose): its padding depends on a symbolic extent

#s = #vit.dims<["s"], affine_map<()[s0] -> (1, 2, s0, 4)>>
#h = #vit.dims<["s"], affine_map<()[s0] -> (1, 2, s0 floordiv 2, 2)>>
#u = #vit.dims<["s"], affine_map<()[s0] -> (1, 1, s0, 8)>>
func.func @windows(%v: tensor<1x2x4x4x4xf32>, %x: tensor<1x2x?x4xf32, #s>, %w: tensor<2x1x3x3xf32>)
    -> (tensor<1x2x2x2x2xf32>, tensor<1x2x?x4xf32, #s>, tensor<1x2x?x2xf32, #h>, tensor<1x1x?x8xf32, #u>) {
  %0 = onnx.MaxPool %v {kernel_shape = array<i64: 2, 2, 2>, strides = array<i64: 2, 2, 2>, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<1x2x4x4x4xf32>) -> tensor<1x2x2x2x2xf32>
  %1 = onnx.AveragePool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x?x4xf32, #s>) -> tensor<1x2x?x4xf32, #s>
  %2 = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, ceil_mode = true, resultSegmentSizes = array<i32: 1, 0>}
    : (tensor<1x2x?x4xf32, #s>) -> tensor<1x2x?x2xf32, #h>
  %3 = onnx.ConvTranspose %x, %w {strides = array<i64: 2, 2>, auto_pad = "SAME_UPPER"} : (tensor<1x2x?x4xf32, #s>, tensor<2x1x3x3xf32>) -> tensor<1x1x?x8xf32, #u>
  return %0, %1, %2, %3 : tensor<1x2x2x2x2xf32>, tensor<1x2x?x4xf32, #s>, tensor<1x2x?x2xf32, #h>, tensor<1x1x?x8xf32, #u>
}
