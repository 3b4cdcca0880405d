// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @concat_c1() {
  // expected-error @+1 {{expected 1 or more operands, but found 0}}
  %0 = onnx.Concat {axis = 0} : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_c2(%a: tensor<2xf32>, %b: tensor<2xf64>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Concat %a, %b {axis = 0} : (tensor<2xf32>, tensor<2xf64>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_c3(%a: tensor<2xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{expected every input of rank 1, got rank 2}}
  %0 = onnx.Concat %a, %b {axis = 0} : (tensor<2xf32>, tensor<2x1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_c3_axis(%a: tensor<2xf32>) {
  // expected-error @+1 {{expected an axis from -1 to 0, got 1}}
  %0 = onnx.Concat %a, %a {axis = 1} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_c4(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error @+1 {{expected extent 3 in dimension 1, got 4}}
  %0 = onnx.Concat %a, %b {axis = -2} : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @split_c1(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected an axis from -1 to 0, got 1}}
  %0:2 = onnx.Split %x {axis = 1} : (tensor<4xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @split_c2(%x: tensor<4xf32>, %split: tensor<3xi64>) {
  // expected-error @+1 {{expected split of length 2, got 3}}
  %0:2 = onnx.Split %x, %split : (tensor<4xf32>, tensor<3xi64>) -> (tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @split_c3(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected num_outputs of 2 and no split, or none, got 3}}
  %0:2 = onnx.Split %x {num_outputs = 3} : (tensor<4xf32>) -> (tensor<2xf32>, tensor<2xf32>)
  return
}

// -----

func.func @split_c4(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected every output of rank 1, got rank 2}}
  %0 = onnx.Split %x {num_outputs = 1} : (tensor<4xf32>) -> tensor<4x1xf32>
  return
}

// -----

func.func @slice_c1(%x: tensor<4xf32>, %s: tensor<1xi64>, %e: tensor<2xi64>) {
  // expected-error @+1 {{expected ends of length 1, got 2}}
  %0 = onnx.Slice %x, %s, %e {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<4xf32>, tensor<1xi64>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @slice_c2(%x: tensor<4xf32>, %s: tensor<1xi64>, %e: tensor<1xi32>) {
  // expected-error @+1 {{expected ends of type 'i64', got 'i32'}}
  %0 = onnx.Slice %x, %s, %e {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<4xf32>, tensor<1xi64>, tensor<1xi32>) -> tensor<?xf32>
  return
}

// -----

func.func @slice_c3(%x: tensor<4xf32>, %s: tensor<1xi64>) {
  // expected-error @+1 {{expected output of rank 1, got rank 0}}
  %0 = onnx.Slice %x, %s, %s {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<4xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<f32>
  return
}

// -----

func.func @gather_c1(%x: tensor<4xf32>, %i: tensor<i64>) {
  // expected-error @+1 {{expected an axis from -1 to 0, got 1}}
  %0 = onnx.Gather %x, %i {axis = 1} : (tensor<4xf32>, tensor<i64>) -> tensor<f32>
  return
}

// -----

func.func @gather_c2(%x: tensor<4x3xf32>, %i: tensor<i64>) {
  // expected-error @+1 {{expected output of rank 1, got rank 2}}
  %0 = onnx.Gather %x, %i : (tensor<4x3xf32>, tensor<i64>) -> tensor<1x3xf32>
  return
}

// -----

func.func @gather_nd_c1(%x: tensor<4x3xf32>, %i: tensor<4x1xi64>) {
  // expected-error @+1 {{expected batch_dims from 0 to 1, got 2}}
  %0 = onnx.GatherND %x, %i {batch_dims = 2} : (tensor<4x3xf32>, tensor<4x1xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_nd_c1_unranked(%x: tensor<*xf32>, %i: tensor<*xi64>) {
  // expected-error @+1 {{expected batch_dims from 0 to 31, got 9223372036854775807}}
  %0 = onnx.GatherND %x, %i {batch_dims = 9223372036854775807} : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  return
}

// -----

func.func @gather_nd_c2(%x: tensor<4x3xf32>, %i: tensor<4x3xi64>) {
  // expected-error @+1 {{expected index vectors of length 1 to 2, got 3}}
  %0 = onnx.GatherND %x, %i : (tensor<4x3xf32>, tensor<4x3xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_nd_c3(%x: tensor<4x3xf32>, %i: tensor<5x1xi64>) {
  // expected-error @+1 {{expected output of rank 2, got rank 1}}
  %0 = onnx.GatherND %x, %i : (tensor<4x3xf32>, tensor<5x1xi64>) -> tensor<5xf32>
  return
}

// -----

func.func @expand_c1(%x: tensor<3xf32>, %shape: tensor<i64>) {
  // expected-error @+1 {{expected shape of rank 1, got rank 0}}
  %0 = onnx.Expand %x, %shape : (tensor<3xf32>, tensor<i64>) -> tensor<3xf32>
  return
}

// -----

func.func @expand_c2(%x: tensor<3xf32>, %shape: tensor<2xi64>) {
  // expected-error @+1 {{expected output of rank 2, got rank 1}}
  %0 = onnx.Expand %x, %shape : (tensor<3xf32>, tensor<2xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @tile_c1(%x: tensor<3xf32>, %repeats: tensor<2xi64>) {
  // expected-error @+1 {{expected repeats of length 1, got 2}}
  %0 = onnx.Tile %x, %repeats : (tensor<3xf32>, tensor<2xi64>) -> tensor<6xf32>
  return
}

// -----

func.func @tile_c2(%x: tensor<3xf32>, %repeats: tensor<1xi64>) {
  // expected-error @+1 {{expected output of rank 1, got rank 2}}
  %0 = onnx.Tile %x, %repeats : (tensor<3xf32>, tensor<1xi64>) -> tensor<2x3xf32>
  return
}
