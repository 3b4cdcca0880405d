// RUN: vitc-opt %s --vit-simplify-softmax --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// CHECK-LABEL: func @no_mask
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK-NOT: select
// CHECK: return %[[P]]
func.func @no_mask(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf uno, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#id, #scalar, #id, #id] ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// CHECK-LABEL: func @finite_mask
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK-NOT: select
// CHECK: return %[[P]]
func.func @finite_mask(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<[[0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0.0, -3.40282347e+38, -3.40282347e+38, -3.40282347e+38]]> : tensor<4x4xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #pair, #id] ins(%s, %mt : tensor<2x3x4x4xf32>, tensor<4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf uno, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#id, #scalar, #id, #id] ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// CHECK-LABEL: func @splat_mask
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK-NOT: select
// CHECK: return %[[P]]
func.func @splat_mask(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<0.0> : tensor<4x4xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #pair, #id] ins(%s, %mt : tensor<2x3x4x4xf32>, tensor<4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf uno, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#id, #scalar, #id, #id] ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// The factor stands after the products; the bias is a scalar.
// CHECK-LABEL: func @scaled_scores
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK-NOT: select
// CHECK: return %[[P]]
func.func @scaled_scores(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%s, %half : tensor<2x3x4x4xf32>, tensor<f32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<-1.0> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%r, %mt : tensor<2x3x4x4xf32>, tensor<f32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf uno, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#id, #scalar, #id, #id] ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// The same as generics; only NaN differs from itself.
// CHECK-LABEL: func @body_of_select
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK-NOT: select
// CHECK: return %[[P]]
func.func @body_of_select(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%p : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf une, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.generic {indexing_maps = [#id, #scalar, #id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) {
  ^bb0(%c: i1, %z: f32, %in: f32, %out: f32):
    %u = arith.select %c, %z, %in : f32
    linalg.yield %u : f32
  } -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}
