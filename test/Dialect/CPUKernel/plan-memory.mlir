// RUN: vitc-opt %s --vcpu-plan-memory --split-input-file --verify-diagnostics | FileCheck %s

#b = affine_map<()[s0] -> (s0, 8)>

// Two temporaries, one output, one constant: each with its place and live range.
// CHECK: #[[$BYTES:.+]] = affine_map<()[s0] -> (s0 * 32)>
// CHECK: memref.global {{.*}}@w{{.*}}vcpu.offset = 0 : i64
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[FRAME:.+]]: !llvm.ptr, %{{.+}}: index, %{{.+}}: index)
// CHECK-SAME: vcpu.buffers = [{bytes = #[[$BYTES]], first = 0 : i64, last = 1 : i64}, {bytes = #[[$BYTES]], first = 1 : i64, last = 2 : i64}]
// CHECK-SAME: vcpu.inputs = [{dims = {{.*}}, name = "x", type = memref<?x8xf32>}]
// CHECK-SAME: vcpu.outputs = [{dims = {{.*}}, name = "y", type = memref<?x8xf32>}]
// CHECK-SAME: vcpu.symbols = [{dim = 0 : i64, input = 0 : i64, name = "batch"}]
memref.global "private" constant @w : memref<8xf32> = dense<1.0>
func.func @main(%x: memref<?x8xf32> {vit.name = "x", vit.dims = #vit.dims<["batch"], #b>}) -> (memref<?x8xf32> {vit.name = "y", vit.dims = #vit.dims<["batch"], #b>}) {
  // CHECK: %[[N:.+]] = vcpu.symbol 0 of %[[FRAME]]
  // CHECK: %[[X:.+]] = vcpu.buffer input[0] of %[[FRAME]](%[[N]]) : memref<?x8xf32>
  // CHECK: %[[W:.+]] = vcpu.buffer weights[0] of %[[FRAME]]() : memref<8xf32>
  // CHECK: %[[A:.+]] = vcpu.buffer arena[0] of %[[FRAME]](%[[N]]) : memref<?x8xf32>
  // CHECK: %[[B:.+]] = vcpu.buffer arena[1] of %[[FRAME]](%[[N]]) : memref<?x8xf32>
  // CHECK: %[[Y:.+]] = vcpu.buffer output[0] of %[[FRAME]](%[[N]]) : memref<?x8xf32>
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x8xf32>
  %w = memref.get_global @w : memref<8xf32>
  %a = memref.alloc(%n) : memref<?x8xf32>
  linalg.exp ins(%x : memref<?x8xf32>) outs(%a : memref<?x8xf32>)
  %b = memref.alloc(%n) : memref<?x8xf32>
  linalg.exp ins(%a : memref<?x8xf32>) outs(%b : memref<?x8xf32>)
  %y = memref.alloc(%n) : memref<?x8xf32>
  linalg.exp ins(%b : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
  // CHECK: return{{$}}
  return %y : memref<?x8xf32>
}

// -----

// An input that is returned, and a buffer returned twice, are copied into outputs of their own.
// CHECK-LABEL: func.func @main
func.func @main(%x: memref<4xf32> {vit.name = "x"}) -> (memref<4xf32>, memref<4xf32>, memref<4xf32>) {
  // CHECK: %[[X:.+]] = vcpu.buffer input[0]
  // CHECK: %[[A:.+]] = vcpu.buffer output[0]
  // CHECK: linalg.exp ins(%[[X]] : memref<4xf32>) outs(%[[A]]
  // CHECK: %[[B:.+]] = vcpu.buffer output[1]
  // CHECK: linalg.copy ins(%[[A]] : memref<4xf32>) outs(%[[B]]
  // CHECK: %[[C:.+]] = vcpu.buffer output[2]
  // CHECK: linalg.copy ins(%[[X]] : memref<4xf32>) outs(%[[C]]
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  return %a, %a, %x : memref<4xf32>, memref<4xf32>, memref<4xf32>
}

// -----

// A live range follows views: the buffer is read through the reshape, two steps later.
// CHECK-LABEL: func.func @main
// CHECK-SAME: vcpu.buffers = [{bytes = #{{.+}}, first = 0 : i64, last = 2 : i64}]
func.func @main(%x: memref<8xf32> {vit.name = "x"}) -> (memref<2x4xf32>, memref<8xf32>) {
  %a = memref.alloc() : memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
  %v = memref.expand_shape %a [[0, 1]] output_shape [2, 4] : memref<8xf32> into memref<2x4xf32>
  %z = memref.alloc() : memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%z : memref<8xf32>)
  %y = memref.alloc() : memref<2x4xf32>
  linalg.exp ins(%v : memref<2x4xf32>) outs(%y : memref<2x4xf32>)
  return %y, %z : memref<2x4xf32>, memref<8xf32>
}

// -----

// A size that depends on data has no place in the plan.
func.func @main(%x: memref<4xindex> {vit.name = "x"}) {
  %c0 = arith.constant 0 : index
  %n = memref.load %x[%c0] : memref<4xindex>
  // expected-error @below {{expected a buffer whose size follows from the inputs' shapes, got 'memref<?xf32>'}}
  %a = memref.alloc(%n) : memref<?xf32>
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%a : memref<?xf32>)
  return
}

// -----

// expected-error @below {{has a dynamic input without 'vit.dims': input 0}}
func.func @main(%x: memref<?xf32> {vit.name = "x"}) {
  return
}

// -----

// Only a product of the dimension is an extent of an input: no frame could hold the dimension itself.
// expected-error @below {{uses a dimension that no input defines: input 0, dimension 0}}
func.func @main(%x: memref<?x8xf32> {vit.name = "x", vit.dims = #vit.dims<["batch"], affine_map<()[s0] -> (s0 * 14, 8)>>}) {
  return
}

// -----

// A size that leads through views: of a slice without its last dimension, collapsed.
// CHECK: #[[$BYTES:.+]] = affine_map<()[s0] -> (s0 * 80)>
// CHECK-LABEL: func.func @main
// CHECK-SAME: vcpu.buffers = [{bytes = #[[$BYTES]]
func.func @main(%x: memref<?x5x4x3xf32> {vit.name = "x", vit.dims = #vit.dims<["b"], affine_map<()[s0] -> (s0, 5, 4, 3)>>}) -> (memref<?x4xf32> {vit.name = "y", vit.dims = #vit.dims<["b"], affine_map<()[s0] -> (s0 * 5, 4)>>}) {
  %c0 = arith.constant 0 : index
  %b = memref.dim %x, %c0 : memref<?x5x4x3xf32>
  %s = memref.subview %x[0, 0, 0, 2] [%b, 5, 4, 1] [1, 1, 1, 1] : memref<?x5x4x3xf32> to memref<?x5x4xf32, strided<[60, 12, 3], offset: 2>>
  %rows = memref.collapse_shape %s [[0, 1], [2]] : memref<?x5x4xf32, strided<[60, 12, 3], offset: 2>> into memref<?x4xf32, strided<[12, 3], offset: 2>>
  %n = memref.dim %rows, %c0 : memref<?x4xf32, strided<[12, 3], offset: 2>>
  %t = memref.alloc(%n) : memref<?x4xf32>
  memref.copy %rows, %t : memref<?x4xf32, strided<[12, 3], offset: 2>> to memref<?x4xf32>
  %y = memref.alloc(%n) : memref<?x4xf32>
  linalg.exp ins(%t : memref<?x4xf32>) outs(%y : memref<?x4xf32>)
  return %y : memref<?x4xf32>
}
