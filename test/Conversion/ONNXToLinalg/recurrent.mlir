// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REFUSED <%t

// One product with the inputs of all steps, one with the state in each.

// CHECK-LABEL: @lstm
// CHECK: linalg.contract {{.+}} ins(%{{.+}}, %{{.+}} : tensor<2x1x3xf32>, tensor<20x3xf32>)
// CHECK: linalg.contract {{.+}} ins(%{{.+}}, %{{.+}} : tensor<1x5xf32>, tensor<20x5xf32>)
// CHECK: math.tanh
// CHECK: linalg.contract {{.+}} ins(%{{.+}}, %{{.+}} : tensor<1x5xf32>, tensor<20x5xf32>)
// CHECK-NOT: linalg.contract
// CHECK: tensor.concat dim(0)
func.func @lstm(%x: tensor<2x1x3xf32>, %w: tensor<1x20x3xf32>, %r: tensor<1x20x5xf32>, %b: tensor<1x40xf32>) -> (tensor<2x1x1x5xf32>, tensor<1x1x5xf32>) {
  %y, %c = onnx.LSTM %x, %w, %r, %b {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0>}
    : (tensor<2x1x3xf32>, tensor<1x20x3xf32>, tensor<1x20x5xf32>, tensor<1x40xf32>) -> tensor<2x1x1x5xf32> y_c tensor<1x1x5xf32>
  return %y, %c : tensor<2x1x1x5xf32>, tensor<1x1x5xf32>
}

// -----

// A sequence that is over keeps its state; its results are zero.

// CHECK-LABEL: @lengths
// CHECK-COUNT-4: arith.cmpi sle, %{{.+}}, %{{.+}} : i32
func.func @lengths(%x: tensor<2x1x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>, %l: tensor<1xi32>) -> (tensor<2x1x1x5xf32>, tensor<1x1x5xf32>) {
  %y, %h = onnx.RNN %x, %w, %r, %l {direction = "reverse", operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>}
    : (tensor<2x1x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>, tensor<1xi32>) -> tensor<2x1x1x5xf32> y_h tensor<1x1x5xf32>
  return %y, %h : tensor<2x1x1x5xf32>, tensor<1x1x5xf32>
}

// -----

// With `linear_before_reset` a step has one product, else the reset state has one of its own.

// CHECK-LABEL: @gru
// CHECK-COUNT-3: linalg.contract
// CHECK-NOT: linalg.contract
// CHECK-LABEL: @gru_linear
// CHECK-COUNT-2: linalg.contract
// CHECK-NOT: linalg.contract
func.func @gru(%x: tensor<1x2x3xf32>, %w: tensor<1x15x3xf32>, %r: tensor<1x15x5xf32>) -> tensor<1x1x2x5xf32> {
  %y = onnx.GRU %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<1x2x3xf32>, tensor<1x15x3xf32>, tensor<1x15x5xf32>) -> tensor<1x1x2x5xf32>
  return %y : tensor<1x1x2x5xf32>
}
func.func @gru_linear(%x: tensor<1x2x3xf32>, %w: tensor<1x15x3xf32>, %r: tensor<1x15x5xf32>) -> tensor<1x1x2x5xf32> {
  %y = onnx.GRU %x, %w, %r {linear_before_reset = true, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<1x2x3xf32>, tensor<1x15x3xf32>, tensor<1x15x5xf32>) -> tensor<1x1x2x5xf32>
  return %y : tensor<1x1x2x5xf32>
}

// -----

// REFUSED: (onnx.RNN): it has 513 steps, and 1 to 512 are supported
func.func @long(%x: tensor<513x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) -> tensor<513x1x2x5xf32> {
  %y = onnx.RNN %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<513x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<513x1x2x5xf32>
  return %y : tensor<513x1x2x5xf32>
}

// -----

#t = #vit.dims<["t"], affine_map<()[s0] -> (s0, 2, 3)>>
#y = #vit.dims<["t"], affine_map<()[s0] -> (s0, 1, 2, 5)>>
// REFUSED: (onnx.RNN): the number of its steps is not static
func.func @symbolic(%x: tensor<?x2x3xf32, #t>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) -> tensor<?x1x2x5xf32, #y> {
  %y = onnx.RNN %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>}
    : (tensor<?x2x3xf32, #t>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> tensor<?x1x2x5xf32, #y>
  return %y : tensor<?x1x2x5xf32, #y>
}
