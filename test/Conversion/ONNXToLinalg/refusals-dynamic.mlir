// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// Operands that must be constant, and extents that may differ: the reasons that a user reads.

// CHECK: error: cannot compile 9 nodes:
// CHECK-NEXT: (onnx.ReduceMean): its axes are not constant
// CHECK-NEXT: (onnx.CumSum): its axis is not constant
// CHECK-NEXT: (onnx.Squeeze): its axes are not constant
// CHECK-NEXT: (onnx.Unsqueeze): its axes are not constant
// CHECK-NEXT: (onnx.Tile): its repeats are not constant
// CHECK-NEXT: (onnx.Pad): its pads or axes are not constant
// CHECK-NEXT: (onnx.Trilu): its diagonal is not constant
// CHECK-NEXT: (onnx.Resize): its scales are not constant
// CHECK-NEXT: (onnx.Resize): its region of interest is not constant
func.func @from_data(%x: tensor<1x4xf32>, %i: tensor<1xi64>, %s: tensor<i64>, %two: tensor<2xi64>, %four: tensor<4xi64>,
                     %f: tensor<2xf32>, %roi: tensor<4xf32>)
    -> (tensor<1x1xf32>, tensor<1x4xf32>, tensor<4xf32>, tensor<1x1x4xf32>, tensor<2x4xf32>, tensor<1x5xf32>, tensor<1x4xf32>, tensor<1x8xf32>,
        tensor<1x8xf32>) {
  %0 = onnx.ReduceMean %x, %i : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x1xf32>
  %1 = onnx.CumSum %x, %s : (tensor<1x4xf32>, tensor<i64>) -> tensor<1x4xf32>
  %2 = onnx.Squeeze %x, %i : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<4xf32>
  %3 = onnx.Unsqueeze %x, %i : (tensor<1x4xf32>, tensor<1xi64>) -> tensor<1x1x4xf32>
  %4 = onnx.Tile %x, %two : (tensor<1x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  %5 = onnx.Pad %x, %four {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<1x4xf32>, tensor<4xi64>) -> tensor<1x5xf32>
  %6 = onnx.Trilu %x, %s : (tensor<1x4xf32>, tensor<i64>) -> tensor<1x4xf32>
  %7 = onnx.Resize %x, %f {operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<1x4xf32>, tensor<2xf32>) -> tensor<1x8xf32>
  %sizes = onnx.Constant dense<[1, 8]> : tensor<2xi64> : tensor<2xi64>
  %8 = onnx.Resize %x, %roi, %sizes {operandSegmentSizes = array<i32: 1, 1, 0, 1>, coordinate_transformation_mode = "tf_crop_and_resize"}
    : (tensor<1x4xf32>, tensor<4xf32>, tensor<2xi64>) -> tensor<1x8xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<1x1xf32>, tensor<1x4xf32>, tensor<4xf32>, tensor<1x1x4xf32>, tensor<2x4xf32>,
    tensor<1x5xf32>, tensor<1x4xf32>, tensor<1x8xf32>, tensor<1x8xf32>
}

// -----

// CHECK: error: cannot compile 8 nodes:
// CHECK-NEXT: (onnx.MatMul): the extents of its operands cannot be shown to agree
// CHECK-NEXT: (onnx.Gemm): the extents of its operands cannot be shown to agree
// CHECK-NEXT: (onnx.Einsum): the extents of its operands cannot be shown to agree
// CHECK-NEXT: (onnx.Concat): the extents of its operands cannot be shown to be equal
// CHECK-NEXT: (onnx.Expand): the extents of its operand cannot be shown to broadcast
// CHECK-NEXT: (onnx.LayerNormalization): the extents of its scale or bias cannot be shown to broadcast
// CHECK-NEXT: (onnx.RMSNormalization): the extents of its scale cannot be shown to broadcast
// CHECK-NEXT: (onnx.Gemm): the extents of c cannot be shown to broadcast

#a = #vit.dims<["a"], affine_map<()[s0] -> (s0, 3)>>
#at = #vit.dims<["a"], affine_map<()[s0] -> (3, s0)>>
#ac = #vit.dims<["a"], affine_map<()[s0] -> (s0, 6)>>
#b = #vit.dims<["b"], affine_map<()[s0] -> (s0, 3)>>
#v = #vit.dims<["b"], affine_map<()[s0] -> (s0)>>
func.func @other_symbols(%x: tensor<?x3xf32, #a>, %t: tensor<3x?xf32, #at>, %y: tensor<?x3xf32, #b>, %v: tensor<?xf32, #v>, %w: tensor<3x3xf32>)
    -> (tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>, tensor<?x6xf32, #ac>, tensor<?x3xf32, #a>, tensor<3x?xf32, #at>, tensor<3x?xf32, #at>,
        tensor<3x?xf32, #at>) {
  %0 = onnx.MatMul %t, %y : (tensor<3x?xf32, #at>, tensor<?x3xf32, #b>) -> tensor<3x3xf32>
  %1 = onnx.Gemm %t, %y : (tensor<3x?xf32, #at>, tensor<?x3xf32, #b>) -> tensor<3x3xf32>
  %2 = onnx.Einsum %t, %y {equation = "ij,jk->ik"} : (tensor<3x?xf32, #at>, tensor<?x3xf32, #b>) -> tensor<3x3xf32>
  %3 = onnx.Concat %x, %y {axis = 1 : i64} : (tensor<?x3xf32, #a>, tensor<?x3xf32, #b>) -> tensor<?x6xf32, #ac>
  %4 = onnx.Expand %y : (tensor<?x3xf32, #b>) -> tensor<?x3xf32, #a>
  %5 = onnx.LayerNormalization %t, %v {resultSegmentSizes = array<i32: 1, 0, 0>} : (tensor<3x?xf32, #at>, tensor<?xf32, #v>) -> tensor<3x?xf32, #at>
  %6 = onnx.RMSNormalization %t, %v : (tensor<3x?xf32, #at>, tensor<?xf32, #v>) -> tensor<3x?xf32, #at>
  %7 = onnx.Gemm %w, %t, %v : (tensor<3x3xf32>, tensor<3x?xf32, #at>, tensor<?xf32, #v>) -> tensor<3x?xf32, #at>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<3x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>, tensor<?x6xf32, #ac>, tensor<?x3xf32, #a>, tensor<3x?xf32, #at>,
    tensor<3x?xf32, #at>, tensor<3x?xf32, #at>
}
