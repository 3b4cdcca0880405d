// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// What attention as ONNX Runtime's optimizer writes it, and rotary embedding, do not support.

// CHECK: error: cannot compile 7 nodes:
// CHECK-NEXT: (onnx.com.microsoft.MultiHeadAttention): its padding mask has a shape that is not supported: expected (B), (2 B), (B, keys) or (B, queries, keys)
// CHECK-NEXT: (onnx.com.microsoft.MultiHeadAttention): the extents of its attention_bias cannot be shown to broadcast
// CHECK-NEXT: (onnx.com.microsoft.MultiHeadAttention): a bias of keys that come head by head is not supported
// CHECK-NEXT: (onnx.com.microsoft.MultiHeadAttention): it is unidirectional, but its queries and keys cannot be shown to be as many
// CHECK-NEXT: (onnx.com.microsoft.MultiHeadAttention): past_sequence_length and cache_indirection are not supported: expected past and present apart
// CHECK-NEXT: (onnx.RotaryEmbedding): it turns 10 of 8 features: expected an even number
// CHECK-NEXT: (onnx.RotaryEmbedding): the extents of its caches cannot be shown to be those of its tokens and half its features
func.func @attention(%q: tensor<1x4x24xf32>, %k: tensor<1x6x24xf32>, %m: tensor<7xi32>, %r: tensor<1x2x4x6xf32>, %h: tensor<1x3x6x8xf32>, %b: tensor<72xf32>, %x: tensor<1x2x4x8xf32>, %c: tensor<1x4x5xf32>, %d: tensor<1x3x4xf32>)
    -> (tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) {
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k, %m {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x6x24xf32>, tensor<1x6x24xf32>, tensor<7xi32>) -> tensor<1x4x24xf32>
  %1 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k, %r {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x6x24xf32>, tensor<1x6x24xf32>, tensor<1x2x4x6xf32>) -> tensor<1x4x24xf32>
  %2 = onnx.com.microsoft.MultiHeadAttention %q, %h, %h, %b {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x3x6x8xf32>, tensor<1x3x6x8xf32>, tensor<72xf32>) -> tensor<1x4x24xf32>
  %3 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k {num_heads = 3 : i64, unidirectional = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x6x24xf32>, tensor<1x6x24xf32>) -> tensor<1x4x24xf32>
  %4 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k, %m {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 1, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x6x24xf32>, tensor<1x6x24xf32>, tensor<7xi32>) -> tensor<1x4x24xf32>
  %5 = onnx.RotaryEmbedding %x, %c, %c {rotary_embedding_dim = 10 : i64} : (tensor<1x2x4x8xf32>, tensor<1x4x5xf32>, tensor<1x4x5xf32>) -> tensor<1x2x4x8xf32>
  %6 = onnx.RotaryEmbedding %x, %d, %d : (tensor<1x2x4x8xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x2x4x8xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>
}
