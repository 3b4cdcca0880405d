// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @conv
// CHECK: vcpu.conv ins(%{{.*}}, %{{.*}} : {{.*}}) extras(%{{.*}} : memref<70xf32>) outs(%{{.*}} : memref<?x4x4x70xf32>)
// CHECK-SAME: epilogue {
func.func @conv(%x: memref<?x9x9x5xf32>, %w: memref<3x45x32xf32>, %bias: memref<70xf32>, %out: memref<?x4x4x70xf32>) {
  vcpu.conv ins(%x, %w : memref<?x9x9x5xf32>, memref<3x45x32xf32>) extras(%bias : memref<70xf32>)
    outs(%out : memref<?x4x4x70xf32>) {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
    dilations = array<i64: 1, 1>, mr = 14 : i64, extra_maps = [affine_map<(b, y, x, f) -> (f)>]} epilogue {
  ^bb0(%acc: f32, %c: f32):
    %0 = arith.addf %acc, %c : f32
    vcpu.yield %0 : f32
  }
  return
}

// CHECK-LABEL: func @depthwise
func.func @depthwise(%x: tensor<1x9x9x5xf32>, %w: tensor<1x9x5xf32>, %out: tensor<1x7x7x5xf32>) -> tensor<1x7x7x5xf32> {
  %0 = vcpu.depthwise_conv ins(%x, %w : tensor<1x9x9x5xf32>, tensor<1x9x5xf32>) outs(%out : tensor<1x7x7x5xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, mr = 8 : i64} -> tensor<1x7x7x5xf32>
  return %0 : tensor<1x7x7x5xf32>
}

// -----

func.func @conv_c1(%x: memref<1x9x9x5xf32>, %w: memref<3x40x32xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected a filter of 'memref<3x45x32xf32>', got 'memref<3x40x32xf32>'}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x40x32xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c1_images(%x: memref<1x9x9x?xf32>, %w: memref<3x45x32xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected images (B, H, W, C), f32 or bf16, and (B, H', W', F), f32, and a static packed filter of rank 3}}
  vcpu.conv ins(%x, %w : memref<1x9x9x?xf32>, memref<3x45x32xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c2(%x: memref<1x9x9x5xf32>, %w: memref<3x45x32xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected two positive values each as kernel, strides and dilations, a positive mr, and a power of two as lanes}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x32xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 0, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c3(%x: memref<1x9x9x5xf32>, %w: memref<3x45x32xf32>, %out: memref<1x4x5x70xf32>) {
  // expected-error@+1 {{expected at least 11 elements along dimension 2 of the input, got 'memref<1x9x9x5xf32>'}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x32xf32>) outs(%out : memref<1x4x5x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c4(%x: memref<1x9x9x5xf32>, %w: memref<3x45x32xf32>, %bias: memref<70xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected 1 extra maps, got 0}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x32xf32>) extras(%bias : memref<70xf32>)
    outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c4_map(%x: memref<1x9x9x5xf32>, %w: memref<3x45x32xf32>, %bias: memref<70xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected a map from 4 dimensions to those of 'memref<70xf32>'}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x32xf32>) extras(%bias : memref<70xf32>)
    outs(%out : memref<1x4x4x70xf32>) {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>,
    dilations = array<i64: 1, 1>, mr = 14 : i64, extra_maps = [affine_map<(b, f) -> (f)>]}
  return
}

// -----

func.func @conv_c4_region(%x: memref<1x9x9x5xf32>, %w: memref<3x45x32xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected an epilogue of 1 f32 arguments that yields f32}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x32xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64} epilogue {
  ^bb0(%acc: f32, %c: f32):
    vcpu.yield %c : f32
  }
  return
}

// -----

func.func @depthwise_conv_c1(%x: memref<1x9x9x5xf32>, %w: memref<3x5x5xf32>, %out: memref<1x7x7x5xf32>) {
  // expected-error@+1 {{expected f32 images (B, H, W, C) and (B, H', W', C), and a filter (1, kh * kw, C)}}
  vcpu.depthwise_conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x5x5xf32>) outs(%out : memref<1x7x7x5xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, mr = 8 : i64}
  return
}

// -----

func.func @conv_c5(%x: memref<1x9x9x5xf32, strided<[810, 90, 10, 2]>>, %w: memref<3x45x32xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32, strided<[810, 90, 10, 2]>>, memref<3x45x32xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64}
  return
}

// -----

func.func @conv_c2_lanes(%x: memref<1x9x9x5xf32>, %w: memref<3x45x24xf32>, %out: memref<1x4x4x70xf32>) {
  // expected-error@+1 {{expected lanes to divide the panel width, got 16}}
  vcpu.conv ins(%x, %w : memref<1x9x9x5xf32>, memref<3x45x24xf32>) outs(%out : memref<1x4x4x70xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, mr = 14 : i64, lanes = 16 : i64}
  return
}

// -----

func.func @depthwise_conv_c3(%x: memref<1x9x9x5xf32>, %w: memref<1x9x5xf32>, %out: memref<1x9x9x5xf32>) {
  // expected-error@+1 {{expected low to have two values that are not negative}}
  vcpu.depthwise_conv ins(%x, %w : memref<1x9x9x5xf32>, memref<1x9x5xf32>) outs(%out : memref<1x9x9x5xf32>)
    {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, mr = 8 : i64, low = array<i64: 1, -1>}
  return
}
