// RUN: vitc-opt %s --vit-raise-layer-norm --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @product_and_rsqrt
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK: %[[G:.+]] = arith.constant dense<[1.0{{.+}}> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.rms_norm %[[X]] scale(%[[G]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @product_and_rsqrt(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @power_and_quotient
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK: %[[G:.+]] = arith.constant dense<[1.0{{.+}}> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.rms_norm %[[X]] scale(%[[G]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @power_and_quotient(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%x, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#channel, #id, #id] ins(%g, %norm : tensor<8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @square_and_reciprocal
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK: %[[G:.+]] = arith.constant dense<[1.0{{.+}}> : tensor<8xf32>
// CHECK: %[[Y:.+]] = vit.rms_norm %[[X]] scale(%[[G]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @square_and_reciprocal(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<square> indexing_maps=[#id, #id] ins(%x : tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> indexing_maps=[#rows, #rows] ins(%t : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#row, #id, #id] ins(%s, %x : tensor<2x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#channel, #id, #id] ins(%g, %norm : tensor<8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @no_scale
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>,
// CHECK: %[[Y:.+]] = vit.rms_norm %[[X]] {epsilon = 9.99999997E-7 : f32}
// CHECK: return %[[Y]]
func.func @no_scale(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// A scale that depends on the input stays a product.

// CHECK-LABEL: func @scale_of_the_input
// CHECK-SAME: (%[[X:.+]]: tensor<2x8x8xf32>, %[[W:.+]]: tensor<2x8x8xf32>)
// CHECK: %[[N:.+]] = vit.rms_norm %[[X]] {epsilon = 9.99999997E-7 : f32}
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}}ins(%[[N]], %[[W]] :
func.func @scale_of_the_input(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%norm, %w : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// Near misses: what is normalised is not what the mean is of; the mean runs over tokens; the sum is not divided by
// the channels; the root is read elsewhere.

// CHECK-LABEL: func @square_of_another
// CHECK-NOT: vit.rms_norm
// CHECK: layer_norm = "the numerator is not the input less its mean over the last dimension"
func.func @square_of_another(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%w, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @mean_over_tokens
// CHECK-NOT: vit.rms_norm
// CHECK: layer_norm = "the variance is not taken over the last dimension"
func.func @mean_over_tokens(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [1]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @mean_of_seven
// CHECK-NOT: vit.rms_norm
// CHECK: layer_norm = "the sum of squares is not divided by the number of channels"
func.func @mean_of_seven(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> tensor<2x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.14285715> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @root_is_returned
// CHECK-NOT: vit.rms_norm
// CHECK: layer_norm = "an intermediate value of the normalization has another reader"
func.func @root_is_returned(%x: tensor<2x8x8xf32>, %w: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %x : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%q : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%mean, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %s = linalg.elementwise kind=#linalg.elementwise_kind<rsqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #row, #id] ins(%x, %s : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #channel, #id] ins(%norm, %g : tensor<2x8x8xf32>, tensor<8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %y, %s : tensor<2x8x8xf32>, tensor<2x8xf32>
}
