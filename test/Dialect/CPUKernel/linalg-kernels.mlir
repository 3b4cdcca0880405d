// RUN: vitc-opt %s --vcpu-emit-kernels --canonicalize --split-input-file | FileCheck %s

// Items are iterations of the longest parallel loop that is not the innermost.
// CHECK-LABEL: func.func private @exp_0
// CHECK-SAME: (%[[X:.+]]: memref<2x6x8xf32>, %[[Y:.+]]: memref<2x6x8xf32>, %[[FIRST:.+]]: index, %[[LAST:.+]]: index)
// CHECK: %[[N:.+]] = arith.subi %[[LAST]], %[[FIRST]]
// CHECK: memref.subview %[[X]][0, %[[FIRST]], 0] [2, %[[N]], 8]
// CHECK: scf.for
// CHECK: math.exp
// CHECK-LABEL: func.func @main
func.func @main(%x: memref<2x6x8xf32>, %y: memref<2x6x8xf32>) {
  // CHECK: %[[ITEMS:.+]] = arith.constant 6 : index
  // CHECK: vcpu.launch @exp_0 items(%[[ITEMS]])
  linalg.exp ins(%x : memref<2x6x8xf32>) outs(%y : memref<2x6x8xf32>)
  return
}

// -----

// A reduction to a scalar is one item, which one thread runs.
// CHECK-LABEL: func.func private @reduce_0
// CHECK-SAME: %[[FIRST:[^:]+]]: index, %[[LAST:[^:]+]]: index)
// CHECK: %[[MINE:.+]] = arith.cmpi ult, %[[FIRST]], %[[LAST]]
// CHECK: scf.if %[[MINE]]
// CHECK-LABEL: func.func @main
func.func @main(%x: memref<8xf32>, %y: memref<f32>) {
  // CHECK: %[[ONE:.+]] = arith.constant 1 : index
  // CHECK: vcpu.launch @reduce_0 items(%[[ONE]])
  linalg.reduce {arith.addf} ins(%x : memref<8xf32>) outs(%y : memref<f32>) dimensions = [0]
  return
}

// -----

#id = affine_map<(d0) -> (d0)>

// A table that the body reads becomes an input of the kernel.
// CHECK-LABEL: func.func private @generic_0
// CHECK-SAME: (%[[TABLE:.+]]: memref<16xf32>, %{{.+}}: memref<8xindex>, %{{.+}}: memref<8xf32>, %{{.+}}: index, %{{.+}}: index)
// CHECK: memref.load %[[TABLE]]
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[INDICES:.+]]: memref<8xindex>, %[[T:.+]]: memref<16xf32>
func.func @main(%indices: memref<8xindex>, %table: memref<16xf32>, %y: memref<8xf32>) {
  // CHECK: vcpu.launch @generic_0 {{.*}} ins(%[[T]], %[[INDICES]] :
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%indices : memref<8xindex>) outs(%y : memref<8xf32>) {
  ^bb0(%i: index, %out: f32):
    %v = memref.load %table[%i] : memref<16xf32>
    linalg.yield %v : f32
  }
  return
}

// -----

// Views at different offsets of one buffer share a kernel.
// CHECK: func.func private @exp_0
// CHECK-NOT: func.func private @exp_1
// CHECK-LABEL: func.func @main
func.func @main(%x: memref<2x8xf32>, %y: memref<8xf32>, %z: memref<8xf32>) {
  // CHECK-COUNT-2: vcpu.launch @exp_0
  %a = memref.subview %x[0, 0] [1, 8] [1, 1] : memref<2x8xf32> to memref<8xf32, strided<[1]>>
  %b = memref.subview %x[1, 0] [1, 8] [1, 1] : memref<2x8xf32> to memref<8xf32, strided<[1], offset: 8>>
  linalg.exp ins(%a : memref<8xf32, strided<[1]>>) outs(%y : memref<8xf32>)
  linalg.exp ins(%b : memref<8xf32, strided<[1], offset: 8>>) outs(%z : memref<8xf32>)
  return
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// The same value in two operands: the kernel reads each through its own argument, so that it serves other values too.
// CHECK-LABEL: func.func private @elementwise_0
// CHECK-SAME: (%[[A:.+]]: memref<4x4xf32>, %[[B:.+]]: memref<4x4xf32>, %[[Y:.+]]: memref<4x4xf32>,
// CHECK-DAG: %[[VA:.+]] = memref.subview %[[A]]
// CHECK-DAG: %[[VB:.+]] = memref.subview %[[B]]
// CHECK: %[[L:.+]] = memref.load %[[VA]]
// CHECK: %[[R:.+]] = memref.load %[[VB]]
// CHECK: arith.mulf %[[L]], %[[R]]
// CHECK-NOT: func.func private @elementwise_1
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:[^:]+]]: memref<4x4xf32>, %[[Z:[^:]+]]: memref<4x4xf32>,
func.func @main(%x: memref<4x4xf32>, %z: memref<4x4xf32>, %p: memref<4x4xf32>, %q: memref<4x4xf32>) {
  // CHECK: vcpu.launch @elementwise_0 {{.*}} ins(%[[X]], %[[X]] :
  // CHECK: vcpu.launch @elementwise_0 {{.*}} ins(%[[X]], %[[Z]] :
  linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#id, #id, #id] ins(%x, %x : memref<4x4xf32>, memref<4x4xf32>) outs(%p : memref<4x4xf32>)
  linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#id, #id, #id] ins(%x, %z : memref<4x4xf32>, memref<4x4xf32>) outs(%q : memref<4x4xf32>)
  return
}
