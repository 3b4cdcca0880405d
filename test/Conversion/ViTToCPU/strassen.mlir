// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 -split-input-file | FileCheck %s
// RUN: vitc-opt %s -convert-vit-to-cpu="level=x86-64-v4 plain-products" -split-input-file | FileCheck %s --check-prefix=PLAIN
// RUN: vitc-opt %s -convert-vit-to-cpu="level=znver4 precision=bf16" -split-input-file | FileCheck %s --check-prefix=PLAIN
// PLAIN-NOT: strassen

// Quadrants of 99 rows: an image of 197 tokens is a group, whatever the batch is.
// CHECK-LABEL: func @tokens
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1], [2]]
// CHECK: %[[S:.+]] = vcpu.strassen_rows ins(%[[ROWS]] : tensor<?x384xf32>) outs(%{{.*}} : tensor<4x?x208xf32>) {group = 197 : i64} -> tensor<4x?x208xf32>
// CHECK: vcpu.strassen_gemm ins(%[[ROWS]], %[[S]], %{{.*}} : tensor<?x384xf32>, tensor<4x?x208xf32>, tensor<36x384x32xf32>)
// CHECK-SAME: extras(%{{.*}} : tensor<1152xf32>) outs(%{{.*}} : tensor<?x1152xf32>)
// CHECK-SAME: group = 197 : i64, lanes = 16 : i64, mr = 14 : i64, nr = 32 : i64} epilogue {
func.func @tokens(%x: tensor<?x197x384xf32>, %w: tensor<384x1152xf32>, %bias: tensor<1152xf32>) -> tensor<?x197x1152xf32> {
  %0 = vit.linear %x, %w bias(%bias : tensor<1152xf32>) : (tensor<?x197x384xf32>, tensor<384x1152xf32>) -> tensor<?x197x1152xf32>
  return %0 : tensor<?x197x1152xf32>
}

// -----

// The rows of a matrix are one group, and all pixels of an image are.
// CHECK-LABEL: func @matrix
// CHECK: vcpu.strassen_gemm {{.*}}group = 256
func.func @matrix(%x: tensor<256x384xf32>, %w: tensor<384x384xf32>) -> tensor<256x384xf32> {
  %0 = vit.linear %x, %w : (tensor<256x384xf32>, tensor<384x384xf32>) -> tensor<256x384xf32>
  return %0 : tensor<256x384xf32>
}

// -----

// CHECK-LABEL: func @pixels
// CHECK: vcpu.strassen_gemm {{.*}}group = 784
func.func @pixels(%x: tensor<2x256x28x28xf32>) -> tensor<2x256x28x28xf32> {
  %w = arith.constant dense<0.5> : tensor<256x256x1x1xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<2x256x28x28xf32>, tensor<256x256x1x1xf32>) -> tensor<2x256x28x28xf32>
  return %0 : tensor<2x256x28x28xf32>
}

// -----

// Not with few rows, columns that are no pairs of panels, an odd or a small depth, or an open number of rows an image.
// CHECK-LABEL: func @plain
// CHECK-NOT: strassen
func.func @plain(%few: tensor<8x384xf32>, %x: tensor<1x197x384xf32>, %odd: tensor<1x197x385xf32>, %flat: tensor<1x3136x64xf32>,
                 %open: tensor<1x?x384xf32>, %w: tensor<384x384xf32>, %narrow: tensor<384x352xf32>, %oddw: tensor<385x384xf32>,
                 %flatw: tensor<64x384xf32>)
    -> (tensor<8x384xf32>, tensor<1x197x352xf32>, tensor<1x197x384xf32>, tensor<1x3136x384xf32>, tensor<1x?x384xf32>) {
  %0 = vit.linear %few, %w : (tensor<8x384xf32>, tensor<384x384xf32>) -> tensor<8x384xf32>
  %1 = vit.linear %x, %narrow : (tensor<1x197x384xf32>, tensor<384x352xf32>) -> tensor<1x197x352xf32>
  %2 = vit.linear %odd, %oddw : (tensor<1x197x385xf32>, tensor<385x384xf32>) -> tensor<1x197x384xf32>
  %3 = vit.linear %flat, %flatw : (tensor<1x3136x64xf32>, tensor<64x384xf32>) -> tensor<1x3136x384xf32>
  %4 = vit.linear %open, %w : (tensor<1x?x384xf32>, tensor<384x384xf32>) -> tensor<1x?x384xf32>
  return %0, %1, %2, %3, %4 : tensor<8x384xf32>, tensor<1x197x352xf32>, tensor<1x197x384xf32>, tensor<1x3136x384xf32>, tensor<1x?x384xf32>
}
