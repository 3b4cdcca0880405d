// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @arg_min_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.ArgMin %x {axis = 2} : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return
}

// -----

func.func @gather_elements_c1(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got -3}}
  %0 = onnx.GatherElements %x, %i {axis = -3} : (tensor<2x3xf32>, tensor<2x2xi64>) -> tensor<2x2xf32>
  return
}

// -----

func.func @gather_elements_c2(%x: tensor<2x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{expected indices of rank 2, got rank 1}}
  %0 = onnx.GatherElements %x, %i : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_elements_c3_shape(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>) {
  // expected-error @+1 {{expected indices and output of the same shape}}
  %0 = onnx.GatherElements %x, %i : (tensor<2x3xf32>, tensor<2x2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gather_elements_c3(%x: tensor<2x3xf32>, %i: tensor<9x4xi64>) {
  // expected-error @+1 {{expected at most 3 indices in dimension 1, got 4}}
  %0 = onnx.GatherElements %x, %i {axis = 0} : (tensor<2x3xf32>, tensor<9x4xi64>) -> tensor<9x4xf32>
  return
}

// -----

func.func @scatter_elements_c2(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>, %u: tensor<4xf32>) {
  // expected-error @+1 {{expected updates of rank 2, got rank 1}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_c3(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>, %u: tensor<2x3xf32>) {
  // expected-error @+1 {{expected indices and updates of the same shape}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_c4(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>, %u: tensor<2x2xf64>) {
  // expected-error @+1 {{expected updates of type 'f32', got 'f64'}}
  %0 = onnx.ScatterElements %x, %i, %u : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<2x2xf64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_elements_reduction(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>, %u: tensor<2x2xf32>) {
  // expected-error @+1 {{whose value is one of none, add, mul, max, min}}
  %0 = onnx.ScatterElements %x, %i, %u {reduction = "mean"} : (tensor<2x3xf32>, tensor<2x2xi64>, tensor<2x2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_nd_c1(%x: tensor<f32>, %i: tensor<1xi64>, %u: tensor<f32>) {
  // expected-error @+1 {{expected data and indices of rank at least 1, got 'tensor<f32>' and 'tensor<1xi64>'}}
  %0 = onnx.ScatterND %x, %i, %u : (tensor<f32>, tensor<1xi64>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @scatter_nd_c2(%x: tensor<2x3xf32>, %i: tensor<4x3xi64>, %u: tensor<4xf32>) {
  // expected-error @+1 {{expected index vectors of length 1 to 2, got 3}}
  %0 = onnx.ScatterND %x, %i, %u : (tensor<2x3xf32>, tensor<4x3xi64>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_nd_c3(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4xf32>) {
  // expected-error @+1 {{expected updates of shape [4, 3], got 'tensor<4xf32>'}}
  %0 = onnx.ScatterND %x, %i, %u : (tensor<2x3xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @reverse_sequence_c2(%x: tensor<2x3x4xf32>, %n: tensor<4xi64>) {
  // expected-error @+1 {{expected time and batch as dimensions 0 and 1, got 0 and 2}}
  %0 = onnx.ReverseSequence %x, %n {batch_axis = 2} : (tensor<2x3x4xf32>, tensor<4xi64>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @reverse_sequence_c3(%x: tensor<2x3x4xf32>, %n: tensor<2xi64>) {
  // expected-error @+1 {{expected sequence_lens of length 3, got 2}}
  %0 = onnx.ReverseSequence %x, %n : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @one_hot_c1(%i: tensor<2x3xi64>, %d: tensor<i64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{expected an axis from -3 to 2, got 3}}
  %0 = onnx.OneHot %i, %d, %v {axis = 3} : (tensor<2x3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @one_hot_c2(%i: tensor<2x3xi64>, %v: tensor<2xf32>) {
  %d = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected a depth that is not negative, got -1}}
  %0 = onnx.OneHot %i, %d, %v : (tensor<2x3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @one_hot_c3(%i: tensor<2x3xi64>, %d: tensor<i64>, %v: tensor<3xf32>) {
  // expected-error @+1 {{expected values of length 2, got 3}}
  %0 = onnx.OneHot %i, %d, %v : (tensor<2x3xi64>, tensor<i64>, tensor<3xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @eye_like_c1(%x: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected input of rank 2, got rank 3}}
  %0 = onnx.EyeLike %x : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @eye_like_e(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected element type 'i64' of result 0, got 'f32'}}
  %0 = onnx.EyeLike %x {dtype = i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @blocks_c1(%x: tensor<8x2x3xf32>) {
  // expected-error @+1 {{expected input of rank 4, got rank 3}}
  %0 = onnx.DepthToSpace %x {blocksize = 2} : (tensor<8x2x3xf32>) -> tensor<2x4x6xf32>
  return
}

// -----

func.func @blocks_c2(%x: tensor<1x8x2x3xf32>) {
  // expected-error @+1 {{expected a block size from 1 to 32768, got 0}}
  %0 = onnx.DepthToSpace %x {blocksize = 0} : (tensor<1x8x2x3xf32>) -> tensor<1x2x4x6xf32>
  return
}

// -----

func.func @blocks_c3(%x: tensor<1x6x2x3xf32>) {
  // expected-error @+1 {{expected a multiple of 4 as extent of dimension 1, got 6}}
  %0 = onnx.DepthToSpace %x {blocksize = 2} : (tensor<1x6x2x3xf32>) -> tensor<1x1x4x6xf32>
  return
}

// -----

func.func @blocks_c3_width(%x: tensor<1x6x2x3xf32>) {
  // expected-error @+1 {{expected a multiple of 2 as extent of dimension 3, got 3}}
  %0 = onnx.SpaceToDepth %x {blocksize = 2} : (tensor<1x6x2x3xf32>) -> tensor<1x24x1x1xf32>
  return
}
