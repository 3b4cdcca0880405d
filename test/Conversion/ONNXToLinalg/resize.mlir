// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// One product an axis; the axes that stay have none.

// CHECK-DAG: #[[$READ_H:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4, d3)>
// CHECK-DAG: #[[$WEIGHT_H:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d2, d4)>
// CHECK-DAG: #[[$WEIGHT_W:.+]] = affine_map<(d0, d1, d2, d3, d4) -> (d3, d4)>
// CHECK-LABEL: @linear
// CHECK-SAME: %[[X:.+]]: tensor<1x3x2x4xf32>
// CHECK: %[[H:.+]] = arith.constant dense<{{\[\[}}1.000000e+00, 0.000000e+00], [7.500000e-01, 2.500000e-01], [2.500000e-01, 7.500000e-01], [0.000000e+00, 1.000000e+00]]> : tensor<4x2xf32>
// CHECK: %[[ROWS:.+]] = linalg.contract indexing_maps = [#[[$READ_H]], #[[$WEIGHT_H]], #{{.+}}] ins(%[[X]], %[[H]] : {{.+}}) {{.+}} -> tensor<1x3x4x4xf32>
// CHECK: linalg.contract indexing_maps = [#{{.+}}, #[[$WEIGHT_W]], #{{.+}}] ins(%[[ROWS]], %{{.+}} : tensor<1x3x4x4xf32>, tensor<8x4xf32>) {{.+}} -> tensor<1x3x4x8xf32>
// CHECK-NOT: linalg.contract
func.func @linear(%x: tensor<1x3x2x4xf32>) -> tensor<1x3x4x8xf32> {
  %s = onnx.Constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> : tensor<4xf32>
  %0 = onnx.Resize %x, %s {mode = "linear", operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<1x3x2x4xf32>, tensor<4xf32>) -> tensor<1x3x4x8xf32>
  return %0 : tensor<1x3x4x8xf32>
}

// -----

// CHECK-LABEL: @nearest
// CHECK-SAME: %[[X:.+]]: tensor<1x1x2x2xi64>
// CHECK-DAG: %[[TABLE:.+]] = arith.constant dense<[0, 0, 1, 1]> : tensor<4xi64>
// CHECK: linalg.generic
// CHECK: %[[FOUND:.+]] = tensor.extract %[[TABLE]]
// CHECK: arith.index_cast %[[FOUND]] : i64 to index
// CHECK: tensor.extract %[[X]]
func.func @nearest(%x: tensor<1x1x2x2xi64>) -> tensor<1x1x4x2xi64> {
  %s = onnx.Constant dense<[4, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Resize %x, %s {axes = array<i64: 2, 3>, operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<1x1x2x2xi64>, tensor<2xi64>) -> tensor<1x1x4x2xi64>
  return %0 : tensor<1x1x4x2xi64>
}

// -----

// Long axes read their own few elements; integers are interpolated as floats and truncated within their range.

// CHECK-LABEL: @long
// CHECK-SAME: %[[X:.+]]: tensor<2x100xi8>
// CHECK: %[[F:.+]] = linalg.generic {{.*}} ins(%[[X]] :
// CHECK: arith.uitofp
// CHECK-DAG: %[[P:.+]] = arith.constant {{.*}} : tensor<50x2xi64>
// CHECK-DAG: %[[W:.+]] = arith.constant {{.*}} : tensor<50x2xf32>
// CHECK: linalg.generic
// CHECK: tensor.extract %[[P]]
// CHECK: tensor.extract %[[W]]
// CHECK: tensor.extract %[[F]]
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK: arith.fptoui
func.func @long(%x: tensor<2x100xui8>) -> tensor<2x50xui8> {
  %s = onnx.Constant dense<[1.0, 0.5]> : tensor<2xf32> : tensor<2xf32>
  %0 = onnx.Resize %x, %s {mode = "linear", operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<2x100xui8>, tensor<2xf32>) -> tensor<2x50xui8>
  return %0 : tensor<2x50xui8>
}

// -----

// Positions and weights of a symbolic axis are computed once in a run.

#w = #vit.dims<["w"], affine_map<()[s0] -> (2, s0)>>
#w2 = #vit.dims<["w"], affine_map<()[s0] -> (2, s0 * 2)>>
// CHECK-LABEL: @symbolic
// CHECK-SAME: %[[X:.+]]: tensor<2x?xf32>
// CHECK: %[[P:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<?x4xi64>)
// CHECK: math.floor
// CHECK: %[[RAW:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<?x4xf64>)
// CHECK: linalg.reduce
// CHECK: %[[W:.+]] = linalg.generic {{.*}} ins(%[[RAW]],
// CHECK: arith.divf
// CHECK: linalg.generic
// CHECK: tensor.extract %[[P]]
// CHECK: tensor.extract %[[W]]
// CHECK: tensor.extract %[[X]]
func.func @symbolic(%x: tensor<2x?xf32, #w>) -> tensor<2x?xf32, #w2> {
  %s = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = onnx.Resize %x, %s {mode = "cubic", operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<2x?xf32, #w>, tensor<2xf32>) -> tensor<2x?xf32, #w2>
  return %0 : tensor<2x?xf32, #w2>
}
