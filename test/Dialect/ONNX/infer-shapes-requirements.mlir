// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics --mlir-print-local-scope | FileCheck %s

// What cannot be told for all extents is required of every run.

// CHECK-LABEL: func.func @concat(
// CHECK-SAME: -> (tensor<2x6xf32>
// CHECK-SAME: vit.requires = [#vit.requirement<"batch to be 2, for the Concat 'join'", "zero", <["batch"], affine_map<()[s0] -> (s0 - 2)>>>]
#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
func.func @concat(%x: tensor<?x3xf32, #b>, %y: tensor<2x3xf32>) -> tensor<*xf32> {
  %z = onnx.Concat %x, %y {axis = 1 : i64} : (tensor<?x3xf32, #b>, tensor<2x3xf32>) -> tensor<*xf32> loc("join")
  return %z : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @reshape(
// CHECK-SAME: tensor<?x4xf32, #vit.dims<["n"], affine_map<()[s0] -> ((s0 * 3) floordiv 4, 4)>>>
// CHECK-SAME: "n to be a multiple of 4, for the Reshape"
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 3)>>
func.func @reshape(%x: tensor<?x3xf32, #n>) -> tensor<*xf32> {
  %shape = onnx.Constant dense<[-1, 4]> : tensor<2xi64> : tensor<2xi64>
  %y = onnx.Reshape %x, %shape : (tensor<?x3xf32, #n>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Two dimensions that a broadcast puts together, and one that may have to be 1 or 5: it has to be 5.

// CHECK-LABEL: func.func @broadcast(
// CHECK-SAME: -> (tensor<?x5xf32,
// CHECK-SAME: "n to be 5, for the Add"
// CHECK-SAME: "a to be equal to b, for the Add"
#x = #vit.dims<["a", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
#y = #vit.dims<["b"], affine_map<()[s0] -> (s0, 5)>>
func.func @broadcast(%x: tensor<?x?xf32, #x>, %y: tensor<?x5xf32, #y>) -> tensor<*xf32> {
  %z = onnx.Add %x, %y : (tensor<?x?xf32, #x>, tensor<?x5xf32, #y>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

// Of two lower bounds of a dimension the higher one is kept.

// CHECK-LABEL: func.func @windows(
// CHECK-SAME: vit.requires = [#vit.requirement<"h to be at least 5, for the MaxPool 'second'", "non_negative", <["h"], affine_map<()[s0] -> (s0 - 5)>>>]
#d = #vit.dims<["h"], affine_map<()[s0] -> (1, 1, s0, 8)>>
func.func @windows(%x: tensor<1x1x?x8xf32, #d>) -> tensor<*xf32> {
  %y = onnx.MaxPool %x {kernel_shape = array<i64: 3, 3>, resultSegmentSizes = array<i32: 1, 0>}
      : (tensor<1x1x?x8xf32, #d>) -> tensor<*xf32> loc("first")
  %z = onnx.MaxPool %y {kernel_shape = array<i64: 3, 3>, resultSegmentSizes = array<i32: 1, 0>}
      : (tensor<*xf32>) -> tensor<*xf32> loc("second")
  return %z : tensor<*xf32>
}

// -----

// Windows that begin inside the input, or before the padding after it: known without the extent.

// CHECK-LABEL: func.func @ceiling(
// CHECK-SAME: -> (tensor<1x1x?x?xf32, #vit.dims<["size"], affine_map<()[s0] -> (1, 1, (s0 + 2) floordiv 3, (s0 + 1) floordiv 2)>>>
#d = #vit.dims<["size"], affine_map<()[s0] -> (1, 1, s0, s0)>>
func.func @ceiling(%x: tensor<1x1x?x?xf32, #d>) -> tensor<*xf32> {
  %y = onnx.MaxPool %x {kernel_shape = array<i64: 2, 2>, strides = array<i64: 3, 2>, ceil_mode = true, resultSegmentSizes = array<i32: 1, 0>}
      : (tensor<1x1x?x?xf32, #d>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @slice(
// CHECK-SAME: -> (tensor<?x5xf32, #vit.dims<["n"], affine_map<()[s0] -> (s0 - 2, 5)>>>
// CHECK-SAME: "m to be at least 5, for the Slice"
// CHECK-SAME: "n to be at least 3, for the Slice"
#d = #vit.dims<["n", "m"], affine_map<()[s0, s1] -> (s0, s1)>>
func.func @slice(%x: tensor<?x?xf32, #d>) -> tensor<*xf32> {
  %from = onnx.Constant dense<[1, 0]> : tensor<2xi64> : tensor<2xi64>
  %to = onnx.Constant dense<[-1, 5]> : tensor<2xi64> : tensor<2xi64>
  %y = onnx.Slice %x, %from, %to {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?x?xf32, #d>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @halves(
// CHECK: onnx.SymbolicSlice %{{.*}} {offsets = affine_map<() -> (0)>, steps = array<i64: 1>, symbols = []}
// CHECK-SAME: -> tensor<?xf32, #vit.dims<["n"], affine_map<()[s0] -> (s0 floordiv 2)>>>
// CHECK: onnx.SymbolicSlice %{{.*}} {offsets = affine_map<()[s0] -> (s0 floordiv 2)>, steps = array<i64: 1>, symbols = ["n"]}
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
func.func @halves(%x: tensor<?xf32, #n>) -> (tensor<*xf32>, tensor<*xf32>) {
  %two = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.Shape %x : (tensor<?xf32, #n>) -> tensor<*xi64>
  %half = onnx.Div %n, %two : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %y = onnx.Slice %x, %zero, %half {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?xf32, #n>, tensor<1xi64>, tensor<*xi64>) -> tensor<*xf32>
  %z = onnx.Slice %x, %half, %n {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?xf32, #n>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @parts(
// CHECK-COUNT-2: onnx.SymbolicSlice
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 2)>>
func.func @parts(%x: tensor<?x2xf32, #n>) -> (tensor<*xf32>, tensor<*xf32>) {
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.Shape %x {end = 1 : i64} : (tensor<?x2xf32, #n>) -> tensor<*xi64>
  %rest = onnx.Sub %n, %one : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %lengths = onnx.Concat %one, %rest {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y, %z = onnx.Split %x, %lengths : (tensor<?x2xf32, #n>, tensor<*xi64>) -> (tensor<*xf32>, tensor<*xf32>)
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @resize(
// CHECK: onnx.Resize %{{.*}} {
// CHECK-SAME: operandSegmentSizes = array<i32: 1, 0, 0, 0>
// CHECK-SAME: -> tensor<1x2x?xf32, #vit.dims<["n"], affine_map<()[s0] -> (1, 2, s0 floordiv 4)>>>
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
func.func @resize(%x: tensor<1x2x8xf32>, %y: tensor<?xf32, #n>) -> tensor<*xf32> {
  %kept = onnx.Constant dense<[1, 2]> : tensor<2xi64> : tensor<2xi64>
  %four = onnx.Constant dense<4> : tensor<1xi64> : tensor<1xi64>
  %n = onnx.Shape %y : (tensor<?xf32, #n>) -> tensor<*xi64>
  %quarter = onnx.Div %n, %four : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %sizes = onnx.Concat %kept, %quarter {axis = 0 : i64} : (tensor<2xi64>, tensor<*xi64>) -> tensor<*xi64>
  %z = onnx.Resize %x, %sizes {operandSegmentSizes = array<i32: 1, 0, 0, 1>, mode = "linear"} : (tensor<1x2x8xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @inner(
// CHECK-SAME: "batch to be 3, for the MatMul"
#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
func.func @inner(%x: tensor<?x3xf32, #b>) -> tensor<*xf32> {
  %z = onnx.MatMul %x, %x : (tensor<?x3xf32, #b>, tensor<?x3xf32, #b>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @batch_baked_in(
// CHECK-SAME: "batch to be 1, for the Reshape"
#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4)>>
func.func @batch_baked_in(%x: tensor<?x4xf32, #b>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[2, 2]> : tensor<2xi64> : tensor<2xi64>
  %y = onnx.Reshape %x, %t : (tensor<?x4xf32, #b>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// No run passes: errors.

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0 * 2)>>
func.func @never_equal(%x: tensor<?xf32, #n>, %c: tensor<1xf32>) -> tensor<*xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected a target of 2 * n elements as in (2 * n), got (1)}}
  %y = onnx.Reshape %x, %one : (tensor<?xf32, #n>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0 + 4)>>
func.func @never_divisible(%x: tensor<?xf32, #n>, %m: tensor<3x?xf32, #vit.dims<["n"], affine_map<()[s0] -> (3, s0 + 5)>>>) -> tensor<*xf32> {
  // expected-error @+1 {{expected shapes that broadcast, got (n + 4), (3, n + 5)}}
  %y = onnx.Add %x, %m : (tensor<?xf32, #n>, tensor<3x?xf32, #vit.dims<["n"], affine_map<()[s0] -> (3, s0 + 5)>>>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#n = #vit.dims<["n"], affine_map<()[s0] -> (s0 * 4 + 2)>>
func.func @never_a_multiple(%x: tensor<?xf32, #n>) -> tensor<*xf32> {
  %t = onnx.Constant dense<[-1, 4]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected a target that divides 4 * n + 2 elements of (4 * n + 2), got one of 4}}
  %y = onnx.Reshape %x, %t : (tensor<?xf32, #n>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0 + 4, 3)>>
#y = #vit.dims<["n"], affine_map<()[s0] -> (s0 + 5, 3)>>
func.func @never_joined(%x: tensor<?x3xf32, #x>, %y: tensor<?x3xf32, #y>) -> tensor<*xf32> {
  // expected-error @+1 {{expected extents that agree in dimension 0, got n + 4 and n + 5}}
  %z = onnx.Concat %x, %y {axis = 1 : i64} : (tensor<?x3xf32, #x>, tensor<?x3xf32, #y>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

// Quotients of two symbols are not what a library can check: such a slice is found out in a run, of one axis alone.

// CHECK-LABEL: func.func @not_checkable(
// CHECK: onnx.Slice {{.*}}onnx.extent = #vit.dims<["count(part)", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
#x = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
#y = #vit.dims<["m"], affine_map<()[s0] -> (s0)>>
func.func @not_checkable(%x: tensor<?xf32, #x>, %y: tensor<?xf32, #y>) -> tensor<*xf32> {
  %n = onnx.Shape %x : (tensor<?xf32, #x>) -> tensor<*xi64>
  %m = onnx.Shape %y : (tensor<?xf32, #y>) -> tensor<*xi64>
  %from = onnx.Div %n, %m : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %z = onnx.Slice %x, %from, %n {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?xf32, #x>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32> loc("part")
  return %z : tensor<*xf32>
}

// -----

#x = #vit.dims<["m", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
func.func @two_not_checkable(%x: tensor<?x?xf32, #x>) -> tensor<*xf32> {
  %n = onnx.Shape %x {start = 1 : i64} : (tensor<?x?xf32, #x>) -> tensor<*xi64>
  %m = onnx.Shape %x {end = 1 : i64} : (tensor<?x?xf32, #x>) -> tensor<*xi64>
  %part = onnx.Div %n, %m : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %from = onnx.Concat %part, %part {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %to = onnx.Shape %x : (tensor<?x?xf32, #x>) -> tensor<*xi64>
  // expected-error @+1 {{cannot tell where the slice of axis 0 lies in its extent m}}
  %z = onnx.Slice %x, %from, %to {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?x?xf32, #x>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

func.func @unstated(%x: tensor<4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a result type that states the sizes}}
  %y = onnx.SymbolicSlice %x {offsets = affine_map<() -> (1)>, steps = array<i64: 1>, symbols = []} : (tensor<4xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// What both sides of an equality have as a factor, and is positive, is none of its business: what is left may say more.

// CHECK-LABEL: func.func @one_row(
// CHECK-SAME: tensor<?x1x?x8xf32, #vit.dims<["b", "w"], affine_map<()[s0, s1] -> (s0, 1, s1, 8)>>>
// CHECK-SAME: vit.requires = [#vit.requirement<"h to be from 4 to 7, for the Reshape 'flat'", "zero", <["h"], affine_map<()[s0] -> (-(s0 floordiv 4) + 1)>>>]
#x = #vit.dims<["b", "h", "w"], affine_map<()[s0, s1, s2] -> (s0, s1 floordiv 4, s2, 8)>>
#w = #vit.dims<["b", "w"], affine_map<()[s0, s1] -> (s0, 1, s1, 8)>>
func.func @one_row(%x: tensor<?x?x?x8xf32, #x>, %w: tensor<?x1x?x8xf32, #w>) -> tensor<*xf32> {
  %shape = onnx.Shape %w : (tensor<?x1x?x8xf32, #w>) -> tensor<*xi64>
  %y = onnx.Reshape %x, %shape : (tensor<?x?x?x8xf32, #x>, tensor<*xi64>) -> tensor<*xf32> loc("flat")
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @squeeze(
// CHECK-SAME: "n to be 1, for the Squeeze"
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 3)>>
func.func @squeeze(%x: tensor<?x3xf32, #n>) -> tensor<*xf32> {
  %axes = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %y = onnx.Squeeze %x, %axes : (tensor<?x3xf32, #n>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// What is left of a target is a quotient by extents that may be 0 as far as their symbols tell: no run has them so.

// CHECK-LABEL: func.func @windows_of_pictures(
// CHECK-SAME: -> (tensor<?x?x4xf32, #vit.dims<["b", "h"], affine_map<()[s0, s1] -> (s0, s1 floordiv 4, 4)>>>
// CHECK-SAME: "h to be at least 4, for the Reshape"
#x = #vit.dims<["b", "h"], affine_map<()[s0, s1] -> (s0 * (s1 floordiv 4), 4)>>
#h = #vit.dims<["h"], affine_map<()[s0] -> (s0 floordiv 4, 4)>>
func.func @windows_of_pictures(%x: tensor<?x4xf32, #x>, %h: tensor<?x4xf32, #h>) -> tensor<*xf32> {
  %rest = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %shape = onnx.Shape %h : (tensor<?x4xf32, #h>) -> tensor<*xi64>
  %target = onnx.Concat %rest, %shape {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = onnx.Reshape %x, %target : (tensor<?x4xf32, #x>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// A table of 8192 positions, more than the dimensions that are tried to say what a requirement comes to.

// CHECK-LABEL: func.func @at_most(
// CHECK-SAME: vit.requires = [#vit.requirement<"n to be at most 8192, for the Slice", "non_negative", <["n"], affine_map<()[s0] -> (-s0 + 8192)>>>]
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 2)>>
func.func @at_most(%x: tensor<?x2xf32, #n>, %table: tensor<8192x2xf32>) -> tensor<*xf32> {
  %0 = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %length = onnx.Shape %x {end = 1 : i64} : (tensor<?x2xf32, #n>) -> tensor<1xi64>
  %y = onnx.Slice %table, %0, %length {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}
      : (tensor<8192x2xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// At least 5 for the one, exactly 5 for the other; the static result has an operand whose extents are symbolic.

// CHECK-LABEL: func.func @bound_and_equality(
// CHECK-SAME: "n to be at least 5, for the Slice", "non_negative"
// CHECK-SAME: "n to be 5, for the Concat", "zero"
// CHECK: onnx.Concat {{.*}} -> tensor<5x4xf32>
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0, 2)>>
func.func @bound_and_equality(%x: tensor<?x2xf32, #n>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %5 = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %ones = onnx.Constant dense<1.0> : tensor<5x2xf32> : tensor<5x2xf32>
  %y = onnx.Slice %x, %0, %5 {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<?x2xf32, #n>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xf32>
  %z = onnx.Concat %x, %ones {axis = 1 : i64} : (tensor<?x2xf32, #n>, tensor<5x2xf32>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @blocks(
// CHECK-SAME: "h to be a multiple of 2, for the SpaceToDepth"
// CHECK-SAME: "w to be a multiple of 2, for the SpaceToDepth"
#d = #vit.dims<["h", "w"], affine_map<()[s0, s1] -> (1, 1, s0, s1)>>
func.func @blocks(%x: tensor<1x1x?x?xf32, #d>) -> tensor<*xf32> {
  %y = onnx.SpaceToDepth %x {blocksize = 2 : i64} : (tensor<1x1x?x?xf32, #d>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Operands that have to agree though the shape of the result does not tell.

// CHECK-LABEL: func.func @elements(
// CHECK-SAME: "n to be at least m, for the GatherElements"
#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
#i = #vit.dims<["m"], affine_map<()[s0] -> (s0, 2)>>
func.func @elements(%x: tensor<?x4xf32, #x>, %i: tensor<?x2xi64, #i>) -> tensor<*xf32> {
  %y = onnx.GatherElements %x, %i {axis = 1 : i64} : (tensor<?x4xf32, #x>, tensor<?x2xi64, #i>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @updates(
// CHECK-SAME: "k to be equal to m, for the ScatterND"
#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
#i = #vit.dims<["m"], affine_map<()[s0] -> (s0, 1)>>
#u = #vit.dims<["k"], affine_map<()[s0] -> (s0, 4)>>
func.func @updates(%x: tensor<?x4xf32, #x>, %i: tensor<?x1xi64, #i>, %u: tensor<?x4xf32, #u>) -> tensor<*xf32> {
  %y = onnx.ScatterND %x, %i, %u : (tensor<?x4xf32, #x>, tensor<?x1xi64, #i>, tensor<?x4xf32, #u>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @channels(
// CHECK-SAME: "c to be 3, for the BatchNormalization"
#d = #vit.dims<["c"], affine_map<()[s0] -> (1, s0, 2)>>
func.func @channels(%x: tensor<1x?x2xf32, #d>, %p: tensor<3xf32>) -> tensor<*xf32> {
  %y = onnx.BatchNormalization %x, %p, %p, %p, %p : (tensor<1x?x2xf32, #d>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// CHECK-LABEL: func.func @letters(
// CHECK-SAME: -> (tensor<?x5xf32,
// CHECK-SAME: "n to be equal to m, for the Einsum"
#x = #vit.dims<["b", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
#y = #vit.dims<["m"], affine_map<()[s0] -> (s0, 5)>>
func.func @letters(%x: tensor<?x?xf32, #x>, %y: tensor<?x5xf32, #y>) -> tensor<*xf32> {
  %z = onnx.Einsum %x, %y {equation = "bk,kc->bc"} : (tensor<?x?xf32, #x>, tensor<?x5xf32, #y>) -> tensor<*xf32>
  return %z : tensor<*xf32>
}

// -----

#d = #vit.dims<["n"], affine_map<()[s0] -> (1, 1, s0 * 2 + 1, 4)>>
func.func @odd_height(%x: tensor<1x1x?x4xf32, #d>) -> tensor<*xf32> {
  // expected-error @+1 {{expected height and width in blocks of 2, got (1, 1, 2 * n + 1, 4)}}
  %y = onnx.SpaceToDepth %x {blocksize = 2 : i64} : (tensor<1x1x?x4xf32, #d>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Negative pads remove what there is; modes that repeat elements need one.

// CHECK-LABEL: func.func @cropped(
// CHECK-SAME: "n to be at least 3, for the Pad 'crop'"
// CHECK-SAME: "m to be at least 2, for the Pad 'repeat'"
#d = #vit.dims<["n", "m"], affine_map<()[s0, s1] -> (s0, s1)>>
func.func @cropped(%x: tensor<?x?xf32, #d>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = onnx.Constant dense<[-3, 0, 4, 0]> : tensor<4xi64> : tensor<4xi64>
  %1 = onnx.Constant dense<[0, -1, 0, 3]> : tensor<4xi64> : tensor<4xi64>
  %y = onnx.Pad %x, %0 {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x?xf32, #d>, tensor<4xi64>) -> tensor<*xf32> loc("crop")
  %z = onnx.Pad %x, %1 {mode = "edge", operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<?x?xf32, #d>, tensor<4xi64>) -> tensor<*xf32> loc("repeat")
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}

// -----

func.func @nothing_left(%x: tensor<1xf32>) -> tensor<*xf32> {
  %pads = onnx.Constant dense<[-2, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected pads that leave elements of 1, got -2 and 3}}
  %y = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>} : (tensor<1xf32>, tensor<2xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}
