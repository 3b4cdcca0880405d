// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: @products_of_bf16
// CHECK: vcpu.pack ins(%{{.+}} : tensor<9x40xf32>) outs(%{{.+}} : tensor<2x5x64xbf16>) permutation = [0, 1] {interleave = 2 : i64}
// CHECK: vcpu.gemm ins(%{{.+}}, %{{.+}} : tensor<?x9xf32>, tensor<2x5x64xbf16>) {{.*}}bf16_products
func.func @products_of_bf16(%a: tensor<?x9xf32>, %b: tensor<9x40xf32>, %p: tensor<2x5x64xbf16>, %c: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %0 = vcpu.pack ins(%b : tensor<9x40xf32>) outs(%p : tensor<2x5x64xbf16>) permutation = [0, 1] {interleave = 2} -> tensor<2x5x64xbf16>
  %1 = vcpu.gemm ins(%a, %0 : tensor<?x9xf32>, tensor<2x5x64xbf16>) outs(%c : tensor<?x40xf32>)
    {mr = 14, nr = 32, lanes = 16, pack_a, bf16_products} -> tensor<?x40xf32>
  return %1 : tensor<?x40xf32>
}

// -----

func.func @gemm_c6_pack_a(%a: memref<4x8xf32>, %b: memref<1x4x64xbf16>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects pack_a with bf16_products}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x4x64xbf16>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16, bf16_products}
  return
}

// -----

func.func @gemm_c6_type(%a: memref<4x8xf32>, %b: memref<1x4x64xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a packed operand of bf16, got 'memref<1x4x64xf32>'}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x4x64xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16, pack_a, bf16_products}
  return
}

// -----

func.func @gemm_c6_shape(%a: memref<4x9xf32>, %b: memref<1x4x64xbf16>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a packed operand of shape 1, 5, 64, got}}
  vcpu.gemm ins(%a, %b : memref<4x9xf32>, memref<1x4x64xbf16>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16, pack_a, bf16_products}
  return
}

// -----

func.func @gemm_c1_packed_type(%a: memref<4x8xf32>, %b: memref<1x8x32xf16>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a packed operand of f32 or bf16, got 'memref<1x8x32xf16>'}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf16>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @pack_c6_type(%b: memref<9x40xf32>, %p: memref<2x5x64xf32>) {
  // expected-error @below {{expected to interleave 1 row, or 2 of bf16, got 2 and}}
  vcpu.pack ins(%b : memref<9x40xf32>) outs(%p : memref<2x5x64xf32>) permutation = [0, 1] {interleave = 2}
  return
}

// -----

func.func @pack_c6_count(%b: memref<9x40xf32>, %p: memref<2x3x128xbf16>) {
  // expected-error @below {{expected to interleave 1 row, or 2 of bf16, got 4 and}}
  vcpu.pack ins(%b : memref<9x40xf32>) outs(%p : memref<2x3x128xbf16>) permutation = [0, 1] {interleave = 4}
  return
}

// -----

func.func @attention_c6(%q: memref<1x5x2x8xf32>, %k: memref<1x2x1x4x64xbf16>, %v: memref<1x7x2x8xf32>, %p: memref<1x2x1x7x64xbf16>, %o: memref<1x5x2x8xf32>) {
  // expected-error @below {{expected value panels of 'tensor<1x2x1x4x64xbf16>', got 'memref<1x2x1x7x64xbf16>'}}
  vcpu.attention ins(%q, %k, %v : memref<1x5x2x8xf32>, memref<1x2x1x4x64xbf16>, memref<1x7x2x8xf32>)
    value_panels(%p : memref<1x2x1x7x64xbf16>) outs(%o : memref<1x5x2x8xf32>) {mr = 14, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c1_pairs(%q: memref<1x5x2x8xf32>, %k: memref<1x2x1x4x33xbf16>, %v: memref<1x7x2x8xf32>, %p: memref<1x2x1x4x64xbf16>, %o: memref<1x5x2x8xf32>) {
  // expected-error @below {{expected pairs of features of k, got 'memref<1x2x1x4x33xbf16>'}}
  vcpu.attention ins(%q, %k, %v : memref<1x5x2x8xf32>, memref<1x2x1x4x33xbf16>, memref<1x7x2x8xf32>)
    value_panels(%p : memref<1x2x1x4x64xbf16>) outs(%o : memref<1x5x2x8xf32>) {mr = 14, scale = 1.0 : f32}
  return
}

// -----

func.func @conv_c1_pairs(%x: memref<1x9x9x3xbf16>, %w: memref<1x6x64xbf16>, %y: memref<1x8x8x8xf32>) {
  // expected-error @below {{expected pairs of channels of a bf16 image, got 'memref<1x9x9x3xbf16>' and}}
  vcpu.conv ins(%x, %w : memref<1x9x9x3xbf16>, memref<1x6x64xbf16>) outs(%y : memref<1x8x8x8xf32>)
    {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, mr = 14}
  return
}

// -----

func.func @conv_c1_filter(%x: memref<1x9x9x4xbf16>, %w: memref<1x16x32xf32>, %y: memref<1x8x8x8xf32>) {
  // expected-error @below {{expected a filter of 'memref<1x8x32xf32>', got 'memref<1x16x32xf32>'}}
  vcpu.conv ins(%x, %w : memref<1x9x9x4xbf16>, memref<1x16x32xf32>) outs(%y : memref<1x8x8x8xf32>)
    {kernel = array<i64: 2, 2>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, mr = 14}
  return
}

// -----

// CHECK-LABEL: @tiles
// CHECK: vcpu.gemm {{.*}} {bf16_products, {{.*}}pack_a, tiles}
func.func @tiles(%a: memref<4x64xf32>, %b: memref<1x32x64xbf16>, %c: memref<4x32xf32>) {
  vcpu.gemm ins(%a, %b : memref<4x64xf32>, memref<1x32x64xbf16>) outs(%c : memref<4x32xf32>) {mr = 32, nr = 32, lanes = 16, pack_a, bf16_products, tiles}
  return
}

// -----

func.func @gemm_c7_depth(%a: memref<4x48xf32>, %b: memref<1x24x64xbf16>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects tiles with bf16_products, 32 for mr and nr, 16 lanes, and a K that 32 divides, got 'memref<4x48xf32>'}}
  vcpu.gemm ins(%a, %b : memref<4x48xf32>, memref<1x24x64xbf16>) outs(%c : memref<4x32xf32>) {mr = 32, nr = 32, lanes = 16, pack_a, bf16_products, tiles}
  return
}

// -----

func.func @gemm_c7_products(%a: memref<4x64xf32>, %b: memref<1x64x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects tiles with bf16_products}}
  vcpu.gemm ins(%a, %b : memref<4x64xf32>, memref<1x64x32xf32>) outs(%c : memref<4x32xf32>) {mr = 32, nr = 32, lanes = 16, pack_a, tiles}
  return
}
