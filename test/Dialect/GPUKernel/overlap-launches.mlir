// RUN: vitc-opt %s --vgpu-overlap-launches --split-input-file | FileCheck %s

// Every kernel waits before anything else, also one that is only launched first: of a run that has another length it may not
// be. Functions that are no kernels do not.

// CHECK-LABEL: gpu.module @kernels
gpu.module @kernels {
  // CHECK-LABEL: llvm.func @first(
  // CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "griddepcontrol.wait;", "~{memory}" : () -> ()
  // CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "griddepcontrol.launch_dependents;", "~{memory}" : () -> ()
  // CHECK-NEXT: llvm.load
  llvm.func @first(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %0 = llvm.load %x : !llvm.ptr<1> -> f32
    llvm.store %0, %x : f32, !llvm.ptr<1>
    llvm.return
  }
  // CHECK-LABEL: llvm.func @second(
  // CHECK-NEXT: llvm.inline_asm has_side_effects asm_dialect = att "griddepcontrol.wait;"
  llvm.func @second(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
    llvm.return
  }
  // CHECK-LABEL: llvm.func @helper(
  // CHECK-NEXT: llvm.return
  llvm.func @helper() {
    llvm.return
  }
}

// CHECK-LABEL: func.func @main
// CHECK: vgpu.launch @kernels::@first {{.*}} args({{.*}}){{$}}
// CHECK-NEXT: vgpu.launch @kernels::@second {{.*}} {overlaps}
// CHECK-NEXT: vgpu.launch @kernels::@first {{.*}} {overlaps}
func.func @main(%x: memref<8xf32>) {
  %c8 = arith.constant 8 : index
  vgpu.launch @kernels::@first grid(%c8) per [256] block 256 args(%x : memref<8xf32>)
  vgpu.launch @kernels::@second grid(%c8) per [256] block 256 args(%x : memref<8xf32>)
  vgpu.launch @kernels::@first grid(%c8) per [256] block 256 args(%x : memref<8xf32>)
  return
}
