// RUN: vitc-opt %s --vgpu-outline-kernels --canonicalize --split-input-file | FileCheck %s

// A thread a point of the parallel loops: rows of a dynamic batch, summed up by the thread. The kernel has the addresses
// of whole buffers and the batch; the grid is counted on the host. Only what is written is said not to overlap others.
#b = affine_map<()[s0] -> (s0 * 32)>
// CHECK-LABEL: module attributes
// CHECK: gpu.module @kernels
// CHECK: llvm.func @generic_0(%[[X:[^:]+]]: !llvm.ptr<1>, %[[Y:.+]]: !llvm.ptr<1> {llvm.noalias}, %[[N:.+]]: i64) attributes {gpu.kernel, nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>}
// CHECK-DAG: llvm.insertvalue %[[N]]
// CHECK-DAG: llvm.addrspacecast %[[X]]
// CHECK-DAG: nvvm.read.ptx.sreg.ctaid.x
// CHECK-DAG: nvvm.read.ptx.sreg.tid.x
// CHECK: %[[IS_THERE:.+]] = arith.cmpi ult
// CHECK: scf.if %[[IS_THERE]]
// CHECK: scf.for
// CHECK: arith.addf
// CHECK: memref.store
// CHECK: llvm.return
// CHECK: func.func @main
// CHECK-SAME: vcpu.scratch = #{{.+}}
// CHECK-DAG: %[[SIZE:.+]] = vcpu.symbol 0
// CHECK-DAG: %[[IN:.+]] = vcpu.buffer input[0]
// CHECK-DAG: %[[OUT:.+]] = vcpu.buffer output[0]
// CHECK: vgpu.launch @kernels::@generic_0 grid(%[[SIZE]]) per [256] block 256 args(%[[IN]], %[[OUT]], %[[SIZE]] : memref<?x8xf32>, memref<?xf32>, index)
// CHECK-SAME: kind = "generic"
// CHECK-NOT: linalg
module {
  func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
    %n = vcpu.symbol 0 of %frame
    %x = vcpu.buffer input[0] of %frame(%n) : memref<?x8xf32>
    %y = vcpu.buffer output[0] of %frame(%n) : memref<?xf32>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
                    iterator_types = ["parallel", "reduction"]}
        ins(%x : memref<?x8xf32>) outs(%y : memref<?xf32>) {
    ^bb0(%a: f32, %sum: f32):
      %0 = arith.addf %sum, %a : f32
      linalg.yield %0 : f32
    }
    return
  }
}

// -----

// Equal kernels are one, on whichever buffers; a view is computed in the kernel, which has its whole buffer.
// CHECK-LABEL: module attributes
// CHECK: llvm.func @exp_0(
// CHECK: llvm.func @exp_1(
// CHECK: memref.subview
// CHECK-NOT: llvm.func
// CHECK: func.func @main
// CHECK: vgpu.launch @kernels::@exp_0 grid(%{{.+}}) per [256] block 256 args(%[[X:.+]], %[[A:.+]] : memref<4x8xf32>, memref<4x8xf32>)
// CHECK: vgpu.launch @kernels::@exp_0 grid(%{{.+}}) per [256] block 256 args(%[[A]], %[[B:.+]] : memref<4x8xf32>, memref<4x8xf32>)
// CHECK: vgpu.launch @kernels::@exp_1 grid(%{{.+}}) per [256] block 256 args(%[[X]], %[[B]] : memref<4x8xf32>, memref<4x8xf32>)
module {
  func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
    %x = vcpu.buffer input[0] of %frame() : memref<4x8xf32>
    %a = vcpu.buffer arena[0] of %frame() : memref<4x8xf32>
    %b = vcpu.buffer output[0] of %frame() : memref<4x8xf32>
    linalg.exp ins(%x : memref<4x8xf32>) outs(%a : memref<4x8xf32>)
    linalg.exp ins(%a : memref<4x8xf32>) outs(%b : memref<4x8xf32>)
    %0 = memref.subview %x[1, 0] [2, 8] [1, 1] : memref<4x8xf32> to memref<2x8xf32, strided<[8, 1], offset: 8>>
    %1 = memref.subview %b[0, 0] [2, 8] [1, 1] : memref<4x8xf32> to memref<2x8xf32, strided<[8, 1]>>
    linalg.exp ins(%0 : memref<2x8xf32, strided<[8, 1], offset: 8>>) outs(%1 : memref<2x8xf32, strided<[8, 1]>>)
    return
  }
}

// -----

// What is no structured op has a thread for each of its work items.
// CHECK-LABEL: module attributes
// CHECK: llvm.func @procedure_0(
// CHECK: %[[ITEM:.+]] = arith.addi
// CHECK: scf.if
// CHECK: memref.store %{{.+}}, %{{.+}}[%{{.+}}]
// CHECK: vgpu.launch @kernels::@procedure_0 grid(%c5{{.*}}) per [256] block 256
module {
  func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
    %c5 = arith.constant 5 : index
    %y = vcpu.buffer output[0] of %frame() : memref<5xf32>
    vit.procedure items(%c5) outs(%y : memref<5xf32>) {
    ^bb0(%i: index, %out: memref<?xf32, strided<[?], offset: ?>>):
      %one = arith.constant 1.0 : f32
      memref.store %one, %out[%i] : memref<?xf32, strided<[?], offset: ?>>
    }
    return
  }
}
