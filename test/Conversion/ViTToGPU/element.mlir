// RUN: vitc-opt %s --convert-vit-to-gpu=element=f16 | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-gpu=element=tf32 | FileCheck %s --check-prefix=TF32
// RUN: not vitc-opt %s --convert-vit-to-gpu=element=f32 2>&1 | FileCheck %s --check-prefix=OTHER

// OTHER: error: expected the element bf16, f16 or tf32, got 'f32'

// All that tensor cores multiply is of the pass's element, and so is what is only read rounded.
// CHECK-LABEL: func.func @block
// CHECK: vgpu.layer_norm {{.*}} -> tensor<34x96xf16>
// CHECK: arith.truncf %{{.+}} : tensor<288x96xf32> to tensor<288x96xf16>
// CHECK: vgpu.gemm {{.*}} -> tensor<34x288xf16>
// CHECK: vgpu.attention {{.*}} -> tensor<2x17x3x32xf16>
// CHECK: vgpu.gemm ins(%{{.+}}, %{{.+}} : tensor<34x96xf16>, tensor<64x96xf16>) {{.*}}activation = "silu", gated,
// CHECK-NOT: bf16

// Of tf32 all is f32 in memory; weights alone are rounded, to the nearest.
// TF32-LABEL: func.func @block
// TF32: %[[X:.+]] = vgpu.layer_norm {{.*}} -> tensor<34x96xf32>
// TF32: %[[W:.+]] = linalg.generic {{.*}} ins(%{{.+}} : tensor<288x96xf32>)
// TF32: %[[BITS:.+]] = arith.bitcast %{{.+}} : f32 to i32
// TF32: %[[SUM:.+]] = arith.addi %[[BITS]], %c4096_i32 : i32
// TF32: %[[ROUNDED:.+]] = arith.andi %[[SUM]], %c-8192_i32 : i32
// TF32: %[[MAGNITUDE:.+]] = arith.andi %[[BITS]], %c2147483647_i32 : i32
// TF32: %[[FITS:.+]] = arith.cmpi ult, %[[MAGNITUDE]], %c2139090944_i32 : i32
// TF32: %[[CHOSEN:.+]] = arith.select %[[FITS]], %[[ROUNDED]], %[[BITS]] : i32
// TF32: arith.bitcast %[[CHOSEN]] : i32 to f32
// TF32: vgpu.gemm ins(%[[X]], %[[W]] : tensor<34x96xf32>, tensor<288x96xf32>) {{.*}} -> tensor<34x288xf32>
// TF32: vgpu.gemm ins(%{{.+}}, %{{.+}} : tensor<34x96xf32>, tensor<64x96xf32>) {{.*}}activation = "silu", gated,
// TF32-NOT: arith.truncf
func.func @block(%x: tensor<2x17x96xf32>, %g: tensor<96xf32>, %w: tensor<288x96xf32>, %b: tensor<288xf32>, %u: tensor<64x96xf32>) -> tensor<2x17x32xf32> {
  %0 = vit.layer_norm %x scale(%g : tensor<96xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x17x96xf32>
  %1 = vit.linear %0, %w bias(%b : tensor<288xf32>) {transposed} : (tensor<2x17x96xf32>, tensor<288x96xf32>) -> tensor<2x17x288xf32>
  %2 = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [2, 17, 9, 32] : tensor<2x17x288xf32> into tensor<2x17x9x32xf32>
  %q = tensor.extract_slice %2[0, 0, 0, 0] [2, 17, 3, 32] [1, 1, 1, 1] : tensor<2x17x9x32xf32> to tensor<2x17x3x32xf32>
  %k = tensor.extract_slice %2[0, 0, 3, 0] [2, 17, 3, 32] [1, 1, 1, 1] : tensor<2x17x9x32xf32> to tensor<2x17x3x32xf32>
  %v = tensor.extract_slice %2[0, 0, 6, 0] [2, 17, 3, 32] [1, 1, 1, 1] : tensor<2x17x9x32xf32> to tensor<2x17x3x32xf32>
  %3 = vit.attention %q, %k, %v {scale = 1.25e-01 : f32}
      : (tensor<2x17x3x32xf32>, tensor<2x17x3x32xf32>, tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  %4 = tensor.collapse_shape %3 [[0], [1], [2, 3]] : tensor<2x17x3x32xf32> into tensor<2x17x96xf32>
  %5 = vit.linear %4, %u {transposed} : (tensor<2x17x96xf32>, tensor<64x96xf32>) -> tensor<2x17x64xf32>
  %gate = tensor.extract_slice %5[0, 0, 0] [2, 17, 32] [1, 1, 1] : tensor<2x17x64xf32> to tensor<2x17x32xf32>
  %up = tensor.extract_slice %5[0, 0, 32] [2, 17, 32] [1, 1, 1] : tensor<2x17x64xf32> to tensor<2x17x32xf32>
  %6 = vit.silu %gate : tensor<2x17x32xf32>
  %e = tensor.empty() : tensor<2x17x32xf32>
  %7 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%6, %up : tensor<2x17x32xf32>, tensor<2x17x32xf32>) outs(%e : tensor<2x17x32xf32>) -> tensor<2x17x32xf32>
  return %7 : tensor<2x17x32xf32>
}
