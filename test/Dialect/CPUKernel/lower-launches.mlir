// RUN: vitc-opt %s --vcpu-lower-launches --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[FRAME:.+]]: !llvm.ptr, %[[T:.+]]: index, %[[THREADS:.+]]: index)
// CHECK-SAME: vcpu.scratch = #[[SCRATCH:.+]], vcpu.symbols
func.func private @kernel(%x: memref<8xf32>, %y: memref<8xf32>, %scratch: memref<?xi8>, %continues: i1, %first: index, %last: index)
func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = [{}]} {
  // CHECK-DAG: %[[X:.+]] = vcpu.buffer input[0]
  // CHECK-DAG: %[[Y:.+]] = vcpu.buffer output[0]
  // CHECK-DAG: %[[ITEMS:.+]] = arith.constant 8 : index
  // CHECK-DAG: %[[S:.+]] = vcpu.scratch of %[[FRAME]] thread %[[T]]
  // CHECK-DAG: %[[NONE:.+]] = arith.constant -1 : index
  // CHECK: scf.while (%[[BEFORE:.+]] = %[[NONE]])
  // CHECK: %[[FIRST:.+]], %[[LAST:.+]] = vcpu.claim %[[ITEMS]] of %[[FRAME]] thread %[[T]] of %[[THREADS]] {least = 3 : i64}
  // CHECK: %[[SOME:.+]] = arith.cmpi ult, %[[FIRST]], %[[LAST]]
  // CHECK: scf.condition(%[[SOME]]) %[[BEFORE]], %[[FIRST]], %[[LAST]]
  // CHECK: ^bb0(%[[B:.+]]: index, %[[F:.+]]: index, %[[L:.+]]: index)
  // CHECK: %[[CONTINUES:.+]] = arith.cmpi eq, %[[B]], %[[F]]
  // CHECK: call @kernel(%[[X]], %[[Y]], %[[S]], %[[CONTINUES]], %[[F]], %[[L]])
  // CHECK: scf.yield %[[L]]
  // CHECK: vcpu.barrier %[[FRAME]]
  // CHECK-NOT: vcpu.launch
  %x = vcpu.buffer input[0] of %frame() : memref<8xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<8xf32>
  %items = arith.constant 8 : index
  %bytes = arith.constant 256 : index
  vcpu.launch @kernel items(%items) scratch(%bytes) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {least = 3 : i64}
  return
}

// -----

// In those of three passes that the caller wants, each on the next 32 bytes of the input and the output; what it keeps in
// between lies in one place.
// CHECK-LABEL: func.func @passes
// CHECK: %[[FIRST:.+]], %[[LAST:.+]] = vcpu.passes of %{{.+}}
// CHECK: scf.for %[[PASS:.+]] = %[[FIRST]] to %[[LAST]] step
// CHECK: %[[SIZE:.+]] = arith.constant 32 : index
// CHECK: %[[AT:.+]] = arith.muli %[[PASS]], %[[SIZE]] : index
// CHECK: %[[X:.+]] = vcpu.buffer input[0] of %{{.+}}() at %[[AT]] : memref<8xf32>
// CHECK: %[[A:.+]] = vcpu.buffer arena[0] of %{{.+}}() : memref<8xf32>
// CHECK: %[[Y:.+]] = vcpu.buffer output[0] of %{{.+}}() at %{{.+}} : memref<8xf32>
// CHECK: func.call @kernel_of_pass(%[[X]], %[[A]],
// CHECK: vcpu.barrier
// CHECK: func.call @kernel_of_pass(%[[A]], %[[Y]],
// CHECK: vcpu.barrier
// CHECK-NOT: call
// CHECK: return
func.func private @kernel_of_pass(%x: memref<8xf32>, %y: memref<8xf32>, %first: index, %last: index)
func.func @passes(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = [{}], vit.passes = 3 : i64} {
  %items = arith.constant 8 : index
  %x = vcpu.buffer input[0] of %frame() : memref<8xf32>
  %a = vcpu.buffer arena[0] of %frame() : memref<8xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<8xf32>
  vcpu.launch @kernel_of_pass items(%items) ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
  vcpu.launch @kernel_of_pass items(%items) ins(%a : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}
