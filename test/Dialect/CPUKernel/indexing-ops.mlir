// RUN: vitc-opt %s -split-input-file -verify-diagnostics | FileCheck %s
// RUN: vitc-opt %s -split-input-file -verify-diagnostics --vcpu-emit-kernels | FileCheck %s --check-prefix=EMIT

// A thread updates its own range of the first dimension, whatever the indices are.
// CHECK-LABEL: func.func @slices
// CHECK: vcpu.scatter ins(%{{.+}}, %{{.+}} : memref<5x2xi64>, memref<5x4xf32>) outs(%{{.+}} : memref<3x?x4xf32>) {reduction = "max"}
// EMIT-LABEL: func.func private @scatter_0
// EMIT-SAME: %[[I:.+]]: memref<5x2xi64>, %[[U:.+]]: memref<5x4xf32>, %[[Y:.+]]: memref<3x?x4xf32>, %[[BEGIN:.+]]: index, %[[END:.+]]: index
// EMIT: arith.cmpi uge, %[[ROW:.+]], %[[BEGIN]]
// EMIT: arith.cmpi ult, %[[ROW]], %[[END]]
// EMIT: arith.maximumf
// EMIT: memref.store %{{.+}}, %[[Y]][%[[ROW]],
func.func @slices(%i: memref<5x2xi64>, %u: memref<5x4xf32>, %y: memref<3x?x4xf32>) {
  vcpu.scatter ins(%i, %u : memref<5x2xi64>, memref<5x4xf32>) outs(%y : memref<3x?x4xf32>) {reduction = "max"}
  return
}

// -----

// Unsigned elements compare as such; along another dimension than the first a thread reads its own updates alone.
// EMIT-LABEL: func.func private @scatter_0
// EMIT-SAME: %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index
// EMIT: %[[STOP:.+]] = arith.minui %{{.+}}, %[[END]]
// EMIT: scf.for %{{.+}} = %[[BEGIN]] to %[[STOP]]
// EMIT-NOT: scf.if
// EMIT: arith.minui %{{.+}} : i8
func.func @elements(%i: memref<?x2xi32>, %u: memref<?x2xi8>, %y: memref<?x4xi8>) {
  vcpu.scatter ins(%i, %u : memref<?x2xi32>, memref<?x2xi8>) outs(%y : memref<?x4xi8>) {axis = 1, reduction = "min", is_unsigned}
  return
}

// -----

// CHECK-LABEL: func.func @top_k
// CHECK: vcpu.top_k ins(%{{.+}} : memref<2x?xf32>) outs(%{{.+}}, %{{.+}} : memref<2x3xf32>, memref<2x3xi64>)
// EMIT-LABEL: func.func private @top_k_0
// EMIT: memref.view %{{.+}} : memref<?xi8> to memref<2x?xindex>
// EMIT: scf.while
// EMIT: arith.cmpf ogt
// EMIT-LABEL: func.func @top_k
// EMIT: vcpu.launch @top_k_0 items(%{{.+}}) scratch(%{{.+}})
func.func @top_k(%x: memref<2x?xf32>, %v: memref<2x3xf32>, %i: memref<2x3xi64>) {
  vcpu.top_k ins(%x : memref<2x?xf32>) outs(%v, %i : memref<2x3xf32>, memref<2x3xi64>)
  return
}

// -----

func.func @scatter_c1(%i: memref<5x3xi64>, %u: memref<5xf32>, %y: memref<3x4xf32>) {
  // expected-error @below {{expects indices and updates that fit 'memref<3x4xf32>', got 'memref<5x3xi64>' and 'memref<5xf32>'}}
  vcpu.scatter ins(%i, %u : memref<5x3xi64>, memref<5xf32>) outs(%y : memref<3x4xf32>)
  return
}

// -----

func.func @top_k_c1(%x: memref<2x2x4xf32>, %v: memref<2x3xf32>, %i: memref<2x3xi64>) {
  // expected-error @below {{expects rows (M, N) and two outputs, got 'memref<2x2x4xf32>' and 2}}
  vcpu.top_k ins(%x : memref<2x2x4xf32>) outs(%v, %i : memref<2x3xf32>, memref<2x3xi64>)
  return
}

// -----

func.func @top_k_c1_outputs(%x: memref<2x4xf32>, %v: memref<2x3xf32>, %i: memref<2x3xi32>) {
  // expected-error @below {{expects values and i64 indices (M, K) of 'memref<2x4xf32>', got 'memref<2x3xf32>' and 'memref<2x3xi32>'}}
  vcpu.top_k ins(%x : memref<2x4xf32>) outs(%v, %i : memref<2x3xf32>, memref<2x3xi32>)
  return
}
