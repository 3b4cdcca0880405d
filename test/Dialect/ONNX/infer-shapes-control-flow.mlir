// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file | FileCheck %s

// A condition on shapes chooses a branch, which reads what is around it.

// CHECK-LABEL: @chosen
// CHECK-SAME: (%[[X:[^:]+]]: tensor<2x3xf32>
// CHECK-NOT: onnx.If
// CHECK: %[[Y:.+]] = onnx.Relu %[[X]] : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT: return %[[Y]]
func.func @chosen(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  %two = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %s = onnx.Shape %x : (tensor<2x3xf32>) -> tensor<*xi64>
  %b = onnx.Gather %s, %zero : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %c = onnx.Equal %b, %two : (tensor<*xi64>, tensor<i64>) -> tensor<*xi1>
  %0 = onnx.If %c : tensor<*xi1> -> (tensor<*xf32>) {
    %1 = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    %1 = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// A condition on data chooses between the results of both.

// CHECK-LABEL: @selected
// CHECK-SAME: (%[[C:[^:]+]]: tensor<1xi1> {{.*}}, %[[X:[^:]+]]: tensor<2x3xf32>
// CHECK: %[[A:.+]] = onnx.Relu %[[X]]
// CHECK: %[[B:.+]] = onnx.Neg %[[X]]
// CHECK: %[[S:.+]] = onnx.Reshape %[[C]] {{.*}} -> tensor<i1>
// CHECK: onnx.Where %[[S]], %[[A]], %[[B]] : (tensor<i1>, tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
func.func @selected(%c: tensor<1xi1>, %x: tensor<2x3xf32>) -> tensor<*xf32> {
  %0 = onnx.If %c : tensor<1xi1> -> (tensor<*xf32>) {
    %1 = onnx.Relu %x : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  } else {
    %1 = onnx.Neg %x : (tensor<2x3xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// A loop of two iterations, and what it collects.

// CHECK-LABEL: @loop
// CHECK-SAME: (%[[X:[^:]+]]: tensor<3xf32>
// CHECK-NOT: onnx.Loop
// CHECK: %[[A:.+]] = onnx.Add %[[X]], %[[X]]
// CHECK: %[[B:.+]] = onnx.Add %[[A]], %[[X]]
// CHECK: %[[A1:.+]] = onnx.Unsqueeze %[[A]]
// CHECK: %[[B1:.+]] = onnx.Unsqueeze %[[B]]
// CHECK: %[[ALL:.+]] = onnx.Concat %[[A1]], %[[B1]] {{.*}} -> tensor<2x3xf32>
// CHECK: return %[[B]], %[[ALL]]
func.func @loop(%x: tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %0:2 = onnx.Loop count %m : tensor<i64> (%x : tensor<3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %1 = onnx.Add %a, %x : (tensor<*xf32>, tensor<3xf32>) -> tensor<*xf32>
    onnx.Yield %c, %1, %1 : tensor<i1>, tensor<*xf32>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 1, 0, 1>}
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A condition that shape arithmetic decides ends a loop without a count.

// CHECK-LABEL: @while
// CHECK-COUNT-3: onnx.Neg
// CHECK-NOT: onnx.Neg
func.func @while(%x: tensor<3xf32>) -> tensor<*xf32> {
  %two = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %0 = onnx.Loop (%x : tensor<3xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %a: tensor<*xf32>):
    %1 = onnx.Neg %a : (tensor<*xf32>) -> tensor<*xf32>
    %2 = onnx.Less %i, %two : (tensor<i64>, tensor<i64>) -> tensor<*xi1>
    onnx.Yield %2, %1 : tensor<*xi1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 0, 0, 1>}
  return %0 : tensor<*xf32>
}

// -----

// A condition on data keeps what was carried once it fails.

// CHECK-LABEL: @until
// CHECK-SAME: (%[[C:[^:]+]]: tensor<i1> {{.*}}, %[[X:[^:]+]]: tensor<3xf32>
// CHECK: %[[A:.+]] = onnx.Neg %[[X]]
// CHECK: %[[K:.+]] = onnx.Where %[[C]], %[[A]], %[[X]]
// CHECK: %[[B:.+]] = onnx.Neg %[[K]]
// CHECK: onnx.Where %{{.+}}, %[[B]], %[[K]]
func.func @until(%c: tensor<i1>, %x: tensor<3xf32>) -> tensor<*xf32> {
  %m = onnx.Constant dense<2> : tensor<i64> : tensor<i64>
  %0 = onnx.Loop count %m : tensor<i64> while %c : tensor<i1> (%x : tensor<3xf32>) -> (tensor<*xf32>) {
  ^bb0(%i: tensor<i64>, %d: tensor<i1>, %a: tensor<*xf32>):
    %1 = onnx.Neg %a : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %d, %1 : tensor<i1>, tensor<*xf32>
  } {operandSegmentSizes = array<i32: 1, 1, 1>}
  return %0 : tensor<*xf32>
}

// -----

// Sequences are lists of values.

// CHECK-LABEL: @sequences
// CHECK-SAME: (%[[X:[^:]+]]: tensor<4x3xf32> {{.*}}, %[[Y:[^:]+]]: tensor<1x3xf32>
// CHECK: %[[A:.+]] = onnx.Slice %[[X]]
// CHECK: %[[B:.+]] = onnx.Slice %[[X]]
// CHECK: onnx.Concat %[[Y]], %[[A]], %[[B]] {{.*}} -> tensor<5x3xf32>
// CHECK-NOT: Sequence
func.func @sequences(%x: tensor<4x3xf32>, %y: tensor<1x3xf32>) -> (tensor<*xf32>, tensor<i64>) {
  %three = onnx.Constant dense<3> : tensor<i64> : tensor<i64>
  %first = onnx.Constant dense<-2> : tensor<i64> : tensor<i64>
  %0 = onnx.SplitToSequence %x, %three : (tensor<4x3xf32>, tensor<i64>) -> tuple<tensor<*xf32>>
  %1 = onnx.SequenceInsert %0, %y, %first : (tuple<tensor<*xf32>>, tensor<1x3xf32>, tensor<i64>) -> tuple<tensor<*xf32>>
  %2 = onnx.ConcatFromSequence %1 {axis = 0 : i64} : (tuple<tensor<*xf32>>) -> tensor<*xf32>
  %3 = onnx.SequenceErase %1 : (tuple<tensor<*xf32>>) -> tuple<tensor<*xf32>>
  %4 = onnx.SequenceLength %3 : (tuple<tensor<*xf32>>) -> tensor<i64>
  return %2, %4 : tensor<*xf32>, tensor<i64>
}
