// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Heads come before tokens, and are moved behind them.

// CHECK-LABEL: @attention
// CHECK-SAME: %[[Q:.+]]: tensor<2x6x8x64xf32>, %[[K:.+]]: tensor<2x6x9x64xf32>, %[[V:.+]]: tensor<2x6x9x64xf32>
// CHECK: %[[QT:.+]] = linalg.transpose ins(%[[Q]] : {{.+}} permutation = [0, 2, 1, 3]
// CHECK: %[[KT:.+]] = linalg.transpose ins(%[[K]] : {{.+}} permutation = [0, 2, 1, 3]
// CHECK: %[[VT:.+]] = linalg.transpose ins(%[[V]] : {{.+}} permutation = [0, 2, 1, 3]
// CHECK: %[[Y:.+]] = vit.attention %[[QT]], %[[KT]], %[[VT]] {scale = 1.250000e-01 : f32}
// CHECK: linalg.transpose ins(%[[Y]] : {{.+}} permutation = [0, 2, 1, 3]
func.func @attention(%q: tensor<2x6x8x64xf32>, %k: tensor<2x6x9x64xf32>, %v: tensor<2x6x9x64xf32>) -> tensor<2x6x8x64xf32> {
  %0 = onnx.Attention %q, %k, %v {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<2x6x8x64xf32>, tensor<2x6x9x64xf32>, tensor<2x6x9x64xf32>) -> tensor<2x6x8x64xf32>
  return %0 : tensor<2x6x8x64xf32>
}

// -----

// Heads that are consecutive features; queries share keys in groups of 3. A square causal mask is an attribute.

// CHECK-LABEL: @grouped_queries
// CHECK-NOT: linalg.transpose
// CHECK: %[[Q:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]] output_shape [2, 8, 6, 4]
// CHECK: %[[K:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]] output_shape [2, 8, 2, 4]
// CHECK: %[[V:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1], [2, 3]] output_shape [2, 8, 2, 4]
// CHECK: %[[Y:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {causal, scale = 5.000000e-01 : f32, softcap = 3.000000e+01 : f32}
// CHECK: tensor.collapse_shape %[[Y]] {{\[\[}}0], [1], [2, 3]]
func.func @grouped_queries(%q: tensor<2x8x24xf32>, %k: tensor<2x8x8xf32>, %v: tensor<2x8x8xf32>) -> tensor<2x8x24xf32> {
  %0 = onnx.Attention %q, %k, %v {q_num_heads = 6 : i64, kv_num_heads = 2 : i64, is_causal = true, softcap = 30.0 : f32,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<2x8x24xf32>, tensor<2x8x8xf32>, tensor<2x8x8xf32>) -> tensor<2x8x24xf32>
  return %0 : tensor<2x8x24xf32>
}

// -----

// A mask is an addend, and so is a window; a query may have no key left.

// CHECK-LABEL: @masked
// CHECK: %[[ADDEND:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.+}} ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<4x6xi1>, tensor<f32>, tensor<f32>)
// CHECK: %[[BAND:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<4x6xf32>)
// CHECK: vit.attention {{.+}} addends(%[[ADDEND]], %[[BAND]] : tensor<4x6xf32>, tensor<4x6xf32>) {scale = {{.+}} : f32, zero_masked}
func.func @masked(%q: tensor<1x4x3x8xf32>, %k: tensor<1x6x3x8xf32>, %mask: tensor<4x6xi1>) -> tensor<1x4x3x8xf32> {
  %0 = onnx.Transpose %q {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x4x3x8xf32>) -> tensor<1x3x4x8xf32>
  %1 = onnx.Transpose %k {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x6x3x8xf32>) -> tensor<1x3x6x8xf32>
  %2 = onnx.Attention %0, %1, %1, %mask {left_window_size = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>}
    : (tensor<1x3x4x8xf32>, tensor<1x3x6x8xf32>, tensor<1x3x6x8xf32>, tensor<4x6xi1>) -> tensor<1x3x4x8xf32>
  %3 = onnx.Transpose %2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<1x3x4x8xf32>) -> tensor<1x4x3x8xf32>
  return %3 : tensor<1x4x3x8xf32>
}

// -----

// Each picture has keys of its own number; causal to their end.

// CHECK-LABEL: @lengths
// CHECK: linalg.generic {{.+}} ins(%{{.+}} : tensor<2x1xi64>) outs(%{{.+}} : tensor<2x1x3x6xf32>)
// CHECK: vit.attention {{.+}} addends(%{{.+}} : tensor<2x1x3x6xf32>) {scale = {{.+}} : f32, zero_masked}
func.func @lengths(%q: tensor<2x3x8xf32>, %k: tensor<2x6x8xf32>, %lengths: tensor<2xi64>) -> tensor<2x3x8xf32> {
  %0 = onnx.Attention %q, %k, %k, %lengths {is_causal = true, q_num_heads = 2 : i64, kv_num_heads = 2 : i64,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 1>}
    : (tensor<2x3x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<2xi64>) -> tensor<2x3x8xf32>
  return %0 : tensor<2x3x8xf32>
}

// -----

// Probabilities and whole scores are results of the attention; scores before the mask are computed apart.

// CHECK-LABEL: @outputs
// CHECK: vit.attention {{.+}} -> tensor<2x3x2x4xf32> probs tensor<2x2x3x6xf32>
// CHECK: vit.attention {{.+}} addends({{.+}}) {{.+}} -> tensor<2x3x2x4xf32> scores tensor<2x2x3x6xf32>
// CHECK: vit.attention {{.+}} addends({{.+}}) {{.+}} -> tensor<2x3x2x4xf32>{{$}}
// CHECK: linalg.contract {{.+}} -> tensor<2x2x1x3x6xf32>
func.func @outputs(%q: tensor<2x3x8xf32>, %k: tensor<2x6x8xf32>, %mask: tensor<3x6xf32>)
    -> (tensor<2x2x3x6xf32>, tensor<2x2x3x6xf32>, tensor<2x2x3x6xf32>) {
  %0, %probs = onnx.Attention %q, %k, %k {qk_matmul_output_mode = 3 : i64, q_num_heads = 2 : i64, kv_num_heads = 2 : i64,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 1>}
    : (tensor<2x3x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>) -> tensor<2x3x8xf32> qk_matmul_output tensor<2x2x3x6xf32>
  %1, %scores = onnx.Attention %q, %k, %k, %mask {qk_matmul_output_mode = 2 : i64, q_num_heads = 2 : i64, kv_num_heads = 2 : i64,
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 1>}
    : (tensor<2x3x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<3x6xf32>) -> tensor<2x3x8xf32> qk_matmul_output tensor<2x2x3x6xf32>
  %2, %raw = onnx.Attention %q, %k, %k, %mask {q_num_heads = 2 : i64, kv_num_heads = 2 : i64,
      operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 1>}
    : (tensor<2x3x8xf32>, tensor<2x6x8xf32>, tensor<2x6x8xf32>, tensor<3x6xf32>) -> tensor<2x3x8xf32> qk_matmul_output tensor<2x2x3x6xf32>
  return %probs, %scores, %raw : tensor<2x2x3x6xf32>, tensor<2x2x3x6xf32>, tensor<2x2x3x6xf32>
}

// -----

// Keys of earlier calls come first, and leave with the new ones.

// CHECK-LABEL: @past
// CHECK: %[[KEYS:.+]] = tensor.concat dim(1) {{.+}} -> tensor<1x7x2x8xf32>
// CHECK: %[[PRESENT:.+]] = linalg.transpose ins(%[[KEYS]] : {{.+}} outs(%{{.+}} : tensor<1x2x7x8xf32>)
// CHECK: vit.attention %{{.+}}, %[[KEYS]], {{.+}} {causal, scale
// CHECK: return %{{.+}}, %[[PRESENT]],
func.func @past(%q: tensor<1x2x3x8xf32>, %past: tensor<1x2x4x8xf32>) -> (tensor<1x2x3x8xf32>, tensor<1x2x7x8xf32>, tensor<1x2x7x8xf32>) {
  %0, %k, %v = onnx.Attention %q, %q, %q, %past, %past {is_causal = true,
      operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>, resultSegmentSizes = array<i32: 1, 1, 1, 0>}
    : (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>)
    -> tensor<1x2x3x8xf32> present_key tensor<1x2x7x8xf32> present_value tensor<1x2x7x8xf32>
  return %0, %k, %v : tensor<1x2x3x8xf32>, tensor<1x2x7x8xf32>, tensor<1x2x7x8xf32>
}
