// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @mat_mul_c1(%a: tensor<f32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expected operands of rank at least 1, got a scalar}}
  %0 = onnx.MatMul %a, %b : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @mat_mul_c2(%a: tensor<2x3xf32>, %b: tensor<4x5xf32>) {
  // expected-error @+1 {{expected operands that agree in the contracted dimension, got 3 and 4}}
  %0 = onnx.MatMul %a, %b : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @mat_mul_c3(%a: tensor<2x3x3xf32>, %b: tensor<4x3x3xf32>) {
  // expected-error @+1 {{expected batch dimensions that broadcast, got [2] and [4]}}
  %0 = onnx.MatMul %a, %b : (tensor<2x3x3xf32>, tensor<4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @mat_mul_c4(%a: tensor<3x3xf32>, %b: tensor<3x3xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.MatMul %a, %b : (tensor<3x3xf32>, tensor<3x3xf16>) -> tensor<3x3xf32>
  return
}

// -----

func.func @gemm_c1(%a: tensor<2x3xf32>, %b: tensor<1x3x4xf32>) {
  // expected-error @+1 {{expected b of rank 2, got rank 3}}
  %0 = onnx.Gemm %a, %b : (tensor<2x3xf32>, tensor<1x3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @gemm_c2(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+1 {{expected operands that agree in the contracted dimension, got 3 and 4}}
  %0 = onnx.Gemm %a, %b {trans_b = true} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gemm_c3(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<2xf32>) {
  // expected-error @+1 {{expected c to broadcast to the result, got 'tensor<2xf32>'}}
  %0 = onnx.Gemm %a, %b, %c : (tensor<2x3xf32>, tensor<3x4xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @gemm_c4(%a: tensor<2x3xf32>, %b: tensor<3x4xf64>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Gemm %a, %b : (tensor<2x3xf32>, tensor<3x4xf64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @einsum_c1(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{expected 1 terms in the equation, got 2}}
  %0 = onnx.Einsum %a {equation = "ij,jk->ik"} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @einsum_c1_rank(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>) {
  // expected-error @+1 {{expected a term of 2 letters, got 'ijk'}}
  %0 = onnx.Einsum %a, %b {equation = "ij, ijk -> ik"} : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @einsum_c1_letters(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{expected letters in the equation, got 'i1'}}
  %0 = onnx.Einsum %a {equation = "i1->i"} : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @einsum_c2(%a: tensor<2x3xf32>, %b: tensor<7x4x5xf32>) {
  // expected-error @+1 {{expected one extent for 'j', got 3 and 4}}
  %0 = onnx.Einsum %a, %b {equation = "ij,...jk->...ik"} : (tensor<2x3xf32>, tensor<7x4x5xf32>) -> tensor<7x2x5xf32>
  return
}

// -----

func.func @einsum_c3(%a: tensor<2x3xf32>, %b: tensor<3x4xf64>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Einsum %a, %b {equation = "ij,jk->ik"} : (tensor<2x3xf32>, tensor<3x4xf64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @attention_c1(%q: tensor<1x2x3x4xf32>, %k: tensor<1x3x8xf32>) {
  // expected-error @+1 {{expected k of rank 4, got rank 3}}
  %0 = onnx.Attention %q, %k, %k {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x2x3x4xf32>, tensor<1x3x8xf32>, tensor<1x3x8xf32>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<1x3x8xf32>) {
  // expected-error @+1 {{expected q_num_heads as a multiple of kv_num_heads, got 3 and 2}}
  %0 = onnx.Attention %q, %q, %q {q_num_heads = 3, kv_num_heads = 2, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x3x8xf32>, tensor<1x3x8xf32>, tensor<1x3x8xf32>) -> tensor<1x3x8xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<1x2x3x4xf32>) {
  // expected-error @+1 {{expected both past_key and past_value, or none, and none with nonpad_kv_seqlen}}
  %0 = onnx.Attention %q, %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0, 0>}
      : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<1x2x3x4xf32>) {
  // expected-error @+1 {{expected qk_matmul_output_mode from 0 to 3, got 4}}
  %0 = onnx.Attention %q, %q, %q {qk_matmul_output_mode = 4, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}

// -----

func.func @attention_c5(%q: tensor<1x2x3x4xf32>, %k: tensor<1x2x3x4xf16>) {
  // expected-error @+1 {{expected k of type 'f32', got 'f16'}}
  %0 = onnx.Attention %q, %k, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
      : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf16>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return
}
