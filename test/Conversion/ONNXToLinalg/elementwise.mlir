// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @unary
// CHECK-SAME: %[[X:.+]]: tensor<2x3xf32>
// CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<2x3xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<erf> {{.*}}ins(%[[X]] : tensor<2x3xf32>) outs(%[[EMPTY]] : tensor<2x3xf32>)
func.func @unary(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = onnx.Erf %x : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @is_nan
// CHECK: linalg.generic {{.*}} outs(%{{.+}} : tensor<2x3xi1>)
// CHECK-NEXT: ^bb0(%[[E:.+]]: f32, %{{.+}}: i1):
// CHECK-NEXT: %[[C:.+]] = arith.cmpf uno, %[[E]], %[[E]] : f32
// CHECK-NEXT: linalg.yield %[[C]] : i1
func.func @is_nan(%x: tensor<2x3xf32>) -> tensor<2x3xi1> {
  %0 = onnx.IsNaN %x : (tensor<2x3xf32>) -> tensor<2x3xi1>
  return %0 : tensor<2x3xi1>
}

// -----

// CHECK-DAG: #[[$ALL:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$SCALAR:.+]] = affine_map<(d0, d1) -> ()>
// CHECK-LABEL: @scalar_is_second_and_rank_0
// CHECK-SAME: %[[X:.+]]: tensor<2x3xf32>
// CHECK: %[[C:.+]] = arith.constant dense<1.250000e-01> : tensor<f32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#[[$ALL]], #[[$SCALAR]], #[[$ALL]]] ins(%[[X]], %[[C]] :
func.func @scalar_is_second_and_rank_0(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Constant dense<0.125> : tensor<1x1xf32> : tensor<1x1xf32>
  %0 = onnx.Mul %c, %x : (tensor<1x1xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// A difference does not commute.

// CHECK-LABEL: @constant_stays_first
// CHECK-SAME: %[[X:.+]]: tensor<2x3xf32>
// CHECK: %[[C:.+]] = arith.constant dense<1.000000e+00> : tensor<f32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<sub> {{.+}} ins(%[[C]], %[[X]] :
func.func @constant_stays_first(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c = onnx.Constant dense<1.0> : tensor<f32> : tensor<f32>
  %0 = onnx.Sub %c, %x : (tensor<f32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-DAG: #[[$ALL:.+]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[$MIDDLE:.+]] = affine_map<(d0, d1, d2) -> (d1)>
// CHECK-LABEL: @broadcast_dims_are_dropped
// CHECK-SAME: %[[X:.+]]: tensor<2x3x4xf32>, %[[Y:.+]]: tensor<1x3x1xf32>
// CHECK: %[[V:.+]] = tensor.collapse_shape %[[Y]] {{\[\[}}0, 1, 2]] : tensor<1x3x1xf32> into tensor<3xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#[[$ALL]], #[[$MIDDLE]], #[[$ALL]]] ins(%[[X]], %[[V]] :
func.func @broadcast_dims_are_dropped(%x: tensor<2x3x4xf32>, %y: tensor<1x3x1xf32>) -> tensor<2x3x4xf32> {
  %0 = onnx.Add %x, %y : (tensor<2x3x4xf32>, tensor<1x3x1xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// The form of a constant does not depend on the batch.

// CHECK-LABEL: @constant_of_batch_1
// CHECK: %[[C:.+]] = arith.constant dense_resource<position> : tensor<197x384xf32>
// CHECK: linalg.elementwise {{.+}} ins(%{{.+}}, %[[C]] : tensor<1x197x384xf32>, tensor<197x384xf32>)
func.func @constant_of_batch_1(%x: tensor<1x197x384xf32>) -> tensor<1x197x384xf32> {
  %c = onnx.Constant dense_resource<position> : tensor<1x197x384xf32> : tensor<1x197x384xf32>
  %0 = onnx.Add %x, %c : (tensor<1x197x384xf32>, tensor<1x197x384xf32>) -> tensor<1x197x384xf32>
  return %0 : tensor<1x197x384xf32>
}

// -----

// CHECK-LABEL: @relu
// CHECK: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<f32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<max_signed> {{.+}} ins(%{{.+}}, %[[ZERO]] :
func.func @relu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Relu %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @square
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<square>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<powf>
func.func @square(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %two = onnx.Constant dense<2.0> : tensor<f32> : tensor<f32>
  %most = onnx.Constant dense<2.5> : tensor<f32> : tensor<f32>
  %0 = onnx.Pow %x, %two : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = onnx.Pow %x, %most : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// CHECK-LABEL: @unsigned
// CHECK-SAME: %[[A:.+]]: tensor<4xi8> {vit.element_type = ui8}, %[[B:.+]]: tensor<4xi8> {vit.element_type = ui8}
// CHECK-SAME: -> (tensor<4xi8> {vit.element_type = ui8})
// CHECK: linalg.generic {{.*}}ins(%[[A]], %[[B]] :
// CHECK: arith.divui
func.func @unsigned(%a: tensor<4xui8>, %b: tensor<4xui8>) -> tensor<4xui8> {
  %0 = onnx.Div %a, %b : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xui8>
  return %0 : tensor<4xui8>
}

// -----

// CHECK-LABEL: @where
// CHECK-SAME: %[[C:.+]]: tensor<2x1xi1>, %[[X:.+]]: tensor<2x3xf32>
// CHECK-DAG: %[[LOW:.+]] = arith.constant dense<0xFF800000> : tensor<f32>
// CHECK-DAG: %[[V:.+]] = tensor.collapse_shape %[[C]]
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<select> {{.+}} ins(%[[V]], %[[X]], %[[LOW]] : tensor<2xi1>, tensor<2x3xf32>, tensor<f32>)
func.func @where(%c: tensor<2x1xi1>, %x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %low = onnx.Constant dense<0xFF800000> : tensor<f32> : tensor<f32>
  %0 = onnx.Where %c, %x, %low : (tensor<2x1xi1>, tensor<2x3xf32>, tensor<f32>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: @one_op_bodies
// CHECK: linalg.generic
// CHECK: %[[LESS:.+]] = arith.cmpf olt
// CHECK-NEXT: linalg.yield %[[LESS]]
// CHECK: linalg.generic
// CHECK: %[[FLOAT:.+]] = arith.uitofp %{{.+}} : i1 to f32
// CHECK-NEXT: linalg.yield %[[FLOAT]]
func.func @one_op_bodies(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Less %x, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  %1 = onnx.Cast %0 {to = f32} : (tensor<4xi1>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @clip
// CHECK: linalg.generic
// CHECK: ^bb0(%[[X:.+]]: f32, %[[LO:.+]]: f32, %[[HI:.+]]: f32, %{{.+}}: f32)
// CHECK: %[[MAX:.+]] = arith.maximumf %[[X]], %[[LO]]
// CHECK: arith.minimumf %[[MAX]], %[[HI]]
func.func @clip(%x: tensor<4xf32>) -> tensor<4xf32> {
  %lo = onnx.Constant dense<0.0> : tensor<f32> : tensor<f32>
  %hi = onnx.Constant dense<6.0> : tensor<f32> : tensor<f32>
  %0 = onnx.Clip %x, %lo, %hi {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<4xf32>, tensor<f32>, tensor<f32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK-LABEL: @vit_ops
// CHECK: vit.gelu %{{.+}} {approximate = 1 : i32} : tensor<4xf32>
// CHECK: vit.silu %{{.+}} {beta = 1.702000e+00 : f32} : tensor<4xf32>
func.func @vit_ops(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.Gelu %x {approximate = "tanh"} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.Swish %0 {alpha = 1.702000e+00 : f32} : (tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}
