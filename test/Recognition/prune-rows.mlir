// RUN: vitc-opt %s --vit-prune-rows --canonicalize --cse --split-input-file | FileCheck %s
// RUN: vitc-opt %s --vit-rewrite --split-input-file | FileCheck %s

// The last block of a classifier: queries, projection, MLP and norms of one token; keys and values of all. The packed
// projection is cut in two.
// CHECK-LABEL: func @last_block
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x9x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x24xf32>, %[[B:[a-z0-9]+]]: tensor<24xf32>
// CHECK: %[[N:.+]] = vit.layer_norm %[[X]] {{.*}} : tensor<?x9x8xf32>
// CHECK: %[[WKV:.+]] = tensor.extract_slice %[[W]][0, 8] [8, 16] [1, 1]
// CHECK: %[[BKV:.+]] = tensor.extract_slice %[[B]][8] [16] [1]
// CHECK: %[[KV:.+]] = vit.linear %[[N]], %[[WKV]] bias(%[[BKV]] : tensor<16xf32>) : (tensor<?x9x8xf32>, tensor<8x16xf32>) -> tensor<?x9x16xf32>
// CHECK: %[[ROW:.+]] = tensor.extract_slice %[[N]][0, 0, 0] [%{{.+}}, 1, 8] [1, 1, 1]
// CHECK: vit.linear %[[ROW]], %{{.+}} bias({{.*}}) : (tensor<?x1x8xf32>, tensor<8x8xf32>) -> tensor<?x1x8xf32>
// CHECK: vit.attention {{.*}} : (tensor<?x1x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x1x2x4xf32>
// CHECK: %[[P:.+]] = vit.linear %{{.+}} : (tensor<?x1x8xf32>, tensor<8x8xf32>) -> tensor<?x1x8xf32>
// CHECK: %[[XROW:.+]] = tensor.extract_slice %[[X]][0, 0, 0] [%{{.+}}, 1, 8] [1, 1, 1]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[XROW]], %[[P]] : tensor<?x1x8xf32>, tensor<?x1x8xf32>)
// CHECK: vit.gelu %{{.+}} : tensor<?x1x8xf32>
// CHECK: tensor.collapse_shape %{{.+}} : tensor<?x1x8xf32> into tensor<?x8xf32>
func.func @last_block(%x: tensor<?x9x8xf32>, %w: tensor<8x24xf32>, %b: tensor<24xf32>, %proj: tensor<8x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x9x8xf32>
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<?x9x8xf32>
  %qkv = vit.linear %n, %w bias(%b : tensor<24xf32>) : (tensor<?x9x8xf32>, tensor<8x24xf32>) -> tensor<?x9x24xf32>
  %heads = tensor.expand_shape %qkv [[0], [1], [2, 3]] output_shape [%batch, 9, 6, 4] : tensor<?x9x24xf32> into tensor<?x9x6x4xf32>
  %q = tensor.extract_slice %heads[0, 0, 0, 0] [%batch, 9, 2, 4] [1, 1, 1, 1] : tensor<?x9x6x4xf32> to tensor<?x9x2x4xf32>
  %k = tensor.extract_slice %heads[0, 0, 2, 0] [%batch, 9, 2, 4] [1, 1, 1, 1] : tensor<?x9x6x4xf32> to tensor<?x9x2x4xf32>
  %v = tensor.extract_slice %heads[0, 0, 4, 0] [%batch, 9, 2, 4] [1, 1, 1, 1] : tensor<?x9x6x4xf32> to tensor<?x9x2x4xf32>
  %a = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32>
  %c = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<?x9x2x4xf32> into tensor<?x9x8xf32>
  %p = vit.linear %c, %proj : (tensor<?x9x8xf32>, tensor<8x8xf32>) -> tensor<?x9x8xf32>
  %e = tensor.empty(%batch) : tensor<?x9x8xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %p : tensor<?x9x8xf32>, tensor<?x9x8xf32>) outs(%e : tensor<?x9x8xf32>) -> tensor<?x9x8xf32>
  %g = vit.gelu %r : tensor<?x9x8xf32>
  %y = tensor.extract_slice %g[0, 0, 0] [%batch, 1, 8] [1, 1, 1] : tensor<?x9x8xf32> to tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

// Class and distillation token, read one by one: both rows, once. A bias of the scores is cut with the queries.
// CHECK-LABEL: func @two_tokens
// CHECK: %[[BIAS:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0] [2, 2, 9] [1, 1, 1] : tensor<2x9x9xf32> to tensor<2x2x9xf32>
// CHECK: %[[A:.+]] = vit.attention %{{.+}}, %{{.+}}, %{{.+}} addends(%[[BIAS]] : tensor<2x2x9xf32>) {{.*}} -> tensor<3x2x2x4xf32>
// CHECK: tensor.extract_slice %[[A]][0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1]
// CHECK: tensor.extract_slice %[[A]][0, 1, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1]
func.func @two_tokens(%q: tensor<3x9x2x4xf32>, %bias: tensor<2x9x9xf32>) -> (tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>) {
  %a = vit.attention %q, %q, %q addends(%bias : tensor<2x9x9xf32>) {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32>
  %0 = tensor.extract_slice %a[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  %1 = tensor.extract_slice %a[0, 1, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  return %0, %1 : tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>
}

// -----

// Near misses. More than half of the rows; somebody else reads all; channels that a norm mixes;
// heads, which are no rows; a causal mask, which counts queries from the last key; probabilities that are read as well.
// CHECK-LABEL: func @near_misses
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<3x9x8xf32>, %[[Q:[a-z0-9]+]]: tensor<3x9x2x4xf32>)
// CHECK: vit.gelu %[[X]] : tensor<3x9x8xf32>
// CHECK: vit.silu %[[X]] : tensor<3x9x8xf32>
// CHECK: vit.layer_norm %[[X]] {{.*}} : tensor<3x9x8xf32>
// CHECK: vit.attention %[[Q]], %[[Q]], %[[Q]] {scale = 5.000000e-01 : f32} : {{.*}} -> tensor<3x9x2x4xf32>
// CHECK: vit.attention %[[Q]], %[[Q]], %[[Q]] {causal, {{.*}} -> tensor<3x9x2x4xf32>
// CHECK: vit.attention %[[Q]], %[[Q]], %[[Q]] {{.*}} -> tensor<3x9x2x4xf32> probs
func.func @near_misses(%x: tensor<3x9x8xf32>, %q: tensor<3x9x2x4xf32>)
    -> (tensor<3x5x8xf32>, tensor<3x1x8xf32>, tensor<3x9x8xf32>, tensor<3x9x2xf32>, tensor<3x9x1x4xf32>,
        tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>, tensor<3x2x9x9xf32>) {
  %0 = vit.gelu %x : tensor<3x9x8xf32>
  %most = tensor.extract_slice %0[0, 4, 0] [3, 5, 8] [1, 1, 1] : tensor<3x9x8xf32> to tensor<3x5x8xf32>
  %2 = vit.silu %x : tensor<3x9x8xf32>
  %row = tensor.extract_slice %2[0, 0, 0] [3, 1, 8] [1, 1, 1] : tensor<3x9x8xf32> to tensor<3x1x8xf32>
  %3 = vit.layer_norm %x {epsilon = 1.0e-5 : f32} : tensor<3x9x8xf32>
  %channels = tensor.extract_slice %3[0, 0, 0] [3, 9, 2] [1, 1, 1] : tensor<3x9x8xf32> to tensor<3x9x2xf32>
  %4 = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32>
  %head = tensor.extract_slice %4[0, 0, 0, 0] [3, 9, 1, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x9x1x4xf32>
  %5 = vit.attention %q, %q, %q {scale = 0.5 : f32, causal} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32>
  %first = tensor.extract_slice %5[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  %6, %probs = vit.attention %q, %q, %q {scale = 0.25 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32> probs tensor<3x2x9x9xf32>
  %query = tensor.extract_slice %6[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  return %most, %row, %2, %channels, %head, %first, %query, %probs
    : tensor<3x5x8xf32>, tensor<3x1x8xf32>, tensor<3x9x8xf32>, tensor<3x9x2xf32>, tensor<3x9x1x4xf32>,
      tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>, tensor<3x2x9x9xf32>
}

// -----

// One row of a gated MLP, whose product makes features and gate at once.
// CHECK-LABEL: func @gated
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x8x4xf32>,
// CHECK: %[[ROW:.+]] = tensor.extract_slice %[[X]][0, 0, 0] [1, 1, 4] [1, 1, 1]
// CHECK: %[[BOTH:.+]] = vit.linear %[[ROW]], {{.*}} -> tensor<1x1x12xf32>
// CHECK-DAG: %[[A:.+]] = tensor.extract_slice %[[BOTH]][0, 0, 0] [1, 1, 6] [1, 1, 1]
// CHECK-DAG: %[[GATE:.+]] = tensor.extract_slice %[[BOTH]][0, 0, 6] [1, 1, 6] [1, 1, 1]
// CHECK: %[[S:.+]] = vit.silu %[[A]] : tensor<1x1x6xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%[[S]], %[[GATE]] :
func.func @gated(%x: tensor<1x8x4xf32>, %w: tensor<4x12xf32>) -> tensor<1x1x6xf32> {
  %0 = vit.linear %x, %w : (tensor<1x8x4xf32>, tensor<4x12xf32>) -> tensor<1x8x12xf32>
  %a = tensor.extract_slice %0[0, 0, 0] [1, 8, 6] [1, 1, 1] : tensor<1x8x12xf32> to tensor<1x8x6xf32>
  %gate = tensor.extract_slice %0[0, 0, 6] [1, 8, 6] [1, 1, 1] : tensor<1x8x12xf32> to tensor<1x8x6xf32>
  %s = vit.silu %a : tensor<1x8x6xf32>
  %init = tensor.empty() : tensor<1x8x6xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%s, %gate : tensor<1x8x6xf32>, tensor<1x8x6xf32>) outs(%init : tensor<1x8x6xf32>) -> tensor<1x8x6xf32>
  %y = tensor.extract_slice %p[0, 0, 0] [1, 1, 6] [1, 1, 1] : tensor<1x8x6xf32> to tensor<1x1x6xf32>
  return %y : tensor<1x1x6xf32>
}
