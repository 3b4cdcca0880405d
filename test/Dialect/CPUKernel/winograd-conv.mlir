// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @winograd
// CHECK: vcpu.winograd_conv ins(%{{.*}}, %{{.*}} : {{.*}}) extras(%{{.*}} : memref<70xf32>) outs(%{{.*}} : memref<?x7x7x70xf32>)
// CHECK-SAME: epilogue {
func.func @winograd(%x: memref<?x10x10x5xf32>, %w: memref<36x3x5x32xf32>, %bias: memref<70xf32>, %out: memref<?x7x7x70xf32>) {
  vcpu.winograd_conv ins(%x, %w : memref<?x10x10x5xf32>, memref<36x3x5x32xf32>) extras(%bias : memref<70xf32>)
    outs(%out : memref<?x7x7x70xf32>) {tile = 4, chunk = 28, panels = 4, mr = 14,
    extra_maps = [affine_map<(b, y, x, f) -> (f)>]} epilogue {
  ^bb0(%acc: f32, %c: f32):
    %0 = arith.addf %acc, %c : f32
    vcpu.yield %0 : f32
  }
  return
}

// -----

func.func @winograd_conv_c1(%x: memref<1x10x10x5xf32>, %w: memref<16x3x5x32xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expected a filter of 'memref<36x3x5x32xf32>', got 'memref<16x3x5x32xf32>'}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x10x5xf32>, memref<16x3x5x32xf32>) outs(%out : memref<1x7x7x70xf32>)
    {tile = 4, chunk = 28, panels = 4, mr = 14}
  return
}

// -----

func.func @winograd_conv_c1_images(%x: memref<1x10x10x5xf32>, %w: memref<3x45x32xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expected f32 images (B, H, W, C) and (B, H', W', F), and a static packed filter of rank 4}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x10x5xf32>, memref<3x45x32xf32>) outs(%out : memref<1x7x7x70xf32>)
    {tile = 4, chunk = 28, panels = 4, mr = 14}
  return
}

// -----

func.func @winograd_conv_c2(%x: memref<1x10x10x5xf32>, %w: memref<25x3x5x32xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expected a tile of 2 or 4, a positive chunk, panels and mr, and as lanes a power of two that divides the panel width}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x10x5xf32>, memref<25x3x5x32xf32>) outs(%out : memref<1x7x7x70xf32>)
    {tile = 3, chunk = 28, panels = 4, mr = 14}
  return
}

// -----

func.func @winograd_conv_c3(%x: memref<1x10x9x5xf32>, %w: memref<36x3x5x32xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expected at least 10 elements along dimension 2 of the input, got 'memref<1x10x9x5xf32>'}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x9x5xf32>, memref<36x3x5x32xf32>) outs(%out : memref<1x7x7x70xf32>)
    {tile = 4, chunk = 28, panels = 4, mr = 14}
  return
}

// -----

func.func @winograd_conv_c4(%x: memref<1x10x10x5xf32>, %w: memref<36x3x5x32xf32>, %e: memref<70xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expected a map from 4 dimensions to those of 'memref<70xf32>'}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x10x5xf32>, memref<36x3x5x32xf32>) extras(%e : memref<70xf32>)
    outs(%out : memref<1x7x7x70xf32>) {tile = 4, chunk = 28, panels = 4, mr = 14, extra_maps = [affine_map<(x) -> (x)>]}
  return
}

// -----

func.func @winograd_conv_c5(%x: memref<1x10x10x5xf32, strided<[900, 90, 9, 2]>>, %w: memref<36x3x5x32xf32>, %out: memref<1x7x7x70xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.winograd_conv ins(%x, %w : memref<1x10x10x5xf32, strided<[900, 90, 9, 2]>>, memref<36x3x5x32xf32>)
    outs(%out : memref<1x7x7x70xf32>) {tile = 4, chunk = 28, panels = 4, mr = 14}
  return
}
