// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file | FileCheck %s

#b = #vit.dims<["b"], affine_map<()[s0] -> (s0, 8, 4, 6)>>
#i = #vit.dims<["b"], affine_map<()[s0] -> (s0, 3)>>
#m = #vit.dims<["b", "h"], affine_map<()[s0, s1] -> (s0, 3, s1, 6)>>

// CHECK-DAG: #[[$ONE_HOT:.+]] = affine_map<()[s0] -> (s0, 5, 3)>
// CHECK-DAG: #[[$DEPTH:.+]] = affine_map<()[s0, s1] -> (s0, 12, s1 floordiv 2, 3)>
// CHECK-DAG: #[[$SPACE:.+]] = affine_map<()[s0] -> (s0, 2, 8, 12)>
// CHECK-LABEL: func.func @indexing
func.func @indexing(%x: tensor<?x8x4x6xf32, #b>, %i: tensor<?x3xi64, #i>, %m: tensor<?x3x?x6xf32, #m>, %v: tensor<2xi8>, %u: tensor<?x3xf32, #i>)
    -> (tensor<*xi8>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>) {
  %d = onnx.Constant dense<5.0> : tensor<1xf32> : tensor<1xf32>
  // CHECK: onnx.OneHot {{.*}} -> tensor<?x5x3xi8, #vit.dims<["b"], #[[$ONE_HOT]]>>
  %0 = onnx.OneHot %i, %d, %v {axis = 1 : i64} : (tensor<?x3xi64, #i>, tensor<1xf32>, tensor<2xi8>) -> tensor<*xi8>
  // CHECK: onnx.SpaceToDepth {{.*}} -> tensor<?x12x?x3xf32, #vit.dims<["b", "h"], #[[$DEPTH]]>>
  %1 = onnx.SpaceToDepth %m {blocksize = 2 : i64} : (tensor<?x3x?x6xf32, #m>) -> tensor<*xf32>
  // CHECK: onnx.DepthToSpace {{.*}} -> tensor<?x2x8x12xf32, #vit.dims<["b"], #[[$SPACE]]>>
  %2 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<?x8x4x6xf32, #b>) -> tensor<*xf32>
  // CHECK: onnx.GatherElements {{.*}} -> tensor<?x3xf32, #vit.dims<{{.+}}>>
  %3 = onnx.GatherElements %u, %i {axis = 1 : i64} : (tensor<?x3xf32, #i>, tensor<?x3xi64, #i>) -> tensor<*xf32>
  // CHECK: onnx.ScatterElements {{.*}} -> tensor<?x3xf32, #vit.dims<{{.+}}>>
  %4 = onnx.ScatterElements %u, %i, %u {axis = 1 : i64, reduction = "add"} : (tensor<?x3xf32, #i>, tensor<?x3xi64, #i>, tensor<?x3xf32, #i>) -> tensor<*xf32>
  // CHECK: onnx.EyeLike {{.*}} -> tensor<?x3xi64, #vit.dims<{{.+}}>>
  %5 = onnx.EyeLike %u {dtype = i64, k = 1 : i64} : (tensor<?x3xf32, #i>) -> tensor<*xi64>
  // CHECK: onnx.ArgMin {{.*}} -> tensor<?x1xi64, #vit.dims<{{.+}}>>
  %6 = onnx.ArgMin %u {axis = 1 : i64} : (tensor<?x3xf32, #i>) -> tensor<*xi64>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<*xi8>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>
}

// -----

#b = #vit.dims<["b"], affine_map<()[s0] -> (s0, 2, 3)>>
#x = #vit.dims<["b"], affine_map<()[s0] -> (s0, 3, 8, 8)>>
#r = #vit.dims<["r"], affine_map<()[s0] -> (s0, 4)>>
#n = #vit.dims<["r"], affine_map<()[s0] -> (s0)>>
#c = #vit.dims<["b"], affine_map<()[s0] -> (s0, 12, 20)>>

// What a size of named dimensions says is in the type; the operand goes.
// CHECK-LABEL: func.func @sampling
func.func @sampling(%t: tensor<?x2x3xf32, #b>, %x: tensor<?x3x8x8xf32, #x>, %r: tensor<?x4xf32, #r>, %n: tensor<?xi64, #n>, %q: tensor<5x5xf32>, %c: tensor<?x12x20xf32, #c>)
    -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %s = onnx.Shape %x : (tensor<?x3x8x8xf32, #x>) -> tensor<*xi64>
  // CHECK: %[[GRID:.+]] = onnx.AffineGrid %{{[a-z0-9]+}} : {{.*}} -> tensor<?x8x8x2xf32, #vit.dims<{{.+}}>>
  %0 = onnx.AffineGrid %t, %s : (tensor<?x2x3xf32, #b>, tensor<*xi64>) -> tensor<*xf32>
  // CHECK: onnx.GridSample %{{.+}}, %[[GRID]] : {{.*}} -> tensor<?x3x8x8xf32, #vit.dims<{{.+}}>>
  %1 = onnx.GridSample %x, %0 : (tensor<?x3x8x8xf32, #x>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK: onnx.RoiAlign {{.*}} -> tensor<?x3x2x3xf32, #vit.dims<{{.+}}>>
  %2 = onnx.RoiAlign %x, %r, %n {output_height = 2 : i64, output_width = 3 : i64} : (tensor<?x3x8x8xf32, #x>, tensor<?x4xf32, #r>, tensor<?xi64, #n>) -> tensor<*xf32>
  // CHECK: onnx.MaxRoiPool {{.*}} -> tensor<5x3x2x3xf32>
  %3 = onnx.MaxRoiPool %x, %q {pooled_shape = array<i64: 2, 3>} : (tensor<?x3x8x8xf32, #x>, tensor<5x5xf32>) -> tensor<*xf32>
  %image = onnx.Constant dense<[5, 6]> : tensor<2xi64> : tensor<2xi64>
  %block = onnx.Constant dense<[2, 2]> : tensor<2xi64> : tensor<2xi64>
  // CHECK: onnx.Col2Im {{.*}} -> tensor<?x3x5x6xf32, #vit.dims<{{.+}}>>
  %4 = onnx.Col2Im %c, %image, %block : (tensor<?x12x20xf32, #c>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0, %1, %2, %3, %4 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @crop
func.func @crop(%x: tensor<2x9x4xf32>) -> tensor<*xf32> {
  %s = onnx.Constant dense<[5, 6]> : tensor<2xi64> : tensor<2xi64>
  // CHECK: onnx.CenterCropPad {{.*}} -> tensor<2x5x6xf32>
  %0 = onnx.CenterCropPad %x, %s {axes = array<i64: 1, -1>} : (tensor<2x9x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
