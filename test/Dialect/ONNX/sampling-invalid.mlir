// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @grid_sample_c1(%x: tensor<2x3x4x5xf32>, %g: tensor<2x6x2xf32>) {
  // expected-error @+1 {{expected grid of rank 4, got rank 3}}
  %0 = onnx.GridSample %x, %g : (tensor<2x3x4x5xf32>, tensor<2x6x2xf32>) -> tensor<2x3x6x1xf32>
  return
}

// -----

func.func @grid_sample_c2(%x: tensor<2x3x4x5xf32>, %g: tensor<2x6x7x3xf32>) {
  // expected-error @+1 {{expected grid vectors of length 2, got 3}}
  %0 = onnx.GridSample %x, %g : (tensor<2x3x4x5xf32>, tensor<2x6x7x3xf32>) -> tensor<2x3x6x7xf32>
  return
}

// -----

func.func @grid_sample_c2_batch(%x: tensor<2x3x4x5xf32>, %g: tensor<1x6x7x2xf32>) {
  // expected-error @+1 {{expected as many grids as pictures, got 1 and 2}}
  %0 = onnx.GridSample %x, %g : (tensor<2x3x4x5xf32>, tensor<1x6x7x2xf32>) -> tensor<2x3x6x7xf32>
  return
}

// -----

func.func @affine_grid_c1(%t: tensor<2x2x4xf32>, %s: tensor<4xi64>) {
  // expected-error @+1 {{expected matrices (B, 2, 3) or (B, 3, 4), got 'tensor<2x2x4xf32>'}}
  %0 = onnx.AffineGrid %t, %s : (tensor<2x2x4xf32>, tensor<4xi64>) -> tensor<2x5x6x2xf32>
  return
}

// -----

func.func @affine_grid_c2(%t: tensor<2x2x3xf32>, %s: tensor<5xi64>) {
  // expected-error @+1 {{expected size of length 4, got 5}}
  %0 = onnx.AffineGrid %t, %s : (tensor<2x2x3xf32>, tensor<5xi64>) -> tensor<2x5x6x2xf32>
  return
}

// -----

func.func @affine_grid_c3(%t: tensor<2x2x3xf32>, %s: tensor<4xi64>) {
  // expected-error @+1 {{expected grid of rank 4, got rank 5}}
  %0 = onnx.AffineGrid %t, %s : (tensor<2x2x3xf32>, tensor<4xi64>) -> tensor<2x5x6x7x2xf32>
  return
}

// -----

func.func @roi_align_c1(%x: tensor<2x3x8x8xf32>, %r: tensor<5x5xf32>, %b: tensor<5xi64>) {
  // expected-error @+1 {{expected boxes of 4 numbers, got 5}}
  %0 = onnx.RoiAlign %x, %r, %b : (tensor<2x3x8x8xf32>, tensor<5x5xf32>, tensor<5xi64>) -> tensor<5x3x1x1xf32>
  return
}

// -----

func.func @roi_align_c1_count(%x: tensor<2x3x8x8xf32>, %r: tensor<5x4xf32>, %b: tensor<4xi64>) {
  // expected-error @+1 {{expected batch_indices of length 5, got 4}}
  %0 = onnx.RoiAlign %x, %r, %b : (tensor<2x3x8x8xf32>, tensor<5x4xf32>, tensor<4xi64>) -> tensor<5x3x1x1xf32>
  return
}

// -----

func.func @roi_align_c2(%x: tensor<2x3x8x8xf32>, %r: tensor<5x4xf32>, %b: tensor<5xi64>) {
  // expected-error @+1 {{expected a positive height and width and a sampling ratio that is not negative, got 1, 0 and 0}}
  %0 = onnx.RoiAlign %x, %r, %b {output_width = 0} : (tensor<2x3x8x8xf32>, tensor<5x4xf32>, tensor<5xi64>) -> tensor<5x3x1x1xf32>
  return
}

// -----

func.func @max_roi_pool_c1(%x: tensor<2x3x8x8xf32>, %r: tensor<5x4xf32>) {
  // expected-error @+1 {{expected boxes of 5 numbers, got 4}}
  %0 = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 1, 1>} : (tensor<2x3x8x8xf32>, tensor<5x4xf32>) -> tensor<5x3x1x1xf32>
  return
}

// -----

func.func @max_roi_pool_c2(%x: tensor<2x3x8x8xf32>, %r: tensor<5x5xf32>) {
  // expected-error @+1 {{expected two positive values as pooled_shape, got [1]}}
  %0 = onnx.MaxRoiPool %x, %r {pooled_shape = array<i64: 1>} : (tensor<2x3x8x8xf32>, tensor<5x5xf32>) -> tensor<5x3x1x1xf32>
  return
}

// -----

func.func @center_crop_pad_c1(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{expected distinct axes, got -2 again}}
  %0 = onnx.CenterCropPad %x, %s {axes = array<i64: 0, -2>} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @center_crop_pad_c2(%x: tensor<2x3xf32>, %s: tensor<2xi64>) {
  // expected-error @+1 {{expected shape of length 1, got 2}}
  %0 = onnx.CenterCropPad %x, %s {axes = array<i64: 0>} : (tensor<2x3xf32>, tensor<2xi64>) -> tensor<2x3xf32>
  return
}

// -----

func.func @col2im_c1(%x: tensor<2x12xf32>, %i: tensor<2xi64>, %b: tensor<2xi64>) {
  // expected-error @+1 {{expected input of rank 3, got rank 2}}
  %0 = onnx.Col2Im %x, %i, %b : (tensor<2x12xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<1x1x5x5xf32>
  return
}

// -----

func.func @col2im_c2(%x: tensor<2x12x9xf32>, %i: tensor<2xi64>, %b: tensor<3xi64>) {
  // expected-error @+1 {{expected block_shape of length 2, got 3}}
  %0 = onnx.Col2Im %x, %i, %b : (tensor<2x12x9xf32>, tensor<2xi64>, tensor<3xi64>) -> tensor<2x3x4x4xf32>
  return
}

// -----

func.func @col2im_c3(%x: tensor<2x12x9xf32>, %i: tensor<2xi64>, %b: tensor<2xi64>) {
  // expected-error @+1 {{expected strides of at least 1, got 0}}
  %0 = onnx.Col2Im %x, %i, %b {strides = array<i64: 1, 0>} : (tensor<2x12x9xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<2x3x4x4xf32>
  return
}
