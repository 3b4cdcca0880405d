// RUN: vitc-opt %s --convert-vit-to-gpu=capability=80 | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-gpu=capability=89 | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-gpu | FileCheck %s --check-prefix=SM90
// RUN: vitc-opt %s --convert-vit-to-gpu=element=tf32 | FileCheck %s --check-prefix=TF32

// Products of warps, in tiles of their own; few rows take small tiles.
// CHECK-LABEL: func.func @few_rows
// CHECK: vgpu.gemm {{.*}} {mma_sync, tile_m = 32 : i64, tile_n = 64 : i64}
// SM90-LABEL: func.func @few_rows
// SM90-NOT: mma_sync
func.func @few_rows(%x: tensor<1x17x96xf32>, %w: tensor<288x96xf32>) -> tensor<1x17x288xf32> {
  %0 = vit.linear %x, %w {transposed} : (tensor<1x17x96xf32>, tensor<288x96xf32>) -> tensor<1x17x288xf32>
  return %0 : tensor<1x17x288xf32>
}

// CHECK-LABEL: func.func @many_rows
// CHECK: vgpu.gemm {{.*}} {mma_sync, tile_m = {{[0-9]+}} : i64, tile_n = {{[0-9]+}} : i64} -> tensor<?x3072xf32>
func.func @many_rows(%x: tensor<?x768xf32>, %w: tensor<3072x768xf32>) -> tensor<?x3072xf32> {
  %0 = vit.linear %x, %w {transposed} : (tensor<?x768xf32>, tensor<3072x768xf32>) -> tensor<?x3072xf32>
  return %0 : tensor<?x3072xf32>
}

// Rows that are no multiples of 16 bytes get zeros behind them.
// CHECK-LABEL: func.func @odd_depth
// CHECK: vgpu.gemm ins(%{{.+}}, %{{.+}} : tensor<4x104xbf16>, tensor<64x104xbf16>) {{.*}}mma_sync
func.func @odd_depth(%x: tensor<4x100xf32>, %w: tensor<64x100xf32>) -> tensor<4x64xf32> {
  %0 = vit.linear %x, %w {transposed} : (tensor<4x100xf32>, tensor<64x100xf32>) -> tensor<4x64xf32>
  return %0 : tensor<4x64xf32>
}

// CHECK-LABEL: func.func @attention
// CHECK: vgpu.attention {{.*}} {mma_sync, scale = 2.500000e-01 : f32}
func.func @attention(%q: tensor<?x50x2x16xf32>) -> tensor<?x50x2x16xf32> {
  %0 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<?x50x2x16xf32>, tensor<?x50x2x16xf32>, tensor<?x50x2x16xf32>) -> tensor<?x50x2x16xf32>
  return %0 : tensor<?x50x2x16xf32>
}

// CHECK-LABEL: func.func @probabilities
// CHECK: vgpu.attention {{.*}} {mma_sync, probabilities, scale = 2.500000e-01 : f32}
func.func @probabilities(%q: tensor<?x300x2x16xf32>) -> (tensor<?x300x2x16xf32>, tensor<?x2x300x300xf32>) {
  %0, %1 = vit.attention %q, %q, %q {scale = 2.5e-01 : f32}
      : (tensor<?x300x2x16xf32>, tensor<?x300x2x16xf32>, tensor<?x300x2x16xf32>) -> tensor<?x300x2x16xf32> probs tensor<?x2x300x300xf32>
  return %0, %1 : tensor<?x300x2x16xf32>, tensor<?x2x300x300xf32>
}

#probs = affine_map<(b, m, h, e, n) -> (b, h, m, n)>
#values = affine_map<(b, m, h, e, n) -> (b, n, h, e)>
#result = affine_map<(b, m, h, e, n) -> (b, m, h, e)>

// Of given scores.
// CHECK-LABEL: func.func @attend
// CHECK: vgpu.attend ins({{.*}} : tensor<2x3x17x20xf32>, tensor<2x20x3x32xbf16>) {{.*}} {mma_sync} -> tensor<2x17x3x32xbf16>
// CHECK-NOT: linalg.softmax
func.func @attend(%s: tensor<2x3x17x20xf32>, %v: tensor<2x20x3x32xf32>) -> tensor<2x17x3x32xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x3x17x20xf32>
  %p = linalg.softmax dimension(3) ins(%s : tensor<2x3x17x20xf32>) outs(%e : tensor<2x3x17x20xf32>) -> tensor<2x3x17x20xf32>
  %o = tensor.empty() : tensor<2x17x3x32xf32>
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  %0 = linalg.contract indexing_maps = [#probs, #values, #result] ins(%p, %v : tensor<2x3x17x20xf32>, tensor<2x20x3x32xf32>) outs(%init : tensor<2x17x3x32xf32>) -> tensor<2x17x3x32xf32>
  return %0 : tensor<2x17x3x32xf32>
}

#matrix = affine_map<(b, h, m, n, k) -> (m, k)>
#scores = affine_map<(b, h, m, n, k) -> (b, h, k, n)>
#mapped = affine_map<(b, h, m, n, k) -> (b, h, m, n)>

// A matrix times scores: of tf32 by warps on Hopper, too.
// CHECK-LABEL: func.func @psi
// CHECK: vgpu.batch_gemm ins({{.*}} : tensor<1x1x70x72xbf16>, tensor<?x3x70x72xbf16>) {{.*}} {mma_sync, tile_m = 128 : i64, tile_n = 128 : i64}
// SM90-LABEL: func.func @psi
// SM90: vgpu.batch_gemm ins({{.*}} : tensor<1x1x70x72xbf16>, tensor<?x3x70x72xbf16>) {{.*}} {tile_m = 128 : i64, tile_n = 128 : i64}
// TF32-LABEL: func.func @psi
// TF32: vgpu.batch_gemm ins({{.*}} : tensor<1x1x70x72xf32>, tensor<?x3x70x72xf32>) {{.*}} {mma_sync, tile_m = 128 : i64, tile_n = 128 : i64}
func.func @psi(%p: tensor<70x70xf32>, %s: tensor<?x3x70x70xf32>, %o: tensor<?x3x70x70xf32>) -> tensor<?x3x70x70xf32> {
  %zero = arith.constant 0.0 : f32
  %init = linalg.fill ins(%zero : f32) outs(%o : tensor<?x3x70x70xf32>) -> tensor<?x3x70x70xf32>
  %0 = linalg.contract indexing_maps = [#matrix, #scores, #mapped] ins(%p, %s : tensor<70x70xf32>, tensor<?x3x70x70xf32>) outs(%init : tensor<?x3x70x70xf32>) -> tensor<?x3x70x70xf32>
  return %0 : tensor<?x3x70x70xf32>
}
