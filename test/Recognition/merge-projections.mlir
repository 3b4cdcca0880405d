// RUN: vitc-opt %s --vit-merge-projections --split-input-file | FileCheck %s

// Keys have no bias.

// CHECK-LABEL: @separate
// CHECK-SAME: %[[X:.+]]: tensor<?x9x8xf32>, %[[BATCH:.+]]: index
// CHECK-DAG: %[[WQ:.+]] = arith.constant dense<1.0{{.*}}> : tensor<8x8xf32>
// CHECK-DAG: %[[WK:.+]] = arith.constant dense<2.0{{.*}}> : tensor<8x8xf32>
// CHECK-DAG: %[[WV:.+]] = arith.constant dense<3.0{{.*}}> : tensor<8x8xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense<4.0{{.*}}> : tensor<8xf32>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant dense<0.0{{.*}}> : tensor<8xf32>
// CHECK: %[[W:.+]] = tensor.concat dim(1) %[[WQ]], %[[WK]], %[[WV]] : {{.+}} -> tensor<8x24xf32>
// CHECK: %[[BIAS:.+]] = tensor.concat dim(0) %[[B]], %[[ZERO]], %[[B]] : {{.+}} -> tensor<24xf32>
// CHECK: %[[Y:.+]] = vit.linear %[[X]], %[[W]] bias(%[[BIAS]] : tensor<24xf32>) : (tensor<?x9x8xf32>, tensor<8x24xf32>) -> tensor<?x9x24xf32>
// CHECK: %[[HEADS:.+]] = tensor.expand_shape %[[Y]] {{\[\[}}0], [1], [2, 3]] output_shape [%[[BATCH]], 9, 6, 4]
// CHECK-DAG: %[[Q:.+]] = tensor.extract_slice %[[HEADS]][0, 0, 0, 0] [%[[BATCH]], 9, 2, 4] [1, 1, 1, 1]
// CHECK-DAG: %[[K:.+]] = tensor.extract_slice %[[HEADS]][0, 0, 2, 0] [%[[BATCH]], 9, 2, 4] [1, 1, 1, 1]
// CHECK-DAG: %[[V:.+]] = tensor.extract_slice %[[HEADS]][0, 0, 4, 0] [%[[BATCH]], 9, 2, 4] [1, 1, 1, 1]
// CHECK-NOT: vit.linear
// CHECK: vit.attention %[[Q]], %[[K]], %[[V]]
func.func @separate(%x: tensor<?x9x8xf32>, %batch: index) -> tensor<?x9x2x4xf32> {
  %wq = arith.constant dense<1.0> : tensor<8x8xf32>
  %b = arith.constant dense<4.0> : tensor<8xf32>
  %0 = vit.linear %x, %wq bias(%b : tensor<8xf32>) : (tensor<?x9x8xf32>, tensor<8x8xf32>) -> tensor<?x9x8xf32>
  %q = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [%batch, 9, 2, 4] : tensor<?x9x8xf32> into tensor<?x9x2x4xf32>
  %wk = arith.constant dense<2.0> : tensor<8x8xf32>
  %1 = vit.linear %x, %wk : (tensor<?x9x8xf32>, tensor<8x8xf32>) -> tensor<?x9x8xf32>
  %wv = arith.constant dense<3.0> : tensor<8x8xf32>
  %2 = vit.linear %x, %wv bias(%b : tensor<8xf32>) : (tensor<?x9x8xf32>, tensor<8x8xf32>) -> tensor<?x9x8xf32>
  %v = tensor.expand_shape %2 [[0], [1], [2, 3]] output_shape [%batch, 9, 2, 4] : tensor<?x9x8xf32> into tensor<?x9x2x4xf32>
  %k = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [%batch, 9, 2, 4] : tensor<?x9x8xf32> into tensor<?x9x2x4xf32>
  %a = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32>
  return %a : tensor<?x9x2x4xf32>
}

// -----

// Near misses: queries of another input, keys that something else reads, values whose weight is no constant.

// CHECK-LABEL: @apart
// CHECK-COUNT-3: vit.linear {{.+}} -> tensor<1x9x8xf32>
// CHECK-NOT: tensor.concat
func.func @apart(%x: tensor<1x9x8xf32>, %y: tensor<1x9x8xf32>, %w: tensor<8x8xf32>) -> (tensor<1x9x2x4xf32>, tensor<1x9x8xf32>) {
  %c = arith.constant dense<1.0> : tensor<8x8xf32>
  %0 = vit.linear %y, %c : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %1 = vit.linear %x, %c : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %2 = vit.linear %x, %w : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %q = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [1, 9, 2, 4] : tensor<1x9x8xf32> into tensor<1x9x2x4xf32>
  %k = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [1, 9, 2, 4] : tensor<1x9x8xf32> into tensor<1x9x2x4xf32>
  %v = tensor.expand_shape %2 [[0], [1], [2, 3]] output_shape [1, 9, 2, 4] : tensor<1x9x8xf32> into tensor<1x9x2x4xf32>
  %a = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<1x9x2x4xf32>, tensor<1x9x2x4xf32>, tensor<1x9x2x4xf32>) -> tensor<1x9x2x4xf32>
  return %a, %1 : tensor<1x9x2x4xf32>, tensor<1x9x8xf32>
}

// -----

// Heads of other widths: no one view has them all.

// CHECK-LABEL: @widths
// CHECK-NOT: tensor.concat
func.func @widths(%x: tensor<1x9x8xf32>) -> tensor<1x9x2x8xf32> {
  %c = arith.constant dense<1.0> : tensor<8x8xf32>
  %d = arith.constant dense<1.0> : tensor<8x16xf32>
  %y = arith.constant dense<1.0> : tensor<1x9x2x4xf32>
  %1 = vit.linear %x, %c : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %2 = vit.linear %x, %d : (tensor<1x9x8xf32>, tensor<8x16xf32>) -> tensor<1x9x16xf32>
  %k = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [1, 9, 2, 4] : tensor<1x9x8xf32> into tensor<1x9x2x4xf32>
  %v = tensor.expand_shape %2 [[0], [1], [2, 3]] output_shape [1, 9, 2, 8] : tensor<1x9x16xf32> into tensor<1x9x2x8xf32>
  %a = vit.attention %y, %k, %v {scale = 0.5 : f32} : (tensor<1x9x2x4xf32>, tensor<1x9x2x4xf32>, tensor<1x9x2x8xf32>) -> tensor<1x9x2x8xf32>
  return %a : tensor<1x9x2x8xf32>
}

// -----

// Tokens that one attention reads whole and another in windows: the projections have other dimensions.

// CHECK-LABEL: @windows
// CHECK-NOT: tensor.concat
func.func @windows(%x: tensor<1x9x8xf32>) -> (tensor<1x9x2x4xf32>, tensor<1x3x3x2x4xf32>) {
  %c = arith.constant dense<1.0> : tensor<8x8xf32>
  %y = arith.constant dense<1.0> : tensor<1x9x2x4xf32>
  %z = arith.constant dense<1.0> : tensor<1x3x3x2x4xf32>
  %1 = vit.linear %x, %c : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %2 = vit.linear %x, %c : (tensor<1x9x8xf32>, tensor<8x8xf32>) -> tensor<1x9x8xf32>
  %k = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [1, 9, 2, 4] : tensor<1x9x8xf32> into tensor<1x9x2x4xf32>
  %w = tensor.expand_shape %2 [[0], [1, 2], [3, 4]] output_shape [1, 3, 3, 2, 4] : tensor<1x9x8xf32> into tensor<1x3x3x2x4xf32>
  %a = vit.attention %y, %k, %y {scale = 0.5 : f32} : (tensor<1x9x2x4xf32>, tensor<1x9x2x4xf32>, tensor<1x9x2x4xf32>) -> tensor<1x9x2x4xf32>
  %b = vit.attention %z, %w, %z {scale = 0.5 : f32} : (tensor<1x3x3x2x4xf32>, tensor<1x3x3x2x4xf32>, tensor<1x3x3x2x4xf32>) -> tensor<1x3x3x2x4xf32>
  return %a, %b : tensor<1x9x2x4xf32>, tensor<1x3x3x2x4xf32>
}
