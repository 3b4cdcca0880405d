// RUN: vitc-opt %s --vit-raise-layer-norm --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// Tokens and channels are eight each: only the axis tells them apart.
// CHECK-LABEL: func @other_axis
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "the variance is not taken over the last dimension"
func.func @other_axis(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [1]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d0, d2)>, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [1]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d0, d2)>, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// The moments of token i are used for channel i.
// CHECK-LABEL: func @repeated_along_tokens
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "the sum of squares is not divided by the number of channels"
func.func @repeated_along_tokens(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d0, d2)>, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, affine_map<(d0, d1, d2) -> (d0, d2)>, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @unbiased_variance
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "the sum of squares is not divided by the number of channels"
func.func @unbiased_variance(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.14285715> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// No layer norm of the input, but a root mean square norm of the difference.

// CHECK-LABEL: func @mean_of_another_value
// CHECK-NOT: vit.layer_norm
// CHECK: %[[DIFFERENCE:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<sub>
// CHECK: vit.rms_norm %[[DIFFERENCE]]
func.func @mean_of_another_value(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%other, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @variance_of_another_value
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "the variance is not the mean of the squared numerator"
func.func @variance_of_another_value(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%centered, %other : tensor<2x8x8xf32>, tensor<2x8x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @no_epsilon
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "the root is not over a sum with a constant epsilon"
func.func @no_epsilon(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%variance : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm : tensor<2x8x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d1)>
#channel = affine_map<(d0, d1, d2) -> (d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>
#scalar3 = affine_map<(d0, d1, d2) -> ()>

// CHECK-LABEL: func @second_reader
// CHECK-NOT: vit.layer_norm
// CHECK: layer_norm = "an intermediate value of the normalization has another reader"
func.func @second_reader(%x: tensor<2x8x8xf32>, %other: tensor<2x8x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant dense<0.125> : tensor<f32>
  %two = arith.constant dense<2.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %gamma = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %beta = arith.constant dense<[8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]> : tensor<8xf32>
  %i = tensor.empty() : tensor<2x8x8xf32>
  %r = tensor.empty() : tensor<2x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %eighth = arith.constant dense<0.125> : tensor<f32>
  %mean = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%sum, %eighth : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %centered = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squared = linalg.elementwise kind=#linalg.elementwise_kind<powf> indexing_maps=[#id, #scalar3, #id] ins(%centered, %two : tensor<2x8x8xf32>, tensor<f32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %squares = linalg.reduce { arith.addf } ins(%squared : tensor<2x8x8xf32>) outs(%f : tensor<2x8xf32>) dimensions = [2]
  %variance = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#rows, #scalar, #rows] ins(%squares, %n : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#rows, #scalar, #rows] ins(%variance, %eps : tensor<2x8xf32>, tensor<f32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %root = linalg.elementwise kind=#linalg.elementwise_kind<sqrt> indexing_maps=[#rows, #rows] ins(%shifted : tensor<2x8xf32>) outs(%r : tensor<2x8xf32>) -> tensor<2x8xf32>
  %norm = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%centered, %root : tensor<2x8x8xf32>, tensor<2x8xf32>) outs(%i : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  return %norm, %mean : tensor<2x8x8xf32>, tensor<2x8xf32>
}
