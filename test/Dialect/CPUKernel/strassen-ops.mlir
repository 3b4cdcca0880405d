// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: @strassen
// CHECK: %[[S:.+]] = vcpu.strassen_rows ins(%{{.*}} : tensor<?x8xf32>) outs(%{{.*}} : tensor<4x?x16xf32>) {group = 5 : i64} -> tensor<4x?x16xf32>
// CHECK: vcpu.strassen_gemm ins(%{{.*}}, %[[S]], %{{.*}} : tensor<?x8xf32>, tensor<4x?x16xf32>, tensor<4x8x16xf32>)
// CHECK-SAME: extras(%{{.*}} : tensor<64xf32>) outs(%{{.*}} : tensor<?x64xf32>)
// CHECK-SAME: group = 5 : i64, lanes = 16 : i64, mr = 14 : i64, nr = 16 : i64} epilogue {
// CHECK: } -> tensor<?x64xf32>
// CHECK: vcpu.strassen_gemm ins({{.*}}) outs(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<4x?x48xf32>)
// CHECK-SAME: -> tensor<?x64xf32>, tensor<4x?x48xf32>
func.func @strassen(%a: tensor<?x8xf32>, %s: tensor<4x?x16xf32>, %b: tensor<4x8x16xf32>, %e: tensor<64xf32>, %c: tensor<?x64xf32>, %t: tensor<4x?x48xf32>)
    -> (tensor<?x64xf32>, tensor<?x64xf32>, tensor<4x?x48xf32>) {
  %0 = vcpu.strassen_rows ins(%a : tensor<?x8xf32>) outs(%s : tensor<4x?x16xf32>) {group = 5} -> tensor<4x?x16xf32>
  %1 = vcpu.strassen_gemm ins(%a, %0, %b : tensor<?x8xf32>, tensor<4x?x16xf32>, tensor<4x8x16xf32>) extras(%e : tensor<64xf32>)
    outs(%c : tensor<?x64xf32>) {group = 5, mr = 14, nr = 16, lanes = 16, extra_maps = [affine_map<(m, n) -> (n)>]} epilogue {
  ^bb0(%acc: f32, %x: f32):
    %y = arith.addf %acc, %x : f32
    vcpu.yield %y : f32
  } -> tensor<?x64xf32>
  %2:2 = vcpu.strassen_gemm ins(%a, %0, %b : tensor<?x8xf32>, tensor<4x?x16xf32>, tensor<4x8x16xf32>)
    outs(%c, %t : tensor<?x64xf32>, tensor<4x?x48xf32>) {group = 5, mr = 14, nr = 16, lanes = 16} -> tensor<?x64xf32>, tensor<4x?x48xf32>
  return %1, %2#0, %2#1 : tensor<?x64xf32>, tensor<?x64xf32>, tensor<4x?x48xf32>
}

// -----

func.func @strassen_rows_c1_depth(%a: memref<6x7xf32>, %s: memref<4x3x4xf32>) {
  // expected-error @below {{expects f32 rows (M, K) of a static, even K, got 'memref<6x7xf32>'}}
  vcpu.strassen_rows ins(%a : memref<6x7xf32>) outs(%s : memref<4x3x4xf32>) {group = 6}
  return
}

// -----

func.func @strassen_rows_c1_sums(%a: memref<10x8xf32>, %s: memref<4x5x4xf32>) {
  // Two groups of five rows have quadrants of three each.
  // expected-error @below {{expects f32 sums (4, halves of 'memref<10x8xf32>', at least K / 2), got 'memref<4x5x4xf32>'}}
  vcpu.strassen_rows ins(%a : memref<10x8xf32>) outs(%s : memref<4x5x4xf32>) {group = 5}
  return
}

// -----

func.func @strassen_rows_c2_group(%a: memref<10x8xf32>, %s: memref<4x5x4xf32>) {
  // expected-error @below {{expects a positive group that divides the rows, got 4 and 'memref<10x8xf32>'}}
  vcpu.strassen_rows ins(%a : memref<10x8xf32>) outs(%s : memref<4x5x4xf32>) {group = 4}
  return
}

// -----

func.func @strassen_rows_c2_lanes(%a: memref<10x8xf32>, %s: memref<4x5x4xf32>) {
  // expected-error @below {{expects lanes to be a power of two, got 3}}
  vcpu.strassen_rows ins(%a : memref<10x8xf32>) outs(%s : memref<4x5x4xf32>) {group = 10, lanes = 3}
  return
}

// -----

func.func @strassen_rows_c3(%a: memref<10x8xf32, strided<[16, 2]>>, %s: memref<4x5x4xf32>) {
  // expected-error @below {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.strassen_rows ins(%a : memref<10x8xf32, strided<[16, 2]>>) outs(%s : memref<4x5x4xf32>) {group = 10}
  return
}

// -----

func.func @strassen_gemm_c1_depth(%a: memref<6x7xf32>, %s: memref<4x3x4xf32>, %b: memref<2x7x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects f32 rows (M, K) of a static, even K, got 'memref<6x7xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x7xf32>, memref<4x3x4xf32>, memref<2x7x16xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c1_sums(%a: memref<6x8xf32>, %s: memref<3x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects the sums of 'memref<6x8xf32>', got 'memref<3x3x4xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<3x3x4xf32>, memref<2x8x16xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c1_pairs(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<3x8x16xf32>, %c: memref<6x48xf32>) {
  // expected-error @below {{expects an output of the rows of 'memref<6x8xf32>' and pairs of panels, got 'memref<6x48xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<3x8x16xf32>) outs(%c : memref<6x48xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c1_panels(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<1x8x32xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects f32 panels (N / nr, K, nr) for 'memref<6x8xf32>' and 'memref<6x32xf32>', got 'memref<1x8x32xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<1x8x32xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c2(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects one or two outputs, got 3}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c, %c, %c : memref<6x32xf32>, memref<6x32xf32>, memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c2_sums(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>, %t: memref<4x3x8xf32>) {
  // expected-error @below {{expects sums of 'memref<6x32xf32>' as the second output, got 'memref<4x3x8xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c, %t : memref<6x32xf32>, memref<4x3x8xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c2_maps(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %e: memref<32xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects a map for each of the 1 extras, got 0}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) extras(%e : memref<32xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c3(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects an epilogue on 'f32', got 'f32', 'f32'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 16} epilogue {
  ^bb0(%acc: f32, %x: f32):
    vcpu.yield %acc : f32
  }
  return
}

// -----

func.func @strassen_gemm_c4(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects mr and lanes to be positive and lanes to divide nr, got mr 14, nr 16, lanes 5}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c : memref<6x32xf32>) {group = 6, mr = 14, nr = 16, lanes = 5}
  return
}

// -----

func.func @strassen_gemm_c4_group(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32>) {
  // expected-error @below {{expects a positive group that divides the rows, got 0 and 'memref<6x8xf32>'}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c : memref<6x32xf32>) {group = 0, mr = 14, nr = 16, lanes = 16}
  return
}

// -----

func.func @strassen_gemm_c5(%a: memref<6x8xf32>, %s: memref<4x3x4xf32>, %b: memref<2x8x16xf32>, %c: memref<6x32xf32, strided<[64, 2]>>) {
  // expected-error @below {{expects a last dimension of stride 1, operand 3 is}}
  vcpu.strassen_gemm ins(%a, %s, %b : memref<6x8xf32>, memref<4x3x4xf32>, memref<2x8x16xf32>) outs(%c : memref<6x32xf32, strided<[64, 2]>>) {group = 6, mr = 14, nr = 16, lanes = 16}
  return
}
