// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-LABEL: @layer_norm
// CHECK: vcpu.layer_norm ins(%{{.*}} : tensor<?x8xf32>) scale(%{{.*}} : tensor<8xf32>) bias(%{{.*}} : tensor<8xf32>)
// CHECK-SAME: outs(%{{.*}} : tensor<?x8xf32>) {epsilon = 9.99999997E-7 : f32} -> tensor<?x8xf32>
func.func @layer_norm(%x: tensor<?x8xf32>, %s: tensor<8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = vcpu.layer_norm ins(%x : tensor<?x8xf32>) scale(%s : tensor<8xf32>) bias(%s : tensor<8xf32>)
    outs(%y : tensor<?x8xf32>) {epsilon = 1.0e-6 : f32} -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: @softmax
// CHECK: vcpu.softmax ins(%{{.*}} : memref<4x?xf32>) outs(%{{.*}} : memref<4x?xf32>) {lanes = 8 : i64}
func.func @softmax(%x: memref<4x?xf32>, %y: memref<4x?xf32>) {
  vcpu.softmax ins(%x : memref<4x?xf32>) outs(%y : memref<4x?xf32>) {lanes = 8}
  return
}

// -----

func.func @layer_norm_c1_columns(%x: memref<4x?xf32>, %y: memref<4x?xf32>) {
  // expected-error @below {{expects a static, positive number of columns, got 'memref<4x?xf32>'}}
  vcpu.layer_norm ins(%x : memref<4x?xf32>) outs(%y : memref<4x?xf32>) {epsilon = 1.0e-6 : f32}
  return
}

// -----

func.func @layer_norm_c1_scale(%x: memref<4x8xf32>, %s: memref<4xf32>, %y: memref<4x8xf32>) {
  // expected-error @below {{expects scale and bias of shape (8), got 'memref<4xf32>'}}
  vcpu.layer_norm ins(%x : memref<4x8xf32>) scale(%s : memref<4xf32>) outs(%y : memref<4x8xf32>) {epsilon = 1.0e-6 : f32}
  return
}

// -----

func.func @softmax_c1(%x: memref<4x8xf32>, %y: memref<4x9xf32>) {
  // expected-error @below {{expects f32 rows (M, C), got 'memref<4x8xf32>' and 'memref<4x9xf32>'}}
  vcpu.softmax ins(%x : memref<4x8xf32>) outs(%y : memref<4x9xf32>)
  return
}

// -----

func.func @softmax_c1_rank(%x: memref<2x4x8xf32>, %y: memref<2x4x8xf32>) {
  // expected-error @below {{expects f32 rows (M, C), got}}
  vcpu.softmax ins(%x : memref<2x4x8xf32>) outs(%y : memref<2x4x8xf32>)
  return
}

// -----

func.func @softmax_c2(%x: memref<4x8xf32>, %y: memref<4x8xf32>) {
  // expected-error @below {{expects lanes to be a power of two, got 12}}
  vcpu.softmax ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf32>) {lanes = 12}
  return
}

// -----

func.func @softmax_c3(%x: memref<4x8xf32, strided<[1, 4]>>, %y: memref<4x8xf32>) {
  // expected-error @below {{expects a last dimension of stride 1, operand 0 is}}
  vcpu.softmax ins(%x : memref<4x8xf32, strided<[1, 4]>>) outs(%y : memref<4x8xf32>)
  return
}

// -----

func.func @layer_norm_c2(%x: memref<4x8xf32>, %y: memref<4x8xf32>) {
  // expected-error @below {{expects one output, got 2}}
  vcpu.layer_norm ins(%x : memref<4x8xf32>) outs(%y, %y : memref<4x8xf32>, memref<4x8xf32>) {epsilon = 1.0e-6 : f32}
  return
}
