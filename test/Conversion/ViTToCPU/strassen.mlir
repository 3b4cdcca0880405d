// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 -split-input-file | FileCheck %s
// RUN: vitc-opt %s -convert-vit-to-cpu="level=x86-64-v4 plain-products" -split-input-file | FileCheck %s --check-prefix=PLAIN
// RUN: vitc-opt %s -convert-vit-to-cpu="level=znver4 precision=bf16" -split-input-file | FileCheck %s --check-prefix=PLAIN
// PLAIN-NOT: strassen

// Quadrants of 99 rows: an image of 197 tokens is a group, whatever the batch is. Rows of sums are 13 cache lines apart.
// CHECK-LABEL: func @tokens
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]]
// CHECK: %[[S:.+]] = vcpu.strassen_rows ins(%[[ROWS]] : tensor<?x384xf32>) outs(%{{.*}} : tensor<4x?x208xf32>) {group = 197 : i64} -> tensor<4x?x208xf32>
// CHECK: vcpu.strassen_gemm ins(%[[ROWS]], %[[S]], %{{.*}} : tensor<?x384xf32>, tensor<4x?x208xf32>, tensor<36x384x32xf32>)
// CHECK-SAME: extras(%{{.*}} : tensor<1152xf32>) outs(%{{.*}} : tensor<?x1152xf32>)
// CHECK-SAME: group = 197 : i64, lanes = 16 : i64, mr = 14 : i64, nr = 32 : i64} epilogue {
func.func @tokens(%image: tensor<?x197x16x24xf32>) -> tensor<?x197x1152xf32> {
  %w = arith.constant dense<0.5> : tensor<384x1152xf32>
  %bias = arith.constant dense<0.5> : tensor<1152xf32>
  %x = tensor.collapse_shape %image [[0], [1], [2, 3]] : tensor<?x197x16x24xf32> into tensor<?x197x384xf32>
  %0 = vit.linear %x, %w bias(%bias : tensor<1152xf32>) : (tensor<?x197x384xf32>, tensor<384x1152xf32>) -> tensor<?x197x1152xf32>
  return %0 : tensor<?x197x1152xf32>
}

// -----

// 8 and 197 have no divisor in common: all images are in the first dimension.
// CHECK-LABEL: func @eight
// CHECK: vcpu.strassen_gemm {{.*}}group = 197
func.func @eight(%image: tensor<8x197x16x24xf32>) -> tensor<8x197x1152xf32> {
  %w = arith.constant dense<0.5> : tensor<384x1152xf32>
  %x = tensor.collapse_shape %image [[0], [1], [2, 3]] : tensor<8x197x16x24xf32> into tensor<8x197x384xf32>
  %0 = vit.linear %x, %w : (tensor<8x197x384xf32>, tensor<384x1152xf32>) -> tensor<8x197x1152xf32>
  return %0 : tensor<8x197x1152xf32>
}

// -----

// All windows of one image are a group.
// CHECK-LABEL: func @windows
// CHECK: vcpu.strassen_gemm {{.*}}group = 784
func.func @windows(%image: tensor<1x784x16x24xf32>) -> tensor<16x49x1152xf32> {
  %w = arith.constant dense<0.5> : tensor<384x1152xf32>
  %rows = tensor.collapse_shape %image [[0, 1], [2, 3]] : tensor<1x784x16x24xf32> into tensor<784x384xf32>
  %x = tensor.expand_shape %rows [[0, 1], [2]] output_shape [16, 49, 384] : tensor<784x384xf32> into tensor<16x49x384xf32>
  %0 = vit.linear %x, %w : (tensor<16x49x384xf32>, tensor<384x1152xf32>) -> tensor<16x49x1152xf32>
  return %0 : tensor<16x49x1152xf32>
}

// -----

// CHECK-LABEL: func @pixels
// CHECK: vcpu.strassen_gemm {{.*}}group = 784
func.func @pixels(%x: tensor<?x256x28x28xf32>) -> tensor<?x256x28x28xf32> {
  %w = arith.constant dense<0.5> : tensor<256x256x1x1xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x256x28x28xf32>, tensor<256x256x1x1xf32>) -> tensor<?x256x28x28xf32>
  return %0 : tensor<?x256x28x28xf32>
}

// -----

// The second product's sums are those of the first one's result, behind the activation.
// CHECK-LABEL: func @mlp
// CHECK-COUNT-1: vcpu.strassen_rows
// CHECK: %[[H:.+]]:2 = vcpu.strassen_gemm {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x1536xf32>, tensor<4x?x784xf32>) {{.*}} epilogue {
// CHECK: -> tensor<?x1536xf32>, tensor<4x?x784xf32>
// CHECK-NOT: vcpu.strassen_rows
// CHECK: vcpu.strassen_gemm ins(%[[H]]#0, %[[H]]#1, %{{.*}} : tensor<?x1536xf32>, tensor<4x?x784xf32>, tensor<12x1536x32xf32>) outs(%{{.*}} : tensor<?x384xf32>)
func.func @mlp(%image: tensor<?x197x16x24xf32>) -> tensor<?x197x384xf32> {
  %up = arith.constant dense<0.5> : tensor<384x1536xf32>
  %down = arith.constant dense<0.5> : tensor<1536x384xf32>
  %x = tensor.collapse_shape %image [[0], [1], [2, 3]] : tensor<?x197x16x24xf32> into tensor<?x197x384xf32>
  %0 = vit.linear %x, %up : (tensor<?x197x384xf32>, tensor<384x1536xf32>) -> tensor<?x197x1536xf32> epilogue {
  ^bb0(%acc: f32):
    %a = vit.gelu %acc : f32
    vit.yield %a : f32
  }
  %1 = vit.linear %0, %down : (tensor<?x197x1536xf32>, tensor<1536x384xf32>) -> tensor<?x197x384xf32>
  return %1 : tensor<?x197x384xf32>
}

// -----

// Rows that may be of different images: of a matrix, tokens before images, half of which may be in another dimension, or
// an open number of tokens.
// CHECK-LABEL: func @matrix
// CHECK-NOT: strassen
func.func @matrix(%x: tensor<256x384xf32>) -> tensor<256x384xf32> {
  %w = arith.constant dense<0.5> : tensor<384x384xf32>
  %0 = vit.linear %x, %w : (tensor<256x384xf32>, tensor<384x384xf32>) -> tensor<256x384xf32>
  return %0 : tensor<256x384xf32>
}

// -----

// CHECK-LABEL: func @tokens_first
// CHECK-NOT: strassen
func.func @tokens_first(%x: tensor<197x64x384xf32>) -> tensor<197x64x384xf32> {
  %w = arith.constant dense<0.5> : tensor<384x384xf32>
  %0 = vit.linear %x, %w : (tensor<197x64x384xf32>, tensor<384x384xf32>) -> tensor<197x64x384xf32>
  return %0 : tensor<197x64x384xf32>
}

// -----

// CHECK-LABEL: func @split_batch
// CHECK-NOT: strassen
func.func @split_batch(%image: tensor<8x196x16x24xf32>) -> tensor<8x196x1152xf32> {
  %w = arith.constant dense<0.5> : tensor<384x1152xf32>
  %x = tensor.collapse_shape %image [[0], [1], [2, 3]] : tensor<8x196x16x24xf32> into tensor<8x196x384xf32>
  %0 = vit.linear %x, %w : (tensor<8x196x384xf32>, tensor<384x1152xf32>) -> tensor<8x196x1152xf32>
  return %0 : tensor<8x196x1152xf32>
}

// -----

// CHECK-LABEL: func @open_tokens
// CHECK-NOT: strassen
func.func @open_tokens(%x: tensor<1x?x384xf32>) -> tensor<1x?x384xf32> {
  %w = arith.constant dense<0.5> : tensor<384x384xf32>
  %0 = vit.linear %x, %w : (tensor<1x?x384xf32>, tensor<384x384xf32>) -> tensor<1x?x384xf32>
  return %0 : tensor<1x?x384xf32>
}

// -----

// CHECK-LABEL: func @two_batches
// CHECK-NOT: strassen
func.func @two_batches(%x: tensor<1x197x384xf32>, %w: tensor<384x384xf32>) -> tensor<1x197x384xf32> {
  %0 = vit.linear %x, %w : (tensor<1x197x384xf32>, tensor<384x384xf32>) -> tensor<1x197x384xf32>
  return %0 : tensor<1x197x384xf32>
}

// -----

// Nor where it does not pay: few rows, columns that are no pairs of panels, an odd or a small depth.
// CHECK-LABEL: func @plain
// CHECK-NOT: strassen
func.func @plain(%few: tensor<1x8x384xf32>, %x: tensor<1x197x384xf32>, %odd: tensor<1x197x385xf32>, %flat: tensor<1x3136x64xf32>)
    -> (tensor<1x8x384xf32>, tensor<1x197x352xf32>, tensor<1x197x384xf32>, tensor<1x3136x384xf32>) {
  %w = arith.constant dense<0.5> : tensor<384x384xf32>
  %narrow = arith.constant dense<0.5> : tensor<384x352xf32>
  %oddw = arith.constant dense<0.5> : tensor<385x384xf32>
  %flatw = arith.constant dense<0.5> : tensor<64x384xf32>
  %0 = vit.linear %few, %w : (tensor<1x8x384xf32>, tensor<384x384xf32>) -> tensor<1x8x384xf32>
  %1 = vit.linear %x, %narrow : (tensor<1x197x384xf32>, tensor<384x352xf32>) -> tensor<1x197x352xf32>
  %2 = vit.linear %odd, %oddw : (tensor<1x197x385xf32>, tensor<385x384xf32>) -> tensor<1x197x384xf32>
  %3 = vit.linear %flat, %flatw : (tensor<1x3136x64xf32>, tensor<64x384xf32>) -> tensor<1x3136x384xf32>
  return %0, %1, %2, %3 : tensor<1x8x384xf32>, tensor<1x197x352xf32>, tensor<1x197x384xf32>, tensor<1x3136x384xf32>
}
