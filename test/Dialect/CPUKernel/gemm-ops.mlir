// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: @gemm_tensors
// CHECK: vcpu.gemm ins(%{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<2x8x32xf32>)
// CHECK-SAME: extras(%{{.*}} : tensor<40xf32>) outs(%{{.*}} : tensor<?x40xf32>)
// CHECK-SAME: lanes = 16 : i64, mr = 14 : i64, nr = 32 : i64, pack_a} epilogue {
// CHECK: vcpu.yield %{{.*}} : f32
// CHECK: } -> tensor<?x40xf32>
func.func @gemm_tensors(%a: tensor<?x8xf32>, %b: tensor<2x8x32xf32>, %e: tensor<40xf32>, %c: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %0 = vcpu.gemm ins(%a, %b : tensor<?x8xf32>, tensor<2x8x32xf32>) extras(%e : tensor<40xf32>)
    outs(%c : tensor<?x40xf32>) {mr = 14, nr = 32, lanes = 16, pack_a, extra_maps = [affine_map<(m, n) -> (n)>]} epilogue {
  ^bb0(%acc: f32, %x: f32):
    %y = arith.addf %acc, %x : f32
    vcpu.yield %y : f32
  } -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}

// -----

func.func @gemm_c1_panels(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x40xf32>) {
  // expected-error @below {{expects a packed operand of shape 2, 8, 32, got}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x40xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c1_rows(%a: memref<4x8xf32>, %b: memref<2x8x32xf32>, %c: memref<5x40xf32>) {
  // expected-error @below {{expects A and C to have as many rows, got}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<2x8x32xf32>) outs(%c : memref<5x40xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c1_type(%a: memref<4x8xf16>, %b: memref<2x8x32xf32>, %c: memref<4x40xf32>) {
  // expected-error @below {{expects f32 operands, got 'memref<4x8xf16>'}}
  vcpu.gemm ins(%a, %b : memref<4x8xf16>, memref<2x8x32xf32>) outs(%c : memref<4x40xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c1_rank(%a: memref<4x8xf32>, %b: memref<8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects operands (batch.., M, K), (batch.., N / nr, K, nr) and (batch.., M, N), got}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c1_dynamic(%a: memref<4x?xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects static, positive K and N, got}}
  vcpu.gemm ins(%a, %b : memref<4x?xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c2_maps(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %e: memref<32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a map for each of the 1 extras, got 0}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) extras(%e : memref<32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c2_map(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %e: memref<32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a map from the dimensions of C to those of 'memref<32xf32>', got}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) extras(%e : memref<32xf32>) outs(%c : memref<4x32xf32>)
    {mr = 14, nr = 32, lanes = 16, extra_maps = [affine_map<(m, n) -> (m, n)>]}
  return
}

// -----

func.func @gemm_c3_arguments(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects an epilogue on 'f32', got 'f32', 'f32'}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%acc: f32, %x: f32):
    vcpu.yield %acc : f32
  }
  return
}

// -----

func.func @gemm_c3_result(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects an epilogue that yields 'f32'}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%acc: f32):
    %y = arith.truncf %acc : f32 to f16
    vcpu.yield %y : f16
  }
  return
}

// -----

func.func @gemm_c4_lanes(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects mr and lanes to be positive and lanes to divide nr, got mr 14, nr 32, lanes 12}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 12}
  return
}

// -----

func.func @gemm_c4_mc(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects mc not to be negative, got -1}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16, mc = -1}
  return
}

// -----

func.func @gemm_c5(%a: memref<4x8xf32, strided<[1, 4]>>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>) {
  // expected-error @below {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32, strided<[1, 4]>>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

// CHECK-LABEL: @gemm_batches
// CHECK: vcpu.gemm ins(%{{.*}}, %{{.*}} : tensor<?x3x4x8xf32>, tensor<2x8x32xf32>) outs(%{{.*}} : tensor<?x3x4x40xf32>)
// CHECK: vcpu.gemm ins(%{{.*}}, %{{.*}} : tensor<4x8xf32>, tensor<?x3x2x8x32xf32>) outs(%{{.*}} : tensor<?x3x4x40xf32>)
func.func @gemm_batches(%a: tensor<?x3x4x8xf32>, %b: tensor<2x8x32xf32>, %a1: tensor<4x8xf32>, %b1: tensor<?x3x2x8x32xf32>,
                        %c: tensor<?x3x4x40xf32>) -> (tensor<?x3x4x40xf32>, tensor<?x3x4x40xf32>) {
  %0 = vcpu.gemm ins(%a, %b : tensor<?x3x4x8xf32>, tensor<2x8x32xf32>) outs(%c : tensor<?x3x4x40xf32>)
    {mr = 14, nr = 32, lanes = 16} -> tensor<?x3x4x40xf32>
  %1 = vcpu.gemm ins(%a1, %b1 : tensor<4x8xf32>, tensor<?x3x2x8x32xf32>) outs(%c : tensor<?x3x4x40xf32>)
    {mr = 14, nr = 32, lanes = 16} -> tensor<?x3x4x40xf32>
  return %0, %1 : tensor<?x3x4x40xf32>, tensor<?x3x4x40xf32>
}

// -----

func.func @gemm_c1_batch(%a: memref<2x4x8xf32>, %b: memref<3x1x8x32xf32>, %c: memref<3x4x32xf32>) {
  // expected-error @below {{expects the batch of 'memref<3x4x32xf32>', got 'memref<2x4x8xf32>' and 'memref<3x1x8x32xf32>'}}
  vcpu.gemm ins(%a, %b : memref<2x4x8xf32>, memref<3x1x8x32xf32>) outs(%c : memref<3x4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c1_part_of_the_batch(%a: memref<5x4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<3x5x4x32xf32>) {
  // expected-error @below {{expects operands (batch.., M, K), (batch.., N / nr, K, nr) and (batch.., M, N), got}}
  vcpu.gemm ins(%a, %b : memref<5x4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<3x5x4x32xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

func.func @gemm_c2_outputs(%a: memref<4x8xf32>, %b: memref<2x8x32xf32>, %c: memref<4x40xf32>) {
  // expected-error @below {{expects one output, got 2}}
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<2x8x32xf32>) outs(%c, %c : memref<4x40xf32>, memref<4x40xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}
