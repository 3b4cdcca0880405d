// RUN: vitc-opt %s --onnx-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @products
func.func @products(%a: tensor<5x2x3xf32>, %b: tensor<3x4xf32>, %v: tensor<3xf32>, %w: tensor<4x3xf32>, %q: tensor<2x7x12xf32>, %k: tensor<2x9x12xf32>, %h: tensor<2x3x7x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK: onnx.MatMul {{.*}} -> tensor<5x2x4xf32>
  %0 = onnx.MatMul %a, %b : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.MatMul {{.*}} -> tensor<5x2xf32>
  %1 = onnx.MatMul %a, %v : (tensor<5x2x3xf32>, tensor<3xf32>) -> tensor<*xf32>
  // CHECK: onnx.MatMul {{.*}} -> tensor<4xf32>
  %2 = onnx.MatMul %v, %b : (tensor<3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Gemm {{.*}} -> tensor<4x4xf32>
  %3 = onnx.Gemm %b, %w {trans_a = true, trans_b = true} : (tensor<3x4xf32>, tensor<4x3xf32>) -> tensor<*xf32>
  // CHECK: onnx.Einsum {{.*}} -> tensor<4x5x2xf32>
  %4 = onnx.Einsum %a, %b {equation = "bij,jk->kbi"} : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Einsum {{.*}} -> tensor<5x2x4xf32>
  %5 = onnx.Einsum %a, %b {equation = "...j,jk"} : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Attention {{.*}} -> tensor<2x7x12xf32>
  %6 = onnx.Attention %q, %k, %k {q_num_heads = 3 : i64, kv_num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>} : (tensor<2x7x12xf32>, tensor<2x9x12xf32>, tensor<2x9x12xf32>) -> tensor<*xf32>
  // CHECK: onnx.Attention {{.*}} -> tensor<2x3x7x4xf32> qk_matmul_output tensor<2x3x7x7xf32>
  %7, %8 = onnx.Attention %h, %h, %h {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>} : (tensor<2x3x7x4xf32>, tensor<2x3x7x4xf32>, tensor<2x3x7x4xf32>) -> tensor<*xf32> qk_matmul_output tensor<*xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<2x4x15x16xf32>, %w: tensor<8x4x3x3xf32>, %d: tensor<8x2x3x3xf32>, %t: tensor<4x6x2x2xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK: onnx.Conv {{.*}} -> tensor<2x8x13x14xf32>
  %0 = onnx.Conv %x, %w : (tensor<2x4x15x16xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  // CHECK: onnx.Conv {{.*}} -> tensor<2x8x8x8xf32>
  %1 = onnx.Conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<2x4x15x16xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  // CHECK: onnx.Conv {{.*}} -> tensor<2x8x8x8xf32>
  %2 = onnx.Conv %x, %w {strides = array<i64: 2, 2>, auto_pad = "SAME_UPPER"} : (tensor<2x4x15x16xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  // CHECK: onnx.Conv {{.*}} -> tensor<2x8x11x12xf32>
  %3 = onnx.Conv %x, %d {group = 2 : i64, dilations = array<i64: 2, 2>} : (tensor<2x4x15x16xf32>, tensor<8x2x3x3xf32>) -> tensor<*xf32>
  // CHECK: onnx.ConvTranspose {{.*}} -> tensor<2x6x30x32xf32>
  %4 = onnx.ConvTranspose %x, %t {strides = array<i64: 2, 2>} : (tensor<2x4x15x16xf32>, tensor<4x6x2x2xf32>) -> tensor<*xf32>
  // CHECK: onnx.ConvTranspose {{.*}} -> tensor<2x6x29x31xf32>
  %5 = onnx.ConvTranspose %x, %t {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, output_padding = array<i64: 1, 1>} : (tensor<2x4x15x16xf32>, tensor<4x6x2x2xf32>) -> tensor<*xf32>
  // CHECK: onnx.MaxPool {{.*}} -> tensor<2x4x7x8xf32>
  %6 = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<2x4x15x16xf32>) -> tensor<*xf32>
  // CHECK: onnx.MaxPool {{.*}} -> tensor<2x4x8x8xf32>
  %7 = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>, ceil_mode = true} : (tensor<2x4x15x16xf32>) -> tensor<*xf32>
  // CHECK: onnx.AveragePool {{.*}} -> tensor<2x4x15x16xf32>
  %8 = onnx.AveragePool %x {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : (tensor<2x4x15x16xf32>) -> tensor<*xf32>
  // CHECK: onnx.GlobalAveragePool {{.*}} -> tensor<2x4x1x1xf32>
  %9 = onnx.GlobalAveragePool %x : (tensor<2x4x15x16xf32>) -> tensor<*xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
