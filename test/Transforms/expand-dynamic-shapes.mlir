// RUN: vitc-opt %s --vitc-expand-dynamic-shapes --canonicalize --split-input-file | FileCheck %s

// CHECK: #[[$TIMES16:.+]] = affine_map<()[s0] -> (s0 * 16)>
// CHECK-LABEL: func @two_dynamic
// CHECK-SAME: (%[[X:.+]]: memref<?x16xf32>, %[[B:[a-z0-9]+]]: index, %[[M:[a-z0-9]+]]: index)
// CHECK: %[[STRIDE:.+]] = affine.apply #[[$TIMES16]]()[%[[M]]]
// CHECK: memref.reinterpret_cast %[[X]] to offset: [0], sizes: [%[[B]], %[[M]], 2, 8], strides: [%[[STRIDE]], 16, 8, 1]
func.func @two_dynamic(%x: memref<?x16xf32>, %b: index, %m: index) -> memref<?x?x2x8xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2, 3]] output_shape [%b, %m, 2, 8] : memref<?x16xf32> into memref<?x?x2x8xf32>
  return %0 : memref<?x?x2x8xf32>
}

// -----

// Near miss: one dynamic size is upstream's.
// CHECK-LABEL: func @one_dynamic
// CHECK: memref.expand_shape
func.func @one_dynamic(%x: memref<?x16xf32>, %b: index) -> memref<?x3x16xf32> {
  %0 = memref.expand_shape %x [[0, 1], [2]] output_shape [%b, 3, 16] : memref<?x16xf32> into memref<?x3x16xf32>
  return %0 : memref<?x3x16xf32>
}
