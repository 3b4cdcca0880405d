// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s

// A vanilla layer's scores are written by its kernel, as float32, for the layers that inherit them.
// CHECK-LABEL: func.func @scores
// CHECK: %[[TAP:.+]] = tensor.empty(%{{.+}}) : tensor<?x2x17x17xf32>
// CHECK: %[[BOTH:.+]]:2 = vgpu.attention ins({{.+}}) outs(%{{.+}}, %[[TAP]] : tensor<?x17x2x32xbf16>, tensor<?x2x17x17xf32>) {scale = 2.500000e-01 : f32} -> tensor<?x17x2x32xbf16>, tensor<?x2x17x17xf32>
// CHECK: %[[OUT:.+]] = arith.extf %[[BOTH]]#0
// CHECK: return %[[OUT]], %[[BOTH]]#1
func.func @scores(%q: tensor<?x17x2x32xf32>) -> (tensor<?x17x2x32xf32>, tensor<?x2x17x17xf32>) {
  %0, %1 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<?x17x2x32xf32>, tensor<?x17x2x32xf32>, tensor<?x17x2x32xf32>) -> tensor<?x17x2x32xf32> scores tensor<?x2x17x17xf32>
  return %0, %1 : tensor<?x17x2x32xf32>, tensor<?x2x17x17xf32>
}

// -----

// CHECK-LABEL: func.func @probabilities
// CHECK: vgpu.attention {{.+}} {probabilities, scale = 2.500000e-01 : f32} -> tensor<1x17x2x32xbf16>, tensor<1x2x17x17xf32>
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] : tensor<1x2x17x17xf32> into tensor<2x17x17xf32>
func.func @probabilities(%q: tensor<17x2x32xf32>) -> (tensor<17x2x32xf32>, tensor<2x17x17xf32>) {
  %0, %1 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<17x2x32xf32>, tensor<17x2x32xf32>, tensor<17x2x32xf32>) -> tensor<17x2x32xf32> probs tensor<2x17x17xf32>
  return %0, %1 : tensor<17x2x32xf32>, tensor<2x17x17xf32>
}

// -----

#probs = affine_map<(b, m, h, e, n) -> (b, h, m, n)>
#values = affine_map<(b, m, h, e, n) -> (b, n, h, e)>
#result = affine_map<(b, m, h, e, n) -> (b, m, h, e)>

// Given scores: softmax and the product with values are one kernel.
// CHECK-LABEL: func.func @attend
// CHECK-SAME: (%[[S:.+]]: tensor<2x3x17x20xf32>, %[[V:.+]]: tensor<2x20x3x32xf32>)
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[V]]
// CHECK: %[[OUT:.+]] = vgpu.attend ins(%[[S]], %[[ROUNDED]] : tensor<2x3x17x20xf32>, tensor<2x20x3x32xbf16>) outs(%{{.+}} : tensor<2x17x3x32xbf16>) -> tensor<2x17x3x32xbf16>
// CHECK: arith.extf %[[OUT]]
// CHECK-NOT: linalg.softmax
func.func @attend(%s: tensor<2x3x17x20xf32>, %v: tensor<2x20x3x32xf32>) -> tensor<2x17x3x32xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x17x20xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x17x20xf32>) outs(%e : tensor<2x3x17x20xf32>) -> tensor<2x3x17x20xf32>
  %o = tensor.empty() : tensor<2x17x3x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  %0 = linalg.contract indexing_maps = [#probs, #values, #result] ins(%p, %v : tensor<2x3x17x20xf32>, tensor<2x20x3x32xf32>) outs(%init : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  return %0 : tensor<2x17x3x32xf32>
}

// -----

#probs = affine_map<(b, m, h, e, n) -> (b, h, m, n)>
#values = affine_map<(b, m, h, e, n) -> (b, n, h, e)>
#result = affine_map<(b, m, h, e, n) -> (b, m, h, e)>

// Probabilities that a later layer inherits come from the kernel, too.
// CHECK-LABEL: func.func @read_later
// CHECK: %[[BOTH:.+]]:2 = vgpu.attend
// CHECK: linalg.exp ins(%[[BOTH]]#1
// CHECK-NOT: linalg.softmax
func.func @read_later(%s: tensor<2x3x17x20xf32>, %v: tensor<2x20x3x32xf32>) -> (tensor<2x17x3x32xf32>, tensor<2x3x17x20xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x17x20xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x17x20xf32>) outs(%e : tensor<2x3x17x20xf32>) -> tensor<2x3x17x20xf32>
  %o = tensor.empty() : tensor<2x17x3x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  %0 = linalg.contract indexing_maps = [#probs, #values, #result] ins(%p, %v : tensor<2x3x17x20xf32>, tensor<2x20x3x32xf32>) outs(%init : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  %1 = linalg.exp ins(%p : tensor<2x3x17x20xf32>) outs(%e : tensor<2x3x17x20xf32>) -> tensor<2x3x17x20xf32>
  return %0, %1 : tensor<2x17x3x32xf32>, tensor<2x3x17x20xf32>
}

// -----

#probs = affine_map<(b, m, h, e, n) -> (b, h, m, n)>
#values = affine_map<(b, m, h, e, n) -> (b, n, h, e)>
#result = affine_map<(b, m, h, e, n) -> (b, m, h, e)>

// Near misses: a softmax over queries, a product that adds to something, scores and probabilities of one attention.
// CHECK-LABEL: func.func @others
// CHECK-NOT: vgpu.
// CHECK: return
func.func @others(%s: tensor<2x3x20x20xf32>, %v: tensor<2x20x3x32xf32>, %init: tensor<2x20x3x32xf32>)
    -> (tensor<2x20x3x32xf32>, tensor<2x20x3x32xf32>, tensor<2x3x20x20xf32>, tensor<2x3x20x20xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x20x20xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x3x20x20xf32>) outs(%e : tensor<2x3x20x20xf32>) -> tensor<2x3x20x20xf32>
  %k = linalg.softmax dimension(3) ins(%s : tensor<2x3x20x20xf32>) outs(%e : tensor<2x3x20x20xf32>) -> tensor<2x3x20x20xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%init : tensor<2x20x3x32xf32>) -> tensor<2x20x3x32xf32>
  %0 = linalg.contract indexing_maps = [#probs, #values, #result] ins(%p, %v : tensor<2x3x20x20xf32>, tensor<2x20x3x32xf32>) outs(%zeros : tensor<2x20x3x32xf32>) -> tensor<2x20x3x32xf32>
  %1 = linalg.contract indexing_maps = [#probs, #values, #result] ins(%k, %v : tensor<2x3x20x20xf32>, tensor<2x20x3x32xf32>) outs(%init : tensor<2x20x3x32xf32>) -> tensor<2x20x3x32xf32>
  %2, %3, %4 = vit.attention %v, %v, %v {scale = 2.5e-01 : f32} : (tensor<2x20x3x32xf32>, tensor<2x20x3x32xf32>, tensor<2x20x3x32xf32>)
      -> tensor<2x20x3x32xf32> scores tensor<2x3x20x20xf32> probs tensor<2x3x20x20xf32>
  %5 = linalg.add ins(%0, %2 : tensor<2x20x3x32xf32>, tensor<2x20x3x32xf32>) outs(%init : tensor<2x20x3x32xf32>) -> tensor<2x20x3x32xf32>
  return %5, %1, %3, %4 : tensor<2x20x3x32xf32>, tensor<2x20x3x32xf32>, tensor<2x3x20x20xf32>, tensor<2x3x20x20xf32>
}

// -----

#matrix = affine_map<(b, h, m, n, k) -> (m, k)>
#scores = affine_map<(b, h, m, n, k) -> (b, h, k, n)>
#result = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// A matrix times the queries of given scores: one for all heads. Rows are padded to multiples of 16 bytes, the matrix
// with zeros, so that what lies behind the scores' last row does not count.
// CHECK-LABEL: func.func @queries
// CHECK: %[[A:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0, 1, 2], [3]] {{.*}} : tensor<17x24xbf16> into tensor<1x1x17x24xbf16>
// CHECK: %[[OUT:.+]] = vgpu.batch_gemm ins(%[[A]], %{{.+}} : tensor<1x1x17x24xbf16>, tensor<?x3x17x24xbf16>) outs(%{{.+}} : tensor<?x3x17x24xf32>) {tile_m = 64 : i64, tile_n = 32 : i64}
// CHECK: tensor.extract_slice %[[OUT]]{{.*}} : tensor<?x3x17x24xf32> to tensor<?x3x17x17xf32>
func.func @queries(%p: tensor<17x17xf32>, %s: tensor<?x3x17x17xf32>, %o: tensor<?x3x17x17xf32>) -> tensor<?x3x17x17xf32> {
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<?x3x17x17xf32>) -> tensor<?x3x17x17xf32>
  %0 = linalg.contract indexing_maps = [#matrix, #scores, #result] ins(%p, %s : tensor<17x17xf32>, tensor<?x3x17x17xf32>) outs(%init : tensor<?x3x17x17xf32>) -> tensor<?x3x17x17xf32>
  return %0 : tensor<?x3x17x17xf32>
}

// -----

#matrix = affine_map<(b, m, h, d, n) -> (m, n)>
#tokens = affine_map<(b, m, h, d, n) -> (b, n, h, d)>
#result = affine_map<(b, m, h, d, n) -> (b, m, h, d)>

// A matrix times the tokens of queries or keys: heads side by side.
// CHECK-LABEL: func.func @tokens
// CHECK: vgpu.batch_gemm ins(%{{.+}}, %{{.+}} : tensor<1x1x64x64xbf16>, tensor<2x1x64x40xbf16>) outs(%{{.+}} : tensor<2x1x64x40xf32>) {tile_m = 64 : i64, tile_n = 48 : i64}
func.func @tokens(%p: tensor<64x64xf32>, %s: tensor<2x64x5x8xf32>, %o: tensor<2x64x5x8xf32>) -> tensor<2x64x5x8xf32> {
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<2x64x5x8xf32>) -> tensor<2x64x5x8xf32>
  %0 = linalg.contract indexing_maps = [#matrix, #tokens, #result] ins(%p, %s : tensor<64x64xf32>, tensor<2x64x5x8xf32>) outs(%init : tensor<2x64x5x8xf32>) -> tensor<2x64x5x8xf32>
  return %0 : tensor<2x64x5x8xf32>
}
