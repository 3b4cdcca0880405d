// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file | FileCheck %s

// Each symbol is read once, where an argument has it; other extents are computed from it.

#x = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 6, 64)>>
#m = #vit.dims<["batch"], affine_map<()[s0] -> (s0 * 6, 64)>>

// CHECK-DAG: #[[$SIX:.+]] = affine_map<()[s0] -> (s0 * 6)>
// CHECK-LABEL: @merge_batch_and_heads
// CHECK-SAME: %[[X:.+]]: tensor<?x6x64xf32> {vit.name = "x"}) -> tensor<?x64xf32>
// CHECK: %[[C0:.+]] = arith.constant 0 : index
// CHECK: %[[B:.+]] = tensor.dim %[[X]], %[[C0]]
// CHECK-NOT: tensor.dim
// CHECK: %[[M:.+]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2]] : tensor<?x6x64xf32> into tensor<?x64xf32>
// CHECK: %[[SIZE:.+]] = affine.apply #[[$SIX]]()[%[[B]]]
// CHECK: %[[EMPTY:.+]] = tensor.empty(%[[SIZE]]) : tensor<?x64xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<exp> {{.*}}ins(%[[M]] : tensor<?x64xf32>) outs(%[[EMPTY]] :
func.func @merge_batch_and_heads(%x: tensor<?x6x64xf32, #x> {vit.name = "x"}) -> tensor<?x64xf32, #m> {
  %s = onnx.Constant dense<[-1, 64]> : tensor<2xi64> : tensor<2xi64>
  %0 = onnx.Reshape %x, %s : (tensor<?x6x64xf32, #x>, tensor<2xi64>) -> tensor<?x64xf32, #m>
  %1 = onnx.Exp %0 : (tensor<?x64xf32, #m>) -> tensor<?x64xf32, #m>
  return %1 : tensor<?x64xf32, #m>
}

// -----

// The same symbol of two arguments is read from the first.

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>

// CHECK-LABEL: @shared_symbol
// CHECK-SAME: %[[X:.+]]: tensor<?x4xf32>, %[[Y:.+]]: tensor<?x4xf32>
// CHECK: tensor.dim %[[X]]
// CHECK-NOT: tensor.dim
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}}ins(%[[X]], %[[Y]] :
func.func @shared_symbol(%x: tensor<?x4xf32, #x>, %y: tensor<?x4xf32, #x>) -> tensor<?x4xf32, #x> {
  %0 = onnx.Add %x, %y : (tensor<?x4xf32, #x>, tensor<?x4xf32, #x>) -> tensor<?x4xf32, #x>
  return %0 : tensor<?x4xf32, #x>
}

// -----

// A unit dimension that meets a symbol is broadcast.

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>

// CHECK-LABEL: @unit_meets_symbol
// CHECK-SAME: %[[X:.+]]: tensor<?x4xf32>, %[[Y:.+]]: tensor<1x4xf32>
// CHECK: %[[V:.+]] = tensor.collapse_shape %[[Y]] {{\[\[}}0, 1]]
// CHECK: linalg.elementwise {{.+}} ins(%[[X]], %[[V]] : tensor<?x4xf32>, tensor<4xf32>)
func.func @unit_meets_symbol(%x: tensor<?x4xf32, #x>, %y: tensor<1x4xf32>) -> tensor<?x4xf32, #x> {
  %0 = onnx.Add %x, %y : (tensor<?x4xf32, #x>, tensor<1x4xf32>) -> tensor<?x4xf32, #x>
  return %0 : tensor<?x4xf32, #x>
}

// -----

// The class token is expanded to the batch and joined with the patches.

#p = #vit.dims<["n"], affine_map<()[s0] -> (s0, 196, 8)>>
#c = #vit.dims<["n"], affine_map<()[s0] -> (s0, 1, 8)>>
#t = #vit.dims<["n"], affine_map<()[s0] -> (s0, 197, 8)>>

// CHECK-LABEL: @class_token
// CHECK-SAME: %[[P:.+]]: tensor<?x196x8xf32>
// CHECK: %[[CLS:.+]] = arith.constant dense_resource<cls> : tensor<1x8xf32>
// CHECK: %[[EXPANDED:.+]] = linalg.broadcast ins(%[[CLS]] : tensor<1x8xf32>) outs(%{{.+}} : tensor<?x1x8xf32>) dimensions = [0]
// CHECK: tensor.concat dim(1) %[[EXPANDED]], %[[P]] : (tensor<?x1x8xf32>, tensor<?x196x8xf32>) -> tensor<?x197x8xf32>
func.func @class_token(%p: tensor<?x196x8xf32, #p>) -> tensor<?x197x8xf32, #t> {
  %cls = onnx.Constant dense_resource<cls> : tensor<1x1x8xf32> : tensor<1x1x8xf32>
  %s = onnx.Constant dense<[-1, 1, 8]> : tensor<3xi64> : tensor<3xi64>
  %0 = onnx.Expand %cls, %s : (tensor<1x1x8xf32>, tensor<3xi64>) -> tensor<?x1x8xf32, #c>
  %1 = onnx.Concat %0, %p {axis = 1 : i64} : (tensor<?x1x8xf32, #c>, tensor<?x196x8xf32, #p>) -> tensor<?x197x8xf32, #t>
  return %1 : tensor<?x197x8xf32, #t>
}

// -----

// Two symbols in one dimension.

#x = #vit.dims<["h", "w"], affine_map<()[s0, s1] -> (1, 3, s0, s1)>>
#y = #vit.dims<["h", "w"], affine_map<()[s0, s1] -> (1, 3, s0 * s1)>>

// CHECK-LABEL: @flatten_space
// CHECK-SAME: %[[X:.+]]: tensor<1x3x?x?xf32>
// CHECK: tensor.collapse_shape %[[X]] {{\[\[}}0], [1], [2, 3]] : tensor<1x3x?x?xf32> into tensor<1x3x?xf32>
func.func @flatten_space(%x: tensor<1x3x?x?xf32, #x>) -> tensor<1x3x?xf32, #y> {
  %s = onnx.Constant dense<[0, 0, -1]> : tensor<3xi64> : tensor<3xi64>
  %0 = onnx.Reshape %x, %s : (tensor<1x3x?x?xf32, #x>, tensor<3xi64>) -> tensor<1x3x?xf32, #y>
  return %0 : tensor<1x3x?xf32, #y>
}

// -----

// CHECK-LABEL: @mean_over_symbol
// CHECK: %[[N:.+]] = tensor.dim
// CHECK: %[[SUM:.+]] = linalg.reduce {{.+}} dimensions = [0]
// CHECK: linalg.generic {{.+}} ins(%[[SUM]] :
// CHECK: arith.index_cast %[[N]] : index to i64
// CHECK: arith.divf

#x = #vit.dims<["n"], affine_map<()[s0] -> (s0, 4)>>
func.func @mean_over_symbol(%x: tensor<?x4xf32, #x>) -> tensor<4xf32> {
  %a = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %0 = onnx.ReduceMean %x, %a {keepdims = false} : (tensor<?x4xf32, #x>, tensor<1xi64>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
