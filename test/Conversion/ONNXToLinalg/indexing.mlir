// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// CHECK-LABEL: @gather_elements
// CHECK-SAME: %[[X:.+]]: tensor<3x4xf32>, %[[I:.+]]: tensor<2x4xi64>
// CHECK: linalg.generic
// CHECK: %[[D0:.+]] = linalg.index 0
// CHECK: %[[D1:.+]] = linalg.index 1
// CHECK: tensor.extract %[[I]][%[[D0]], %[[D1]]]
// CHECK: arith.minsi
// CHECK: %[[ROW:.+]] = arith.maxsi
// CHECK: tensor.extract %[[X]][%[[ROW]], %[[D1]]]
func.func @gather_elements(%x: tensor<3x4xf32>, %i: tensor<2x4xi64>) -> tensor<2x4xf32> {
  %0 = onnx.GatherElements %x, %i : (tensor<3x4xf32>, tensor<2x4xi64>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// -----

// Symbolic extents of the indices may be larger than the operand's in a run: those positions are clamped, too.

#s = #vit.dims<["s"], affine_map<()[s0] -> (s0, 4)>>
#t = #vit.dims<["t"], affine_map<()[s0] -> (s0, 2)>>
// CHECK-LABEL: @gather_elements_of_two_symbols
// CHECK: linalg.generic
// CHECK-COUNT-2: arith.maxsi
// CHECK: tensor.extract
func.func @gather_elements_of_two_symbols(%x: tensor<?x4xf32, #s>, %i: tensor<?x2xi64, #t>) -> tensor<?x2xf32, #t> {
  %0 = onnx.GatherElements %x, %i {axis = 1 : i64} : (tensor<?x4xf32, #s>, tensor<?x2xi64, #t>) -> tensor<?x2xf32, #t>
  return %0 : tensor<?x2xf32, #t>
}

// -----

// CHECK-LABEL: @scatter
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<3x4xi8> {{.+}}, %[[I:[a-z0-9]+]]: tensor<3x2xi32>, %[[U:[a-z0-9]+]]: tensor<3x2xi8> {{.+}}, %[[J:[a-z0-9]+]]: tensor<5x1xi64>, %[[V:[a-z0-9]+]]: tensor<5x4xi8>
// CHECK: %[[A:.+]] = vit.scatter %[[U]] into %[[X]] at %[[I]] {axis = 1 : i64, is_unsigned, reduction = "max"}
// CHECK: vit.scatter %[[V]] into %[[A]] at %[[J]] {is_unsigned} :
// CHECK-NOT: vit.scatter
func.func @scatter(%x: tensor<3x4xui8>, %i: tensor<3x2xi32>, %u: tensor<3x2xui8>, %j: tensor<5x1xi64>, %v: tensor<5x4xui8>, %none: tensor<0x2xi32>, %nothing: tensor<0x2xui8>) -> tensor<3x4xui8> {
  %0 = onnx.ScatterElements %x, %i, %u {axis = -1 : i64, reduction = "max"} : (tensor<3x4xui8>, tensor<3x2xi32>, tensor<3x2xui8>) -> tensor<3x4xui8>
  %1 = onnx.ScatterND %0, %j, %v : (tensor<3x4xui8>, tensor<5x1xi64>, tensor<5x4xui8>) -> tensor<3x4xui8>
  %2 = onnx.ScatterElements %1, %none, %nothing : (tensor<3x4xui8>, tensor<0x2xi32>, tensor<0x2xui8>) -> tensor<3x4xui8>
  return %2 : tensor<3x4xui8>
}

// -----

// CHECK-LABEL: @top_k
// CHECK: %[[ROWS:.+]] = linalg.transpose {{.*}} permutation = [1, 0]
// CHECK: %[[V:.+]], %[[I:.+]] = vit.top_k %[[ROWS]] {is_unsigned, smallest} : tensor<4x3xi8> -> tensor<4x2xi8>, tensor<4x2xi64>
// CHECK: linalg.transpose ins(%[[V]] :
// CHECK: linalg.transpose ins(%[[I]] :
func.func @top_k(%x: tensor<3x4xui8>) -> (tensor<2x4xui8>, tensor<2x4xi64>) {
  %k = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %0, %1 = onnx.TopK %x, %k {axis = 0 : i64, largest = false} : (tensor<3x4xui8>, tensor<1xi64>) -> (tensor<2x4xui8>, tensor<2x4xi64>)
  return %0, %1 : tensor<2x4xui8>, tensor<2x4xi64>
}

// -----

// CHECK-LABEL: @arg_min
// CHECK: arith.constant -1 : i8
// CHECK: arith.cmpi uge
func.func @arg_min(%x: tensor<2x3xui8>) -> tensor<2xi64> {
  %0 = onnx.ArgMin %x {axis = 1 : i64, keepdims = false, select_last_index = true} : (tensor<2x3xui8>) -> tensor<2xi64>
  return %0 : tensor<2xi64>
}

// -----

// Squares of known extents are views and transposes; of symbolic ones, whole squares alone are read.

#x = #vit.dims<["h"], affine_map<()[s0] -> (1, 3, s0, 6)>>
#y = #vit.dims<["h"], affine_map<()[s0] -> (1, 12, s0 floordiv 2, 3)>>
#e = #vit.dims<["h"], affine_map<()[s0] -> (1, 3, s0 * 2, 6)>>
#f = #vit.dims<["h"], affine_map<()[s0] -> (1, 12, s0, 3)>>
// CHECK-LABEL: @blocks
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<1x8x2x3xf32>, %[[H:[a-z0-9]+]]: tensor<1x3x?x6xf32>
// CHECK: tensor.expand_shape %[[X]] {{.*}} tensor<1x8x2x3xf32> into tensor<1x2x2x2x2x3xf32>
// CHECK: linalg.transpose {{.*}} permutation = [0, 3, 4, 1, 5, 2]
// CHECK: tensor.collapse_shape {{.*}} into tensor<1x2x4x6xf32>
// CHECK: linalg.generic
// CHECK: arith.remui
// CHECK: tensor.extract %[[H]]
// CHECK: tensor.expand_shape {{.*}} into tensor<1x3x?x2x3x2xf32>
// CHECK: linalg.transpose {{.*}} permutation = [0, 1, 3, 5, 2, 4]
func.func @blocks(%x: tensor<1x8x2x3xf32>, %h: tensor<1x3x?x6xf32, #x>, %n: tensor<1x3x?x6xf32, #e>)
    -> (tensor<1x2x4x6xf32>, tensor<1x12x?x3xf32, #y>, tensor<1x12x?x3xf32, #f>) {
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<1x8x2x3xf32>) -> tensor<1x2x4x6xf32>
  %1 = onnx.SpaceToDepth %h {blocksize = 2 : i64} : (tensor<1x3x?x6xf32, #x>) -> tensor<1x12x?x3xf32, #y>
  %2 = onnx.SpaceToDepth %n {blocksize = 2 : i64, mode = "CRD"} : (tensor<1x3x?x6xf32, #e>) -> tensor<1x12x?x3xf32, #f>
  return %0, %1, %2 : tensor<1x2x4x6xf32>, tensor<1x12x?x3xf32, #y>, tensor<1x12x?x3xf32, #f>
}

// -----

// CHECK-LABEL: @one_hot
// CHECK-SAME: %[[I:.+]]: tensor<2x3xi32>, %[[V:.+]]: tensor<2xf32>
// CHECK: linalg.generic
// CHECK: ^bb0(%[[X:.+]]: i32, %{{.+}}: f32):
// CHECK: arith.extsi %[[X]] : i32 to i64
// CHECK: %[[HERE:.+]] = linalg.index 1
// CHECK: arith.cmpi eq, %{{.+}}, %[[HERE]]
// CHECK: tensor.extract %[[V]]
func.func @one_hot(%i: tensor<2x3xi32>, %v: tensor<2xf32>) -> tensor<2x5x3xf32> {
  %d = onnx.Constant dense<5> : tensor<i64> : tensor<i64>
  %0 = onnx.OneHot %i, %d, %v {axis = 1 : i64} : (tensor<2x3xi32>, tensor<i64>, tensor<2xf32>) -> tensor<2x5x3xf32>
  return %0 : tensor<2x5x3xf32>
}

// -----

// Seven become four from the front, three become six from the back.

// CHECK-LABEL: @center_crop_pad
// CHECK: %[[CROP:.+]] = tensor.extract_slice %{{.+}}[1, 0] [4, 3] [1, 1]
// CHECK: tensor.pad %[[CROP]] low[0, 1] high[0, 2]
func.func @center_crop_pad(%x: tensor<7x3xf32>) -> tensor<4x6xf32> {
  %s = onnx.Constant dense<[4, 6]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.CenterCropPad %x, %s : (tensor<7x3xf32>, tensor<2xi64>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// Where there are no elements nothing is read.

// CHECK-LABEL: @empty
// CHECK-NOT: tensor.extract
// CHECK-COUNT-3: linalg.fill
// CHECK-NOT: tensor.extract
func.func @empty(%x: tensor<0x4xf32>, %i: tensor<2x4xi64>, %m: tensor<1x1x0x3xf32>, %g: tensor<1x2x2x2xf32>)
    -> (tensor<2x4xf32>, tensor<2x4x4xf32>, tensor<1x1x2x2xf32>) {
  %0 = onnx.GatherElements %x, %i : (tensor<0x4xf32>, tensor<2x4xi64>) -> tensor<2x4xf32>
  %1 = onnx.Gather %x, %i : (tensor<0x4xf32>, tensor<2x4xi64>) -> tensor<2x4x4xf32>
  %2 = onnx.GridSample %m, %g : (tensor<1x1x0x3xf32>, tensor<1x2x2x2xf32>) -> tensor<1x1x2x2xf32>
  return %0, %1, %2 : tensor<2x4xf32>, tensor<2x4x4xf32>, tensor<1x1x2x2xf32>
}
