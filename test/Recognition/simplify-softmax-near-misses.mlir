// RUN: vitc-opt %s --vit-simplify-softmax --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// CHECK-LABEL: func @masked_row
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: an addend is not known to be finite"}}
// CHECK: return %[[G]]
func.func @masked_row(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<[[0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0xFF800000, 0xFF800000, 0xFF800000, 0xFF800000]]> : tensor<4x4xf32>
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

// CHECK-LABEL: func @masked_by_a_splat
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: an addend is not known to be finite"}}
// CHECK: return %[[G]]
func.func @masked_by_a_splat(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<0xFF800000> : tensor<4x4xf32>
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

// CHECK-LABEL: func @not_a_number_in_the_mask
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: an addend is not known to be finite"}}
// CHECK: return %[[G]]
func.func @not_a_number_in_the_mask(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<[[0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0.0, -1.0, -2.0, -3.0], [0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000]]> : tensor<4x4xf32>
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

// CHECK-LABEL: func @mask_without_data
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: an addend is not known to be finite"}}
// CHECK: return %[[G]]
func.func @mask_without_data(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense_resource<mask> : tensor<4x4xf32>
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

// CHECK-LABEL: func @mask_of_the_input
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: an addend depends on the input"}}
// CHECK: return %[[G]]
func.func @mask_of_the_input(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>, %mt: tensor<4x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
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

// Each is finite, their sum may be infinite.
// CHECK-LABEL: func @two_masks
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: constants may make it infinite"}}
// CHECK: return %[[G]]
func.func @two_masks(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ma = arith.constant dense<[[0.0, 0.0, 0.0, -3.0e+38], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #pair, #id] ins(%s, %ma : tensor<2x3x4x4xf32>, tensor<4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %mt = arith.constant dense<[[0.0, 0.0, 0.0, -2.0e+38], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #pair, #id] ins(%a, %mt : tensor<2x3x4x4xf32>, tensor<4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
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

// CHECK-LABEL: func @foreign_scores
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "a row of the scores may be masked as a whole: they are no sum of products and constants"}}
// CHECK: return %[[G]]
func.func @foreign_scores(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>, %x: tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%x : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
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

// CHECK-LABEL: func @replaced_by_one
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "the guard replaces the probabilities by other values than 0"}}
// CHECK: return %[[G]]
func.func @replaced_by_one(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<1.0> : tensor<f32>
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

// CHECK-LABEL: func @tests_the_scores
// CHECK: %[[G:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} {vit.missed = {softmax = "the guard tests other values than the probabilities"}}
// CHECK: return %[[G]]
func.func @tests_the_scores(%q: tensor<2x3x4x8xf32>, %k: tensor<2x3x8x4xf32>) -> tensor<2x3x4x4xf32> {
  %f = arith.constant 0.0 : f32
  %zero = arith.constant dense<0.0> : tensor<f32>
  %i = tensor.empty() : tensor<2x3x4x4xf32>
  %o = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, k) -> (b, h, m, k)>, affine_map<(b, h, m, n, k) -> (b, h, k, n)>, affine_map<(b, h, m, n, k) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x4x8xf32>, tensor<2x3x8x4xf32>) outs(%o : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  %ni = tensor.empty() : tensor<2x3x4x4xi1>
  %nan = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%s : tensor<2x3x4x4xf32>) outs(%ni : tensor<2x3x4x4xi1>) {
  ^bb0(%in: f32, %out: i1):
    %u = arith.cmpf uno, %in, %in : f32
    linalg.yield %u : i1
  } -> tensor<2x3x4x4xi1>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#id, #scalar, #id, #id] ins(%nan, %zero, %p : tensor<2x3x4x4xi1>, tensor<f32>, tensor<2x3x4x4xf32>) outs(%i : tensor<2x3x4x4xf32>) -> tensor<2x3x4x4xf32>
  return %g : tensor<2x3x4x4xf32>
}
