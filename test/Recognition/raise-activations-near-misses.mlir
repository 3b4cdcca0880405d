// RUN: vitc-opt %s --vit-raise-activations --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @erf_of_another_scale
// CHECK-NOT: vit.gelu
// CHECK: activation = "the argument of erf is not x/sqrt(2)"
func.func @erf_of_another_scale(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.5> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @without_half
// CHECK-NOT: vit.gelu
// CHECK: activation = "the result is not x/2 * (1 + erf(..))"
func.func @without_half(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @minus_one
// CHECK-NOT: vit.gelu
// CHECK: activation = "the result is not x/2 * (1 + erf(..))"
func.func @minus_one(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @times_another_value
// CHECK-NOT: vit.gelu
// CHECK: activation = "the result is not x/2 * (1 + erf(..))"
func.func @times_another_value(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%i, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @second_reader
// CHECK-NOT: vit.gelu
// CHECK: activation = "the result is not x/2 * (1 + erf(..))"
func.func @second_reader(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y, %s : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @second_reader_of_argument
// CHECK-NOT: vit.gelu
// CHECK: activation = "an intermediate value of the activation has another reader"
func.func @second_reader_of_argument(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y, %d : tensor<?x8xf32>, tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @tanh_of_another_cubic
// CHECK-NOT: vit.gelu
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<tanh>
func.func @tanh_of_another_cubic(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %three = arith.constant dense<3.0> : tensor<f32>
  %k0 = arith.constant dense<0.05> : tensor<f32>
  %root = arith.constant dense<0.7978845608> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %c = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %k = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%c, %k0 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%x, %k : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%s, %root : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<tanh> indexing_maps=[#id, #id] ins(%u : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %o = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%t, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %h = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%h, %o : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// x / (2 + exp(−x)).
// CHECK-LABEL: func @logistic_of_two
// CHECK-NOT: vit.silu
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<exp>
func.func @logistic_of_two(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<2.0> : tensor<f32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<negf> indexing_maps=[#id, #id] ins(%x : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @sigmoid_alone
// CHECK-NOT: vit.silu
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<exp>
func.func @sigmoid_alone(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<negf> indexing_maps=[#id, #id] ins(%x : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> indexing_maps=[#id, #id] ins(%s : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
