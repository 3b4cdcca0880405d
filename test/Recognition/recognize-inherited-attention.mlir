// RUN: vitc-opt %s --vit-recognize-attention --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

#id = affine_map<(b, h, m, n) -> (b, h, m, n)>
#last = affine_map<(b, h, m, n) -> (n)>
#lhs = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#rhs = affine_map<(b, h, m, n, k) -> (k, n)>
#out = affine_map<(b, h, m, n, k) -> (b, h, m, n)>
#pv = affine_map<(b, h, m, e, n) -> (b, h, m, n)>
#v = affine_map<(b, h, m, e, n) -> (b, h, n, e)>
#o = affine_map<(b, h, m, e, n) -> (b, h, m, e)>

// Linear layers over keys, then over queries between transposes, each with its bias.
// CHECK-LABEL: func @two_sided
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<?x5x2x4xf32>, %[[X:[a-z0-9]+]]: tensor<?x2x5x4xf32>)
// CHECK-DAG: %[[BT:.+]] = arith.constant dense<[1.0{{.*}}, 2.0{{.*}}, 3.0{{.*}}, 4.0{{.*}}, 5.0{{.*}}]> : tensor<5xf32>
// CHECK-DAG: %[[BP:.+]] = arith.constant dense<[6.0{{.*}}, 7.0{{.*}}, 8.0{{.*}}, 9.0{{.*}}, 1.0{{.*}}]> : tensor<5xf32>
// CHECK: %{{.+}}, %[[A:.+]] = vit.attention {{.*}} scores tensor<?x2x5x5xf32>
// CHECK: %[[I:.+]] = vit.inherit %[[A]] theta(%[[T:.+]] : tensor<5x5xf32>) theta_bias(%[[BT]] : tensor<5xf32>) psi(%{{.+}} : tensor<5x5xf32>) psi_bias(%[[BP]] : tensor<5xf32>) : tensor<?x2x5x5xf32> -> tensor<?x2x5x5xf32>
// CHECK: %[[V:.+]] = linalg.transpose ins(%[[X]] {{.*}} permutation = [0, 2, 1, 3]
// CHECK: %[[Y:.+]] = vit.attend %[[I]], %[[V]] : (tensor<?x2x5x5xf32>, tensor<?x5x2x4xf32>) -> tensor<?x5x2x4xf32>
// CHECK-NOT: linalg.softmax
func.func @two_sided(%q: tensor<?x5x2x4xf32>, %v: tensor<?x2x5x4xf32>) -> (tensor<?x5x2x4xf32>, tensor<?x2x5x4xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %q, %c0 : tensor<?x5x2x4xf32>
  %theta = arith.constant dense_resource<theta> : tensor<5x5xf32>
  %psi = arith.constant dense_resource<psi> : tensor<5x5xf32>
  %bt = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %bp = arith.constant dense<[6.0, 7.0, 8.0, 9.0, 1.0]> : tensor<5xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<?x5x2x4xf32>, tensor<?x5x2x4xf32>, tensor<?x5x2x4xf32>) -> tensor<?x5x2x4xf32> scores tensor<?x2x5x5xf32>
  %e = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%a, %theta : tensor<?x2x5x5xf32>, tensor<5x5xf32>) outs(%z : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #last, #id] ins(%0, %bt : tensor<?x2x5x5xf32>, tensor<5xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %2 = linalg.transpose ins(%1 : tensor<?x2x5x5xf32>) outs(%e : tensor<?x2x5x5xf32>) permutation = [0, 1, 3, 2]
  %3 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%2, %psi : tensor<?x2x5x5xf32>, tensor<5x5xf32>) outs(%z : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %4 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #last, #id] ins(%3, %bp : tensor<?x2x5x5xf32>, tensor<5xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %5 = linalg.transpose ins(%4 : tensor<?x2x5x5xf32>) outs(%e : tensor<?x2x5x5xf32>) permutation = [0, 1, 3, 2]
  %p = linalg.softmax dimension(3) ins(%5 : tensor<?x2x5x5xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %ev = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %zv = linalg.fill ins(%zero : f32) outs(%ev : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %y = linalg.contract indexing_maps = [#pv, #v, #o] ins(%p, %v : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%zv : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  return %r, %y : tensor<?x5x2x4xf32>, tensor<?x2x5x4xf32>
}

// -----

#lhs = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#rhs = affine_map<(b, h, m, n, k) -> (k, n)>
#out = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// Probabilities that are inherited are of the stage after softmax.
// CHECK-LABEL: func @after_softmax
// CHECK: vit.inherit %{{.+}} theta({{.*}}) {stage = 1 : i32}
func.func @after_softmax(%q: tensor<2x5x2x4xf32>) -> tensor<2x2x5x5xf32> {
  %zero = arith.constant 0.0 : f32
  %theta = arith.constant dense_resource<theta> : tensor<5x5xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32> probs tensor<2x2x5x5xf32>
  %e = tensor.empty() : tensor<2x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%a, %theta : tensor<2x2x5x5xf32>, tensor<5x5xf32>) outs(%z : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  return %0 : tensor<2x2x5x5xf32>
}

// -----

// A residual between stages: a depthwise convolution, then one over heads. A 1 × 1 convolution alone makes nothing smaller.
// CHECK-LABEL: func @down
// CHECK: %[[D:.+]] = vit.score_down %[[A:.+]], %{{.+}} bias({{.*}}) {groups = 2 : i64, stride = 2 : i64} : (tensor<?x2x6x6xf32>, tensor<2x1x2x2xf32>) -> tensor<?x2x3x3xf32>
// CHECK: vit.score_down %[[D]], %{{.+}} {stride = 1 : i64} : (tensor<?x2x3x3xf32>, tensor<4x2x1x1xf32>) -> tensor<?x4x3x3xf32>
// CHECK: vit.conv %[[A]]
func.func @down(%q: tensor<?x6x2x4xf32>) -> (tensor<?x6x2x4xf32>, tensor<?x4x3x3xf32>, tensor<?x4x6x6xf32>) {
  %dw = arith.constant dense_resource<dw> : tensor<2x1x2x2xf32>
  %bias = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %pw = arith.constant dense_resource<pw> : tensor<4x2x1x1xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<?x6x2x4xf32>, tensor<?x6x2x4xf32>, tensor<?x6x2x4xf32>) -> tensor<?x6x2x4xf32> scores tensor<?x2x6x6xf32>
  %0 = vit.conv %a, %dw bias(%bias : tensor<2xf32>) {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 2, 2>} : (tensor<?x2x6x6xf32>, tensor<2x1x2x2xf32>) -> tensor<?x2x3x3xf32>
  %1 = vit.conv %0, %pw {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x3x3xf32>, tensor<4x2x1x1xf32>) -> tensor<?x4x3x3xf32>
  %2 = vit.conv %a, %pw {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x6x6xf32>, tensor<4x2x1x1xf32>) -> tensor<?x4x6x6xf32>
  return %r, %1, %2 : tensor<?x6x2x4xf32>, tensor<?x4x3x3xf32>, tensor<?x4x6x6xf32>
}

// -----

#lhs = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#rhs = affine_map<(b, h, m, n, k) -> (k, n)>
#perhead = affine_map<(b, h, m, n, k) -> (h, k, n)>
#out = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// Near misses: factors that depend on the input, that differ from head to head, or that combine the heads.
// CHECK-LABEL: func @near_misses
// CHECK-NOT: vit.inherit
// CHECK: linalg.contract
// CHECK: scores are combined by factors that are not the same for all heads
// CHECK: scores are combined along what is neither queries nor keys
func.func @near_misses(%q: tensor<2x5x2x4xf32>, %x: tensor<5x5xf32>) -> (tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>) {
  %zero = arith.constant 0.0 : f32
  %own = arith.constant dense_resource<own> : tensor<2x5x5xf32>
  %heads = arith.constant dense_resource<heads> : tensor<2x2xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32> scores tensor<2x2x5x5xf32>
  %e = tensor.empty() : tensor<2x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%a, %x : tensor<2x2x5x5xf32>, tensor<5x5xf32>) outs(%z : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %1 = linalg.contract indexing_maps = [#lhs, #perhead, #out] ins(%a, %own : tensor<2x2x5x5xf32>, tensor<2x5x5xf32>) outs(%z : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %2 = linalg.contract indexing_maps = [affine_map<(b, g, m, n, k) -> (b, k, m, n)>, affine_map<(b, g, m, n, k) -> (g, k)>, affine_map<(b, g, m, n, k) -> (b, g, m, n)>] ins(%a, %heads : tensor<2x2x5x5xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  return %0, %1, %2 : tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>
}

// -----

#lhs = affine_map<(b, h, m, n, k) -> (b, h, m, k)>
#rhs = affine_map<(b, h, m, n, k) -> (k, n)>
#out = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// Near miss: scores of one head that a view repeats for four.
// CHECK-LABEL: func @repeated_heads
// CHECK-NOT: vit.inherit
// CHECK: linalg.contract
func.func @repeated_heads(%q: tensor<2x5x1x4xf32>) -> tensor<2x4x5x5xf32> {
  %zero = arith.constant 0.0 : f32
  %theta = arith.constant dense_resource<theta> : tensor<5x5xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x5x1x4xf32>, tensor<2x5x1x4xf32>, tensor<2x5x1x4xf32>) -> tensor<2x5x1x4xf32> scores tensor<2x1x5x5xf32>
  %head = tensor.collapse_shape %a [[0, 1], [2], [3]] : tensor<2x1x5x5xf32> into tensor<2x5x5xf32>
  %e = tensor.empty() : tensor<2x4x5x5xf32>
  %wide = linalg.broadcast ins(%head : tensor<2x5x5xf32>) outs(%e : tensor<2x4x5x5xf32>) dimensions = [1]
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4x5x5xf32>) -> tensor<2x4x5x5xf32>
  %0 = linalg.contract indexing_maps = [#lhs, #rhs, #out] ins(%wide, %theta : tensor<2x4x5x5xf32>, tensor<5x5xf32>) outs(%z : tensor<2x4x5x5xf32>) -> tensor<2x4x5x5xf32>
  return %0 : tensor<2x4x5x5xf32>
}
