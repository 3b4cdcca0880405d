// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @reduce_c1(%x: tensor<2x3xf32>, %axes: tensor<1x1xi64>) {
  // expected-error @+1 {{expected axes of rank 1, got rank 2}}
  %0 = onnx.ReduceMean %x, %axes : (tensor<2x3xf32>, tensor<1x1xi64>) -> tensor<2x1xf32>
  return
}

// -----

func.func @reduce_c1_range(%x: tensor<2x3xf32>) {
  %axes = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected axes from -2 to 1, got 2}}
  %0 = onnx.ReduceSum %x, %axes : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<1x1xf32>
  return
}

// -----

func.func @reduce_c1_distinct(%x: tensor<2x3xf32>) {
  %axes = onnx.Constant dense<[1, -1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected distinct axes, got -1 again}}
  %0 = onnx.ReduceMax %x, %axes : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x1xf32>
  return
}

// -----

func.func @reduce_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected reduced of rank 2, got rank 0}}
  %0 = onnx.ReduceMin %x : (tensor<2x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @arg_max_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.ArgMax %x {axis = 2} : (tensor<2x3xf32>) -> tensor<2x1xi64>
  return
}

// -----

func.func @softmax_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{requires the same shape for all operands and results}}
  %0 = onnx.Softmax %x : (tensor<2x3xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @softmax_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got -3}}
  %0 = onnx.Softmax %x {axis = -3} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @cum_sum_c1(%x: tensor<2x3xf32>, %axis: tensor<i64>) {
  // expected-error @+1 {{expected x and y of the same shape, got 'tensor<2x3xf32>' and 'tensor<2xf32>'}}
  %0 = onnx.CumSum %x, %axis : (tensor<2x3xf32>, tensor<i64>) -> tensor<2xf32>
  return
}

// -----

func.func @cum_sum_c2(%x: tensor<2x3xf32>, %axis: tensor<2xi64>) {
  // expected-error @+1 {{expected a scalar as axis, got 'tensor<2xi64>'}}
  %0 = onnx.CumSum %x, %axis : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @cum_sum_c2_range(%x: tensor<2x3xf32>) {
  %axis = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.CumSum %x, %axis : (tensor<2x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @top_k_c1(%x: tensor<2x3xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 4}}
  %0:2 = onnx.TopK %x, %k {axis = 4} : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// -----

func.func @top_k_c2(%x: tensor<2x3xf32>, %k: tensor<2xi64>) {
  // expected-error @+1 {{expected a scalar as k, got 'tensor<2xi64>'}}
  %0:2 = onnx.TopK %x, %k : (tensor<2x3xf32>, tensor<2xi64>) -> (tensor<2x?xf32>, tensor<2x?xi64>)
  return
}

// -----

func.func @top_k_c3(%x: tensor<2x3xf32>, %k: tensor<1xi64>) {
  // expected-error @+1 {{expected values and indices of the same shape}}
  %0:2 = onnx.TopK %x, %k : (tensor<2x3xf32>, tensor<1xi64>) -> (tensor<2x2xf32>, tensor<2x1xi64>)
  return
}
