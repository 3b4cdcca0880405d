// RUN: vitc-opt %s --split-input-file --verify-diagnostics | vitc-opt --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @extent
func.func @extent(%value: index, %bound: index) -> index {
  // CHECK: vit.extent "count(boxes)"(%{{.+}}) at most %{{.+}}
  %n = vit.extent "count(boxes)"(%value) at most %bound
  return %n : index
}

// CHECK-LABEL: func.func @procedure
func.func @procedure(%items: index, %x: tensor<4xf32>, %init: tensor<?xi64>) -> tensor<?xi64> {
  // CHECK: vit.procedure items(%{{.+}}) ins(%{{.+}} : tensor<4xf32>) outs(%{{.+}} : tensor<?xi64>) {
  // CHECK-NEXT: ^bb0(%[[I:.+]]: index, %{{.+}}: memref<?xf32, strided<[?], offset: ?>>, %[[Y:.+]]: memref<?xi64, strided<[?], offset: ?>>):
  // CHECK: memref.store %{{.+}}, %[[Y]][%[[I]]]
  // CHECK: } -> tensor<?xi64>
  %y = vit.procedure items(%items) ins(%x : tensor<4xf32>) outs(%init : tensor<?xi64>) {
  ^bb0(%i: index, %a: memref<?xf32, strided<[?], offset: ?>>, %b: memref<?xi64, strided<[?], offset: ?>>):
    %one = arith.constant 1 : i64
    memref.store %one, %b[%i] : memref<?xi64, strided<[?], offset: ?>>
  } -> tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

func.func @procedure_c1(%x: tensor<4xf32>, %init: tensor<2xi64>) {
  // expected-error @+1 {{expected a body with the arguments}}
  %y = vit.procedure ins(%x : tensor<4xf32>) outs(%init : tensor<2xi64>) {
  ^bb0(%i: index, %a: memref<4xf32>, %b: memref<?xi64, strided<[?], offset: ?>>):
  } -> tensor<2xi64>
  return
}

// -----

func.func @procedure_c1_rank(%init: tensor<*xi64>) {
  // expected-error @+1 {{expected ranked inputs and outputs, got 'tensor<*xi64>'}}
  vit.procedure outs(%init : tensor<*xi64>) {
  ^bb0(%i: index):
  }
  return
}

// -----

func.func @procedure_c2(%init: tensor<2xi64>) {
  // expected-error @+1 {{expected results of the outputs' types 'tensor<2xi64>'}}
  vit.procedure outs(%init : tensor<2xi64>) {
  ^bb0(%i: index, %b: memref<?xi64, strided<[?], offset: ?>>):
  }
  return
}
