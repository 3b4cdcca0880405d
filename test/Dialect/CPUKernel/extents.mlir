// RUN: vitc-opt %s --vcpu-plan-memory --split-input-file --mlir-print-local-scope | FileCheck %s --check-prefix=PLAN
// RUN: vitc-opt %s --vcpu-plan-memory --vcpu-emit-kernels --vcpu-lower-launches --convert-vcpu-to-llvm --split-input-file --mlir-print-local-scope | FileCheck %s --check-prefix=CODE

// An extent that the run computes follows the named dimensions as a symbol with a bound. The buffer that every thread
// reads it from lives until the next kernel has ended: only then have all of them read it.
// PLAN-LABEL: func.func @main
// PLAN-SAME: vcpu.buffers = [{bytes = affine_map<()[s0, s1] -> (8)>, first = 0 : i64, last = 3 : i64}, {bytes = affine_map<()[s0, s1] -> (s1 * 4)>, first = 3 : i64, last = 4 : i64}]
// PLAN-SAME: vcpu.symbols = [{dim = 0 : i64, input = 0 : i64, name = "batch"}, {bound = affine_map<()[s0] -> (s0 * 3)>, name = "count(find)"}]
// PLAN: %[[COUNT:.+]] = memref.load
// PLAN: %[[I:.+]] = arith.index_cast %[[COUNT]]
// PLAN: %[[E:.+]] = vcpu.extent 1 of %{{.+}}(%[[I]]) at most
// PLAN: vcpu.buffer arena[1] of %{{.+}}(%[[E]]) : memref<?xf32>
// CODE-LABEL: func.func private @procedure_0
// CODE: scf.for
// CODE: memref.store
// CODE-LABEL: func.func @main
// CODE: %[[LEAST:.+]] = llvm.intr.smax
// CODE: %[[CLAMPED:.+]] = llvm.intr.smin(%[[LEAST]]
// CODE: llvm.store %[[CLAMPED]], %{{.+}} atomic monotonic {alignment = 8 : i64} : i64, !llvm.ptr
#in = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
#out = #vit.dims<["count(find)"], affine_map<()[s0] -> (s0)>>
func.func @main(%x: memref<?x3xf32> {vit.name = "x", vit.dims = #in}) -> (memref<?xf32> {vit.name = "y", vit.dims = #out}) {
  %c0 = arith.constant 0 : index
  %batch = memref.dim %x, %c0 : memref<?x3xf32>
  %most = affine.apply affine_map<()[s0] -> (s0 * 3)>()[%batch]
  %count = memref.alloc() : memref<i64>
  vit.procedure ins(%x : memref<?x3xf32>) outs(%count : memref<i64>) {
  ^bb0(%item: index, %a: memref<?x?xf32, strided<[?, ?], offset: ?>>, %b: memref<i64, strided<[], offset: ?>>):
    %five = arith.constant 5 : i64
    memref.store %five, %b[] : memref<i64, strided<[], offset: ?>>
  }
  %read = memref.load %count[] : memref<i64>
  %value = arith.index_cast %read : i64 to index
  %n = vit.extent "count(find)"(%value) at most %most
  %zero = arith.constant 0.0 : f32
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<?xf32>)
  %y = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%a : memref<?xf32>) outs(%y : memref<?xf32>)
  return %y : memref<?xf32>
}
