// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 3)>>
func.func @symbols_that_may_differ(%x: tensor<?x3xf32, #b>, %y: tensor<?x3xf32, #n>) -> tensor<*xf32> {
  // expected-error @+1 {{expected shapes that broadcast, got (batch, 3), (n, 3)}}
  %z = onnx.Add %x, %y : (tensor<?x3xf32, #b>, tensor<?x3xf32, #n>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
func.func @inner_symbols(%x: tensor<?x3xf32, #b>) -> tensor<*xf32> {
  // expected-error @+1 {{inner extents differ: 3 and batch}}
  %z = onnx.MatMul %x, %x : (tensor<?x3xf32, #b>, tensor<?x3xf32, #b>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 197, 384)>>
func.func @target_does_not_divide(%x: tensor<?x197x384xf32, #b>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a target that divides 75648 * batch elements of (batch, 197, 384), got one of 5}}
  %y = onnx.Reshape %x, %t : (tensor<?x197x384xf32, #b>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4)>>
func.func @target_has_a_batch_baked_in(%x: tensor<?x4xf32, #b>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[2, 2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a target of 4 * batch elements as in (batch, 4), got (2, 2)}}
  %y = onnx.Reshape %x, %t : (tensor<?x4xf32, #b>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @target_depends_on_data(%x: tensor<4xf32>, %t: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a target of constants and extents, got one that depends on data}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
func.func @slices_of_unknown_extents(%x: tensor<?x?xf32, #b>) -> tensor<*xf32> {
  %zero = onnx.Constant dense<0> : tensor<2xi64> : tensor<2xi64>
  %five = onnx.Constant dense<5> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{cannot tell where the slice of axis 0 lies in its extent batch}}
  %y = onnx.Slice %x, %zero, %five {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?x?xf32, #b>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
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
