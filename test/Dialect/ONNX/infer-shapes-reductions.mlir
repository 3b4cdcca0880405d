// RUN: vitc-opt %s --onnx-infer-shapes | FileCheck %s

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: tensor<2x3x4xf32>, %s: tensor<4xf32>, %k: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xf32>, tensor<*xi64>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %c_1 = onnx.Constant dense<[1]> : tensor<1xi64> : tensor<1xi64>
  %c_m = onnx.Constant dense<[-1]> : tensor<1xi64> : tensor<1xi64>
  %c_k = onnx.Constant dense<[2]> : tensor<1xi64> : tensor<1xi64>
  // CHECK: onnx.ReduceMean {{.*}} -> tensor<2x1x4xf32>
  %0 = onnx.ReduceMean %x, %c_1 : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: onnx.ReduceSum {{.*}} -> tensor<2x3xf32>
  %1 = onnx.ReduceSum %x, %c_m {keepdims = false} : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<*xf32>
  // CHECK: onnx.ReduceMax {{.*}} -> tensor<f32>
  %2 = onnx.ReduceMax %x {keepdims = false} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.ReduceL2 {{.*}} -> tensor<2x3x4xf32>
  %3 = onnx.ReduceL2 %x {noop_with_empty_axes = true} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.ArgMax {{.*}} -> tensor<2x3xi64>
  %4 = onnx.ArgMax %x {axis = -1 : i64, keepdims = false} : (tensor<2x3x4xf32>) -> tensor<*xi64>
  // CHECK: onnx.TopK {{.*}} -> (tensor<2x3x2xf32>, tensor<2x3x2xi64>)
  %5, %6 = onnx.TopK %x, %c_k : (tensor<2x3x4xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  // CHECK: onnx.Softmax {{.*}} -> tensor<2x3x4xf32>
  %7 = onnx.Softmax %x : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.LayerNormalization {{.*}} -> tensor<2x3x4xf32> mean tensor<2x3x1xf32> inv_std_dev tensor<2x3x1xf32>
  %8, %9, %10 = onnx.LayerNormalization %x, %s : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<*xf32> mean tensor<*xf32> inv_std_dev tensor<*xf32>
  // CHECK: onnx.RMSNormalization {{.*}} -> tensor<2x3x4xf32>
  %11 = onnx.RMSNormalization %x, %s : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<*xf32>
  // CHECK: onnx.BatchNormalization {{.*}} -> tensor<2x3x4xf32>
  %12 = onnx.BatchNormalization %x, %k, %k, %k, %k : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  // CHECK: onnx.InstanceNormalization {{.*}} -> tensor<2x3x4xf32>
  %13 = onnx.InstanceNormalization %x, %k, %k : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  // CHECK: onnx.GroupNormalization {{.*}} -> tensor<2x3x4xf32>
  %14 = onnx.GroupNormalization %x, %k, %k {num_groups = 3 : i64} : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xi64>, tensor<*xf32>, tensor<*xi64>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<2x3x4xf32>, %y: tensor<3x1xf32>, %c: tensor<4xi1>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xi32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  // CHECK: onnx.Gelu {{.*}} -> tensor<2x3x4xf32>
  %0 = onnx.Gelu %x : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Clip {{.*}} -> tensor<2x3x4xf32>
  %1 = onnx.Clip %x {operandSegmentSizes = array<i32: 1, 0, 0>} : (tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Cast {{.*}} -> tensor<2x3x4xi32>
  %2 = onnx.Cast %x {to = i32} : (tensor<2x3x4xf32>) -> tensor<*xi32>
  // CHECK: onnx.Add {{.*}} -> tensor<2x3x4xf32>
  %3 = onnx.Add %y, %x : (tensor<3x1xf32>, tensor<2x3x4xf32>) -> tensor<*xf32>
  // CHECK: onnx.Less {{.*}} -> tensor<2x3x4xi1>
  %4 = onnx.Less %x, %y : (tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<*xi1>
  // CHECK: onnx.Pow {{.*}} -> tensor<3x1xf32>
  %5 = onnx.Pow %y, %y : (tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  // CHECK: onnx.Max {{.*}} -> tensor<2x3x4xf32>
  %6 = onnx.Max %y, %x, %y : (tensor<3x1xf32>, tensor<2x3x4xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  // CHECK: onnx.Where {{.*}} -> tensor<3x4xf32>
  %7 = onnx.Where %c, %y, %y : (tensor<4xi1>, tensor<3x1xf32>, tensor<3x1xf32>) -> tensor<*xf32>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<*xf32>, tensor<*xf32>, tensor<*xi32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
