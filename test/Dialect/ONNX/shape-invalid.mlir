// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @reshape_c1(%x: tensor<2x3xf32>, %shape: tensor<3xi64>) {
  // expected-error @+1 {{expected shape of length 2, got 3}}
  %0 = onnx.Reshape %x, %shape : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<3x2xf32>
  return
}

// -----

func.func @reshape_c2(%x: tensor<2x3xf32>, %shape: tensor<2xi64>) {
  // expected-error @+1 {{expected data and reshaped with the same number of elements, got 6 and 8}}
  %0 = onnx.Reshape %x, %shape : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<4x2xf32>
  return
}

// -----

func.func @flatten_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 2, got 3}}
  %0 = onnx.Flatten %x {axis = 3} : (tensor<2x3xf32>) -> tensor<6x1xf32>
  return
}

// -----

func.func @flatten_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected output of rank 2, got rank 1}}
  %0 = onnx.Flatten %x : (tensor<2x3xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @squeeze_c1(%x: tensor<1x3xf32>) {
  %axes = onnx.Constant dense<[0, -2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected distinct axes, got -2 again}}
  %0 = onnx.Squeeze %x, %axes : (tensor<1x3xf32>, tensor<2xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @squeeze_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected data and squeezed with the same number of elements, got 6 and 3}}
  %0 = onnx.Squeeze %x : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @unsqueeze_c1(%x: tensor<3xf32>) {
  %axes = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected axes from -2 to 1, got 2}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<1xi64>) -> tensor<3x1xf32>
  return
}

// -----

func.func @unsqueeze_c2(%x: tensor<3xf32>, %axes: tensor<1xi64>) {
  // expected-error @+1 {{expected data and expanded with the same number of elements, got 3 and 6}}
  %0 = onnx.Unsqueeze %x, %axes : (tensor<3xf32>, tensor<1xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @transpose_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a permutation of 2 dimensions, got [0, 0]}}
  %0 = onnx.Transpose %x {perm = array<i64: 0, 0>} : (tensor<2x3xf32>) -> tensor<2x2xf32>
  return
}

// -----

func.func @transpose_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected a result of shape [3, 2], got 'tensor<2x3xf32>'}}
  %0 = onnx.Transpose %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @trilu_c1(%x: tensor<3xf32>) {
  // expected-error @+1 {{expected input of rank at least 2, got rank 1}}
  %0 = onnx.Trilu %x : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @trilu_c2(%x: tensor<3x3xf32>, %k: tensor<3xi64>) {
  // expected-error @+1 {{expected a scalar as k, got 'tensor<3xi64>'}}
  %0 = onnx.Trilu %x, %k : (tensor<3x3xf32>, tensor<3xi64>) -> tensor<3x3xf32>
  return
}

// -----

func.func @shape_c1(%x: tensor<3x3xf32>) {
  // expected-error @+1 {{expected shape of rank 1, got rank 0}}
  %0 = onnx.Shape %x : (tensor<3x3xf32>) -> tensor<i64>
  return
}

// -----

func.func @size_c1(%x: tensor<3x3xf32>) {
  // expected-error @+1 {{expected size of rank 0, got rank 1}}
  %0 = onnx.Size %x : (tensor<3x3xf32>) -> tensor<1xi64>
  return
}

// -----

func.func @constant_of_shape_c1(%shape: tensor<2xi64>) {
  // expected-error @+1 {{expected a value with one element, got 2}}
  %0 = onnx.ConstantOfShape %shape {value = dense<1.0> : tensor<2xf32>} : (tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @constant_of_shape_c2(%shape: tensor<3xi64>) {
  // expected-error @+1 {{expected input of length 2, got 3}}
  %0 = onnx.ConstantOfShape %shape : (tensor<3xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @range_c1(%a: tensor<2xi64>, %b: tensor<i64>) {
  // expected-error @+1 {{expected a scalar as start, got 'tensor<2xi64>'}}
  %0 = onnx.Range %a, %b, %b : (tensor<2xi64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return
}

// -----

func.func @range_c2(%a: tensor<i32>, %b: tensor<i64>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Range %a, %b, %b : (tensor<i32>, tensor<i64>, tensor<i64>) -> tensor<?xi32>
  return
}

// -----

func.func @range_c3(%a: tensor<i64>) {
  // expected-error @+1 {{expected output of rank 1, got rank 2}}
  %0 = onnx.Range %a, %a, %a : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?x?xi64>
  return
}

// -----

func.func @constant_c1() {
  // expected-error @+1 {{expected a result with the shape of value 'tensor<2xf32>', got 'tensor<3xf32>'}}
  %0 = onnx.Constant dense<1.0> : tensor<2xf32> : tensor<3xf32>
  return
}

// -----

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 2)>>
func.func @symbolic_slice_c1(%x: tensor<?x2xf32, #n>) {
  // expected-error @+1 {{expected 2 offsets, got 1}}
  %0 = onnx.SymbolicSlice %x {offsets = affine_map<() -> (0)>, steps = array<i64: 1, 1>, symbols = []} : (tensor<?x2xf32, #n>) -> tensor<1x2xf32>
  return
}

// -----

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 2)>>
func.func @symbolic_slice_c2(%x: tensor<?x2xf32, #n>) {
  // expected-error @+1 {{expected offsets over 0 symbols, got}}
  %0 = onnx.SymbolicSlice %x {offsets = affine_map<()[s0] -> (s0, 0)>, steps = array<i64: 1, 1>, symbols = []} : (tensor<?x2xf32, #n>) -> tensor<1x2xf32>
  return
}

// -----

func.func @symbolic_slice_c3(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected 1 steps that are not 0, got array<i64: 0>}}
  %0 = onnx.SymbolicSlice %x {offsets = affine_map<() -> (0)>, steps = array<i64: 0>, symbols = []} : (tensor<4xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @symbolic_pad_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected 1 offsets, got 2}}
  %0 = onnx.SymbolicPad %x {offsets = affine_map<() -> (0, 0)>, symbols = []} : (tensor<4xf32>) -> tensor<6xf32>
  return
}

// -----

func.func @symbolic_pad_c2(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected offsets over 0 symbols}}
  %0 = onnx.SymbolicPad %x {offsets = affine_map<()[s0] -> (s0)>, symbols = []} : (tensor<4xf32>) -> tensor<6xf32>
  return
}
