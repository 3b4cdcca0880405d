// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// The bias of three projections is cut; lengths become an addend; past and causal need no mask.

// CHECK-LABEL: @multi_head
// CHECK-SAME: %[[Q:.+]]: tensor<1x4x24xf32>, %[[K:.+]]: tensor<1x6x24xf32>, %[[B:.+]]: tensor<72xf32>
// CHECK: tensor.extract_slice %[[B]][0] [24] [1]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.+}} ins(%[[Q]], %{{.+}} : tensor<1x4x24xf32>, tensor<24xf32>)
// CHECK: tensor.expand_shape {{.+}} output_shape [1, 4, 3, 8]
// CHECK: tensor.extract_slice %[[B]][24] [24] [1]
// CHECK: tensor.extract_slice %[[B]][48] [24] [1]
// CHECK: %[[ADDEND:.+]] = linalg.generic {{.+}} outs(%{{.+}} : tensor<1x1x1x6xf32>)
// CHECK: arith.constant -1.000000e+04 : f32
// CHECK: %[[Y:.+]] = vit.attention {{.+}} addends(%[[ADDEND]] : tensor<1x1x1x6xf32>) {scale = 0.353553385 : f32}
// CHECK: tensor.collapse_shape %[[Y]]
func.func @multi_head(%q: tensor<1x4x24xf32>, %k: tensor<1x6x24xf32>, %b: tensor<72xf32>, %m: tensor<1xi32>) -> tensor<1x4x24xf32> {
  %0 = onnx.com.microsoft.MultiHeadAttention %q, %k, %k, %b, %m {num_heads = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x4x24xf32>, tensor<1x6x24xf32>, tensor<1x6x24xf32>, tensor<72xf32>, tensor<1xi32>) -> tensor<1x4x24xf32>
  return %0 : tensor<1x4x24xf32>
}

// -----

// Queries, keys and values in one operand are slices of it.

// CHECK-LABEL: @packed
// CHECK-DAG: %[[Q:.+]] = tensor.extract_slice %arg0[0, 0, 0, 0, 0] [2, 4, 3, 1, 8] {{.+}} to tensor<2x4x3x8xf32>
// CHECK-DAG: %[[K:.+]] = tensor.extract_slice %arg0[0, 0, 0, 1, 0]
// CHECK-DAG: %[[V:.+]] = tensor.extract_slice %arg0[0, 0, 0, 2, 0]
// CHECK: vit.attention %[[Q]], %[[K]], %[[V]] {causal, scale
func.func @packed(%p: tensor<2x4x3x3x8xf32>) -> tensor<2x4x24xf32> {
  %0 = onnx.com.microsoft.MultiHeadAttention %p {num_heads = 3 : i64, unidirectional = true, operandSegmentSizes = array<i32: 1, 0, 0, 0, 0, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<2x4x3x3x8xf32>) -> tensor<2x4x24xf32>
  return %0 : tensor<2x4x24xf32>
}

// -----

// CHECK-LABEL: @rotary
// CHECK: tensor.extract_slice {{.+}} [1, 4, 2, 3] [1, 1, 1, 2] : tensor<1x4x2x8xf32> to tensor<1x4x2x3xf32>
// CHECK-COUNT-4: linalg.elementwise kind=#linalg.elementwise_kind<mul>
// CHECK: tensor.concat dim(4)
// CHECK: tensor.concat dim(3) {{.+}} -> tensor<1x4x2x8xf32>
func.func @rotary(%x: tensor<1x4x16xf32>, %c: tensor<1x4x3xf32>) -> tensor<1x4x16xf32> {
  %0 = onnx.RotaryEmbedding %x, %c, %c {interleaved = true, num_heads = 2 : i64, rotary_embedding_dim = 6 : i64} : (tensor<1x4x16xf32>, tensor<1x4x3xf32>, tensor<1x4x3xf32>) -> tensor<1x4x16xf32>
  return %0 : tensor<1x4x16xf32>
}
