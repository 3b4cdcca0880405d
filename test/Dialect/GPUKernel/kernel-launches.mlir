// RUN: vitc-opt %s --vgpu-outline-kernels | FileCheck %s

// A kernel of its own is launched as its plan says: rows counted on the host, tensor maps of buffers and of views of
// them, persistent blocks. Two of the same form are one.
// CHECK: gpu.module @kernels
// CHECK: llvm.func @gemm_0(
// CHECK-NOT: llvm.func @gemm_1(
// CHECK: llvm.func @layer_norm_0(
// CHECK-LABEL: func.func @main
// CHECK-DAG: %[[N:.+]] = vcpu.symbol 0
// CHECK-DAG: %[[A:.+]] = vcpu.buffer arena[0]
// CHECK-DAG: %[[W:.+]] = vcpu.buffer weights[0]
// CHECK-DAG: %[[C:.+]] = vcpu.buffer output[0]
// CHECK: vgpu.launch @kernels::@gemm_0 grid(%{{.+}}, %{{.+}}, %{{.+}}) per [128, 1, 1] block 384 args(%[[A]], %[[W]], %[[C]], %{{.+}} : memref<?x64xbf16>, memref<32x64xbf16>, memref<?x32xf32>, index)
// CHECK-SAME: blocks_per_processor = 1 : i64
// CHECK-SAME: forms = [{box = array<i64: 64, 128>, swizzle = 3 : i64, type = 9 : i64}, {box = array<i64: 64, 32>, swizzle = 3 : i64, type = 9 : i64}, {box = array<i64: 32, 64>, swizzle = 3 : i64, type = 7 : i64}, i32]
// CHECK-SAME: kind = "gemm"
// CHECK: vgpu.launch @kernels::@gemm_0
// CHECK: vgpu.launch @kernels::@layer_norm_0 grid(%{{.+}}, %{{.+}}, %{{.+}}) per [{{[0-9]+}}, 1, 1] block {{[0-9]+}} args(%[[C]], %[[A2:.+]], %{{.+}} : memref<?x32xf32>, memref<?x32xbf16>, index)
// CHECK-SAME: forms = [unit, unit, i32]
module {
  func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
    %n = vcpu.symbol 0 of %frame
    %a = vcpu.buffer arena[0] of %frame(%n) : memref<?x64xbf16>
    %y = vcpu.buffer arena[1] of %frame(%n) : memref<?x32xbf16>
    %w = vcpu.buffer weights[0] of %frame() : memref<32x64xbf16>
    %w2 = vcpu.buffer weights[4096] of %frame() : memref<32x64xbf16>
    %c = vcpu.buffer output[0] of %frame(%n) : memref<?x32xf32>
    vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x64xbf16>) outs(%c : memref<?x32xf32>) {tile_m = 128, tile_n = 32}
    vgpu.gemm ins(%a, %w2 : memref<?x64xbf16>, memref<32x64xbf16>) outs(%c : memref<?x32xf32>) {tile_m = 128, tile_n = 32}
    vgpu.layer_norm ins(%c : memref<?x32xf32>) outs(%y : memref<?x32xbf16>) {epsilon = 1.0e-6 : f32}
    return
  }
}
