// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @scatter_c1(%x: tensor<4xf32>, %i: tensor<2xi64>, %u: tensor<2xf64>) {
  // expected-error @+1 {{expected data of rank at least 1 and updates of their type, got 'tensor<4xf32>' and 'tensor<2xf64>'}}
  %0 = vit.scatter %u into %x at %i {axis = 0} : tensor<2xf64>, tensor<2xi64> -> tensor<4xf32>
  return
}

// -----

func.func @scatter_c2(%x: tensor<4x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2x2xf32>) {
  // expected-error @+1 {{expected an axis in [0, 2) and indices and updates of one shape of rank 2, got axis 1, 2x3 and 2x2}}
  %0 = vit.scatter %u into %x at %i {axis = 1} : tensor<2x2xf32>, tensor<2x3xi64> -> tensor<4x3xf32>
  return
}

// -----

func.func @scatter_c3(%x: tensor<4x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{expected index vectors of static length from 1 to 2, got 2x3}}
  %0 = vit.scatter %u into %x at %i : tensor<2xf32>, tensor<2x3xi64> -> tensor<4x3xf32>
  return
}

// -----

func.func @scatter_c3_updates(%x: tensor<4x3xf32>, %i: tensor<2x1xi64>, %u: tensor<2x4xf32>) {
  // expected-error @+1 {{expected updates of shape 2x3, got 'tensor<2x4xf32>'}}
  %0 = vit.scatter %u into %x at %i : tensor<2x4xf32>, tensor<2x1xi64> -> tensor<4x3xf32>
  return
}

// -----

func.func @scatter_c4(%x: tensor<4xf32>, %i: tensor<2xi64>, %u: tensor<2xf32>) {
  // expected-error @+1 {{expected none, add, mul, max or min as reduction, got mean}}
  %0 = vit.scatter %u into %x at %i {axis = 0, reduction = "mean"} : tensor<2xf32>, tensor<2xi64> -> tensor<4xf32>
  return
}

// -----

func.func @top_k_c1(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected operand and values of one rank, at least 1, got 'tensor<2x4xf32>' and 'tensor<2xf32>'}}
  %0, %1 = vit.top_k %x : tensor<2x4xf32> -> tensor<2xf32>, tensor<2xi64>
  return
}

// -----

func.func @top_k_c1_count(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected a static number of values of at most 4, got 5}}
  %0, %1 = vit.top_k %x : tensor<2x4xf32> -> tensor<2x5xf32>, tensor<2x5xi64>
  return
}

// -----

func.func @top_k_c1_indices(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected indices of shape 2x3, got 'tensor<2x2xi64>'}}
  %0, %1 = vit.top_k %x : tensor<2x4xf32> -> tensor<2x3xf32>, tensor<2x2xi64>
  return
}

// -----

func.func @top_k_c2(%x: tensor<2x4xf32>) {
  // expected-error @+1 {{expected values of type 'f32', got 'f64'}}
  %0, %1 = vit.top_k %x : tensor<2x4xf32> -> tensor<2x3xf64>, tensor<2x3xi64>
  return
}
