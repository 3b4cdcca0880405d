// RUN: vitc-opt %s --convert-vcpu-to-llvm --reconcile-unrealized-casts | FileCheck %s

// CHECK: llvm.func @vitc_claim(!llvm.ptr, i64, i64, i64, i64) -> !llvm.struct<(i64, i64)>
// CHECK: llvm.func @vitc_barrier(!llvm.ptr)
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[FRAME:.+]]: !llvm.ptr
func.func @main(%frame: !llvm.ptr, %thread: index) -> (index, memref<?x8xf32>, memref<8xf32>, memref<?xi8>) {
  // Field 4 holds the symbols.
  // CHECK: %[[F4:.+]] = llvm.getelementptr %[[FRAME]][4]
  // CHECK: %[[SYMBOLS:.+]] = llvm.load %[[F4]] : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[S:.+]] = llvm.getelementptr %[[SYMBOLS]][0] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK: llvm.load %[[S]] : !llvm.ptr -> i64
  %n = vcpu.symbol 0 of %frame
  // Field 2 holds the planned buffers.
  // CHECK: %[[F2:.+]] = llvm.getelementptr %[[FRAME]][2]
  // CHECK: %[[BUFFERS:.+]] = llvm.load %[[F2]]
  // CHECK: %[[B:.+]] = llvm.getelementptr %[[BUFFERS]][3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  // CHECK: llvm.load %[[B]] : !llvm.ptr -> !llvm.ptr
  %b = vcpu.buffer arena[3] of %frame(%n) : memref<?x8xf32>
  // Weights are bytes from field 3 on.
  // CHECK: %[[OFFSET:.+]] = llvm.mlir.constant(128 : i64)
  // CHECK: %[[F3:.+]] = llvm.getelementptr %[[FRAME]][3]
  // CHECK: %[[WEIGHTS:.+]] = llvm.load %[[F3]]
  // CHECK: llvm.getelementptr %[[WEIGHTS]][%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %w = vcpu.buffer weights[128] of %frame() : memref<8xf32>
  // A thread's scratch is its number times the stride in field 6.
  // CHECK: %[[F6:.+]] = llvm.getelementptr %[[FRAME]][6]
  // CHECK: %[[STRIDE:.+]] = llvm.load %[[F6]] : !llvm.ptr -> i64
  // CHECK: llvm.mul %{{.+}}, %[[STRIDE]]
  %s = vcpu.scratch of %frame thread %thread : memref<?xi8>
  // CHECK: llvm.call @vitc_barrier(%[[FRAME]])
  vcpu.barrier %frame
  return %n, %b, %w, %s : index, memref<?x8xf32>, memref<8xf32>, memref<?xi8>
}

// The caller says which passes it wants.
// CHECK-LABEL: func.func @passes
// CHECK-SAME: %[[FRAME:.+]]: !llvm.ptr
// CHECK: %[[F8:.+]] = llvm.getelementptr %[[FRAME]][8]
// CHECK: %[[FIRST:.+]] = llvm.load %[[F8]] : !llvm.ptr -> i64
// CHECK: %[[F9:.+]] = llvm.getelementptr %[[FRAME]][9]
// CHECK: %[[LAST:.+]] = llvm.load %[[F9]] : !llvm.ptr -> i64
func.func @passes(%frame: !llvm.ptr) -> (index, index) {
  %first, %last = vcpu.passes of %frame
  return %first, %last : index, index
}

// The part of an output that a pass is for begins some bytes behind.
// CHECK-LABEL: func.func @part
// CHECK-SAME: %[[FRAME:.+]]: !llvm.ptr, %[[AT:.+]]: index
// CHECK: %[[BYTES:.+]] = builtin.unrealized_conversion_cast %[[AT]] : index to i64
// CHECK: %[[F1:.+]] = llvm.getelementptr %[[FRAME]][1]
// CHECK: %[[OUTPUTS:.+]] = llvm.load %[[F1]]
// CHECK: %[[O:.+]] = llvm.getelementptr %[[OUTPUTS]][2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK: %[[WHOLE:.+]] = llvm.load %[[O]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[WHOLE]][%[[BYTES]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
func.func @part(%frame: !llvm.ptr, %at: index) -> memref<4x8xf32> {
  %0 = vcpu.buffer output[2] of %frame() at %at : memref<4x8xf32>
  return %0 : memref<4x8xf32>
}

// CHECK-LABEL: func.func @claim
// CHECK-SAME: %[[FRAME:.+]]: !llvm.ptr, %[[T:.+]]: index, %[[THREADS:.+]]: index, %[[ITEMS:.+]]: index
// CHECK-DAG: %[[N:.+]] = builtin.unrealized_conversion_cast %[[ITEMS]] : index to i64
// CHECK-DAG: %[[OF:.+]] = builtin.unrealized_conversion_cast %[[THREADS]] : index to i64
// CHECK-DAG: %[[I:.+]] = builtin.unrealized_conversion_cast %[[T]] : index to i64
// CHECK: %[[LEAST:.+]] = llvm.mlir.constant(7 : i64)
// CHECK: %[[RANGE:.+]] = llvm.call @vitc_claim(%[[FRAME]], %[[I]], %[[OF]], %[[N]], %[[LEAST]])
// CHECK: llvm.extractvalue %[[RANGE]][0]
// CHECK: llvm.extractvalue %[[RANGE]][1]
func.func @claim(%frame: !llvm.ptr, %thread: index, %threads: index, %items: index) -> (index, index) {
  %first, %last = vcpu.claim %items of %frame thread %thread of %threads {least = 7 : i64}
  return %first, %last : index, index
}
