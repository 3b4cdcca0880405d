// RUN: vitc-opt %s --pass-pipeline='builtin.module(func.func(vit-raise-generics))' --mlir-print-local-scope | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#lhs = affine_map<(m, n, k) -> (m, k)>
#rhs = affine_map<(m, n, k) -> (k, n)>
#out = affine_map<(m, n, k) -> (m, n)>

// Only an unread operand says how often the same value is added.
// CHECK-LABEL: @repeated_in_sum(
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.addf
func.func @repeated_in_sum(%x: tensor<4xf32>, %y: tensor<4x8xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#row, #id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x, %y : tensor<4xf32>, tensor<4x8xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %e = math.exp %a : f32
    %s = arith.addf %out, %e : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// All differences of two rows are more numbers than the rows.
// CHECK-LABEL: @distances(
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: arith.addf
func.func @distances(%x: tensor<4x8xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %d = arith.subf %a, %b : f32
    %q = arith.mulf %d, %d : f32
    %s = arith.addf %c, %q : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// The sum is read twice.
// CHECK-LABEL: @running(
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: arith.addf
func.func @running(%x: tensor<4x8xf32>, %z: tensor<4xf32>) -> tensor<4xf32> {
  %0 = linalg.generic {indexing_maps = [#id, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %e = math.exp %a : f32
    %p = arith.mulf %e, %out : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: @maximum_of_products(
// CHECK-NOT: linalg.contract
// CHECK: arith.maximumf
func.func @maximum_of_products(%x: tensor<4x8xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = linalg.generic {indexing_maps = [#lhs, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.maximumf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// CHECK-LABEL: @integers(
// CHECK: linalg.matmul
func.func @integers(%x: tensor<4x8xi32>, %y: tensor<8x5xi32>, %z: tensor<4x5xi32>) -> tensor<4x5xi32> {
  %0 = linalg.matmul ins(%x, %y : tensor<4x8xi32>, tensor<8x5xi32>) outs(%z : tensor<4x5xi32>) -> tensor<4x5xi32>
  return %0 : tensor<4x5xi32>
}

// The sum of a repeated value has a factor: the broadcast stays.
// CHECK-LABEL: @sum_over_repeated(
// CHECK: %[[ALL:.*]] = linalg.broadcast
// CHECK: linalg.contract {{.*}} ins(%[[ALL]], %{{.*}} : tensor<4x8xf32>, tensor<8x5xf32>)
// CHECK-NOT: linalg.contract
// CHECK: linalg.generic
func.func @sum_over_repeated(%x: tensor<4xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> (tensor<4x5xf32>, tensor<4x5xf32>) {
  %0 = tensor.empty() : tensor<4x8xf32>
  %all = linalg.broadcast ins(%x : tensor<4xf32>) outs(%0 : tensor<4x8xf32>) dimensions = [1]
  %1 = linalg.matmul ins(%all, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m)>, #rhs, #out], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x, %y : tensor<4xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %c, %p : f32
    linalg.yield %s : f32
  } -> tensor<4x5xf32>
  return %1, %2 : tensor<4x5xf32>, tensor<4x5xf32>
}

// The transpose of an activation stays: rows in order are what makes a product a linear layer.
// CHECK-LABEL: @transposed_activation(
// CHECK: %[[T:.*]] = linalg.transpose
// CHECK: linalg.contract {{.*}} ins(%[[T]],
func.func @transposed_activation(%x: tensor<8x4xf32>, %y: tensor<8x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %0 = tensor.empty() : tensor<4x8xf32>
  %t = linalg.transpose ins(%x : tensor<8x4xf32>) outs(%0 : tensor<4x8xf32>) permutation = [1, 0]
  %1 = linalg.matmul ins(%t, %y : tensor<4x8xf32>, tensor<8x5xf32>) outs(%z : tensor<4x5xf32>) -> tensor<4x5xf32>
  return %1 : tensor<4x5xf32>
}

// The index of the maximum is read.
// CHECK-LABEL: @argmax(
// CHECK: linalg.generic
// CHECK: linalg.index 1
func.func @argmax(%x: tensor<4x8xf32>, %m: tensor<4xf32>, %i: tensor<4xi64>) -> (tensor<4xf32>, tensor<4xi64>) {
  %0:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x8xf32>) outs(%m, %i : tensor<4xf32>, tensor<4xi64>) {
  ^bb0(%a: f32, %out: f32, %at: i64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %s = arith.maximumf %a, %out : f32
    %c = arith.cmpf ogt, %a, %out : f32
    %n = arith.select %c, %k, %at : i64
    linalg.yield %s, %n : f32, i64
  } -> (tensor<4xf32>, tensor<4xi64>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xi64>
}

// Bodies that read an index, other elements or the destination stay whole.
// CHECK-LABEL: @no_function_of_scalars(
// CHECK: linalg.generic
// CHECK: linalg.index 0
// CHECK-NEXT: tensor.extract
// CHECK-NEXT: arith.addf
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.addf
func.func @no_function_of_scalars(%x: tensor<4xf32>, %z: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %i = linalg.index 0 : index
    %e = tensor.extract %x[%i] : tensor<4xf32>
    %s = arith.addf %a, %e : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %out: f32):
    %e = math.exp %a : f32
    %s = arith.addf %e, %out : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// A window is no projected permutation, and an index of 0 into several elements no unit dimension.
// CHECK-LABEL: @windows(
// CHECK: linalg.generic
// CHECK-SAME: d0 + d1
// CHECK: linalg.generic
// CHECK-SAME: affine_map<(d0, d1) -> (d0, 0)>
func.func @windows(%x: tensor<6xf32>, %y: tensor<4x8xf32>, %z: tensor<4xf32>, %e: tensor<4x3xf32>) -> (tensor<4xf32>, tensor<4x3xf32>) {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0 + d1)>, affine_map<(d0, d1) -> (d0, d1)>, #row],
                       iterator_types = ["parallel", "reduction"]}
      ins(%x, %e : tensor<6xf32>, tensor<4x3xf32>) outs(%z : tensor<4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %out : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, 0)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<4x8xf32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<4x3xf32>
  return %0, %1 : tensor<4xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: @maximum_of_a_bound(
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<max_signed>
func.func @maximum_of_a_bound(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %bound = arith.constant -3.0e+38 : f32
  %0 = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x8xf32>) outs(%0 : tensor<4x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %m = arith.maximumf %a, %bound : f32
    linalg.yield %m : f32
  } -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}
