// RUN: vitc-opt %s --vit-fuse-epilogues --split-input-file | FileCheck %s

// Batch norm after a linear layer reads its rows merged.

// CHECK-LABEL: @merged_rows
// CHECK: %[[Y:.+]] = vit.linear %{{.+}}, %{{.+}} extras(%{{.+}}, %{{.+}} : tensor<8xf32>, tensor<8xf32>)
// CHECK: ^bb0(%[[ACC:.+]]: f32, %[[SCALE:.+]]: f32, %[[SHIFT:.+]]: f32):
// CHECK-NEXT: %[[P:.+]] = arith.mulf %[[ACC]], %[[SCALE]]
// CHECK-NEXT: %[[S:.+]] = arith.addf %[[P]], %[[SHIFT]]
// CHECK-NEXT: %[[G:.+]] = vit.gelu %[[S]]
// CHECK-NEXT: vit.yield %[[G]]
// CHECK: return %[[Y]] : tensor<2x7x8xf32>
func.func @merged_rows(%x: tensor<2x7x4xf32>, %w: tensor<4x8xf32>, %scale: tensor<8xf32>, %shift: tensor<8xf32>) -> tensor<2x7x8xf32> {
  %0 = vit.linear %x, %w : (tensor<2x7x4xf32>, tensor<4x8xf32>) -> tensor<2x7x8xf32>
  %1 = tensor.collapse_shape %0 [[0, 1], [2]] : tensor<2x7x8xf32> into tensor<14x8xf32>
  %e = tensor.empty() : tensor<14x8xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul>
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%1, %scale : tensor<14x8xf32>, tensor<8xf32>) outs(%e : tensor<14x8xf32>) -> tensor<14x8xf32>
  %3 = linalg.elementwise kind=#linalg.elementwise_kind<add>
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%2, %shift : tensor<14x8xf32>, tensor<8xf32>) outs(%e : tensor<14x8xf32>) -> tensor<14x8xf32>
  %4 = tensor.expand_shape %3 [[0, 1], [2]] output_shape [2, 7, 8] : tensor<14x8xf32> into tensor<2x7x8xf32>
  %5 = vit.gelu %4 : tensor<2x7x8xf32>
  return %5 : tensor<2x7x8xf32>
}

// -----

// Channels that are merged with rows stay outside, and rows that something else reads merged.

// CHECK-LABEL: @merged_channels
// CHECK: vit.linear
// CHECK-NOT: epilogue
// CHECK: tensor.collapse_shape
// CHECK: linalg.elementwise
// CHECK: vit.linear
// CHECK-NOT: epilogue
// CHECK: tensor.collapse_shape
// CHECK: linalg.elementwise
func.func @merged_channels(%x: tensor<2x7x4xf32>, %w: tensor<4x8xf32>, %flat: tensor<112xf32>, %rows: tensor<14x8xf32>)
    -> (tensor<112xf32>, tensor<14x8xf32>, tensor<14x8xf32>) {
  %0 = vit.linear %x, %w : (tensor<2x7x4xf32>, tensor<4x8xf32>) -> tensor<2x7x8xf32>
  %1 = tensor.collapse_shape %0 [[0, 1, 2]] : tensor<2x7x8xf32> into tensor<112xf32>
  %e = tensor.empty() : tensor<112xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%1, %flat : tensor<112xf32>, tensor<112xf32>) outs(%e : tensor<112xf32>) -> tensor<112xf32>
  %3 = vit.linear %x, %w : (tensor<2x7x4xf32>, tensor<4x8xf32>) -> tensor<2x7x8xf32>
  %4 = tensor.collapse_shape %3 [[0, 1], [2]] : tensor<2x7x8xf32> into tensor<14x8xf32>
  %f = tensor.empty() : tensor<14x8xf32>
  %5 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%4, %rows : tensor<14x8xf32>, tensor<14x8xf32>) outs(%f : tensor<14x8xf32>) -> tensor<14x8xf32>
  return %2, %4, %5 : tensor<112xf32>, tensor<14x8xf32>, tensor<14x8xf32>
}

// -----

// Open extents stay as they are.

// CHECK-LABEL: @merged_rows_of_an_open_batch
// CHECK: tensor.collapse_shape
// CHECK: linalg.elementwise
// CHECK: tensor.expand_shape
func.func @merged_rows_of_an_open_batch(%x: tensor<?x7x4xf32>, %w: tensor<4x8xf32>, %scale: tensor<8xf32>, %batch: index,
                                        %rows: index) -> tensor<?x7x8xf32> {
  %0 = vit.linear %x, %w : (tensor<?x7x4xf32>, tensor<4x8xf32>) -> tensor<?x7x8xf32>
  %1 = tensor.collapse_shape %0 [[0, 1], [2]] : tensor<?x7x8xf32> into tensor<?x8xf32>
  %e = tensor.empty(%rows) : tensor<?x8xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul>
    indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%1, %scale : tensor<?x8xf32>, tensor<8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = tensor.expand_shape %2 [[0, 1], [2]] output_shape [%batch, 7, 8] : tensor<?x8xf32> into tensor<?x7x8xf32>
  return %4 : tensor<?x7x8xf32>
}
