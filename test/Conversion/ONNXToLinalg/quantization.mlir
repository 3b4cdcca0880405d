// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-DAG: #[[$ALL:.+]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$COLUMN:.+]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: @quantize
// CHECK: linalg.generic {indexing_maps = [#[[$ALL]], #[[$COLUMN]], #[[$COLUMN]], #[[$ALL]]]
// CHECK: %[[Q:.+]] = arith.divf
// CHECK: %[[R:.+]] = math.roundeven %[[Q]]
// CHECK: arith.addf %[[R]]
// CHECK: arith.fptoui
// CHECK: arith.select
func.func @quantize(%x: tensor<2x3xf32>, %s: tensor<3xf32>, %z: tensor<3xui8>) -> tensor<2x3xui8> {
  %0 = onnx.QuantizeLinear %x, %s, %z : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xui8>) -> tensor<2x3xui8>
  return %0 : tensor<2x3xui8>
}

// -----

// The scale of a block is read at the quotient of the position.
// CHECK-LABEL: @blocks
// CHECK: %[[SIZE:.+]] = arith.constant 2 : index
// CHECK: %[[BLOCK:.+]] = arith.divui %{{.+}}, %[[SIZE]] : index
// CHECK: tensor.extract %{{.+}}[%{{.+}}, %[[BLOCK]]]
// CHECK: arith.subi
// CHECK: arith.mulf
func.func @blocks(%x: tensor<2x5xi8>, %s: tensor<2x3xf32>, %z: tensor<2x3xi8>) -> tensor<2x5xf32> {
  %0 = onnx.DequantizeLinear %x, %s, %z {block_size = 2 : i64}
      : (tensor<2x5xi8>, tensor<2x3xf32>, tensor<2x3xi8>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// -----

// CHECK-LABEL: @product
// CHECK: arith.extui %{{.+}} : i8 to i32
// CHECK: arith.extsi %{{.+}} : i8 to i32
// CHECK: linalg.contract {{.*}} -> tensor<2x4xi32>
func.func @product(%a: tensor<2x3xui8>, %b: tensor<3x4xi8>) -> tensor<2x4xi32> {
  %0 = "onnx.MatMulInteger"(%a, %b) {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<2x3xui8>, tensor<3x4xi8>) -> tensor<2x4xi32>
  return %0 : tensor<2x4xi32>
}

// -----

// What is padded is 0 once the zero point is subtracted.
// CHECK-DAG: #[[$X:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d4, d3 * 2 + d5)>
// CHECK-DAG: #[[$W:.+]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d1, d2, d4, d5)>
// CHECK-LABEL: @convolution
// CHECK: arith.subi
// CHECK: tensor.pad %{{.+}} low[0, 0, 1] high[0, 0, 1]
// CHECK: linalg.generic {indexing_maps = [#[[$X]], #[[$W]], #{{.+}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
// CHECK: arith.muli
// CHECK: arith.addi
func.func @convolution(%x: tensor<1x4x9xui8>, %w: tensor<6x2x3xi8>, %z: tensor<ui8>) -> tensor<1x6x5xi32> {
  %0 = "onnx.ConvInteger"(%x, %w, %z) {operandSegmentSizes = array<i32: 1, 1, 1, 0>, group = 2 : i64, pads = array<i64: 1, 1>,
      strides = array<i64: 2>} : (tensor<1x4x9xui8>, tensor<6x2x3xi8>, tensor<ui8>) -> tensor<1x6x5xi32>
  return %0 : tensor<1x6x5xi32>
}
