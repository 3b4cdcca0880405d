// RUN: vitc-opt %s --vit-simplify-layout --split-input-file | FileCheck %s

// CHECK-LABEL: func @transposes_that_cancel
// CHECK-SAME: (%[[X:.+]]: tensor<2x7x6x4xf32>)
// CHECK-NEXT: %[[Y:.+]] = tensor.collapse_shape %[[X]] {{\[\[0\], \[1\], \[2, 3\]\]}}
// CHECK-NEXT: return %[[Y]]
func.func @transposes_that_cancel(%x: tensor<2x7x6x4xf32>) -> tensor<2x7x24xf32> {
  %i = tensor.empty() : tensor<2x6x7x4xf32>
  %j = tensor.empty() : tensor<2x7x6x4xf32>
  %0 = linalg.transpose ins(%x : tensor<2x7x6x4xf32>) outs(%i : tensor<2x6x7x4xf32>) permutation = [0, 2, 1, 3]
  %1 = tensor.collapse_shape %0 [[0, 1], [2], [3]] : tensor<2x6x7x4xf32> into tensor<12x7x4xf32>
  %2 = tensor.expand_shape %1 [[0, 1], [2], [3]] output_shape [2, 6, 7, 4] : tensor<12x7x4xf32> into tensor<2x6x7x4xf32>
  %3 = linalg.transpose ins(%2 : tensor<2x6x7x4xf32>) outs(%j : tensor<2x7x6x4xf32>) permutation = [0, 2, 1, 3]
  %4 = tensor.collapse_shape %3 [[0], [1], [2, 3]] : tensor<2x7x6x4xf32> into tensor<2x7x24xf32>
  return %4 : tensor<2x7x24xf32>
}

// -----

// CHECK-LABEL: func @symbolic_batch
// CHECK-SAME: (%[[X:.+]]: tensor<?x6x7x4xf32>,
// CHECK: linalg.transpose ins(%[[X]] : tensor<?x6x7x4xf32>) {{.*}} permutation = [0, 2, 1, 3]
// CHECK-NOT: linalg.transpose
func.func @symbolic_batch(%x: tensor<?x6x7x4xf32>, %i: tensor<?x4x7xf32>) -> tensor<?x7x6x4xf32> {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %x, %c0 : tensor<?x6x7x4xf32>
  %0 = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<?x6x7x4xf32> into tensor<?x7x4xf32>
  %1 = linalg.transpose ins(%0 : tensor<?x7x4xf32>) outs(%i : tensor<?x4x7xf32>) permutation = [0, 2, 1]
  %2 = tensor.expand_shape %1 [[0, 1], [2], [3]] output_shape [%b, 6, 4, 7] : tensor<?x4x7xf32> into tensor<?x6x4x7xf32>
  %j = tensor.empty(%b) : tensor<?x7x6x4xf32>
  %3 = linalg.transpose ins(%2 : tensor<?x6x4x7xf32>) outs(%j : tensor<?x7x6x4xf32>) permutation = [0, 3, 1, 2]
  return %3 : tensor<?x7x6x4xf32>
}

// -----

// Nothing shorter says the same: a scramble, and a chain that is as short as it gets.
// CHECK-LABEL: func @stays
// CHECK: tensor.collapse_shape
// CHECK: tensor.expand_shape
// CHECK: tensor.expand_shape
// CHECK: tensor.extract_slice
func.func @stays(%x: tensor<6x4xf32>, %y: tensor<2x24xf32>) -> (tensor<4x6xf32>, tensor<2x2x4xf32>) {
  %0 = tensor.collapse_shape %x [[0, 1]] : tensor<6x4xf32> into tensor<24xf32>
  %1 = tensor.expand_shape %0 [[0, 1]] output_shape [4, 6] : tensor<24xf32> into tensor<4x6xf32>
  %2 = tensor.expand_shape %y [[0], [1, 2]] output_shape [2, 6, 4] : tensor<2x24xf32> into tensor<2x6x4xf32>
  %3 = tensor.extract_slice %2[0, 2, 0] [2, 2, 4] [1, 1, 1] : tensor<2x6x4xf32> to tensor<2x2x4xf32>
  return %1, %3 : tensor<4x6xf32>, tensor<2x2x4xf32>
}

// -----

// Buffers are left alone.
// CHECK-LABEL: func @buffers
// CHECK: linalg.transpose
func.func @buffers(%x: memref<6x4xf32>, %y: memref<4x6xf32>) {
  linalg.transpose ins(%x : memref<6x4xf32>) outs(%y : memref<4x6xf32>) permutation = [1, 0]
  return
}

// -----

// A cast that is needed again is no view that could be saved: this ends.
// CHECK-LABEL: func @cast
// CHECK: tensor.extract_slice
// CHECK: tensor.cast
func.func @cast(%x: tensor<4x6x8xf32>) -> tensor<?x6x8xf32> {
  %0 = tensor.extract_slice %x[0, 0, 0] [2, 6, 8] [1, 1, 1] : tensor<4x6x8xf32> to tensor<2x6x8xf32>
  %1 = tensor.cast %0 : tensor<2x6x8xf32> to tensor<?x6x8xf32>
  return %1 : tensor<?x6x8xf32>
}

// -----

// How much of one element is kept only the run knows: perhaps nothing.
// CHECK-LABEL: func @part_of_one_element
// CHECK: %[[ONE:.+]] = tensor.extract_slice %{{.+}}[2, 0] [1, 1] [1, 1] : tensor<5x1xf32> to tensor<1xf32>
// CHECK: tensor.extract_slice %[[ONE]][0] [%{{.+}}] [1] : tensor<1xf32> to tensor<?xf32>
func.func @part_of_one_element(%x: tensor<5x1xf32>, %n: index) -> tensor<?xf32> {
  %0 = tensor.extract_slice %x[2, 0] [1, 1] [1, 1] : tensor<5x1xf32> to tensor<1xf32>
  %1 = tensor.extract_slice %0[0] [%n] [1] : tensor<1xf32> to tensor<?xf32>
  return %1 : tensor<?xf32>
}
