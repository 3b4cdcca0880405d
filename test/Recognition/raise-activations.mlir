// RUN: vitc-opt %s --vit-raise-activations --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @erf_torchscript
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @erf_torchscript(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
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

// CHECK-LABEL: func @erf_half_first
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @erf_half_first(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %rsqrt2 = arith.constant dense<0.70710678> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#scalar, #id, #id] ins(%rsqrt2, %x : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#scalar, #id, #id] ins(%one, %e : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %h = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#scalar, #id, #id] ins(%half, %x : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%s, %h : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// 1/√2 spelled with four digits.
// CHECK-LABEL: func @erf_quotient_by_two
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @erf_quotient_by_two(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %rsqrt2 = arith.constant dense<0.7071> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %rsqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %h = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%s, %two : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%h, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @erf_distributed
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @erf_distributed(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %sqrt2 = arith.constant dense<1.4142135> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%x, %sqrt2 : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<erf> indexing_maps=[#id, #id] ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %h = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%h, %e : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%p, %h : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @tanh_gelu
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] {approximate = 1 : i32} : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @tanh_gelu(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %three = arith.constant dense<3.0> : tensor<f32>
  %k0 = arith.constant dense<0.044715> : tensor<f32>
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

// CHECK-LABEL: func @tanh_gelu_by_products
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.gelu %[[X]] {approximate = 1 : i32} : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @tanh_gelu_by_products(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %k0 = arith.constant dense<0.044715> : tensor<f32>
  %root = arith.constant dense<0.7978845608> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%q, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %k = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#scalar, #id, #id] ins(%k0, %c : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%k, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %u = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#scalar, #id, #id] ins(%root, %s : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<tanh> indexing_maps=[#id, #id] ins(%u : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %o = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#scalar, #id, #id] ins(%one, %t : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %o : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%p, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @silu
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.silu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @silu(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<negf> indexing_maps=[#id, #id] ins(%x : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#scalar, #id, #id] ins(%one, %s : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %g : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @silu_reciprocal
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.silu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @silu_reciprocal(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<negf> indexing_maps=[#id, #id] ins(%x : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#scalar, #id, #id] ins(%one, %e : tensor<f32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> indexing_maps=[#id, #id] ins(%s : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%g, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @silu_quotient
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.silu %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @silu_quotient(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %minus = arith.constant dense<-1.0> : tensor<f32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %minus : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #id, #id] ins(%x, %s : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @quick_gelu
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.silu %[[X]] {beta = 1.702000e+00 : f32} : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @quick_gelu(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>) {
  %one = arith.constant dense<1.0> : tensor<f32>
  %beta = arith.constant dense<1.702> : tensor<f32>
  %b = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %beta : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %n = linalg.elementwise kind=#linalg.elementwise_kind<negf> indexing_maps=[#id, #id] ins(%b : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps=[#id, #id] ins(%n : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%e, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %g = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> indexing_maps=[#id, #id] ins(%s : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %g : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}
