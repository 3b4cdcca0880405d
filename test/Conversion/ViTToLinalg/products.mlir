// RUN: vitc-opt %s --convert-vit-to-linalg --split-input-file | FileCheck %s

// A dense layer is a contraction, then its bias and epilogue in one loop nest.
// CHECK-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$W:.+]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$Y:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
// CHECK-DAG: #[[$COLUMN:.+]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-LABEL: func.func @linear
// CHECK-SAME: (%[[INPUT:.+]]: tensor<?x5x8xf32>, %[[WEIGHT:.+]]: tensor<4x8xf32>, %[[BIAS:.+]]: tensor<4xf32>, %[[RESIDUAL:.+]]: tensor<?x5x4xf32>)
// CHECK: %[[SUMS:.+]] = linalg.contract indexing_maps = [#[[$X]], #[[$W]], #[[$Y]]] ins(%[[INPUT]], %[[WEIGHT]]
// CHECK: linalg.generic {indexing_maps = [#{{.+}}, #[[$COLUMN]], #{{.+}}, #{{.+}}]
// CHECK-SAME: ins(%[[SUMS]], %[[BIAS]], %[[RESIDUAL]]
// CHECK: %[[BIASED:.+]] = arith.addf
// CHECK-NEXT: %[[ACTIVE:.+]] = vit.gelu %[[BIASED]]
// CHECK-NEXT: %[[SUM:.+]] = arith.addf %[[ACTIVE]], %{{.+}}
// CHECK-NEXT: linalg.yield %[[SUM]]
func.func @linear(%x: tensor<?x5x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>, %r: tensor<?x5x4xf32>) -> tensor<?x5x4xf32> {
  %0 = vit.linear %x, %w bias(%b : tensor<4xf32>) extras(%r : tensor<?x5x4xf32>)
      {extra_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>], transposed}
      : (tensor<?x5x8xf32>, tensor<4x8xf32>) -> tensor<?x5x4xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %1 = vit.gelu %acc : f32
    %2 = arith.addf %1, %e : f32
    vit.yield %2 : f32
  }
  return %0 : tensor<?x5x4xf32>
}

// -----

// A grouped convolution, its image padded, over batch, group, filter, position, channel and tap.
// CHECK-DAG: #[[$IMAGE:.+]] = affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d5, d3 * 2 + d6, d4 * 2 + d7)>
// CHECK-LABEL: func.func @conv
// CHECK: tensor.pad %{{.+}} low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: linalg.generic {indexing_maps = [#[[$IMAGE]], #{{.+}}, #{{.+}}]
// CHECK-SAME: ins(%{{.+}}, %{{.+}} : tensor<2x2x2x10x10xf32>, tensor<2x3x2x3x3xf32>) outs(%{{.+}} : tensor<2x2x3x4x4xf32>)
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0], [1, 2], [3], [4]] : tensor<2x2x3x4x4xf32> into tensor<2x6x4x4xf32>
func.func @conv(%x: tensor<2x4x8x8xf32>, %w: tensor<6x2x3x3xf32>) -> tensor<2x6x4x4xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 2}
      : (tensor<2x4x8x8xf32>, tensor<6x2x3x3xf32>) -> tensor<2x6x4x4xf32>
  return %0 : tensor<2x6x4x4xf32>
}

// -----

// A transposed one: zeros between the elements of the image, in a border of the kernel's reach less the padding, and the
// taps backwards.
// CHECK-LABEL: func.func @transposed
// CHECK: %[[BORDER:.+]] = linalg.fill {{.*}} -> tensor<1x2x10x10xf32>
// CHECK: tensor.insert_slice %{{.+}} into %[[BORDER]][0, 0, 1, 1] [1, 2, 4, 4] [1, 1, 2, 2]
// CHECK: linalg.index
// CHECK: tensor.extract
func.func @transposed(%x: tensor<1x2x4x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x3x8x8xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, transposed}
      : (tensor<1x2x4x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x3x8x8xf32>
  return %0 : tensor<1x3x8x8xf32>
}

// -----

// Sizes that are not known to fit stay an op of vit, for the target to refuse.
// CHECK-LABEL: func.func @dynamic_transposed
// CHECK: vit.conv
func.func @dynamic_transposed(%x: tensor<1x2x?x4xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x3x?x8xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, transposed}
      : (tensor<1x2x?x4xf32>, tensor<2x3x3x3xf32>) -> tensor<1x3x?x8xf32>
  return %0 : tensor<1x3x?x8xf32>
}
