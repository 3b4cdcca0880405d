// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

!row = memref<2x?x3x24xf32, strided<[?, 216, 24, 1], offset: ?>>

// CHECK-LABEL: func @views
// CHECK: vcpu.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : {{.*}}) addends(%{{.*}} : memref<3x1x?xf32>) outs(%{{.*}}, %{{.*}} : {{.*}})
func.func @views(%q: !row, %k: memref<2x3x?x24x32xf32>, %v: !row, %mask: memref<3x1x?xf32>, %out: memref<2x?x3x24xf32>,
                 %probs: memref<2x3x?x?xf32>) {
  vcpu.attention ins(%q, %k, %v : !row, memref<2x3x?x24x32xf32>, !row) addends(%mask : memref<3x1x?xf32>)
    outs(%out, %probs : memref<2x?x3x24xf32>, memref<2x3x?x?xf32>) {mr = 14 : i64, scale = 0.2 : f32, store_probs}
  return
}

// Six heads of queries share two of keys and values.

// CHECK-LABEL: func @groups
// CHECK: vcpu.attention {{.*}}softcap = 3.000000e+01 : f32, zero_masked
func.func @groups(%q: memref<5x6x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x6x8xf32>) {
  vcpu.attention ins(%q, %k, %v : memref<5x6x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x6x8xf32>) {mr = 14 : i64, scale = 1.0 : f32, softcap = 30.0 : f32, zero_masked}
  return
}

// CHECK-LABEL: func @tensors
func.func @tensors(%q: tensor<5x2x8xf32>, %k: tensor<2x1x8x32xf32>, %v: tensor<9x2x80xf32>, %out: tensor<5x2x80xf32>) -> tensor<5x2x80xf32> {
  %0 = vcpu.attention ins(%q, %k, %v : tensor<5x2x8xf32>, tensor<2x1x8x32xf32>, tensor<9x2x80xf32>)
    outs(%out : tensor<5x2x80xf32>) {mr = 14 : i64, scale = 1.0 : f32, causal} -> tensor<5x2x80xf32>
  return %0 : tensor<5x2x80xf32>
}

// -----

func.func @attention_c1(%q: memref<5x2x8xf32>, %k: memref<2x2x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected f32 q (B.., M, H, D), packed k (B.., G, P, D, nr), v (B.., N, G, E) and out (B.., M, H, E), got}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x2x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c1_heads(%q: memref<5x3x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x3x8xf32>) {
  // expected-error@+1 {{expected the 2 heads of v to divide the 3 of q}}
  vcpu.attention ins(%q, %k, %v : memref<5x3x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x3x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c1_static(%q: memref<5x?x8xf32>, %k: memref<?x1x8x32xf32>, %v: memref<9x?x8xf32>, %out: memref<5x?x8xf32>) {
  // expected-error@+1 {{expected static heads, features and panel width}}
  vcpu.attention ins(%q, %k, %v : memref<5x?x8xf32>, memref<?x1x8x32xf32>, memref<9x?x8xf32>)
    outs(%out : memref<5x?x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c1_rank(%q: memref<5x2x8xf32>, %k: memref<1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected q and v of rank 3 or more, k of one more, and an output}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c2(%q: memref<5x2x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %bias: memref<5x8xf32>,
                        %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected addends that broadcast to 'memref<2x5x9xf32>', got 'memref<5x8xf32>'}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    addends(%bias : memref<5x8xf32>) outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c3(%q: memref<5x2x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected 2 outputs, got 1}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32, store_scores}
  return
}

// -----

func.func @attention_c3_shape(%q: memref<5x2x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>,
                              %scores: memref<2x9x5xf32>) {
  // expected-error@+1 {{expected scores and probs of 'memref<2x5x9xf32>', got 'memref<2x9x5xf32>'}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out, %scores : memref<5x2x8xf32>, memref<2x9x5xf32>) {mr = 14 : i64, scale = 1.0 : f32, store_scores}
  return
}

// -----

func.func @attention_c4(%q: memref<5x2x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected a positive mr, got 0}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 0 : i64, scale = 1.0 : f32}
  return
}

// -----

func.func @attention_c4_lanes(%q: memref<5x2x8xf32>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expected lanes, a power of two, to divide the panel width, got 64}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32, lanes = 64 : i64}
  return
}

// -----

func.func @attention_c5(%q: memref<5x2x8xf32, strided<[32, 16, 2]>>, %k: memref<2x1x8x32xf32>, %v: memref<9x2x8xf32>, %out: memref<5x2x8xf32>) {
  // expected-error@+1 {{expects a last dimension of stride 1, operand 0 is 'memref<5x2x8xf32, strided<[32, 16, 2]>>'}}
  vcpu.attention ins(%q, %k, %v : memref<5x2x8xf32, strided<[32, 16, 2]>>, memref<2x1x8x32xf32>, memref<9x2x8xf32>)
    outs(%out : memref<5x2x8xf32>) {mr = 14 : i64, scale = 1.0 : f32}
  return
}
