// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

func.func @heads(%q: tensor<1x4x25xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a whole number of features for each of 3 heads, got shape (1, 4, 25)}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q, %q {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x25xf32>, tensor<1x4x25xf32>, tensor<1x4x25xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @features(%q: tensor<1x4x24xf32>, %k: tensor<1x4x12xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{features of query and key differ: 8 and 4}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x12xf32>, tensor<1x4x12xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @tokens(%q: tensor<1x4x24xf32>, %v: tensor<1x5x24xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{tokens of key and value differ: 4 and 5}}
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %q, %v {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x4x24xf32>, tensor<1x5x24xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
