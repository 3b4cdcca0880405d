// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics --mlir-print-local-scope | FileCheck %s

// Pads and slices by expressions of dimensions.

// Padded to whole windows: 7 · ⌈h / 7⌉ rows, as many more as there have to be.

// CHECK-LABEL: func.func @whole_windows(
// CHECK-SAME: -> (tensor<?x2xf32, #vit.dims<["h"], affine_map<()[s0] -> ([[ROWS:.*]], 2)>>>
// CHECK-NOT: vit.requires
// CHECK: onnx.SymbolicPad %{{.*}} {offsets = affine_map<() -> (0, 0)>, symbols = []}
// CHECK-SAME: -> tensor<?x2xf32, #vit.dims<["h"], affine_map<()[s0] -> ([[ROWS]], 2)>>>
#d = #vit.dims<["h"], affine_map<()[s0] -> (s0, 2)>>
func.func @whole_windows(%x: tensor<?x2xf32, #d>) -> tensor<*xf32> {
  %0 = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %7 = onnx.Constant dense<7> : tensor<1xi64> : tensor<1xi64>
  %h = onnx.Shape %x {end = 1 : i64} : (tensor<?x2xf32, #d>) -> tensor<1xi64>
  %rest = onnx.Mod %h, %7 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %more = onnx.Sub %7, %rest : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %after = onnx.Mod %more, %7 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %pads = onnx.Concat %0, %0, %after, %0 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %y = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x2xf32, #d>, tensor<4xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#d = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
func.func @negative_pad(%x: tensor<?xf32, #d>) -> tensor<*xf32> {
  %1 = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.Shape %x : (tensor<?xf32, #d>) -> tensor<1xi64>
  %pads = onnx.Concat %1, %n {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  // expected-error @+1 {{expected pads that are not negative where some are symbolic, got -1}}
  %y = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?xf32, #d>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @pads_of_data(%x: tensor<4xf32>, %pads: tensor<2xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected constant or symbolic pads, got values that depend on data}}
  %y = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<4xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @unstated_pad(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a result type that states the sizes}}
  %y = onnx.SymbolicPad %x {offsets = affine_map<() -> (1)>, symbols = []} : (tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @steps(
// CHECK: onnx.SymbolicSlice %{{.*}} {offsets = affine_map<()[s0] -> (s0 floordiv 2)>, steps = array<i64: -2>, symbols = ["n"]}
#d = #vit.dims<["n"], affine_map<()[s0] -> (s0 * 2)>>
func.func @steps(%x: tensor<?xf32, #d>) -> tensor<*xf32> {
  %0 = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %4 = onnx.Constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %step = onnx.Constant dense<-2> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.Shape %x : (tensor<?xf32, #d>) -> tensor<1xi64>
  %half = onnx.Div %n, %4 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %y = onnx.Slice %x, %half, %0, %0, %step {operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>} : (tensor<?xf32, #d>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
