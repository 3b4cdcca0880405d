// RUN: vitc-opt %s --pass-pipeline='builtin.module(func.func(vit-raise-generics))' --mlir-print-local-scope | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// An op each. What is a row's is computed for a row; ops on constants are folded, with rounding.
// CHECK-LABEL: @body(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[V:.*]]: tensor<4xf32>, %[[S:.*]]: f32)
// CHECK: %[[E:.*]] = arith.constant dense<1.000000e-01> : tensor<f32>
// CHECK: %[[SUM:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK-SAME: ins(%[[V]], %[[E]] : tensor<4xf32>, tensor<f32>)
// CHECK: %[[ROOT:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> ins(%[[SUM]] : tensor<4xf32>)
// CHECK: %[[N:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<mul>
// CHECK-SAME: affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>] ins(%[[X]], %[[ROOT]] : tensor<4x8xf32>, tensor<4xf32>)
// CHECK: %[[FACTOR:.*]] = tensor.from_elements %[[S]] : tensor<f32>
// CHECK: %[[Y:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<mul>
// CHECK-SAME: ins(%[[N]], %[[FACTOR]] : tensor<4x8xf32>, tensor<f32>)
// CHECK: return %[[Y]]
func.func @body(%x: tensor<4x8xf32>, %variance: tensor<4xf32>, %scale: f32) -> tensor<4x8xf32> {
  %epsilon = arith.constant 1.000000e-01 : f64
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %variance : tensor<4x8xf32>, tensor<4xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %v: f32, %out: f32):
    %e = arith.truncf %epsilon : f64 to f32
    %s = arith.addf %v, %e : f32
    %r = math.rsqrt %s : f32
    %n = arith.mulf %a, %r : f32
    %y = arith.mulf %n, %scale : f32
    linalg.yield %y : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// A product stays in the sum where its factors vary along other loops; what a factor is made of does not.
// CHECK-LABEL: @product_of_exponential(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>, %[[Y:.*]]: tensor<8x5xf32>,
// CHECK: %[[E:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%[[X]] : tensor<4x8xf32>)
// CHECK: linalg.contract {{.*}} ins(%[[E]], %[[Y]] : tensor<4x8xf32>, tensor<8x5xf32>)
func.func @product_of_exponential(%x: tensor<4x8xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                                        affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %e = math.exp %a : f32
    %p = arith.mulf %e, %b : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// CHECK-LABEL: @sum_of_squares(
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[M:.*]]: tensor<?xf32>, %[[Z:.*]]: tensor<?xf32>)
// CHECK: %[[D:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<sub> {{.*}} ins(%[[X]], %[[M]]
// CHECK: %[[Q:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}}ins(%[[D]], %[[D]]
// CHECK: linalg.reduce ins(%[[Q]] : tensor<?x8xf32>) outs(%[[Z]] : tensor<?xf32>) dimensions = [1]
func.func @sum_of_squares(%x: tensor<?x8xf32>, %mean: tensor<?xf32>, %z: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x, %mean : tensor<?x8xf32>, tensor<?xf32>) outs(%z : tensor<?xf32>) {
  ^bb0(%a: f32, %m: f32, %out: f32):
    %d = arith.subf %a, %m : f32
    %q = arith.mulf %d, %d : f32
    %s = arith.addf %q, %out : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// Ops without a kind stay generics, of one op each.
// CHECK-LABEL: @no_kind(
// CHECK: %[[C:.*]] = linalg.generic
// CHECK: arith.cmpf ogt
// CHECK-NEXT: linalg.yield
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}}ins(%[[C]], %{{.*}}, %{{.*}} : tensor<4x8xi1>, tensor<4x8xf32>, tensor<f32>)
func.func @no_kind(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %c = arith.cmpf ogt, %a, %zero : f32
    %s = arith.select %c, %a, %zero : f32
    linalg.yield %s : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: @map(
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<sub>
func.func @map(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>, %z: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = linalg.map ins(%x, %y : tensor<?x8xf32>, tensor<?x8xf32>) outs(%z : tensor<?x8xf32>) (%a: f32, %b: f32, %out: f32) {
    %s = arith.subf %a, %b : f32
    linalg.yield %s : f32
  }
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @maximum_of_infinity(
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>)
// CHECK: return %[[X]]
func.func @maximum_of_infinity(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %infinity = arith.constant 0xFF800000 : f32
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %m = arith.maximumf %a, %infinity : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
