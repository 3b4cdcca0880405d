// RUN: vitc-opt %s --convert-vit-to-cpu=level=x86-64-v4 --split-input-file | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-cpu=level=x86-64-v3 --split-input-file | FileCheck %s --check-prefix=AVX2

#rows = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#position = affine_map<(d0, d1, d2) -> (d1, d2)>

// Leading dimensions become rows; the bias and the epilogue's operands are read through maps from (row, column).
// CHECK-DAG: #[[$BIAS:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-DAG: #[[$FULL:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$PERIOD:.+]] = affine_map<(d0, d1) -> (d0 mod 7, d1)>
// CHECK-LABEL: func.func @linear
// CHECK-SAME: %[[X:.+]]: tensor<2x7x8xf32>, %[[W:.+]]: tensor<8x40xf32>
func.func @linear(%x: tensor<2x7x8xf32>, %w: tensor<8x40xf32>, %b: tensor<40xf32>, %r: tensor<2x7x40xf32>, %p: tensor<7x40xf32>) -> tensor<2x7x40xf32> {
  // CHECK: %[[A:.+]] = tensor.collapse_shape %[[X]] {{\[}}[0, 1], [2]] : tensor<2x7x8xf32> into tensor<14x8xf32>
  // CHECK: %[[P:.+]] = vcpu.pack ins(%[[W]] : tensor<8x40xf32>) outs(%{{.+}} : tensor<2x8x32xf32>) permutation = [0, 1]
  // CHECK: vcpu.gemm ins(%[[A]], %[[P]] : tensor<14x8xf32>, tensor<2x8x32xf32>)
  // CHECK-SAME: extra_maps = [#[[$BIAS]], #[[$FULL]], #[[$PERIOD]]]
  // CHECK-SAME: mr = 14 : i64, nr = 32 : i64
  // CHECK-NEXT: ^bb0(%[[ACC:.+]]: f32, %[[BE:.+]]: f32, %[[RE:.+]]: f32, %[[PE:.+]]: f32):
  // CHECK-NEXT: %[[S:.+]] = arith.addf %[[ACC]], %[[BE]]
  // CHECK-NEXT: %[[T:.+]] = arith.addf %[[S]], %[[RE]]
  // CHECK-NEXT: arith.mulf %[[T]], %[[PE]]
  // CHECK: tensor.expand_shape %{{.+}} {{\[}}[0, 1], [2]] output_shape [2, 7, 40]
  // AVX2-LABEL: func.func @linear
  // AVX2: vcpu.pack {{.*}} outs(%{{.+}} : tensor<3x8x16xf32>)
  // AVX2: vcpu.gemm {{.*}} lanes = 8 : i64, {{.*}}mr = 6 : i64, nr = 16 : i64
  %0 = vit.linear %x, %w bias(%b : tensor<40xf32>) extras(%r, %p : tensor<2x7x40xf32>, tensor<7x40xf32>) {extra_maps = [#rows, #position]} : (tensor<2x7x8xf32>, tensor<8x40xf32>) -> tensor<2x7x40xf32> epilogue {
  ^bb0(%acc: f32, %re: f32, %pe: f32):
    %1 = arith.addf %acc, %re : f32
    %2 = arith.mulf %1, %pe : f32
    vit.yield %2 : f32
  }
  return %0 : tensor<2x7x40xf32>
}

// -----

#batch = affine_map<(d0, d1, d2) -> (d0, d2)>

// An operand that varies with the batch alone has no map from (row, column): it is broadcast first.
// CHECK-LABEL: func.func @batch_extra
func.func @batch_extra(%x: tensor<2x7x8xf32>, %w: tensor<32x8xf32>, %e: tensor<2x32xf32>) -> tensor<2x7x32xf32> {
  // CHECK: vcpu.pack {{.*}} permutation = [1, 0]
  // CHECK: linalg.generic {{.*}} ins(%{{.+}} : tensor<2x32xf32>) outs(%{{.+}} : tensor<2x7x32xf32>)
  // CHECK: vcpu.gemm
  %0 = vit.linear %x, %w extras(%e : tensor<2x32xf32>) {extra_maps = [#batch], transposed} : (tensor<2x7x8xf32>, tensor<32x8xf32>) -> tensor<2x7x32xf32> epilogue {
  ^bb0(%acc: f32, %ee: f32):
    %1 = arith.addf %acc, %ee : f32
    vit.yield %1 : f32
  }
  return %0 : tensor<2x7x32xf32>
}

// -----

// Keys are packed by head; the number of panels follows from a dynamic number of keys.
// CHECK: #[[$PANELS:.+]] = affine_map<()[s0] -> (s0 ceildiv 32)>
// CHECK-LABEL: func.func @attention
// CHECK-SAME: %[[Q:.+]]: tensor<2x5x3x8xf32>, %[[K:.+]]: tensor<2x?x3x8xf32>, %[[V:.+]]: tensor<2x?x3x8xf32>
func.func @attention(%q: tensor<2x5x3x8xf32>, %k: tensor<2x?x3x8xf32>, %v: tensor<2x?x3x8xf32>) -> tensor<2x5x3x8xf32> {
  // CHECK: affine.apply #[[$PANELS]]
  // CHECK: %[[P:.+]] = vcpu.pack ins(%[[K]] : tensor<2x?x3x8xf32>) outs(%{{.+}} : tensor<2x3x?x8x32xf32>) permutation = [0, 2, 3, 1]
  // CHECK: vcpu.attention ins(%[[Q]], %[[P]], %[[V]] :
  // CHECK-SAME: scale = 5.000000e-01 : f32
  %0 = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<2x5x3x8xf32>, tensor<2x?x3x8xf32>, tensor<2x?x3x8xf32>) -> tensor<2x5x3x8xf32>
  return %0 : tensor<2x5x3x8xf32>
}

// -----

// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<2x7x8xf32>, %g: tensor<8xf32>) -> (tensor<2x7x8xf32>, tensor<2x7x8xf32>, tensor<2x7x8xf32>, tensor<2x7x8xf32>) {
  // CHECK: vcpu.layer_norm ins(%{{.+}} : tensor<14x8xf32>) scale(%{{.+}} : tensor<8xf32>)
  %0 = vit.layer_norm %x scale(%g : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x7x8xf32>
  // CHECK: vcpu.softmax ins(%{{.+}} : tensor<14x8xf32>)
  %e = tensor.empty() : tensor<2x7x8xf32>
  %1 = linalg.softmax dimension(2) ins(%x : tensor<2x7x8xf32>) outs(%e : tensor<2x7x8xf32>) -> tensor<2x7x8xf32>
  // Another dimension is left to loops.
  // CHECK: linalg.softmax dimension(1)
  %2 = linalg.softmax dimension(1) ins(%x : tensor<2x7x8xf32>) outs(%e : tensor<2x7x8xf32>) -> tensor<2x7x8xf32>
  // CHECK: linalg.generic
  // CHECK: vit.gelu %{{.+}} : f32
  %3 = vit.gelu %x : tensor<2x7x8xf32>
  return %0, %1, %2, %3 : tensor<2x7x8xf32>, tensor<2x7x8xf32>, tensor<2x7x8xf32>, tensor<2x7x8xf32>
}
