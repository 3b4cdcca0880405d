// RUN: vitc-opt %s --pass-pipeline='builtin.module(func.func(vit-raise-generics))' --mlir-print-local-scope | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// A contraction with two batch dimensions, which upstream's own specialisation cannot name.
// CHECK-LABEL: @contraction(
// CHECK: linalg.contract indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d4)>,
// CHECK-SAME: affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>]
func.func @contraction(%q: tensor<2x5x3x4xf32>, %k: tensor<2x7x3x4xf32>, %z: tensor<2x3x5x7xf32>) -> tensor<2x3x5x7xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(b, h, m, n, k) -> (b, m, h, k)>, affine_map<(b, h, m, n, k) -> (b, n, h, k)>,
                                        affine_map<(b, h, m, n, k) -> (b, h, m, n)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x5x3x4xf32>, tensor<2x7x3x4xf32>) outs(%z : tensor<2x3x5x7xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = arith.mulf %b, %a : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x3x5x7xf32>
  return %0 : tensor<2x3x5x7xf32>
}

// Named ops are read by what they compute. The weight is the same for every image, and is stored transposed.
// CHECK-LABEL: @linear(
// CHECK-SAME: %[[X:.*]]: tensor<2x5x8xf32>,
// CHECK: %[[W:.*]] = arith.constant dense_resource<w>
// CHECK: linalg.contract indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d2, d3)>,
// CHECK-SAME: affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>] ins(%[[X]], %[[W]] : tensor<2x5x8xf32>, tensor<6x8xf32>)
func.func @linear(%x: tensor<2x5x8xf32>, %z: tensor<2x5x6xf32>) -> tensor<2x5x6xf32> {
  %w = arith.constant dense_resource<w> : tensor<6x8xf32>
  %0 = tensor.empty() : tensor<8x6xf32>
  %t = linalg.transpose ins(%w : tensor<6x8xf32>) outs(%0 : tensor<8x6xf32>) permutation = [1, 0]
  %1 = tensor.empty() : tensor<2x8x6xf32>
  %all = linalg.broadcast ins(%t : tensor<8x6xf32>) outs(%1 : tensor<2x8x6xf32>) dimensions = [0]
  %2 = linalg.batch_matmul ins(%x, %all : tensor<2x5x8xf32>, tensor<2x8x6xf32>) outs(%z : tensor<2x5x6xf32>) -> tensor<2x5x6xf32>
  return %2 : tensor<2x5x6xf32>
}

// CHECK-LABEL: @copies(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[V:.*]]: tensor<8xf32>)
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] : tensor<4x8xf32>) {{.*}} permutation = [1, 0]
// CHECK: %[[ALL:.*]] = linalg.broadcast ins(%[[T]] : tensor<8x4xf32>) outs(%{{.*}} : tensor<8x3x4xf32>) dimensions = [1]
// CHECK: %[[VECTOR:.*]] = linalg.broadcast ins(%[[V]] : tensor<8xf32>) outs(%{{.*}} : tensor<4x8xf32>) dimensions = [0]
// CHECK: %[[ZERO:.*]] = linalg.fill ins(%{{.*}} : f32) outs(%{{.*}} : tensor<4x8xf32>)
// CHECK: return %[[ALL]], %[[VECTOR]], %[[ZERO]], %[[X]]
func.func @copies(%x: tensor<4x8xf32>, %v: tensor<8xf32>)
    -> (tensor<8x3x4xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<8x3x4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d0)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<8x3x4xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<8x3x4xf32>
  %2 = tensor.empty() : tensor<4x8xf32>
  %3 = linalg.generic {indexing_maps = [#column, #id], iterator_types = ["parallel", "parallel"]}
      ins(%v : tensor<8xf32>) outs(%2 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<4x8xf32>
  %4 = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel", "parallel"]} outs(%2 : tensor<4x8xf32>) {
  ^bb0(%out: f32):
    linalg.yield %zero : f32
  } -> tensor<4x8xf32>
  %5 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%2 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<4x8xf32>
  return %1, %3, %4, %5 : tensor<8x3x4xf32>, tensor<4x8xf32>, tensor<4x8xf32>, tensor<4x8xf32>
}

// The kept dimension of extent one becomes a reshape; the batch of one is a loop like any other.
// CHECK-LABEL: @unit_dims(
// CHECK-SAME: %[[X:.*]]: tensor<1x5x8xf32>, %[[Z:.*]]: tensor<1x5x1xf32>)
// CHECK: %[[R:.*]] = linalg.reduce ins(%[[X]] : tensor<1x5x8xf32>) outs(%{{.*}} : tensor<1x5xf32>) dimensions = [2]
// CHECK: %[[SUM:.*]] = tensor.expand_shape %[[R]] {{\[}}[0], [1, 2]] output_shape [1, 5, 1]
// CHECK: %[[ROW:.*]] = tensor.collapse_shape %[[SUM]] {{\[}}[0], [1, 2]]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>,
// CHECK-SAME: affine_map<(d0, d1, d2) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>] ins(%[[X]], %[[ROW]]
func.func @unit_dims(%x: tensor<1x5x8xf32>, %z: tensor<1x5x1xf32>) -> tensor<1x5x8xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, 0)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<1x5x8xf32>) outs(%z : tensor<1x5x1xf32>) {
  ^bb0(%a: f32, %out: f32):
    %s = arith.addf %a, %out : f32
    linalg.yield %s : f32
  } -> tensor<1x5x1xf32>
  %1 = tensor.empty() : tensor<1x5x8xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (0, d1, d2)>, affine_map<(d0, d1, d2) -> (0, d1, 0)>,
                                        affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
                       iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %0 : tensor<1x5x8xf32>, tensor<1x5x1xf32>) outs(%1 : tensor<1x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<1x5x8xf32>
  return %2 : tensor<1x5x8xf32>
}
