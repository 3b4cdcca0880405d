// RUN: vitc-opt %s --convert-vit-to-gpu=explain | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-gpu | FileCheck %s --check-prefix=SILENT

// Why an op has no kernel stays on it; nothing stays on others.
// SILENT-NOT: vit.missed
// CHECK-LABEL: func.func @odd_heads
// CHECK: vit.attention {{.*}}vit.missed = {kernel = "heads have 8 to 128 elements, a multiple of 8"}
func.func @odd_heads(%q: tensor<?x50x2x12xf32>) -> tensor<?x50x2x12xf32> {
  %0 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<?x50x2x12xf32>, tensor<?x50x2x12xf32>, tensor<?x50x2x12xf32>) -> tensor<?x50x2x12xf32>
  return %0 : tensor<?x50x2x12xf32>
}

// CHECK-LABEL: func.func @kernels
// CHECK-NOT: vit.missed
// CHECK: return
func.func @kernels(%q: tensor<?x50x2x16xf32>) -> tensor<?x50x2x16xf32> {
  %0 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<?x50x2x16xf32>, tensor<?x50x2x16xf32>, tensor<?x50x2x16xf32>) -> tensor<?x50x2x16xf32>
  return %0 : tensor<?x50x2x16xf32>
}
