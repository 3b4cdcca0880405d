// RUN: vitc-opt %s --onnx-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @reshapes
func.func @reshapes(%x: tensor<2x3x4xf32>, %u: tensor<1x3x1xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>) {
  %c_r = onnx.Constant dense<[0, -1]> : tensor<2xi64> : tensor<2xi64>
  %c_e = onnx.Constant dense<[2, 1, 4]> : tensor<3xi64> : tensor<3xi64>
  %c_0 = onnx.Constant dense<[0]> : tensor<1xi64> : tensor<1xi64>
  %c_a = onnx.Constant dense<[0, -1]> : tensor<2xi64> : tensor<2xi64>
  // CHECK: onnx.Reshape %{{[^,]*}} : {{.*}} -> tensor<2x12xf32>
  %0 = onnx.Reshape %x, %c_r : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK: onnx.Flatten {{.*}} -> tensor<6x4xf32>
  %1 = onnx.Flatten %x {axis = -1 : i64} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Squeeze {{.*}} -> tensor<3xf32>
  %2 = onnx.Squeeze %u : (tensor<1x3x1xf32>) -> tensor<*xf32>
  // CHECK: onnx.Squeeze {{.*}} -> tensor<3x1xf32>
  %3 = onnx.Squeeze %u, %c_0 : (tensor<1x3x1xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: onnx.Unsqueeze {{.*}} -> tensor<1x2x3x4x1xf32>
  %4 = onnx.Unsqueeze %x, %c_a : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK: onnx.Transpose {{.*}} -> tensor<4x3x2xf32>
  %5 = onnx.Transpose %x : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Expand %{{[^,]*}} : {{.*}} -> tensor<2x3x4xf32>
  %6 = onnx.Expand %u, %c_e : (tensor<1x3x1xf32>, tensor<3xi64>) -> tensor<*xf32>
  // CHECK: onnx.Constant dense<[3, 4]> : tensor<2xi64>
  %7 = onnx.Shape %x {start = -2 : i64} : (tensor<2x3x4xf32>) -> tensor<*xi64>
  // CHECK: onnx.Constant dense<24> : tensor<i64>
  %8 = onnx.Size %x : (tensor<2x3x4xf32>) -> tensor<*xi64>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>
}

// CHECK-LABEL: func.func @parts
func.func @parts(%x: tensor<2x3x4xf32>, %i: tensor<5x6xi64>, %p: tensor<3x1xi64>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>) {
  %c_s = onnx.Constant dense<[1]> : tensor<1xi64> : tensor<1xi64>
  %c_e = onnx.Constant dense<[100]> : tensor<1xi64> : tensor<1xi64>
  %c_a = onnx.Constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  %c_n = onnx.Constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  %c_l = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %c_t = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64> : tensor<3xi64>
  %c_pad = onnx.Constant dense<[0, 1, 0, 0, 2, 3]> : tensor<6xi64> : tensor<6xi64>
  %c_z = onnx.Constant dense<[5, 6]> : tensor<2xi64> : tensor<2xi64>
  %c_f = onnx.Constant dense<[1.0, 2.0, 0.5]> : tensor<3xf32> : tensor<3xf32>
  %c_b = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %c_c = onnx.Constant dense<7> : tensor<i64> : tensor<i64>
  %c_d = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  // CHECK: onnx.Concat {{.*}} -> tensor<2x6x4xf32>
  %0 = onnx.Concat %x, %x {axis = -2 : i64} : (tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Split {{.*}} -> (tensor<2x1x4xf32>, tensor<2x2x4xf32>)
  %1, %2 = onnx.Split %x, %c_l {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<2xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  // CHECK: onnx.Split {{.*}} -> (tensor<2x2x4xf32>, tensor<2x1x4xf32>)
  %3, %4 = onnx.Split %x {axis = 1 : i64, num_outputs = 2 : i64} : (tensor<2x3x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  // CHECK: onnx.Slice {{.*}} -> tensor<2x3x2xf32>
  %5 = onnx.Slice %x, %c_s, %c_e, %c_a, %c_n {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<2x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: onnx.Gather {{.*}} -> tensor<2x5x6x4xf32>
  %6 = onnx.Gather %x, %i {axis = 1 : i64} : (tensor<2x3x4xf32>, tensor<5x6xi64>) -> tensor<*xf32>
  // CHECK: onnx.GatherND {{.*}} -> tensor<3x3x4xf32>
  %7 = onnx.GatherND %x, %p : (tensor<2x3x4xf32>, tensor<3x1xi64>) -> tensor<*xf32>
  // CHECK: onnx.Tile {{.*}} -> tensor<2x6x12xf32>
  %8 = onnx.Tile %x, %c_t : (tensor<2x3x4xf32>, tensor<3xi64>) -> tensor<*xf32>
  // CHECK: onnx.Pad {{.*}} -> tensor<2x6x7xf32>
  %9 = onnx.Pad %x, %c_pad {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<2x3x4xf32>, tensor<6xi64>) -> tensor<*xf32>
  // CHECK: onnx.Resize {{.*}} -> tensor<2x6x2xf32>
  %10 = onnx.Resize %x, %c_f {operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<2x3x4xf32>, tensor<3xf32>) -> tensor<*xf32>
  // CHECK: onnx.Resize {{.*}} -> tensor<2x5x6xf32>
  %11 = onnx.Resize %x, %c_z {axes = array<i64: 1, 2>, operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<2x3x4xf32>, tensor<2xi64>) -> tensor<*xf32>
  // CHECK: onnx.Trilu {{.*}} -> tensor<2x3x4xf32>
  %12 = onnx.Trilu %x : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.CumSum {{.*}} -> tensor<2x3x4xf32>
  %13 = onnx.CumSum %x, %c_b : (tensor<2x3x4xf32>, tensor<i64>) -> tensor<*xf32>
  // CHECK: onnx.Constant dense<[0, 2, 4, 6]> : tensor<4xi64>
  %14 = onnx.Range %c_b, %c_c, %c_d : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<*xi64>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>
}

// As many indices as there are pictures: the type says how many.
// CHECK-LABEL: func @indices_of_pictures
// CHECK: onnx.Range %{{.+}}, %{{.+}} : (tensor<i64>, tensor<i64>) -> tensor<?xi64, #vit.dims<["batch"], #{{.+}}>>
func.func @indices_of_pictures(%x: tensor<?x3xf32, #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>>) -> tensor<*xi64> {
  %zero = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  %shape = onnx.Shape %x {end = 1 : i64} : (tensor<?x3xf32, #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>>) -> tensor<*xi64>
  %batch = onnx.Gather %shape, %zero : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %y = onnx.Range %zero, %batch, %one : (tensor<i64>, tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  return %y : tensor<*xi64>
}
