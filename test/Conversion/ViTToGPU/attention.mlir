// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s

// Shifted windows of an open batch: relative positions and masks are one bias, times log2(e), with zeros up to the
// columns that the kernel reads; window w of every image takes number w of it. Minus infinity goes on masking.
// CHECK-DAG: #[[$HEADS:.+]] = affine_map<(d0, d1, d2, d3) -> (d1, d2, d3)>
// CHECK-DAG: #[[$WINDOWS:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3)>
// CHECK-DAG: #[[$ALL:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func.func @windows
// CHECK-SAME: (%[[Q:.+]]: tensor<?x4x49x2x16xf32>, %[[B:.+]]: tensor<2x49x49xf32>, %[[M:.+]]: tensor<4x1x49x49xf32>)
// CHECK-DAG: %[[LEAST:.+]] = arith.constant -3.40282347E+38 : f32
// CHECK-DAG: %[[MASKED:.+]] = arith.constant 0xFF800000 : f32
// CHECK-DAG: %[[LOG2E:.+]] = arith.constant 1.44269502 : f32
// CHECK-DAG: %[[MASK:.+]] = tensor.extract_slice %[[M]]{{.*}} : tensor<4x1x49x49xf32> to tensor<4x49x49xf32>
// CHECK: %[[SUM:.+]] = linalg.generic {indexing_maps = [#[[$HEADS]], #[[$WINDOWS]], #[[$ALL]]]{{.*}} ins(%[[B]], %[[MASK]] :
// CHECK: ^bb0(%[[X:.+]]: f32, %[[Y:.+]]: f32, %{{.+}}: f32):
// CHECK:   %[[BOTH:.+]] = arith.addf %[[X]], %[[Y]]
// CHECK:   %[[SCALED:.+]] = arith.mulf %[[BOTH]], %[[LOG2E]]
// CHECK:   %[[FINITE:.+]] = arith.maximumf %[[SCALED]], %[[LEAST]]
// CHECK:   %[[IS:.+]] = arith.cmpf oeq, %[[BOTH]], %[[MASKED]]
// CHECK:   arith.select %[[IS]], %[[MASKED]], %[[FINITE]]
// CHECK: %[[BIAS:.+]] = tensor.pad %[[SUM]] low[0, 0, 0, 0] high[0, 0, 0, 15]
// CHECK: %[[OUT:.+]] = vgpu.attention ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<?x49x2x16xbf16>, {{.+}}) bias(%[[BIAS]] : tensor<4x2x49x64xf32>) outs(%{{.+}} : tensor<?x49x2x16xbf16>) {scale = 2.500000e-01 : f32}
// CHECK: tensor.expand_shape %[[OUT]] {{\[\[}}0, 1], [2], [3], [4]] {{.*}} into tensor<?x4x49x2x16xbf16>
func.func @windows(%q: tensor<?x4x49x2x16xf32>, %b: tensor<2x49x49xf32>, %m: tensor<4x1x49x49xf32>) -> tensor<?x4x49x2x16xf32> {
  %0 = vit.attention %q, %q, %q addends(%b, %m : tensor<2x49x49xf32>, tensor<4x1x49x49xf32>) {scale = 2.5e-01 : f32}
      : (tensor<?x4x49x2x16xf32>, tensor<?x4x49x2x16xf32>, tensor<?x4x49x2x16xf32>) -> tensor<?x4x49x2x16xf32>
  return %0 : tensor<?x4x49x2x16xf32>
}

// -----

// Values of another size than keys, fewer queries, one bias for all; LeViT's downsampling. 16 columns need no zeros.
// CHECK-LABEL: func.func @values
// CHECK-NOT: tensor.pad
// CHECK: vgpu.attention ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<3x4x2x16xbf16>, tensor<3x16x2x16xbf16>, tensor<3x16x2x64xbf16>) bias(%{{.+}} : tensor<1x2x4x16xf32>) outs(%{{.+}} : tensor<3x4x2x64xbf16>)
func.func @values(%q: tensor<3x4x2x16xf32>, %k: tensor<3x16x2x16xf32>, %v: tensor<3x16x2x64xf32>, %b: tensor<2x4x16xf32>) -> tensor<3x4x2x64xf32> {
  %0 = vit.attention %q, %k, %v addends(%b : tensor<2x4x16xf32>) {scale = 2.5e-01 : f32}
      : (tensor<3x4x2x16xf32>, tensor<3x16x2x16xf32>, tensor<3x16x2x64xf32>) -> tensor<3x4x2x64xf32>
  return %0 : tensor<3x4x2x64xf32>
}

// -----

// A causal mask is a bias, too; without a batch there is one.
// CHECK-LABEL: func.func @causal
// CHECK: %[[LAST:.+]] = arith.addi %{{.+}}, %c2
// CHECK: arith.cmpi sgt, %{{.+}}, %[[LAST]]
// CHECK: vgpu.attention ins({{.+}} : tensor<1x6x1x8xbf16>, tensor<1x8x1x8xbf16>, tensor<1x8x1x8xbf16>) bias(%{{.+}} : tensor<1x1x6x16xf32>)
// CHECK: tensor.collapse_shape %{{.+}} {{\[\[}}0, 1], [2], [3]] : tensor<1x6x1x8xbf16> into tensor<6x1x8xbf16>
func.func @causal(%q: tensor<6x1x8xf32>, %k: tensor<8x1x8xf32>) -> tensor<6x1x8xf32> {
  %0 = vit.attention %q, %k, %k {scale = 2.5e-01 : f32, causal} : (tensor<6x1x8xf32>, tensor<8x1x8xf32>, tensor<8x1x8xf32>) -> tensor<6x1x8xf32>
  return %0 : tensor<6x1x8xf32>
}

// -----

// Near misses: a bias of each image of an open batch, rows that a mask empties as zeros, heads that share keys, heads of
// an odd size, an open number of keys.
// CHECK-LABEL: func.func @others
// CHECK-NOT: vgpu.attention
// CHECK-COUNT-5: vit.attention
func.func @others(%q: tensor<?x5x2x8xf32>, %m: tensor<?x1x5x5xf32>, %s: tensor<5x5xf32>, %g: tensor<?x5x1x8xf32>,
                  %w: tensor<?x5x2x12xf32>, %k: tensor<?x?x2x8xf32>)
    -> (tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x12xf32>, tensor<?x5x2x8xf32>) {
  %0 = vit.attention %q, %q, %q addends(%m : tensor<?x1x5x5xf32>) {scale = 1.0 : f32}
      : (tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>) -> tensor<?x5x2x8xf32>
  %1 = vit.attention %q, %q, %q addends(%s : tensor<5x5xf32>) {scale = 1.0 : f32, zero_masked}
      : (tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>) -> tensor<?x5x2x8xf32>
  %2 = vit.attention %q, %g, %g {scale = 1.0 : f32}
      : (tensor<?x5x2x8xf32>, tensor<?x5x1x8xf32>, tensor<?x5x1x8xf32>) -> tensor<?x5x2x8xf32>
  %3 = vit.attention %w, %w, %w {scale = 1.0 : f32}
      : (tensor<?x5x2x12xf32>, tensor<?x5x2x12xf32>, tensor<?x5x2x12xf32>) -> tensor<?x5x2x12xf32>
  %4 = vit.attention %q, %k, %k {scale = 1.0 : f32}
      : (tensor<?x5x2x8xf32>, tensor<?x?x2x8xf32>, tensor<?x?x2x8xf32>) -> tensor<?x5x2x8xf32>
  return %0, %1, %2, %3, %4 : tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x8xf32>, tensor<?x5x2x12xf32>, tensor<?x5x2x8xf32>
}
