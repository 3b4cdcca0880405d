// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @conv_c1(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3xf32>) {
  // expected-error @+1 {{expected w of rank 4, got rank 3}}
  %0 = onnx.Conv %x, %w : (tensor<1x4x8x8xf32>, tensor<8x4x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c1_least(%x: tensor<1x4xf32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{expected x of rank at least 3, got rank 2}}
  %0 = onnx.Conv %x, %w : (tensor<1x4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c2(%x: tensor<1x4x8x8xf32>, %w: tensor<8x2x3x3xf32>) {
  // expected-error @+1 {{expected a positive group that divides the filters, got 3}}
  %0 = onnx.Conv %x, %w {group = 3} : (tensor<1x4x8x8xf32>, tensor<8x2x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c2_channels(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{expected x with 8 channels, got 4}}
  %0 = onnx.Conv %x, %w {group = 2} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expected b of length 8, got 4}}
  %0 = onnx.Conv %x, %w, %b : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<4xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{expected strides of at least 1, got 0}}
  %0 = onnx.Conv %x, %w {strides = array<i64: 0, 1>} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c4_pads(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{expected 4 values as pads, got 2}}
  %0 = onnx.Conv %x, %w {pads = array<i64: 1, 1>} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c4_kernel(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{expected w with spatial shape [3, 5], got 'tensor<8x4x3x3xf32>'}}
  %0 = onnx.Conv %x, %w {kernel_shape = array<i64: 3, 5>}
      : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_c5(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.Conv %x, %w : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf16>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_auto_pad(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{attribute 'auto_pad' failed to satisfy constraint: string attribute whose value is one of NOTSET, SAME_UPPER, SAME_LOWER, VALID}}
  %0 = onnx.Conv %x, %w {auto_pad = "SAME"} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c1(%x: tensor<1x4x8xf32>, %w: tensor<4x8x3x3xf32>) {
  // expected-error @+1 {{expected w of rank 3, got rank 4}}
  %0 = onnx.ConvTranspose %x, %w : (tensor<1x4x8xf32>, tensor<4x8x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c2(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>) {
  // expected-error @+1 {{expected x with 8 channels, got 4}}
  %0 = onnx.ConvTranspose %x, %w : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c3(%x: tensor<1x4x8x8xf32>, %w: tensor<4x2x3x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{expected b of length 4, got 2}}
  %0 = onnx.ConvTranspose %x, %w, %b {group = 2}
      : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>, tensor<2xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c4(%x: tensor<1x4x8x8xf32>, %w: tensor<4x2x3x3xf32>) {
  // expected-error @+1 {{expected output_padding of at least 0, got -1}}
  %0 = onnx.ConvTranspose %x, %w {output_padding = array<i64: 0, -1>}
      : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @conv_transpose_c5(%x: tensor<1x4x8x8xf32>, %w: tensor<4x2x3x3xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.ConvTranspose %x, %w : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf16>) -> tensor<*xf32>
  return
}

// -----

func.func @pool_c1(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{expected y of rank 4, got rank 3}}
  %0 = onnx.AveragePool %x {kernel_shape = array<i64: 2, 2>} : (tensor<1x4x8x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @pool_c2(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{expected 2 values as kernel_shape, got 1}}
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 2>} : (tensor<1x4x8x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @pool_c2_empty(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{expected a kernel_shape}}
  %0 = onnx.MaxPool %x {kernel_shape = array<i64>} : (tensor<1x4x8x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @max_pool_c3(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{expected storage_order 0 or 1, got 2}}
  %0 = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>, storage_order = 2} : (tensor<1x4x8x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @global_pool_c1(%x: tensor<1x4x8x8xf32>) {
  // expected-error @+1 {{expected y with spatial extents of 1, got 'tensor<1x4x8x1xf32>'}}
  %0 = onnx.GlobalAveragePool %x : (tensor<1x4x8x8xf32>) -> tensor<1x4x8x1xf32>
  return
}

// -----

func.func @lp_pool_c3(%x: tensor<1x2x8xf32>) {
  // expected-error @+1 {{expected a positive p, got 0}}
  %0 = onnx.LpPool %x {kernel_shape = array<i64: 2>, p = 0 : i64} : (tensor<1x2x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @global_lp_pool_c2(%x: tensor<1x2x8xf32>) {
  // expected-error @+1 {{expected a positive p, got -1}}
  %0 = onnx.GlobalLpPool %x {p = -1 : i64} : (tensor<1x2x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @lrn_c1(%x: tensor<8xf32>) {
  // expected-error @+1 {{expected x of rank at least 2, got rank 1}}
  %0 = onnx.LRN %x {size = 3 : i64} : (tensor<8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @lrn_c2(%x: tensor<1x4x8xf32>) {
  // expected-error @+1 {{expected a positive size, got 0}}
  %0 = onnx.LRN %x {size = 0 : i64} : (tensor<1x4x8xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @deform_conv_c1(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %o: tensor<1x18x6xf32>) {
  // expected-error @+1 {{expected offset of rank 4, got rank 3}}
  %0 = onnx.DeformConv %x, %w, %o {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<1x18x6xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @deform_conv_c2(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %o: tensor<1x18x6x6xf32>) {
  // expected-error @+1 {{expected positive groups that divide the filters and the channels, got 1 and 3}}
  %0 = onnx.DeformConv %x, %w, %o {offset_group = 3 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<1x18x6x6xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @deform_conv_c3(%x: tensor<1x4x8x8xf32>, %w: tensor<8x4x3x3xf32>, %o: tensor<1x16x6x6xf32>) {
  // expected-error @+1 {{expected offset or mask with 18 channels, got 16}}
  %0 = onnx.DeformConv %x, %w, %o {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>, tensor<1x16x6x6xf32>) -> tensor<*xf32>
  return
}
