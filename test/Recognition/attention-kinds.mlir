// RUN: vitc-opt %s --vit-explain=format=text --split-input-file -o /dev/null | FileCheck %s

// Windows of 2 × 2 of a 4 × 6 image, rolled by one row and one column before.
// CHECK: recognized: layer_norm 1 linear 1 window_attention 1
func.func @rolled_windows(%x: tensor<3x24x8xf32>, %w: tensor<8x8xf32>) -> tensor<18x4x2x4xf32> {
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<3x24x8xf32>
  %image = tensor.expand_shape %n [[0], [1, 2], [3]] output_shape [3, 4, 6, 8] : tensor<3x24x8xf32> into tensor<3x4x6x8xf32>
  %a = tensor.extract_slice %image[0, 1, 0, 0] [3, 3, 6, 8] [1, 1, 1, 1] : tensor<3x4x6x8xf32> to tensor<3x3x6x8xf32>
  %b = tensor.extract_slice %image[0, 0, 0, 0] [3, 1, 6, 8] [1, 1, 1, 1] : tensor<3x4x6x8xf32> to tensor<3x1x6x8xf32>
  %rows = tensor.concat dim(1) %a, %b : (tensor<3x3x6x8xf32>, tensor<3x1x6x8xf32>) -> tensor<3x4x6x8xf32>
  %c = tensor.extract_slice %rows[0, 0, 1, 0] [3, 4, 5, 8] [1, 1, 1, 1] : tensor<3x4x6x8xf32> to tensor<3x4x5x8xf32>
  %d = tensor.extract_slice %rows[0, 0, 0, 0] [3, 4, 1, 8] [1, 1, 1, 1] : tensor<3x4x6x8xf32> to tensor<3x4x1x8xf32>
  %rolled = tensor.concat dim(2) %c, %d : (tensor<3x4x5x8xf32>, tensor<3x4x1x8xf32>) -> tensor<3x4x6x8xf32>
  %cut = tensor.expand_shape %rolled [[0], [1, 2], [3, 4], [5]] output_shape [3, 2, 2, 3, 2, 8] : tensor<3x4x6x8xf32> into tensor<3x2x2x3x2x8xf32>
  %e = tensor.empty() : tensor<3x2x3x2x2x8xf32>
  %t = linalg.transpose ins(%cut : tensor<3x2x2x3x2x8xf32>) outs(%e : tensor<3x2x3x2x2x8xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %windows = tensor.collapse_shape %t [[0, 1, 2], [3, 4], [5]] : tensor<3x2x3x2x2x8xf32> into tensor<18x4x8xf32>
  %l = vit.linear %windows, %w : (tensor<18x4x8xf32>, tensor<8x8xf32>) -> tensor<18x4x8xf32>
  %q = tensor.expand_shape %l [[0], [1], [2, 3]] output_shape [18, 4, 2, 4] : tensor<18x4x8xf32> into tensor<18x4x2x4xf32>
  %y = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<18x4x2x4xf32>, tensor<18x4x2x4xf32>, tensor<18x4x2x4xf32>) -> tensor<18x4x2x4xf32>
  return %y : tensor<18x4x2x4xf32>
}

// -----

// Blocks of a tree are made once, in front of residual sums, norms and other layers.
// CHECK: recognized: gelu 1 layer_norm 1 linear 3 mlp 1 window_attention 1
func.func @blocks_before(%x: tensor<3x24x8xf32>, %w: tensor<8x8xf32>) -> tensor<3x6x4x2x4xf32> {
  %cut = tensor.expand_shape %x [[0], [1, 2, 3, 4], [5]] output_shape [3, 2, 2, 3, 2, 8] : tensor<3x24x8xf32> into tensor<3x2x2x3x2x8xf32>
  %e = tensor.empty() : tensor<3x2x3x2x2x8xf32>
  %t = linalg.transpose ins(%cut : tensor<3x2x2x3x2x8xf32>) outs(%e : tensor<3x2x3x2x2x8xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %blocks = tensor.collapse_shape %t [[0], [1, 2], [3, 4], [5]] : tensor<3x2x3x2x2x8xf32> into tensor<3x6x4x8xf32>
  %h = vit.linear %blocks, %w : (tensor<3x6x4x8xf32>, tensor<8x8xf32>) -> tensor<3x6x4x8xf32>
  %g = vit.gelu %h : tensor<3x6x4x8xf32>
  %m = vit.linear %g, %w : (tensor<3x6x4x8xf32>, tensor<8x8xf32>) -> tensor<3x6x4x8xf32>
  %es = tensor.empty() : tensor<3x6x4x8xf32>
  %r = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%m, %blocks : tensor<3x6x4x8xf32>, tensor<3x6x4x8xf32>) outs(%es : tensor<3x6x4x8xf32>) -> tensor<3x6x4x8xf32>
  %n = vit.layer_norm %r {epsilon = 1.0e-6 : f32} : tensor<3x6x4x8xf32>
  %l = vit.linear %n, %w : (tensor<3x6x4x8xf32>, tensor<8x8xf32>) -> tensor<3x6x4x8xf32>
  %q = tensor.expand_shape %l [[0], [1], [2], [3, 4]] output_shape [3, 6, 4, 2, 4] : tensor<3x6x4x8xf32> into tensor<3x6x4x2x4xf32>
  %y = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x6x4x2x4xf32>, tensor<3x6x4x2x4xf32>, tensor<3x6x4x2x4xf32>) -> tensor<3x6x4x2x4xf32>
  return %y : tensor<3x6x4x2x4xf32>
}

// -----

// Near miss: strips of rows are windows of no image: the tokens count on through rows and columns.
// CHECK: recognized: attention 1 linear 1
func.func @strips(%x: tensor<3x24x8xf32>, %w: tensor<8x8xf32>) -> tensor<6x12x2x4xf32> {
  %cut = tensor.expand_shape %x [[0, 1], [2, 3], [4]] output_shape [3, 1, 2, 12, 8] : tensor<3x24x8xf32> into tensor<3x1x2x12x8xf32>
  %strips = tensor.collapse_shape %cut [[0, 1, 2], [3], [4]] : tensor<3x1x2x12x8xf32> into tensor<6x12x8xf32>
  %l = vit.linear %strips, %w : (tensor<6x12x8xf32>, tensor<8x8xf32>) -> tensor<6x12x8xf32>
  %q = tensor.expand_shape %l [[0], [1], [2, 3]] output_shape [6, 12, 2, 4] : tensor<6x12x8xf32> into tensor<6x12x2x4xf32>
  %y = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<6x12x2x4xf32>, tensor<6x12x2x4xf32>, tensor<6x12x2x4xf32>) -> tensor<6x12x2x4xf32>
  return %y : tensor<6x12x2x4xf32>
}

// -----

// Keys of the patches of the queries' tokens, normalised.
// CHECK: recognized: layer_norm 1 linear 2 patch_embed 1 sr_attention 1
func.func @reduced(%x: tensor<3x16x8xf32>, %w: tensor<8x8xf32>, %r: tensor<8x8x2x2xf32>) -> tensor<3x16x2x4xf32> {
  %lq = vit.linear %x, %w : (tensor<3x16x8xf32>, tensor<8x8xf32>) -> tensor<3x16x8xf32>
  %e = tensor.empty() : tensor<3x8x16xf32>
  %t = linalg.transpose ins(%x : tensor<3x16x8xf32>) outs(%e : tensor<3x8x16xf32>) permutation = [0, 2, 1]
  %image = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [3, 8, 4, 4] : tensor<3x8x16xf32> into tensor<3x8x4x4xf32>
  %p = vit.patch_embed %image, %r : (tensor<3x8x4x4xf32>, tensor<8x8x2x2xf32>) -> tensor<3x4x8xf32>
  %n = vit.layer_norm %p {epsilon = 1.0e-6 : f32} : tensor<3x4x8xf32>
  %lk = vit.linear %n, %w : (tensor<3x4x8xf32>, tensor<8x8xf32>) -> tensor<3x4x8xf32>
  %q = tensor.expand_shape %lq [[0], [1], [2, 3]] output_shape [3, 16, 2, 4] : tensor<3x16x8xf32> into tensor<3x16x2x4xf32>
  %k = tensor.expand_shape %lk [[0], [1], [2, 3]] output_shape [3, 4, 2, 4] : tensor<3x4x8xf32> into tensor<3x4x2x4xf32>
  %y = vit.attention %q, %k, %k {scale = 0.5 : f32} : (tensor<3x16x2x4xf32>, tensor<3x4x2x4xf32>, tensor<3x4x2x4xf32>) -> tensor<3x16x2x4xf32>
  return %y : tensor<3x16x2x4xf32>
}

// -----

// Near miss: patches of another image than the one that asks.
// CHECK: recognized: attention 1 linear 2 patch_embed 1
func.func @other_image(%x: tensor<3x16x8xf32>, %image: tensor<3x8x4x4xf32>, %w: tensor<8x8xf32>, %r: tensor<8x8x2x2xf32>) -> tensor<3x16x2x4xf32> {
  %lq = vit.linear %x, %w : (tensor<3x16x8xf32>, tensor<8x8xf32>) -> tensor<3x16x8xf32>
  %p = vit.patch_embed %image, %r : (tensor<3x8x4x4xf32>, tensor<8x8x2x2xf32>) -> tensor<3x4x8xf32>
  %lk = vit.linear %p, %w : (tensor<3x4x8xf32>, tensor<8x8xf32>) -> tensor<3x4x8xf32>
  %q = tensor.expand_shape %lq [[0], [1], [2, 3]] output_shape [3, 16, 2, 4] : tensor<3x16x8xf32> into tensor<3x16x2x4xf32>
  %k = tensor.expand_shape %lk [[0], [1], [2, 3]] output_shape [3, 4, 2, 4] : tensor<3x4x8xf32> into tensor<3x4x2x4xf32>
  %y = vit.attention %q, %k, %k {scale = 0.5 : f32} : (tensor<3x16x2x4xf32>, tensor<3x4x2x4xf32>, tensor<3x4x2x4xf32>) -> tensor<3x16x2x4xf32>
  return %y : tensor<3x16x2x4xf32>
}
