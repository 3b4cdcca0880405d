// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// What extents that depend on data, and quantised products, refuse.

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.NonZero): the bound of its extent is not known

#n = #vit.dims<["count(find)"], affine_map<()[s0] -> (1, s0)>>
func.func @bound_without_a_value(%x: tensor<4xf32>) -> tensor<1x?xi64, #n> {
  %0 = onnx.NonZero %x {onnx.extent = #vit.dims<["count(find)", "m"], affine_map<()[s0, s1] -> (s0, s1)>>} : (tensor<4xf32>) -> tensor<1x?xi64, #n>
  return %0 : tensor<1x?xi64, #n>
}

// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Slice): its axes or steps are not constant

#s = #vit.dims<["count(part)"], affine_map<()[s0] -> (s0)>>
func.func @steps_of_the_run(%x: tensor<7xf32>, %i: tensor<1xi64>) -> tensor<?xf32, #s> {
  %axis = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.Slice %x, %i, %i, %axis, %i {onnx.extent = #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 7)>>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<7xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?xf32, #s>
  return %0 : tensor<?xf32, #s>
}

// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Slice): beside an axis whose bounds depend on data, it steps back along another one

#p = #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 3)>>
func.func @back_along_another_axis(%x: tensor<7x3xf32>, %from: tensor<2xi64>, %to: tensor<2xi64>) -> tensor<?x3xf32, #p> {
  %axes = onnx.Constant dense<[0, 1]> : tensor<2xi64> : tensor<2xi64>
  %steps = onnx.Constant dense<[1, -1]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Slice %x, %from, %to, %axes, %steps {onnx.extent = #vit.dims<["count(part)"], affine_map<()[s0] -> (s0, 7)>>, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}
      : (tensor<7x3xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> tensor<?x3xf32, #p>
  return %0 : tensor<?x3xf32, #p>
}

// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Resize): it resizes an axis of no elements

func.func @resize_nothing(%x: tensor<0xf32>) -> tensor<4xf32> {
  %scales = onnx.Constant dense<2.0> : tensor<1xf32> : tensor<1xf32>
  %0 = onnx.Resize %x, %scales {operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<0xf32>, tensor<1xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// CHECK: error: cannot compile 2 nodes:
// CHECK-NEXT: (onnx.MatMulInteger): the extents of its zero points cannot be shown to broadcast
// CHECK-NEXT: (onnx.QLinearMatMul): the extents of its scales cannot be shown to broadcast

#m = #vit.dims<["m"], affine_map<()[s0] -> (s0)>>
#r = #vit.dims<["r"], affine_map<()[s0] -> (s0, 3)>>
#y = #vit.dims<["r"], affine_map<()[s0] -> (s0, 2)>>
func.func @rows_of_another_extent(%a: tensor<?x3xi8, #r>, %b: tensor<3x2xi8>, %z: tensor<?xi8, #m>, %s: tensor<?xf32, #m>, %one: tensor<f32>, %zero: tensor<i8>) -> (tensor<?x2xi32, #y>, tensor<?x2xi8, #y>) {
  %0 = "onnx.MatMulInteger"(%a, %b, %z) {operandSegmentSizes = array<i32: 1, 1, 1, 0>} : (tensor<?x3xi8, #r>, tensor<3x2xi8>, tensor<?xi8, #m>) -> tensor<?x2xi32, #y>
  %1 = onnx.QLinearMatMul %a, %s, %zero, %b, %one, %zero, %one, %zero : (tensor<?x3xi8, #r>, tensor<?xf32, #m>, tensor<i8>, tensor<3x2xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<i8>) -> tensor<?x2xi8, #y>
  return %0, %1 : tensor<?x2xi32, #y>, tensor<?x2xi8, #y>
}
