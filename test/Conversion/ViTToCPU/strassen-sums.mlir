// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 | FileCheck %s

// A product forms the sums of its result.
// CHECK-LABEL: func @of_the_same_groups
// CHECK-NOT: vcpu.strassen_rows
// CHECK: %[[C:.+]]:2 = vcpu.strassen_gemm ins({{.*}}) outs({{.*}} : tensor<12x64xf32>, tensor<4x6x48xf32>) {group = 6
// CHECK: return %[[C]]#0, %[[C]]#1
func.func @of_the_same_groups(%a: tensor<12x8xf32>, %s: tensor<4x6x16xf32>, %b: tensor<2x8x32xf32>, %c: tensor<12x64xf32>, %t: tensor<4x6x48xf32>)
    -> (tensor<12x64xf32>, tensor<4x6x48xf32>) {
  %0 = vcpu.strassen_gemm ins(%a, %s, %b : tensor<12x8xf32>, tensor<4x6x16xf32>, tensor<2x8x32xf32>) outs(%c : tensor<12x64xf32>)
    {group = 6, mr = 14, nr = 32, lanes = 16} -> tensor<12x64xf32>
  %1 = vcpu.strassen_rows ins(%0 : tensor<12x64xf32>) outs(%t : tensor<4x6x48xf32>) {group = 6} -> tensor<4x6x48xf32>
  return %0, %1 : tensor<12x64xf32>, tensor<4x6x48xf32>
}

// Rows of other groups have other quadrants.
// CHECK-LABEL: func @of_other_groups
// CHECK: %[[C:.+]] = vcpu.strassen_gemm
// CHECK: vcpu.strassen_rows ins(%[[C]] : tensor<12x64xf32>) {{.*}} {group = 4 : i64}
func.func @of_other_groups(%a: tensor<12x8xf32>, %s: tensor<4x6x16xf32>, %b: tensor<2x8x32xf32>, %c: tensor<12x64xf32>, %t: tensor<4x6x48xf32>) -> tensor<4x6x48xf32> {
  %0 = vcpu.strassen_gemm ins(%a, %s, %b : tensor<12x8xf32>, tensor<4x6x16xf32>, tensor<2x8x32xf32>) outs(%c : tensor<12x64xf32>)
    {group = 6, mr = 14, nr = 32, lanes = 16} -> tensor<12x64xf32>
  %1 = vcpu.strassen_rows ins(%0 : tensor<12x64xf32>) outs(%t : tensor<4x6x48xf32>) {group = 4} -> tensor<4x6x48xf32>
  return %1 : tensor<4x6x48xf32>
}
