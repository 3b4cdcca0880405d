// RUN: vitc-opt %s --onnx-infer-shapes -split-input-file -verify-diagnostics

func.func @branches_of_two_shapes(%c: tensor<i1>, %x: tensor<3x1xf32>, %y: tensor<4x2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected values of one type, since its condition depends on data, got 'tensor<3x1xf32>' and 'tensor<4x2xf32>'}}
  %0 = onnx.If %c : tensor<i1> -> (tensor<*xf32>) { onnx.Yield %x : tensor<3x1xf32> } else { onnx.Yield %y : tensor<4x2xf32> }
  return %0 : tensor<*xf32>
}

// -----

func.func @count_from_data(%m: tensor<i64>, %x: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a number of iterations that is constant, got one that depends on data or symbolic extents}}
  %0 = onnx.Loop count %m : tensor<i64> (%x : tensor<3xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    onnx.Yield %c, %a : tensor<i1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return %0 : tensor<*xf32>
}

// -----

func.func @endless(%x: tensor<3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected at most 1024 iterations}}
  %0 = onnx.Loop (%x : tensor<3xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    onnx.Yield %c, %a : tensor<i1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 0, 0, 1>}
  return %0 : tensor<*xf32>
}

// -----

func.func @collects_from_data(%c: tensor<i1>, %x: tensor<3xf32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected a condition that is constant, since the loop collects elements}}
  %0 = onnx.Loop count %m : tensor<i64> while %c : tensor<i1> () -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %d: tensor<i1>):
    onnx.Yield %d, %x : tensor<i1>, tensor<3xf32>
  } {operandSegmentSizes = array<i32: 1, 1, 0>}
  return %0 : tensor<*xf32>
}

// -----

func.func @collects_nothing(%x: tensor<3xf32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected at least one iteration, since the loop collects elements}}
  %0 = onnx.Loop count %m : tensor<i64> () -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %d: tensor<i1>):
    onnx.Yield %d, %x : tensor<i1>, tensor<3xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 0>}
  return %0 : tensor<*xf32>
}

// -----

func.func @output_axes(%x: tensor<3xf32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  // expected-error @+1 {{expected output axes in [-2, 2), got 2}}
  %0 = onnx.Loop count %m : tensor<i64> () -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %d: tensor<i1>):
    onnx.Yield %d, %x : tensor<i1>, tensor<3xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 0>, output_axes = array<i64: 2>}
  return %0 : tensor<*xf32>
}

// -----

func.func @position(%x: tensor<3xf32>, %i: tensor<i64>) -> tensor<*xf32> {
  %0 = onnx.SequenceConstruct %x, %x : (tensor<3xf32>, tensor<3xf32>) -> tuple<tensor<*xf32>>
  // expected-error @+1 {{expected a constant position in a sequence of 2 tensors}}
  %1 = onnx.SequenceAt %0, %i : (tuple<tensor<*xf32>>, tensor<i64>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

func.func @lengths(%x: tensor<3xf32>) -> tensor<i64> {
  %s = onnx.Constant dense<[1, 1]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected lengths that sum to 3}}
  %0 = onnx.SplitToSequence %x, %s : (tensor<3xf32>, tensor<2xi64>) -> tuple<tensor<*xf32>>
  %1 = onnx.SequenceLength %0 : (tuple<tensor<*xf32>>) -> tensor<i64>
  return %1 : tensor<i64>
}

// -----

func.func @many_parts(%x: tensor<5000xf32>) -> tensor<i64> {
  // expected-error @+1 {{expected a constant extent of at most 4096, got 5000}}
  %0 = onnx.SplitToSequence %x : (tensor<5000xf32>) -> tuple<tensor<*xf32>>
  %1 = onnx.SequenceLength %0 : (tuple<tensor<*xf32>>) -> tensor<i64>
  return %1 : tensor<i64>
}

// -----

func.func @split_axis(%x: tensor<3xf32>) -> tensor<i64> {
  // expected-error @+1 {{expected axis in [-1, 1), got 1}}
  %0 = onnx.SplitToSequence %x {axis = 1 : i64} : (tensor<3xf32>) -> tuple<tensor<*xf32>>
  %1 = onnx.SequenceLength %0 : (tuple<tensor<*xf32>>) -> tensor<i64>
  return %1 : tensor<i64>
}

// -----

func.func @empty() -> tensor<*xf32> {
  %0 = onnx.SequenceConstruct : () -> tuple<tensor<*xf32>>
  // expected-error @+1 {{expected a sequence that is not empty}}
  %1 = onnx.ConcatFromSequence %0 {axis = 0 : i64} : (tuple<tensor<*xf32>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// A thousand iterations of a thousand iterations.

func.func @bomb(%x: tensor<3xf32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<1000> : tensor<i64> : tensor<i64>
  %0 = onnx.Loop count %m : tensor<i64> (%x : tensor<3xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    // expected-error @+1 {{expected loops and sequences that unroll to at most 65536 nodes}}
    %1 = onnx.Loop count %m : tensor<i64> (%a : tensor<*xf32>) -> (tensor<*xf32>) {
    ^bb0(%j: tensor<i64>, %d: tensor<i1>, %b: tensor<*xf32>):
      %2 = onnx.Neg %b : (tensor<*xf32>) -> tensor<*xf32>
      onnx.Yield %d, %2 : tensor<i1>, tensor<*xf32>
    } {operandSegmentSizes = array<i32: 1, 0, 1>}
    onnx.Yield %c, %1 : tensor<i1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return %0 : tensor<*xf32>
}
