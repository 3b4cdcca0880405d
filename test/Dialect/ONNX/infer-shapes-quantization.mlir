// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4, 9)>>
// CHECK-LABEL: @shapes
func.func @shapes(%x: tensor<?x4x9xui8, #b>, %w: tensor<6x4x3xi8>, %m: tensor<9x5xi8>, %s: tensor<f32>)
    -> (tensor<*xi32>, tensor<*xi32>, tensor<*xui8>, tensor<*xf32>, tensor<*xui8>) {
  // CHECK: onnx.ConvInteger {{.*}} -> tensor<?x6x5xi32, #vit.dims<["batch"], #{{.+}}>>
  %0 = "onnx.ConvInteger"(%x, %w) {operandSegmentSizes = array<i32: 1, 1, 0, 0>, pads = array<i64: 1, 1>, strides = array<i64: 2>}
      : (tensor<?x4x9xui8, #b>, tensor<6x4x3xi8>) -> tensor<*xi32>
  // CHECK: onnx.MatMulInteger {{.*}} -> tensor<?x4x5xi32, #vit.dims<["batch"], #{{.+}}>>
  %1 = "onnx.MatMulInteger"(%x, %m) {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x4x9xui8, #b>, tensor<9x5xi8>) -> tensor<*xi32>
  // CHECK: %[[F:.+]] = onnx.DequantizeLinear {{.*}} -> tensor<?x4x9xf32, #vit.dims<["batch"], #{{.+}}>>
  %2 = onnx.DequantizeLinear %x, %s : (tensor<?x4x9xui8, #b>, tensor<f32>) -> tensor<*xf32>
  // CHECK: onnx.DynamicQuantizeLinear %[[F]] {{.*}} -> (tensor<?x4x9xui8, #vit.dims<["batch"], #{{.+}}>>, tensor<f32>, tensor<ui8>)
  %3:3 = onnx.DynamicQuantizeLinear %2 : (tensor<*xf32>) -> (tensor<*xui8>, tensor<*xf32>, tensor<*xui8>)
  return %0, %1, %3#0, %3#1, %3#2 : tensor<*xi32>, tensor<*xi32>, tensor<*xui8>, tensor<*xf32>, tensor<*xui8>
}

// -----

func.func @inner(%a: tensor<2x3xi8>, %b: tensor<4x2xi8>) {
  // expected-error @+1 {{inner extents}}
  %0 = "onnx.MatMulInteger"(%a, %b) {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<2x3xi8>, tensor<4x2xi8>) -> tensor<*xi32>
  return
}
