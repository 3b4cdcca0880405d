// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

func.func @target_depends_on_data(%x: tensor<4xf32>, %t: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a target of constants and extents, got one that depends on data}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @squeeze(%x: tensor<1x3xf32>) -> tensor<*xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected an extent of 1 at axis 1, got 3}}
  %y = onnx.Squeeze %x, %one : (tensor<1x3xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @window_does_not_fit(%x: tensor<1x3x4x4xf32>, %w: tensor<8x3x7x7xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a window that fits, got a reach of 7 over an extent of 4 with padding}}
  %y = onnx.Conv %x, %w : (tensor<1x3x4x4xf32>, tensor<8x3x7x7xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @split(%x: tensor<6xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %lengths = onnx.Constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected lengths that sum to 6, got 5}}
  %a, %b = onnx.Split %x, %lengths : (tensor<6xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @axes_depend_on_data(%x: tensor<6x2xf32>, %axes: tensor<1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected constant axes, got values that depend on data}}
  %y = onnx.ReduceMean %x, %axes : (tensor<6x2xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @too_large() -> tensor<*xf32> {
  %t = onnx.Constant dense<[4294967296, 4294967296]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected extents of at most 2^48 elements, none of them negative, got (4294967296, 4294967296)}}
  %y = onnx.ConstantOfShape %t : (tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// expected-error @+1 {{expected arguments of known extents, got 'tensor<?x3xf32>'}}
func.func @unnamed(%x: tensor<?x3xf32>) -> tensor<?x3xf32> {
  return %x : tensor<?x3xf32>
}

// -----

// Inference drops operands that state shapes; a model that lacks them does not say its shapes.
func.func @reshape_to_nothing(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand that states the shape of the result}}
  %y = onnx.Reshape %x : (tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @expand_to_nothing(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand that states the shape of the result}}
  %y = onnx.Expand %x : (tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @range_without_limit(%x: tensor<f32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand that states the shape of the result}}
  %y = onnx.Range %x, %x : (tensor<f32>, tensor<f32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @grid_of_no_size(%x: tensor<2x3x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected an operand that states the shape of the result}}
  %y = onnx.AffineGrid %x : (tensor<2x3x4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
