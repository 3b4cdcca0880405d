// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @attention_c6(%q: tensor<1x2x4x8xf32>) {
  // expected-error @+1 {{expected window sizes of at least -1, got -2}}
  %0 = onnx.Attention %q, %q, %q {left_window_size = -2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @multi_head_attention_c1(%q: tensor<1x2x4x8xf32>) {
  // expected-error @+1 {{expected query of rank 3 or 5, got rank 4}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q, %q {num_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> tensor<1x4x16xf32>
  return
}

// -----

func.func @multi_head_attention_c1_key(%q: tensor<1x4x24xf32>) {
  // expected-error @+1 {{expected a key with a query of rank 3, and none with one of rank 5, got rank 3}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @multi_head_attention_c1_value(%q: tensor<*xf32>) {
  // expected-error @+1 {{expected no value without a key}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 0, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<*xf32>, tensor<*xf32>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @multi_head_attention_c2(%q: tensor<1x4x24xf32>) {
  // expected-error @+1 {{expected a key of rank 5, or key and value of rank 3 or 4, got rank 3 and no value}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x24xf32>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @multi_head_attention_c3(%q: tensor<1x4x24xf32>) {
  // expected-error @+1 {{expected a positive num_heads, got 0}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q, %q {num_heads = 0 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @multi_head_attention_c4(%q: tensor<1x4x24xf32>, %p: tensor<1x3x2x8xf32>) {
  // expected-error @+1 {{expected both past_key and past_value, or none}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q, %q, %p {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x3x2x8xf32>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @multi_head_attention_c5(%q: tensor<1x4x24xf32>, %k: tensor<1x4x24xf64>) {
  // expected-error @+1 {{expected key of type 'f32', got 'f64'}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x24xf64>, tensor<1x4x24xf64>) -> tensor<1x4x24xf32>
  return
}

// -----

func.func @rotary_embedding_c1(%x: tensor<4x8xf32>, %c: tensor<1x4x4xf32>) {
  // expected-error @+1 {{expected x of rank 3 or 4, got rank 2}}
  %0 = onnx.RotaryEmbedding %x, %c, %c : (tensor<4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @rotary_embedding_c2(%x: tensor<1x4x8xf32>, %c: tensor<1x4x4xf32>) {
  // expected-error @+1 {{expected a positive num_heads with x of rank 3, got 0}}
  %0 = onnx.RotaryEmbedding %x, %c, %c : (tensor<1x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @rotary_embedding_c3(%x: tensor<1x2x4x8xf32>, %c: tensor<1x4x4xf32>) {
  // expected-error @+1 {{expected an even rotary_embedding_dim, got 3}}
  %0 = onnx.RotaryEmbedding %x, %c, %c {rotary_embedding_dim = 3 : i64} : (tensor<1x2x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @rotary_embedding_c4(%x: tensor<1x2x4x8xf32>, %c: tensor<1x4x4xf64>) {
  // expected-error @+1 {{expected cos_cache of type 'f32', got 'f64'}}
  %0 = onnx.RotaryEmbedding %x, %c, %c : (tensor<1x2x4x8xf32>, tensor<1x4x4xf64>, tensor<1x4x4xf64>) -> tensor<1x2x4x8xf32>
  return
}

// -----

func.func @rotary_embedding_c5(%x: tensor<1x2x4x8xf32>, %c: tensor<4x4xf32>) {
  // expected-error @+1 {{expected cos_cache of rank 3, got rank 2}}
  %0 = onnx.RotaryEmbedding %x, %c, %c : (tensor<1x2x4x8xf32>, tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x8xf32>
  return
}
