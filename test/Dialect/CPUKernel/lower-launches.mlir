// RUN: vitc-opt %s --vcpu-lower-launches --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[FRAME:.+]]: !llvm.ptr, %[[T:.+]]: index, %[[THREADS:.+]]: index)
// CHECK-SAME: vcpu.scratch = #[[SCRATCH:.+]], vcpu.symbols
func.func private @kernel(%x: memref<8xf32>, %y: memref<8xf32>, %scratch: memref<?xi8>, %first: index, %last: index)
func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = [{}]} {
  // CHECK-DAG: %[[X:.+]] = vcpu.buffer input[0]
  // CHECK-DAG: %[[Y:.+]] = vcpu.buffer output[0]
  // CHECK-DAG: %[[ITEMS:.+]] = arith.constant 8 : index
  // CHECK: %[[NEXT:.+]] = arith.addi %[[T]]
  // CHECK: %[[S:.+]] = vcpu.scratch of %[[FRAME]] thread %[[T]]
  // CHECK: %[[P0:.+]] = arith.muli %[[ITEMS]], %[[T]]
  // CHECK: %[[LO:.+]] = arith.divui %[[P0]], %[[THREADS]]
  // CHECK: %[[P1:.+]] = arith.muli %[[ITEMS]], %[[NEXT]]
  // CHECK: %[[HI:.+]] = arith.divui %[[P1]], %[[THREADS]]
  // CHECK: call @kernel(%[[X]], %[[Y]], %[[S]], %[[LO]], %[[HI]])
  // CHECK: vcpu.barrier %[[FRAME]]
  // CHECK-NOT: vcpu.launch
  %x = vcpu.buffer input[0] of %frame() : memref<8xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<8xf32>
  %items = arith.constant 8 : index
  %bytes = arith.constant 256 : index
  vcpu.launch @kernel items(%items) scratch(%bytes) ins(%x : memref<8xf32>) outs(%y : memref<8xf32>)
  return
}
