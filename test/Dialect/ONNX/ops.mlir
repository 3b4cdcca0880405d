// RUN: vitc-opt %s | vitc-opt | FileCheck %s

// Absent operands and results keep their positions; attributes that hold the default are not printed.

// CHECK-LABEL: func @absent(
// CHECK-SAME:    %[[X:.*]]: tensor<*xf32>, %[[SIZES:.*]]: tensor<4xi64>
func.func @absent(%x: tensor<*xf32>, %sizes: tensor<4xi64>, %scale: tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  // CHECK: onnx.Resize %[[X]], %[[SIZES]] {mode = "cubic", operandSegmentSizes = array<i32: 1, 0, 0, 1>}
  %0 = onnx.Resize %x, %sizes {mode = "cubic", nearest_mode = "round_prefer_floor", operandSegmentSizes = array<i32: 1, 0, 0, 1>}
      : (tensor<*xf32>, tensor<4xi64>) -> tensor<*xf32>
  // CHECK: onnx.LayerNormalization {{.*}} -> tensor<*xf32> inv_std_dev tensor<*xf32>
  %1, %inv = onnx.LayerNormalization %x, %scale {axis = -1}
      : (tensor<*xf32>, tensor<8xf32>) -> tensor<*xf32> inv_std_dev tensor<*xf32>
  return %0, %inv : tensor<*xf32>, tensor<*xf32>
}

// CHECK-LABEL: func @element_types(
func.func @element_types(%x: tensor<2x3xf16>, %c: tensor<2x1xi1>, %s: tensor<2xi64>) {
  // CHECK: onnx.Cast %{{.*}} {to = ui8} : (tensor<2x3xf16>) -> tensor<2x3xui8>
  %0 = onnx.Cast %x {to = ui8} : (tensor<2x3xf16>) -> tensor<2x3xui8>
  // CHECK: onnx.Where
  %1 = onnx.Where %c, %0, %0 : (tensor<2x1xi1>, tensor<2x3xui8>, tensor<2x3xui8>) -> tensor<2x3xui8>
  // CHECK: onnx.ConstantOfShape %{{.*}} : (tensor<2xi64>) -> tensor<?x?xf32>
  %2 = onnx.ConstantOfShape %s : (tensor<2xi64>) -> tensor<?x?xf32>
  // CHECK: onnx.ConstantOfShape %{{.*}} {value = dense<true> : tensor<1xi1>} : (tensor<2xi64>) -> tensor<?x?xi1>
  %3 = onnx.ConstantOfShape %s {value = dense<true> : tensor<1xi1>} : (tensor<2xi64>) -> tensor<?x?xi1>
  // CHECK: onnx.TopK
  %k = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %4:2 = onnx.TopK %x, %k : (tensor<2x3xf16>, tensor<1xi64>) -> (tensor<2x1xf16>, tensor<2x1xi64>)
  return
}

// The result of a constant may have an encoding that its value does not have.

// CHECK-LABEL: func @constant(
func.func @constant() -> tensor<2xi64, #vit.dims<[], affine_map<() -> (2)>>> {
  // CHECK: onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64, #vit.dims<[], #{{.*}}>>
  %0 = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64, #vit.dims<[], affine_map<() -> (2)>>>
  return %0 : tensor<2xi64, #vit.dims<[], affine_map<() -> (2)>>>
}
