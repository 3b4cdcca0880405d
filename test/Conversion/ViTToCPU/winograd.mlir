// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 -split-input-file | FileCheck %s
// RUN: vitc-opt %s -convert-vit-to-cpu="level=x86-64-v4 plain-products" -split-input-file | FileCheck %s --check-prefix=NONE
// NONE-NOT: winograd_conv

// Tiles of 4 × 4 on 30 rows and columns: the image is padded so far that the last ones are whole. The filter is transformed.
// CHECK-LABEL: func @four
// CHECK-DAG: %[[FILTER:.+]] = arith.constant dense{{.*}} : tensor<36x2x32x32xf32>
// CHECK: %[[IMAGE:.+]] = vcpu.pad {{.*}} low = [1, 1] -> tensor<1x34x34x32xf32>
// CHECK: vcpu.winograd_conv ins(%[[IMAGE]], %[[FILTER]] : {{.*}}) extras(%{{.*}} : tensor<64xf32>) outs(%{{.*}} : tensor<1x30x30x64xf32>)
// CHECK-SAME: tile = 4
// CHECK: arith.addf
func.func @four(%x: tensor<1x32x30x30xf32>, %bias: tensor<64xf32>) -> tensor<1x64x30x30xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32x3x3xf32>
  %0 = vit.conv %x, %w bias(%bias : tensor<64xf32>) {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x32x30x30xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x30x30xf32>
  return %0 : tensor<1x64x30x30xf32>
}

// -----

// Where four times the filter would take longer from memory than the products it saves, tiles are of 2 × 2.
// CHECK-LABEL: func @two
// CHECK: vcpu.winograd_conv {{.*}} tensor<16x16x512x32xf32>) {{.*}}tile = 2
func.func @two(%x: tensor<1x512x14x14xf32>) -> tensor<1x512x14x14xf32> {
  %w = arith.constant dense<0.5> : tensor<512x512x3x3xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x512x14x14xf32>, tensor<512x512x3x3xf32>) -> tensor<1x512x14x14xf32>
  return %0 : tensor<1x512x14x14xf32>
}

// -----

// Nor with few pixels, or a filter that is no constant, or other windows.
// CHECK-LABEL: func @plain
// CHECK-NOT: winograd
func.func @plain(%few: tensor<1x512x7x7xf32>, %x: tensor<1x32x30x30xf32>, %w: tensor<64x32x3x3xf32>)
    -> (tensor<1x512x7x7xf32>, tensor<1x64x30x30xf32>, tensor<1x64x15x15xf32>, tensor<1x64x28x28xf32>) {
  %w512 = arith.constant dense<0.5> : tensor<512x512x3x3xf32>
  %w64 = arith.constant dense<0.5> : tensor<64x32x3x3xf32>
  %0 = vit.conv %few, %w512 {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x512x7x7xf32>, tensor<512x512x3x3xf32>) -> tensor<1x512x7x7xf32>
  %1 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x32x30x30xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x30x30xf32>
  %2 = vit.conv %x, %w64 {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x32x30x30xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x15x15xf32>
  %3 = vit.conv %x, %w64 {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 2, 2>}
    : (tensor<1x32x30x30xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x28x28xf32>
  return %0, %1, %2, %3 : tensor<1x512x7x7xf32>, tensor<1x64x30x30xf32>, tensor<1x64x15x15xf32>, tensor<1x64x28x28xf32>
}

// -----

// Open sizes: the padded ones are computed.
// CHECK-LABEL: func @open
// CHECK: vcpu.pad {{.*}} -> tensor<?x?x?x32xf32>
// CHECK: vcpu.winograd_conv {{.*}} outs(%{{.*}} : tensor<?x?x?x64xf32>)
func.func @open(%x: tensor<?x32x?x?xf32>) -> tensor<?x64x?x?xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32x3x3xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<?x32x?x?xf32>, tensor<64x32x3x3xf32>) -> tensor<?x64x?x?xf32>
  return %0 : tensor<?x64x?x?xf32>
}
