// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 | FileCheck %s

// Schedules that were measured count more than the cost model's; those of other levels and shapes do not.

module attributes {vit.tuning = {"x86-64-v4 fp32 gemm 28x64x96" = {mc = 14, pack_a = 1},
                                 "znver4 fp32 gemm 30x64x96" = {mc = 14, pack_a = 1}}} {
  // CHECK-LABEL: @measured
  // CHECK: vcpu.gemm
  // CHECK-SAME: mc = 14 : i64
  // CHECK-SAME: pack_a
  func.func @measured(%x: tensor<28x64xf32>) -> tensor<28x96xf32> {
    %w = arith.constant dense<0.5> : tensor<64x96xf32>
    %y = vit.linear %x, %w : (tensor<28x64xf32>, tensor<64x96xf32>) -> tensor<28x96xf32>
    return %y : tensor<28x96xf32>
  }

  // CHECK-LABEL: @of_another_level
  // CHECK: vcpu.gemm
  // CHECK-NOT: mc = 14 : i64
  func.func @of_another_level(%x: tensor<30x64xf32>) -> tensor<30x96xf32> {
    %w = arith.constant dense<0.5> : tensor<64x96xf32>
    %y = vit.linear %x, %w : (tensor<30x64xf32>, tensor<64x96xf32>) -> tensor<30x96xf32>
    return %y : tensor<30x96xf32>
  }
}
