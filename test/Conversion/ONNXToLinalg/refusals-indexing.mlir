// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// CHECK: error: cannot compile 4 nodes:
// CHECK-NEXT: (onnx.Resize): it keeps the aspect ratio of symbolic extents
// CHECK-NEXT: (onnx.CenterCropPad): it gives a symbolic extent another size
// CHECK-NEXT: (onnx.Col2Im): its block_shape is not constant
// CHECK-NEXT: (onnx.ScatterND): the length of its index vectors is not static

#h = #vit.dims<["h"], affine_map<()[s0] -> (s0, 3)>>
#n = #vit.dims<["n"], affine_map<()[s0] -> (2, s0)>>
func.func @symbols(%x: tensor<?x3xf32, #h>, %c: tensor<1x12x20xf32>, %block: tensor<2xi64>, %y: tensor<4x4xf32>, %i: tensor<2x?xi64, #n>, %u: tensor<2xf32>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<1x3x5x6xf32>, tensor<4x4xf32>) {
  %s = onnx.Constant dense<[4, 4]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Resize %x, %s {keep_aspect_ratio_policy = "not_larger", operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<?x3xf32, #h>, tensor<2xi64>) -> tensor<4x4xf32>
  %1 = onnx.CenterCropPad %x, %s : (tensor<?x3xf32, #h>, tensor<2xi64>) -> tensor<4x4xf32>
  %image = onnx.Constant dense<[5, 6]> : tensor<2xi64> : tensor<2xi64>
  %2 = onnx.Col2Im %c, %image, %block : (tensor<1x12x20xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<1x3x5x6xf32>
  %3 = onnx.ScatterND %y, %i, %u : (tensor<4x4xf32>, tensor<2x?xi64, #n>, tensor<2xf32>) -> tensor<4x4xf32>
  return %0, %1, %2, %3 : tensor<4x4xf32>, tensor<4x4xf32>, tensor<1x3x5x6xf32>, tensor<4x4xf32>
}
