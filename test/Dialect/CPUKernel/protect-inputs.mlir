// RUN: vitc-opt %s --vcpu-protect-inputs | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: tensor<4xf32> {bufferization.writable = false}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// What no user can call needs no protection.
// CHECK-LABEL: func.func private @helper
// CHECK-NOT: bufferization.writable
func.func private @helper(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
