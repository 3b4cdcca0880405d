// RUN: vitc-opt %s --vit-add-taps --canonicalize --split-input-file --mlir-print-local-scope | FileCheck %s

// Queries and keys behind their bias, without the scale; maps are results of the attention. The other outputs stay.
// CHECK-LABEL: func.func @heads_and_maps
// CHECK-SAME: vit.name = "y"
// CHECK-SAME: tensor<?x2x9x9xf32> {vit.dims = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 2, 9, 9)>>, vit.name = "tap.scores.0"}
// CHECK-SAME: vit.name = "tap.attention.0"
// CHECK-SAME: tensor<?x2x9x4xf32> {{.*}} vit.name = "tap.queries.0"
// CHECK-SAME: vit.name = "tap.values.0"
// CHECK-NOT: vit.taps
// CHECK-DAG: %[[A:.+]], %[[S:.+]], %[[P:.+]] = vit.attention %arg0, %arg0, %arg1 {scale = 5.000000e-01 : f32}
// CHECK-DAG: %[[TQ:.+]] = linalg.transpose ins(%arg0 : tensor<?x9x2x4xf32>) {{.*}} permutation = [0, 2, 1, 3]
// CHECK: return %[[A]], %[[S]], %[[P]], %[[TQ]], %{{.+}}
func.func @heads_and_maps(%q: tensor<?x9x2x4xf32> {vit.dims = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 9, 2, 4)>>},
                          %v: tensor<?x9x2x4xf32> {vit.dims = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 9, 2, 4)>>})
    -> (tensor<?x9x2x4xf32> {vit.name = "y"})
    attributes {vit.taps = ["scores", "attention:-1", "queries:0", "values:0-0"]} {
  %a = vit.attention %q, %q, %v {scale = 0.5 : f32} : (tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32>
  return %a : tensor<?x9x2x4xf32>
}

// -----

// What else is computed goes, but for an output that is named. Windows count as pictures; an attention without pictures is
// of one.
// CHECK-LABEL: func.func @tap_only
// CHECK-SAME: -> (tensor<12x2x4x4xf32> {vit.dims = #vit.dims<[], affine_map<() -> (12, 2, 4, 4)>>, vit.name = "tap.attention.0"}, tensor<5xf32> {vit.name = "z"}, tensor<1x2x4x4xf32>
// CHECK-SAME: vit.name = "tap.attention.1"
// CHECK-NOT: vit.tap_only
// CHECK: %{{.+}}, %[[P:.+]] = vit.attention
// CHECK: %[[M:.+]] = tensor.collapse_shape %[[P]] {{\[}}[0, 1], [2], [3], [4]] : tensor<3x4x2x4x4xf32> into tensor<12x2x4x4xf32>
// CHECK-NOT: vit.gelu
// CHECK: return %[[M]]
func.func @tap_only(%q: tensor<3x4x4x2x8xf32>, %z: tensor<5xf32>, %r: tensor<4x2x8xf32>)
    -> (tensor<3x4x4x2x8xf32> {vit.name = "y"}, tensor<5xf32> {vit.name = "z"})
    attributes {vit.tap_only, vit.taps = ["attention:0", "z", "attention:1"]} {
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x4x4x2x8xf32>, tensor<3x4x4x2x8xf32>, tensor<3x4x4x2x8xf32>) -> tensor<3x4x4x2x8xf32>
  %b = vit.attention %r, %r, %r {scale = 0.5 : f32} : (tensor<4x2x8xf32>, tensor<4x2x8xf32>, tensor<4x2x8xf32>) -> tensor<4x2x8xf32>
  %y = vit.gelu %a : tensor<3x4x4x2x8xf32>
  return %y, %z : tensor<3x4x4x2x8xf32>, tensor<5xf32>
}

// -----

// The class token's row of the maps, and the stream behind the MLP.
// CHECK-LABEL: func.func @block
// CHECK-SAME: tensor<2x2x1x5xf32> {{.*}} vit.name = "tap.cls_attention.0"
// CHECK-SAME: tensor<2x5x8xf32> {{.*}} vit.name = "tap.tokens.0"
// CHECK-SAME: tensor<2x5xf32> {{.*}} vit.name = "tap.norms.0"
// CHECK: %[[A:.+]], %[[P:.+]] = vit.attention
// CHECK: %[[ROW:.+]] = tensor.extract_slice %[[P]][0, 0, 0, 0] [2, 2, 1, 5] [1, 1, 1, 1]
// CHECK: %[[MLP:.+]] = vit.gelu
// CHECK: %[[SUM:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%{{.+}}, %[[MLP]]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}}ins(%[[SUM]], %[[SUM]]
// CHECK: linalg.reduce
// CHECK: %[[NORM:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<sqrt>
// CHECK: return %{{.+}}, %[[ROW]], %[[SUM]], %[[NORM]]
func.func @block(%patches: tensor<2x4x8xf32>, %cls: tensor<1x8xf32>, %w: tensor<8x8xf32>) -> (tensor<2x8xf32> {vit.name = "y"})
    attributes {vit.taps = ["cls_attention", "tokens", "norms"]} {
  %x = vit.assemble prefix(%cls : tensor<1x8xf32>) patches(%patches : tensor<2x4x8xf32>) {cls = 1 : i64, registers = 0 : i64} -> tensor<2x5x8xf32>
  %q = vit.linear %x, %w : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %h = tensor.expand_shape %q [[0], [1], [2, 3]] output_shape [2, 5, 2, 4] : tensor<2x5x8xf32> into tensor<2x5x2x4xf32>
  %a = vit.attention %h, %h, %h {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32>
  %c = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
  %o = vit.linear %c, %w : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %e = tensor.empty() : tensor<2x5x8xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %o : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%e : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %f = vit.linear %r, %w : (tensor<2x5x8xf32>, tensor<8x8xf32>) -> tensor<2x5x8xf32>
  %g = vit.gelu %f : tensor<2x5x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %g : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%e : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %y = tensor.extract_slice %s[0, 0, 0] [2, 1, 8] [1, 1, 1] : tensor<2x5x8xf32> to tensor<2x8xf32>
  return %y : tensor<2x8xf32>
}

// -----

// Tokens that come first, and branches beside each other: x + attention(x) + mlp(x).
// CHECK-LABEL: func.func @parallel_and_tokens_first
// CHECK: %[[R:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK: %[[S:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[R]],
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[S]] : tensor<5x3x8xf32>) {{.*}} permutation = [1, 0, 2]
// CHECK: return %[[T]] : tensor<3x5x8xf32>
func.func @parallel_and_tokens_first(%x: tensor<5x3x8xf32>, %w: tensor<8x8xf32>) -> (tensor<5x3x8xf32> {vit.name = "y"})
    attributes {vit.tap_only, vit.taps = ["tokens"]} {
  %e = tensor.empty() : tensor<5x3x8xf32>
  %et = tensor.empty() : tensor<3x5x2x4xf32>
  %ea = tensor.empty() : tensor<5x3x2x4xf32>
  %q = vit.linear %x, %w : (tensor<5x3x8xf32>, tensor<8x8xf32>) -> tensor<5x3x8xf32>
  %h = tensor.expand_shape %q [[0], [1], [2, 3]] output_shape [5, 3, 2, 4] : tensor<5x3x8xf32> into tensor<5x3x2x4xf32>
  %t = linalg.transpose ins(%h : tensor<5x3x2x4xf32>) outs(%et : tensor<3x5x2x4xf32>) permutation = [1, 0, 2, 3]
  %a = vit.attention %t, %t, %t {scale = 0.5 : f32} : (tensor<3x5x2x4xf32>, tensor<3x5x2x4xf32>, tensor<3x5x2x4xf32>) -> tensor<3x5x2x4xf32>
  %b = linalg.transpose ins(%a : tensor<3x5x2x4xf32>) outs(%ea : tensor<5x3x2x4xf32>) permutation = [1, 0, 2, 3]
  %c = tensor.collapse_shape %b [[0], [1], [2, 3]] : tensor<5x3x2x4xf32> into tensor<5x3x8xf32>
  %o = vit.linear %c, %w : (tensor<5x3x8xf32>, tensor<8x8xf32>) -> tensor<5x3x8xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%x, %o : tensor<5x3x8xf32>, tensor<5x3x8xf32>) outs(%e : tensor<5x3x8xf32>) -> tensor<5x3x8xf32>
  %m = vit.linear %x, %w : (tensor<5x3x8xf32>, tensor<8x8xf32>) -> tensor<5x3x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%r, %m : tensor<5x3x8xf32>, tensor<5x3x8xf32>) outs(%e : tensor<5x3x8xf32>) -> tensor<5x3x8xf32>
  return %s : tensor<5x3x8xf32>
}

// -----

// Maps with mixed heads are tapped as softmax made them; inherited scores with what is added to them.
// CHECK-LABEL: func.func @parts
// CHECK-SAME: vit.name = "tap.attention.0"
// CHECK-SAME: vit.name = "tap.attention.1"
// CHECK-SAME: vit.name = "tap.scores.1"
// CHECK-SAME: vit.name = "tap.keys.0"
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK: %[[SUM:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK: %{{.+}}, %[[Q:.+]] = vit.attend {{.*}} probs tensor<1x2x5x5xf32>
// CHECK: return %[[P]], %[[Q]], %[[SUM]], %{{.+}}
func.func @parts(%q: tensor<1x5x2x4xf32>, %theta: tensor<2x2xf32>, %bias: tensor<5xf32>) -> (tensor<1x5x2x4xf32>, tensor<1x5x2x4xf32>)
    attributes {vit.tap_only, vit.taps = ["attention", "scores:1", "keys:0"]} {
  %s = vit.scores %q, %q {scale = 0.5 : f32} : (tensor<1x5x2x4xf32>, tensor<1x5x2x4xf32>) -> tensor<1x2x5x5xf32>
  %e = tensor.empty() : tensor<1x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<1x2x5x5xf32>) outs(%e : tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %m = vit.reattend %p, %theta : (tensor<1x2x5x5xf32>, tensor<2x2xf32>) -> tensor<1x2x5x5xf32>
  %a = vit.attend %m, %q {normalized} : (tensor<1x2x5x5xf32>, tensor<1x5x2x4xf32>) -> tensor<1x5x2x4xf32>
  %b = vit.attend %s, %a addends(%bias : tensor<5xf32>) : (tensor<1x2x5x5xf32>, tensor<1x5x2x4xf32>) -> tensor<1x5x2x4xf32>
  return %a, %b : tensor<1x5x2x4xf32>, tensor<1x5x2x4xf32>
}
