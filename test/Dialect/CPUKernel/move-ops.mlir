// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: func @pack_weight
// CHECK: vcpu.pack ins(%{{.*}} : tensor<70x384xf32>) outs(%{{.*}} : tensor<3x384x32xf32>) permutation = [1, 0] -> tensor<3x384x32xf32>
func.func @pack_weight(%w: tensor<70x384xf32>, %out: tensor<3x384x32xf32>) -> tensor<3x384x32xf32> {
  %0 = vcpu.pack ins(%w : tensor<70x384xf32>) outs(%out : tensor<3x384x32xf32>) permutation = [1, 0] -> tensor<3x384x32xf32>
  return %0 : tensor<3x384x32xf32>
}

// CHECK-LABEL: func @pack_keys
func.func @pack_keys(%k: memref<?x?x6x64xf32, strided<[?, 1152, 64, 1], offset: ?>>, %out: memref<?x6x?x64x32xf32>) {
  vcpu.pack ins(%k : memref<?x?x6x64xf32, strided<[?, 1152, 64, 1], offset: ?>>) outs(%out : memref<?x6x?x64x32xf32>)
    permutation = [0, 2, 3, 1]
  return
}

// CHECK-LABEL: func @pack_filter
func.func @pack_filter(%w: memref<70x12x3x5xf32>, %out: memref<3x180x32xf32>) {
  vcpu.pack ins(%w : memref<70x12x3x5xf32>) outs(%out : memref<3x180x32xf32>) permutation = [2, 3, 1, 0]
  return
}

// -----

func.func @pack_c1(%w: memref<70x384xf32>, %out: memref<3x384x32xf32>) {
  // expected-error@+1 {{expected a permutation of 2 dimensions, got [1, 1]}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<3x384x32xf32>) permutation = [1, 1]
  return
}

// -----

func.func @pack_c1_rank(%w: memref<70x384xf32>, %out: memref<1x3x384x32xf32>) {
  // expected-error@+1 {{expected an output of rank 3 to 3, got 'memref<1x3x384x32xf32>'}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<1x3x384x32xf32>) permutation = [1, 0]
  return
}

// -----

func.func @pack_c2(%w: memref<70x384xf32>, %out: memref<2x384x32xf32>) {
  // expected-error@+1 {{expected an output of 'memref<3x384x32xf32>', got 'memref<2x384x32xf32>'}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<2x384x32xf32>) permutation = [1, 0]
  return
}

// -----

func.func @pack_c2_width(%w: memref<70x384xf32>, %out: memref<3x384x?xf32>) {
  // expected-error@+1 {{expected a static panel width, got 'memref<3x384x?xf32>'}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<3x384x?xf32>) permutation = [1, 0]
  return
}

// -----

func.func @pack_c3(%w: memref<70x384xf32>, %out: memref<3x384x32xf16>) {
  // expected-error@+1 {{expected elements of one type, or f32 and bf16, got 'memref<70x384xf32>' and 'memref<3x384x32xf16>'}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<3x384x32xf16>) permutation = [1, 0]
  return
}

// -----

func.func @pack_c4(%w: memref<70x384xf32>, %out: memref<3x384x32xf32>) {
  // expected-error@+1 {{expected a power of two as lanes, got 12}}
  vcpu.pack ins(%w : memref<70x384xf32>) outs(%out : memref<3x384x32xf32>) permutation = [1, 0] {lanes = 12 : i64}
  return
}

// -----

func.func @patchify(%x: memref<?x3x28x42xf32>, %out: memref<?x6x588xf32>) {
  vcpu.patchify ins(%x : memref<?x3x28x42xf32>) outs(%out : memref<?x6x588xf32>) patch = [14, 14]
  return
}

// -----

func.func @patchify_c1(%x: memref<?x3x28x?xf32>, %out: memref<?x6x588xf32>) {
  // expected-error@+1 {{expected an f32 image (B, C, H, W) with static C, H, W, got 'memref<?x3x28x?xf32>'}}
  vcpu.patchify ins(%x : memref<?x3x28x?xf32>) outs(%out : memref<?x6x588xf32>) patch = [14, 14]
  return
}

// -----

func.func @patchify_c1_patch(%x: memref<?x3x28x42xf32>, %out: memref<?x6x588xf32>) {
  // expected-error@+1 {{expected a patch that divides the image, got [14, 16]}}
  vcpu.patchify ins(%x : memref<?x3x28x42xf32>) outs(%out : memref<?x6x588xf32>) patch = [14, 16]
  return
}

// -----

func.func @patchify_c2(%x: memref<?x3x28x42xf32>, %out: memref<?x588x6xf32>) {
  // expected-error@+1 {{expected an output of 'memref<?x6x588xf32>', got 'memref<?x588x6xf32>'}}
  vcpu.patchify ins(%x : memref<?x3x28x42xf32>) outs(%out : memref<?x588x6xf32>) patch = [14, 14]
  return
}

// -----

func.func @pad(%x: tensor<?x8x8x5xf32>, %out: tensor<?x10x11x5xf32>) -> tensor<?x10x11x5xf32> {
  %0 = vcpu.pad ins(%x : tensor<?x8x8x5xf32>) outs(%out : tensor<?x10x11x5xf32>) low = [1, 0] -> tensor<?x10x11x5xf32>
  return %0 : tensor<?x10x11x5xf32>
}

// -----

func.func @pad_c1(%x: memref<?x8x8x5xf32>, %out: memref<?x10x11x6xf32>) {
  // expected-error@+1 {{expected f32 (B, H, W, C) and f32 or bf16 (B, H', W', C) with static C, got 'memref<?x8x8x5xf32>' and 'memref<?x10x11x6xf32>'}}
  vcpu.pad ins(%x : memref<?x8x8x5xf32>) outs(%out : memref<?x10x11x6xf32>) low = [1, 0]
  return
}

// -----

func.func @pad_c2(%x: memref<?x8x8x5xf32>, %out: memref<?x10x11x5xf32>) {
  // expected-error@+1 {{expected two paddings that are not negative, got [1, -1]}}
  vcpu.pad ins(%x : memref<?x8x8x5xf32>) outs(%out : memref<?x10x11x5xf32>) low = [1, -1]
  return
}

// -----

func.func @pad_c2_size(%x: memref<?x8x8x5xf32>, %out: memref<?x10x8x5xf32>) {
  // expected-error@+1 {{expected at least 9 elements along dimension 2, got 'memref<?x10x8x5xf32>'}}
  vcpu.pad ins(%x : memref<?x8x8x5xf32>) outs(%out : memref<?x10x8x5xf32>) low = [1, 1]
  return
}

// -----

func.func @pad_c3(%x: memref<1x2x2x5xf32, strided<[40, 20, 10, 2]>>, %out: memref<1x4x4x5xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is 'memref<1x2x2x5xf32, strided<[40, 20, 10, 2]>>'}}
  vcpu.pad ins(%x : memref<1x2x2x5xf32, strided<[40, 20, 10, 2]>>) outs(%out : memref<1x4x4x5xf32>) low = [1, 1]
  return
}

// -----

func.func @patchify_c3(%x: memref<1x1x4x4xf32, strided<[32, 32, 8, 2]>>, %out: memref<1x4x4xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.patchify ins(%x : memref<1x1x4x4xf32, strided<[32, 32, 8, 2]>>) outs(%out : memref<1x4x4xf32>) patch = [2, 2]
  return
}

// -----

func.func @pack_c5(%w: memref<8x4xf32>, %out: memref<1x8x4xf32, strided<[64, 8, 2]>>) {
  // expected-error@+1 {{expected an output whose last dimension has stride 1, got 'memref<1x8x4xf32, strided<[64, 8, 2]>>'}}
  vcpu.pack ins(%w : memref<8x4xf32>) outs(%out : memref<1x8x4xf32, strided<[64, 8, 2]>>) permutation = [0, 1]
  return
}

// -----

// CHECK-LABEL: func @gather_rows
// CHECK: vcpu.gather_rows ins(%{{.*}}, %{{.*}} : tensor<?x30x8xf32>, tensor<4xi32>) outs(%{{.*}} : tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
func.func @gather_rows(%x: tensor<?x30x8xf32>, %rows: tensor<4xi32>, %out: tensor<?x4x8xf32>) -> tensor<?x4x8xf32> {
  %0 = vcpu.gather_rows ins(%x, %rows : tensor<?x30x8xf32>, tensor<4xi32>) outs(%out : tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}

// -----

func.func @gather_rows_c1(%x: memref<1x30x8xf32>, %rows: memref<4xi64>, %out: memref<1x4x8xf32>) {
  // expected-error@+1 {{expected f32 (B, R, C) with static C and i32 indices (T), got 'memref<1x30x8xf32>' and 'memref<4xi64>'}}
  vcpu.gather_rows ins(%x, %rows : memref<1x30x8xf32>, memref<4xi64>) outs(%out : memref<1x4x8xf32>)
  return
}

// -----

func.func @gather_rows_c2(%x: memref<1x30x8xf32>, %rows: memref<4xi32>, %out: memref<1x5x8xf32>) {
  // expected-error@+1 {{expected an output of 'memref<1x4x8xf32>', got 'memref<1x5x8xf32>'}}
  vcpu.gather_rows ins(%x, %rows : memref<1x30x8xf32>, memref<4xi32>) outs(%out : memref<1x5x8xf32>)
  return
}

// -----

func.func @gather_rows_c3(%x: memref<1x30x8xf32, strided<[480, 16, 2]>>, %rows: memref<4xi32>, %out: memref<1x4x8xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.gather_rows ins(%x, %rows : memref<1x30x8xf32, strided<[480, 16, 2]>>, memref<4xi32>) outs(%out : memref<1x4x8xf32>)
  return
}
