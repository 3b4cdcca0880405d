// RUN: not vitc-opt %s --convert-onnx-to-linalg --split-input-file 2>&1 | FileCheck %s

// All nodes that cannot be converted are in one error, with their reasons.

// CHECK: error: cannot compile 2 nodes:
// CHECK-NEXT: {{^}}  /head/squeeze (onnx.Squeeze): its axes are not constant
// CHECK-NEXT: {{^}}  /head/slice (onnx.Slice): its starts, axes or steps are not constant
// CHECK-NOT: error
func.func @two_nodes(%x: tensor<8xf32>, %u: tensor<1x8xf32>, %i: tensor<1xi64>) -> (tensor<8xf32>, tensor<4xf32>) {
  %v = onnx.Squeeze %u, %i : (tensor<1x8xf32>, tensor<1xi64>) -> tensor<8xf32> loc("/head/squeeze")
  %0 = onnx.Slice %x, %i, %i {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xf32> loc("/head/slice")
  %1 = onnx.Relu %0 : (tensor<4xf32>) -> tensor<4xf32>
  return %v, %1 : tensor<8xf32>, tensor<4xf32>
}

// -----

// Extents that may differ are not taken to be equal.

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Add): the extents of its operands cannot be shown to broadcast

#a = #vit.dims<["a"], affine_map<()[s0] -> (s0)>>
#b = #vit.dims<["b"], affine_map<()[s0] -> (s0)>>
func.func @two_symbols(%x: tensor<?xf32, #a>, %y: tensor<?xf32, #b>) -> tensor<?xf32, #a> {
  %0 = onnx.Add %x, %y : (tensor<?xf32, #a>, tensor<?xf32, #b>) -> tensor<?xf32, #a>
  return %0 : tensor<?xf32, #a>
}

// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Exp): the shape of operand 0 depends on data
func.func @unknown_extent(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.Exp %x : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// A symbol that no argument has by itself cannot be read.

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.Exp): the shape of operand 0 depends on data

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0 * 14)>>
func.func @no_plain_symbol(%x: tensor<?xf32, #x>) -> tensor<?xf32, #x> {
  %0 = onnx.Exp %x : (tensor<?xf32, #x>) -> tensor<?xf32, #x>
  return %0 : tensor<?xf32, #x>
}

// -----

// CHECK: error: cannot compile 2 nodes:
// CHECK-NEXT: (onnx.Gather): index 9 is outside a dimension of 8
// CHECK-NEXT: (onnx.PRelu): the extents of its slope cannot be shown to broadcast

#w = #vit.dims<["w"], affine_map<()[s0] -> (1, 3, 8, s0)>>
#v = #vit.dims<["v"], affine_map<()[s0] -> (s0)>>
func.func @reasons(%x: tensor<1x3x8x8xf32>, %y: tensor<1x3x8x?xf32, #w>, %v: tensor<?xf32, #v>)
    -> (tensor<1x3x1x8xf32>, tensor<1x3x8x?xf32, #w>) {
  %i = onnx.Constant dense<9> : tensor<1xi64> : tensor<1xi64>
  %3 = onnx.Gather %x, %i {axis = 2 : i64} : (tensor<1x3x8x8xf32>, tensor<1xi64>) -> tensor<1x3x1x8xf32>
  %4 = onnx.PRelu %y, %v : (tensor<1x3x8x?xf32, #w>, tensor<?xf32, #v>) -> tensor<1x3x8x?xf32, #w>
  return %3, %4 : tensor<1x3x1x8xf32>, tensor<1x3x8x?xf32, #w>
}


// -----

// CHECK: error: cannot compile 1 node:
// CHECK-NEXT: (onnx.SymbolicSlice): its offsets are not made of the inputs' named dimensions
func.func @offset_of_no_input(%x: tensor<4xf32>) -> tensor<2xf32> {
  %y = onnx.SymbolicSlice %x {offsets = affine_map<()[s0] -> (s0)>, steps = array<i64: 1>, symbols = ["n"]} : (tensor<4xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}
