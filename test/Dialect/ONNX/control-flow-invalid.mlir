// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @if_c1(%c: tensor<2x2xi1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected a scalar as condition}}
  %0 = onnx.If %c : tensor<2x2xi1> -> (tensor<*xf32>) { onnx.Yield %x : tensor<2xf32> } else { onnx.Yield %x : tensor<2xf32> }
  return
}

// -----

func.func @if_c2(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected subgraphs that yield 1 values}}
  %0 = onnx.If %c : tensor<i1> -> (tensor<*xf32>) { onnx.Yield %x : tensor<2xf32> } else { onnx.Yield }
  return
}

// -----

func.func @if_c2_elements(%c: tensor<i1>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected subgraphs that yield elements of type 'f32', got 'i1'}}
  %0 = onnx.If %c : tensor<i1> -> (tensor<*xf32>) { onnx.Yield %x : tensor<2xf32> } else { onnx.Yield %c : tensor<i1> }
  return
}

// -----

func.func @loop_c1(%m: tensor<2x2xi64>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected a scalar as trip_count}}
  %0 = onnx.Loop count %m : tensor<2x2xi64> (%x : tensor<2xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    onnx.Yield %c, %a : tensor<i1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return
}

// -----

func.func @loop_c2(%m: tensor<i64>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected a subgraph of 3 arguments and at least 1 results, got 2 and 1}}
  %0 = onnx.Loop count %m : tensor<i64> (%x : tensor<2xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>):
    onnx.Yield %c, %x : tensor<i1>, tensor<2xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return
}

// -----

func.func @loop_c2_yield(%m: tensor<i64>, %x: tensor<2xf32>) {
  // expected-error @+1 {{expected a subgraph that yields 2 values}}
  %0 = onnx.Loop count %m : tensor<i64> (%x : tensor<2xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    onnx.Yield %c : tensor<i1>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return
}
