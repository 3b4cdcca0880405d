// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

// What a verifier cannot see, because it takes values of constants or symbolic extents.

func.func @split_into_other_parts(%x: tensor<6xf32>, %lengths: tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>) {
  // expected-error @+1 {{expected a constant or symbolic length for each of 2 parts}}
  %a, %b = onnx.Split %x, %lengths : (tensor<6xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @split_of_negative_length(%x: tensor<6xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %lengths = onnx.Constant dense<[7, -1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected lengths that are not negative, got -1}}
  %a, %b = onnx.Split %x, %lengths : (tensor<6xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %a, %b : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @split_of_too_few(%x: tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // expected-error @+1 {{expected an extent that splits into 4 parts, got 5}}
  %a, %b, %c, %d = onnx.Split %x {num_outputs = 4 : i64} : (tensor<5xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %a, %b, %c, %d : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
func.func @slice_of_unknown_axes(%x: tensor<6x6xf32>, %from: tensor<?xi64, #n>, %to: tensor<?xi64, #n>) -> tensor<*xf32> {
  // expected-error @+1 {{expected starts and ends of the same static length}}
  %y = onnx.Slice %x, %from, %to {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<6x6xf32>, tensor<?xi64, #n>, tensor<?xi64, #n>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @slice_standing_still(%x: tensor<6xf32>) -> tensor<*xf32> {
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %five = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected axes in [-1, 1) and steps that are not 0, got axis 0 and step 0}}
  %y = onnx.Slice %x, %zero, %five, %zero, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<6xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 2)>>
func.func @gather_nd_of_other_batches(%x: tensor<?x2xf32, #b>, %i: tensor<3x1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected the same batch extents, got batch and 3}}
  %y = onnx.GatherND %x, %i {batch_dims = 1 : i64} : (tensor<?x2xf32, #b>, tensor<3x1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (3, s0)>>
func.func @gather_nd_by_symbolic_vectors(%x: tensor<4x2xf32>, %i: tensor<3x?xi64, #b>) -> tensor<*xf32> {
  // expected-error @+1 {{expected index vectors of a constant length for data (4, 2), got (3, batch)}}
  %y = onnx.GatherND %x, %i : (tensor<4x2xf32>, tensor<3x?xi64, #b>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @expand_to_data(%x: tensor<1xf32>, %shape: tensor<1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a shape of constants and extents, got one that depends on data}}
  %y = onnx.Expand %x, %shape : (tensor<1xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @constant_of_data(%shape: tensor<1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a shape of constants and extents, got one that depends on data}}
  %y = onnx.ConstantOfShape %shape : (tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @tile_by_data(%x: tensor<2xf32>, %repeats: tensor<1xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a constant or symbolic repeat for each of 1 dimensions}}
  %y = onnx.Tile %x, %repeats : (tensor<2xf32>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pad_of_no_axis(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %pads = onnx.Constant dense<[1, 1]> : tensor<2xi64> : tensor<2xi64>
  %axes = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected axes in [-2, 2), got 2}}
  %y = onnx.Pad %x, %pads, %axes {operandSegmentSizes = array<i32: 1, 1, 0, 1>} : (tensor<2x3xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4)>>
func.func @aspect_ratio_of_a_symbol(%x: tensor<?x4xf32, #b>) -> tensor<*xf32> {
  %sizes = onnx.Constant dense<[8, 8]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected constant extents where the aspect ratio is kept, got batch to 8}}
  %y = onnx.Resize %x, %sizes {operandSegmentSizes = array<i32: 1, 0, 0, 1>, keep_aspect_ratio_policy = "not_larger"} : (tensor<?x4xf32, #b>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4)>>
func.func @scale_that_does_not_divide(%x: tensor<?x4xf32, #b>) -> tensor<*xf32> {
  %scales = onnx.Constant dense<[1.5, 1.0]> : tensor<2xf32> : tensor<2xf32>
  // expected-error @+1 {{cannot tell the extent that batch scales to}}
  %y = onnx.Resize %x, %scales {operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<?x4xf32, #b>, tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @sizes_that_depend_on_data(%x: tensor<4x4xf32>, %sizes: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 2 constant sizes}}
  %y = onnx.Resize %x, %sizes {operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<4x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @zero_beyond_the_data(%x: tensor<4xf32>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[4, 0]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected 0 to stand for a dimension of (4), got it at position 1}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @negative_target(%x: tensor<4xf32>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[-2, -2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected extents in the target, got -2}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @two_left_open(%x: tensor<4xf32>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[-1, -1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected at most one entry of the target to be left open, got two}}
  %y = onnx.Reshape %x, %t : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @range_of_data(%limit: tensor<i64>) -> tensor<*xi64> {
  %c = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected bounds of constants and extents, got some that depend on data}}
  %y = onnx.Range %c, %limit, %c : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}

// -----

func.func @range_that_never_ends() -> tensor<*xi64> {
  %one = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected bounds that a finite number of steps connects}}
  %y = onnx.Range %zero, %one, %zero : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}
