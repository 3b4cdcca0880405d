// RUN: vitc-opt %s --convert-vit-to-gpu | FileCheck %s

// Schedules that were measured count more than the estimate; those of other GPUs, elements, epilogues and sizes do not.

module attributes {vit.tuning = {"cuda-sm_90 bf16 gemm+bias 28x64x96" = {tile_m = 64, tile_n = 48, stages = 3, nanoseconds = 5},
                                 "cuda-sm_90 bf16 gemm ?x64x96" = {tile_m = 192, tile_n = 80},
                                 "cuda-sm_90 bf16 gemm 30x64x96" = {tile_m = 999, tile_n = 80},
                                 "cuda-sm_80 bf16 gemm 32x64x96" = {tile_m = 128, tile_n = 128},
                                 "cuda-sm_90 fp16 gemm 32x64x96" = {tile_m = 128, tile_n = 128}}} {
  // CHECK-LABEL: @measured
  // CHECK: vgpu.gemm
  // CHECK-SAME: {stages = 3 : i64, tile_m = 64 : i64, tile_n = 48 : i64}
  func.func @measured(%x: tensor<28x64xf32>, %w: tensor<64x96xf32>, %b: tensor<96xf32>) -> tensor<28x96xf32> {
    %y = vit.linear %x, %w bias(%b : tensor<96xf32>) : (tensor<28x64xf32>, tensor<64x96xf32>) -> tensor<28x96xf32>
    return %y : tensor<28x96xf32>
  }

  // CHECK-LABEL: @open
  // CHECK: vgpu.gemm
  // CHECK-SAME: {tile_m = 192 : i64, tile_n = 80 : i64}
  func.func @open(%x: tensor<?x64xf32>, %w: tensor<64x96xf32>) -> tensor<?x96xf32> {
    %y = vit.linear %x, %w : (tensor<?x64xf32>, tensor<64x96xf32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }

  // No kernel has such tiles: vitc refuses the file, the pass does without.
  // CHECK-LABEL: @without_a_kernel
  // CHECK: vgpu.gemm
  // CHECK-SAME: {tile_m = 64 : i64, tile_n = 32 : i64}
  func.func @without_a_kernel(%x: tensor<30x64xf32>, %w: tensor<64x96xf32>) -> tensor<30x96xf32> {
    %y = vit.linear %x, %w : (tensor<30x64xf32>, tensor<64x96xf32>) -> tensor<30x96xf32>
    return %y : tensor<30x96xf32>
  }

  // CHECK-LABEL: @of_another_gpu
  // CHECK: vgpu.gemm
  // CHECK-SAME: {tile_m = 64 : i64, tile_n = 32 : i64}
  func.func @of_another_gpu(%x: tensor<32x64xf32>, %w: tensor<64x96xf32>) -> tensor<32x96xf32> {
    %y = vit.linear %x, %w : (tensor<32x64xf32>, tensor<64x96xf32>) -> tensor<32x96xf32>
    return %y : tensor<32x96xf32>
  }
}
