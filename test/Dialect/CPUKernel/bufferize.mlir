// RUN: vitc-opt %s --one-shot-bufferize="bufferize-function-boundaries=1 function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// A kernel writes into the buffer of its output; no copy, since it reads nothing of what the buffer held.
// CHECK-LABEL: func.func @gemm
// CHECK-SAME: %[[A:.+]]: memref<4x8xf32>, %[[B:.+]]: memref<1x8x32xf32>
func.func @gemm(%a: tensor<4x8xf32>, %b: tensor<1x8x32xf32>) -> tensor<4x32xf32> {
  // CHECK: %[[C:.+]] = memref.alloc() {{.*}} : memref<4x32xf32>
  // CHECK-NOT: memref.copy
  // CHECK: vcpu.gemm ins(%[[A]], %[[B]] : memref<4x8xf32>, memref<1x8x32xf32>) outs(%[[C]] : memref<4x32xf32>)
  // CHECK: return %[[C]]
  %0 = tensor.empty() : tensor<4x32xf32>
  %1 = vcpu.gemm ins(%a, %b : tensor<4x8xf32>, tensor<1x8x32xf32>) outs(%0 : tensor<4x32xf32>) {mr = 4 : i64, nr = 32 : i64, lanes = 16 : i64} -> tensor<4x32xf32>
  return %1 : tensor<4x32xf32>
}

// The rows of a kernel are written where they are inserted.
// CHECK-LABEL: func.func @into_rows
func.func @into_rows(%a: tensor<4x32xf32>, %tokens: tensor<5x32xf32>) -> tensor<5x32xf32> {
  // CHECK: vcpu.softmax
  %0 = tensor.empty() : tensor<4x32xf32>
  %1 = vcpu.softmax ins(%a : tensor<4x32xf32>) outs(%0 : tensor<4x32xf32>) -> tensor<4x32xf32>
  %2 = tensor.insert_slice %1 into %tokens[1, 0] [4, 32] [1, 1] : tensor<4x32xf32> into tensor<5x32xf32>
  return %2 : tensor<5x32xf32>
}
