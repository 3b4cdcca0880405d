// RUN: vitc-opt %s --vit-compose-moves --canonicalize --cse --split-input-file | FileCheck %s

// A picture of 4 × 4 rolled by one along both axes, then cut into windows of 2 × 2: row (i, j) of the rolled picture is
// row (i + 1, j + 1) of the picture, and a window is rows 0 and 1 of two lines.
// CHECK-LABEL: func @shifted_windows
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<1x4x4x3xf32>)
// CHECK: %[[ROWS:.+]] = arith.constant dense<[5, 6, 9, 10, 7, 4, 11, 8, 13, 14, 1, 2, 15, 12, 3, 0]> : tensor<16xi32>
// CHECK: %[[T:.+]] = tensor.collapse_shape %[[X]] {{\[\[0\], \[1, 2\], \[3\]\]}} : tensor<1x4x4x3xf32> into tensor<1x16x3xf32>
// CHECK: %[[G:.+]] = vit.gather_rows %[[T]], %[[ROWS]] : tensor<1x16x3xf32>, tensor<16xi32> -> tensor<1x16x3xf32>
// CHECK: %[[Y:.+]] = tensor.collapse_shape %[[G]] {{.*}} into tensor<16x3xf32>
// CHECK: tensor.expand_shape %[[Y]] {{.*}} into tensor<4x4x3xf32>
func.func @shifted_windows(%x: tensor<1x4x4x3xf32>) -> tensor<4x4x3xf32> {
  %0 = tensor.extract_slice %x[0, 1, 0, 0] [1, 3, 4, 3] [1, 1, 1, 1] : tensor<1x4x4x3xf32> to tensor<1x3x4x3xf32>
  %1 = tensor.extract_slice %x[0, 0, 0, 0] [1, 1, 4, 3] [1, 1, 1, 1] : tensor<1x4x4x3xf32> to tensor<1x1x4x3xf32>
  %2 = tensor.concat dim(1) %0, %1 : (tensor<1x3x4x3xf32>, tensor<1x1x4x3xf32>) -> tensor<1x4x4x3xf32>
  %3 = tensor.extract_slice %2[0, 0, 1, 0] [1, 4, 3, 3] [1, 1, 1, 1] : tensor<1x4x4x3xf32> to tensor<1x4x3x3xf32>
  %4 = tensor.extract_slice %2[0, 0, 0, 0] [1, 4, 1, 3] [1, 1, 1, 1] : tensor<1x4x4x3xf32> to tensor<1x4x1x3xf32>
  %5 = tensor.concat dim(2) %3, %4 : (tensor<1x4x3x3xf32>, tensor<1x4x1x3xf32>) -> tensor<1x4x4x3xf32>
  %6 = tensor.expand_shape %5 [[0], [1, 2], [3, 4], [5]] output_shape [1, 2, 2, 2, 2, 3] : tensor<1x4x4x3xf32> into tensor<1x2x2x2x2x3xf32>
  %e = tensor.empty() : tensor<1x2x2x2x2x3xf32>
  %7 = linalg.transpose ins(%6 : tensor<1x2x2x2x2x3xf32>) outs(%e : tensor<1x2x2x2x2x3xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %8 = tensor.collapse_shape %7 [[0, 1, 2], [3, 4], [5]] : tensor<1x2x2x2x2x3xf32> into tensor<4x4x3xf32>
  return %8 : tensor<4x4x3xf32>
}

// -----

// Back from windows, of a batch that is not known: four windows are a picture.
// CHECK-LABEL: func @unshift
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x4x3xf32>, %[[B:[a-z0-9]+]]: index)
// CHECK: %[[ROWS:.+]] = arith.constant dense<[10, 11, 14, 15, 0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13]> : tensor<16xi32>
// CHECK: tensor.expand_shape %[[X]] {{.*}} into tensor<?x4x4x3xf32>
// CHECK: %[[G:.+]] = vit.gather_rows %{{.+}}, %[[ROWS]] : tensor<?x16x3xf32>, tensor<16xi32> -> tensor<?x16x3xf32>
// CHECK: tensor.expand_shape %[[G]] {{\[\[0\], \[1, 2\], \[3\]\]}} {{.*}} into tensor<?x4x4x3xf32>
func.func @unshift(%x: tensor<?x4x3xf32>, %b: index) -> tensor<?x4x4x3xf32> {
  %0 = tensor.expand_shape %x [[0, 1, 2], [3, 4], [5]] output_shape [%b, 2, 2, 2, 2, 3] : tensor<?x4x3xf32> into tensor<?x2x2x2x2x3xf32>
  %e = tensor.empty(%b) : tensor<?x2x2x2x2x3xf32>
  %1 = linalg.transpose ins(%0 : tensor<?x2x2x2x2x3xf32>) outs(%e : tensor<?x2x2x2x2x3xf32>) permutation = [0, 1, 3, 2, 4, 5]
  %2 = tensor.collapse_shape %1 [[0], [1, 2], [3, 4], [5]] : tensor<?x2x2x2x2x3xf32> into tensor<?x4x4x3xf32>
  %3 = tensor.extract_slice %2[0, 3, 0, 0] [%b, 1, 4, 3] [1, 1, 1, 1] : tensor<?x4x4x3xf32> to tensor<?x1x4x3xf32>
  %4 = tensor.extract_slice %2[0, 0, 0, 0] [%b, 3, 4, 3] [1, 1, 1, 1] : tensor<?x4x4x3xf32> to tensor<?x3x4x3xf32>
  %5 = tensor.concat dim(1) %3, %4 : (tensor<?x1x4x3xf32>, tensor<?x3x4x3xf32>) -> tensor<?x4x4x3xf32>
  return %5 : tensor<?x4x4x3xf32>
}

// -----

// Near misses: channels are moved too; rows of two values; a roll alone, which is one copy; a roll that somebody reads
// before it is transposed; pictures of an unknown batch in another order.
// CHECK-LABEL: func @near_misses
// CHECK-NOT: vit.gather_rows
func.func @near_misses(%x: tensor<2x4x6xf32>, %z: tensor<2x2x6xf32>, %d: tensor<?x4x6xf32>)
    -> (tensor<2x3x4x2xf32>, tensor<4x2x6xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<4x2x6xf32>, tensor<4x?x6xf32>) {
  %head = tensor.extract_slice %x[0, 0, 0] [2, 2, 6] [1, 1, 1] : tensor<2x4x6xf32> to tensor<2x2x6xf32>
  %tail = tensor.extract_slice %x[0, 2, 0] [2, 2, 6] [1, 1, 1] : tensor<2x4x6xf32> to tensor<2x2x6xf32>
  %roll = tensor.concat dim(1) %tail, %head : (tensor<2x2x6xf32>, tensor<2x2x6xf32>) -> tensor<2x4x6xf32>
  %other = tensor.concat dim(1) %head, %tail, %head : (tensor<2x2x6xf32>, tensor<2x2x6xf32>, tensor<2x2x6xf32>) -> tensor<2x6x6xf32>
  %cut = tensor.extract_slice %other[0, 1, 0] [2, 4, 6] [1, 1, 1] : tensor<2x6x6xf32> to tensor<2x4x6xf32>
  %split = tensor.expand_shape %cut [[0], [1], [2, 3]] output_shape [2, 4, 3, 2] : tensor<2x4x6xf32> into tensor<2x4x3x2xf32>
  %e0 = tensor.empty() : tensor<2x3x4x2xf32>
  %0 = linalg.transpose ins(%split : tensor<2x4x3x2xf32>) outs(%e0 : tensor<2x3x4x2xf32>) permutation = [0, 2, 1, 3]
  %both = tensor.concat dim(1) %head, %z : (tensor<2x2x6xf32>, tensor<2x2x6xf32>) -> tensor<2x4x6xf32>
  %e1 = tensor.empty() : tensor<4x2x6xf32>
  %1 = linalg.transpose ins(%both : tensor<2x4x6xf32>) outs(%e1 : tensor<4x2x6xf32>) permutation = [1, 0, 2]
  %twice = tensor.concat dim(1) %z, %head : (tensor<2x2x6xf32>, tensor<2x2x6xf32>) -> tensor<2x4x6xf32>
  %4 = linalg.transpose ins(%roll : tensor<2x4x6xf32>) outs(%e1 : tensor<4x2x6xf32>) permutation = [1, 0, 2]
  %b = arith.constant 0 : index
  %batch = tensor.dim %d, %b : tensor<?x4x6xf32>
  %h = tensor.extract_slice %d[0, 0, 0] [%batch, 1, 6] [1, 1, 1] : tensor<?x4x6xf32> to tensor<?x1x6xf32>
  %t = tensor.extract_slice %d[0, 1, 0] [%batch, 3, 6] [1, 1, 1] : tensor<?x4x6xf32> to tensor<?x3x6xf32>
  %r = tensor.concat dim(1) %t, %h : (tensor<?x3x6xf32>, tensor<?x1x6xf32>) -> tensor<?x4x6xf32>
  %e5 = tensor.empty(%batch) : tensor<4x?x6xf32>
  %5 = linalg.transpose ins(%r : tensor<?x4x6xf32>) outs(%e5 : tensor<4x?x6xf32>) permutation = [1, 0, 2]
  return %0, %1, %roll, %twice, %4, %5 : tensor<2x3x4x2xf32>, tensor<4x2x6xf32>, tensor<2x4x6xf32>, tensor<2x4x6xf32>, tensor<4x2x6xf32>, tensor<4x?x6xf32>
}
