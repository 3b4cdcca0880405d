// RUN: vitc-opt %s --vit-recognize-attention --vit-simplify-layout --canonicalize --cse --split-input-file | FileCheck %s

#qk = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#pv = affine_map<(b, h, m, e, n) -> (b, h, m, n)>
#v = affine_map<(b, h, m, e, n) -> (b, h, n, e)>
#o = affine_map<(b, h, m, e, n) -> (b, h, m, e)>
#id = affine_map<(b, h, m, n) -> (b, h, m, n)>
#head = affine_map<(b, h, m, n) -> (h)>

// A 1 × 1 convolution over the heads, then the norm's factor and shift of each.
// CHECK-LABEL: func @convolution_and_norm
// CHECK: %[[S:.+]] = vit.scores {{.*}} {scale = 1.000000e+00 : f32} : (tensor<?x5x2x4xf32>, tensor<?x5x2x4xf32>) -> tensor<?x2x5x5xf32>
// CHECK: %[[P:.+]] = linalg.softmax dimension(3) ins(%[[S]]
// CHECK: %[[T:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} -> tensor<2x2xf32>
// CHECK: %[[F:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} -> tensor<2xf32>
// CHECK: %[[SHIFT:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[F]], {{.*}} -> tensor<2xf32>
// CHECK: %[[R:.+]] = vit.reattend %[[P]], %[[T]] shift(%[[SHIFT]] : tensor<2xf32>)
// CHECK: vit.attend %[[R]], %{{.+}} {normalized} : (tensor<?x2x5x5xf32>, tensor<?x5x2x4xf32>) -> tensor<?x5x2x4xf32>
// CHECK-NOT: vit.conv
func.func @convolution_and_norm(%q: tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %q, %c0 : tensor<?x2x5x4xf32>
  %w = arith.constant dense_resource<w> : tensor<2x2x1x1xf32>
  %bias = arith.constant dense_resource<bias> : tensor<2xf32>
  %factor = arith.constant dense_resource<factor> : tensor<2xf32>
  %shift = arith.constant dense_resource<shift> : tensor<2xf32>
  %e = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %s = linalg.contract indexing_maps = [#qk, #k, #s] ins(%q, %q : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<?x2x5x5xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %c = vit.conv %p, %w bias(%bias : tensor<2xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x5x5xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x5x5xf32>
  %f = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#id, #head, #id] ins(%c, %factor : tensor<?x2x5x5xf32>, tensor<2xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #head, #id] ins(%f, %shift : tensor<?x2x5x5xf32>, tensor<2xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %ev = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %zv = linalg.fill ins(%zero : f32) outs(%ev : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %y = linalg.contract indexing_maps = [#pv, #v, #o] ins(%n, %q : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%zv : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  return %y : tensor<?x2x5x4xf32>
}

// -----

#qk = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#pv = affine_map<(b, h, m, e, n) -> (b, h, m, n)>
#v = affine_map<(b, h, m, e, n) -> (b, h, n, e)>
#o = affine_map<(b, h, m, e, n) -> (b, h, m, e)>

// Two convolutions: their weights are multiplied, and the second one mixes the first one's bias.
// CHECK-LABEL: func @two_convolutions
// CHECK-DAG: %[[W:.+]] = tensor.collapse_shape %[[$FIRST:.+]] {{.*}} : tensor<2x2x1x1xf32> into tensor<2x2xf32>
// CHECK-DAG: %[[U:.+]] = tensor.collapse_shape %[[$SECOND:.+]] {{.*}} : tensor<2x2x1x1xf32> into tensor<2x2xf32>
// CHECK: %[[T:.+]] = linalg.contract {{.*}} ins(%[[U]], %[[W]] : tensor<2x2xf32>, tensor<2x2xf32>)
// CHECK: %[[UB:.+]] = linalg.contract {{.*}} ins(%[[U]], %{{.+}} : tensor<2x2xf32>, tensor<2xf32>)
// CHECK: %[[SHIFT:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[UB]], %{{.+}} : tensor<2xf32>, tensor<2xf32>)
// CHECK: vit.reattend %{{.+}}, %[[T]] shift(%[[SHIFT]] : tensor<2xf32>)
// CHECK-NOT: vit.conv
func.func @two_convolutions(%q: tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %q, %c0 : tensor<?x2x5x4xf32>
  %w = arith.constant dense_resource<w> : tensor<2x2x1x1xf32>
  %bias = arith.constant dense_resource<bias> : tensor<2xf32>
  %u = arith.constant dense_resource<u> : tensor<2x2x1x1xf32>
  %other = arith.constant dense_resource<other> : tensor<2xf32>
  %e = tensor.empty(%b) : tensor<?x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %s = linalg.contract indexing_maps = [#qk, #k, #s] ins(%q, %q : tensor<?x2x5x4xf32>, tensor<?x2x5x4xf32>) outs(%z : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<?x2x5x5xf32>) outs(%e : tensor<?x2x5x5xf32>) -> tensor<?x2x5x5xf32>
  %c = vit.conv %p, %w bias(%bias : tensor<2xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x5x5xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x5x5xf32>
  %n = vit.conv %c, %u bias(%other : tensor<2xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x2x5x5xf32>, tensor<2x2x1x1xf32>) -> tensor<?x2x5x5xf32>
  %ev = tensor.empty(%b) : tensor<?x2x5x4xf32>
  %zv = linalg.fill ins(%zero : f32) outs(%ev : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  %y = linalg.contract indexing_maps = [#pv, #v, #o] ins(%n, %q : tensor<?x2x5x5xf32>, tensor<?x2x5x4xf32>) outs(%zv : tensor<?x2x5x4xf32>) -> tensor<?x2x5x4xf32>
  return %y : tensor<?x2x5x4xf32>
}

// -----

#qk = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#pv = affine_map<(b, h, m, e, n) -> (b, h, m, n)>
#v = affine_map<(b, h, m, e, n) -> (b, h, n, e)>
#o = affine_map<(b, h, m, e, n) -> (b, h, m, e)>

// Near miss: after a transpose the convolution combines queries, of which there are as many as heads.
// CHECK-LABEL: func @combines_queries
// CHECK: the probabilities are combined along what is not the heads
// CHECK-NOT: vit.reattend
func.func @combines_queries(%q: tensor<3x2x2x4xf32>) -> tensor<3x2x2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %w = arith.constant dense_resource<w> : tensor<2x2x1x1xf32>
  %e = tensor.empty() : tensor<3x2x2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<3x2x2x2xf32>) -> tensor<3x2x2x2xf32>
  %s = linalg.contract indexing_maps = [#qk, #k, #s] ins(%q, %q : tensor<3x2x2x4xf32>, tensor<3x2x2x4xf32>) outs(%z : tensor<3x2x2x2xf32>) -> tensor<3x2x2x2xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<3x2x2x2xf32>) outs(%e : tensor<3x2x2x2xf32>) -> tensor<3x2x2x2xf32>
  %t = linalg.transpose ins(%p : tensor<3x2x2x2xf32>) outs(%e : tensor<3x2x2x2xf32>) permutation = [0, 2, 1, 3]
  %c = vit.conv %t, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<3x2x2x2xf32>, tensor<2x2x1x1xf32>) -> tensor<3x2x2x2xf32>
  %u = linalg.transpose ins(%c : tensor<3x2x2x2xf32>) outs(%e : tensor<3x2x2x2xf32>) permutation = [0, 2, 1, 3]
  %ev = tensor.empty() : tensor<3x2x2x4xf32>
  %zv = linalg.fill ins(%zero : f32) outs(%ev : tensor<3x2x2x4xf32>) -> tensor<3x2x2x4xf32>
  %y = linalg.contract indexing_maps = [#pv, #v, #o] ins(%u, %q : tensor<3x2x2x2xf32>, tensor<3x2x2x4xf32>) outs(%zv : tensor<3x2x2x4xf32>) -> tensor<3x2x2x4xf32>
  return %y : tensor<3x2x2x4xf32>
}

// -----

#qk = affine_map<(b, h, m, n, d) -> (b, h, m, d)>
#k = affine_map<(b, h, m, n, d) -> (b, h, n, d)>
#s = affine_map<(b, h, m, n, d) -> (b, h, m, n)>
#pv = affine_map<(b, h, m, e, n) -> (b, h, m, n)>
#v = affine_map<(b, h, m, e, n) -> (b, h, n, e)>
#o = affine_map<(b, h, m, e, n) -> (b, h, m, e)>
#id = affine_map<(b, h, m, n) -> (b, h, m, n)>
#head = affine_map<(b, h, m, n) -> (h)>

// Near miss: a factor of each head, but nothing that combines them.
// CHECK-LABEL: func @scaled_heads
// CHECK: the probabilities are scaled head by head
// CHECK-NOT: vit.reattend
func.func @scaled_heads(%q: tensor<3x2x5x4xf32>) -> tensor<3x2x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %factor = arith.constant dense_resource<factor> : tensor<2xf32>
  %e = tensor.empty() : tensor<3x2x5x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<3x2x5x5xf32>) -> tensor<3x2x5x5xf32>
  %s = linalg.contract indexing_maps = [#qk, #k, #s] ins(%q, %q : tensor<3x2x5x4xf32>, tensor<3x2x5x4xf32>) outs(%z : tensor<3x2x5x5xf32>) -> tensor<3x2x5x5xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<3x2x5x5xf32>) outs(%e : tensor<3x2x5x5xf32>) -> tensor<3x2x5x5xf32>
  %f = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#id, #head, #id] ins(%p, %factor : tensor<3x2x5x5xf32>, tensor<2xf32>) outs(%e : tensor<3x2x5x5xf32>) -> tensor<3x2x5x5xf32>
  %ev = tensor.empty() : tensor<3x2x5x4xf32>
  %zv = linalg.fill ins(%zero : f32) outs(%ev : tensor<3x2x5x4xf32>) -> tensor<3x2x5x4xf32>
  %y = linalg.contract indexing_maps = [#pv, #v, #o] ins(%f, %q : tensor<3x2x5x5xf32>, tensor<3x2x5x4xf32>) outs(%zv : tensor<3x2x5x4xf32>) -> tensor<3x2x5x4xf32>
  return %y : tensor<3x2x5x4xf32>
}
