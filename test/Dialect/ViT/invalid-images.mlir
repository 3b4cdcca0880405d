// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @conv_c1_rank(%x: tensor<3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected input, weight and result of rank 4}}
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_c1_channels(%x: tensor<1x2x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected 3 input and 4 output channels and one batch}}
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x2x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_c1_bias(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{expected bias of shape 4, got 'tensor<3xf32>'}}
  %0 = vit.conv %x, %w bias(%b : tensor<3xf32>) {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_c2_strides(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected two positive strides and dilations and four pads that are not negative}}
  %0 = vit.conv %x, %w {strides = array<i64: 0, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_c2_groups(%x: tensor<1x9x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected 3 groups to divide the channels of 'tensor<4x3x3x3xf32>'}}
  %0 = vit.conv %x, %w {groups = 3 : i64, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x9x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32>
  return
}

// -----

func.func @conv_c3(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) {
  // expected-error @+1 {{expected the height and width that the window gives, got 'tensor<1x4x8x6xf32>'}}
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x8x6xf32>
  return
}

// -----

// A transposed convolution of stride 2 gives 16 rows, or 17 with output padding; 18 are too many.
func.func @conv_c3_transposed(%x: tensor<?x4x8x8xf32>, %w: tensor<4x3x4x4xf32>) {
  %0 = vit.conv %x, %w {transposed, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<4x3x4x4xf32>) -> tensor<?x3x16x17xf32>
  // expected-error @+1 {{expected the height and width that the window gives, got 'tensor<?x3x16x18xf32>'}}
  %1 = vit.conv %x, %w {transposed, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>} : (tensor<?x4x8x8xf32>, tensor<4x3x4x4xf32>) -> tensor<?x3x16x18xf32>
  return
}

// -----

func.func @conv_c4(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>, %e: tensor<4xf32>) {
  // expected-error @+1 {{expected an index map from 4 dimensions to 1}}
  %0 = vit.conv %x, %w extras(%e : tensor<4xf32>) {extra_maps = [affine_map<(d0, d1) -> (d1)>], strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x6x6xf32> epilogue {
  ^bb0(%acc: f32, %a: f32):
    vit.yield %acc : f32
  }
  return
}

// -----

func.func @patch_embed_c1(%x: tensor<1x3x30x32xf32>, %w: tensor<8x3x16x16xf32>) {
  // expected-error @+1 {{expected an image of static height and width that the patches of 'tensor<8x3x16x16xf32>' divide}}
  %0 = vit.patch_embed %x, %w : (tensor<1x3x30x32xf32>, tensor<8x3x16x16xf32>) -> tensor<1x2x8xf32>
  return
}

// -----

func.func @patch_embed_c1_channels(%x: tensor<1x4x32x32xf32>, %w: tensor<8x3x16x16xf32>) {
  // expected-error @+1 {{expected an image of 3 channels}}
  %0 = vit.patch_embed %x, %w : (tensor<1x4x32x32xf32>, tensor<8x3x16x16xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @patch_embed_c2(%x: tensor<?x3x32x32xf32>, %w: tensor<8x3x16x16xf32>) {
  // expected-error @+1 {{expected a result of shape ?x4x8, got 'tensor<?x8x4xf32>'}}
  %0 = vit.patch_embed %x, %w : (tensor<?x3x32x32xf32>, tensor<8x3x16x16xf32>) -> tensor<?x8x4xf32>
  return
}

// -----

func.func @patchify_c1(%x: tensor<1x3x30x32xf32>) {
  // expected-error @+1 {{expected an image (B, C, H, W) that patches of 16, 16 divide}}
  %0 = vit.patchify %x {patch = array<i64: 16, 16>} : tensor<1x3x30x32xf32> -> tensor<1x2x768xf32>
  return
}

// -----

func.func @patchify_c2(%x: tensor<1x3x32x32xf32>) {
  // expected-error @+1 {{expected a result of shape 1, 4, 768, got 'tensor<1x4x256xf32>'}}
  %0 = vit.patchify %x {patch = array<i64: 16, 16>} : tensor<1x3x32x32xf32> -> tensor<1x4x256xf32>
  return
}

// -----

func.func @gather_rows_c1(%x: tensor<1x30x?xf32>, %rows: tensor<4xi32>) {
  // expected-error @+1 {{expected rows (B, R, C) of static length, got 'tensor<1x30x?xf32>'}}
  %0 = vit.gather_rows %x, %rows : tensor<1x30x?xf32>, tensor<4xi32> -> tensor<1x4x?xf32>
  return
}

// -----

func.func @gather_rows_c1_indices(%x: tensor<1x30x8xf32>, %rows: tensor<?xi32>) {
  // expected-error @+1 {{expected a static number of indices, got 'tensor<?xi32>'}}
  %0 = vit.gather_rows %x, %rows : tensor<1x30x8xf32>, tensor<?xi32> -> tensor<1x?x8xf32>
  return
}

// -----

func.func @gather_rows_c2(%x: tensor<1x30x8xf32>, %rows: tensor<4xi32>) {
  // expected-error @+1 {{expected a result of shape 1x4x8, got 'tensor<1x30x8xf32>'}}
  %0 = vit.gather_rows %x, %rows : tensor<1x30x8xf32>, tensor<4xi32> -> tensor<1x30x8xf32>
  return
}
