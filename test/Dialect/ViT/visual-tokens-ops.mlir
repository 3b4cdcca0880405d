// RUN: vitc-opt %s | vitc-opt | FileCheck %s
// RUN: vitc-opt %s --resolve-ranked-shaped-type-result-dims | FileCheck %s --check-prefix=DIMS

// CHECK-LABEL: func @tokens
// CHECK: vit.tokenize %{{.+}}, %{{.+}} {scale = 1.000000e+00 : f32} : (tensor<?x6x4xf32>, tensor<3x4xf32>) -> tensor<?x3x4xf32>
// CHECK: vit.tokenize %{{.+}}, %{{.+}} values(%{{.+}} : tensor<?x6x5xf32>) {scale = 5.000000e-01 : f32} : (tensor<?x6x4xf32>, tensor<?x3x4xf32>) -> tensor<?x3x5xf32> maps tensor<?x3x6xf32>
// CHECK: vit.project %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {scale = 1.000000e+00 : f32} : (tensor<?x6x4xf32>, tensor<?x6x2xf32>, tensor<?x3x2xf32>, tensor<?x3x4xf32>) -> tensor<?x6x4xf32>
// CHECK: vit.project %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} addends(%{{.+}} : tensor<?x1x3xf32>) {scale = 1.000000e+00 : f32} : (tensor<?x6x4xf32>, tensor<?x6x2xf32>, tensor<?x3x2xf32>, tensor<?x3x4xf32>) -> tensor<?x6x4xf32> maps tensor<?x6x3xf32>
func.func @tokens(%x: tensor<?x6x4xf32>, %w: tensor<3x4xf32>, %v: tensor<?x6x5xf32>, %q: tensor<?x6x2xf32>, %k: tensor<?x3x2xf32>, %a: tensor<?x1x3xf32>)
    -> (tensor<?x3x5xf32>, tensor<?x3x6xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>, tensor<?x6x3xf32>) {
  %t = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<?x6x4xf32>, tensor<3x4xf32>) -> tensor<?x3x4xf32>
  %u, %m = vit.tokenize %x, %t values(%v : tensor<?x6x5xf32>) {scale = 0.5 : f32} : (tensor<?x6x4xf32>, tensor<?x3x4xf32>) -> tensor<?x3x5xf32> maps tensor<?x3x6xf32>
  %y = vit.project %x, %q, %k, %t {scale = 1.0 : f32} : (tensor<?x6x4xf32>, tensor<?x6x2xf32>, tensor<?x3x2xf32>, tensor<?x3x4xf32>) -> tensor<?x6x4xf32>
  %z, %n = vit.project %x, %q, %k, %t addends(%a : tensor<?x1x3xf32>) {scale = 1.0 : f32} : (tensor<?x6x4xf32>, tensor<?x6x2xf32>, tensor<?x3x2xf32>, tensor<?x3x4xf32>) -> tensor<?x6x4xf32> maps tensor<?x6x3xf32>
  return %u, %m, %y, %z, %n : tensor<?x3x5xf32>, tensor<?x3x6xf32>, tensor<?x6x4xf32>, tensor<?x6x4xf32>, tensor<?x6x3xf32>
}

// Every extent of a result is one of an operand's.
// DIMS-LABEL: func @dims
// DIMS-SAME: (%[[X:[a-z0-9]+]]: tensor<?x?x?xf32>, %[[W:[a-z0-9]+]]: tensor<?x?xf32>, %[[V:[a-z0-9]+]]: tensor<?x?x?xf32>, %[[Q:[a-z0-9]+]]: tensor<?x?x?xf32>, %[[K:[a-z0-9]+]]: tensor<?x?x?xf32>)
// DIMS-DAG: %[[C0:.+]] = arith.constant 0
// DIMS-DAG: %[[C1:.+]] = arith.constant 1
// DIMS-DAG: %[[C2:.+]] = arith.constant 2
// DIMS: %[[TOKENS:.+]] = tensor.dim %[[W]], %[[C0]]
// DIMS: %[[FEATURES:.+]] = tensor.dim %[[V]], %[[C2]]
// DIMS: %[[POSITIONS:.+]] = tensor.dim %[[X]], %[[C1]]
// DIMS: %[[CHANNELS:.+]] = tensor.dim %[[X]], %[[C2]]
// DIMS: %[[KEYS:.+]] = tensor.dim %[[K]], %[[C1]]
// DIMS: return %[[TOKENS]], %[[FEATURES]], %[[POSITIONS]], %[[CHANNELS]], %[[KEYS]]
func.func @dims(%x: tensor<?x?x?xf32>, %w: tensor<?x?xf32>, %v: tensor<?x?x?xf32>, %q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>) -> (index, index, index, index, index) {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %t, %m = vit.tokenize %x, %w values(%v : tensor<?x?x?xf32>) {scale = 1.0 : f32} : (tensor<?x?x?xf32>, tensor<?x?xf32>) -> tensor<?x?x?xf32> maps tensor<?x?x?xf32>
  %y, %n = vit.project %x, %q, %k, %t {scale = 1.0 : f32} : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>) -> tensor<?x?x?xf32> maps tensor<?x?x?xf32>
  %0 = tensor.dim %t, %c1 : tensor<?x?x?xf32>
  %1 = tensor.dim %t, %c2 : tensor<?x?x?xf32>
  %2 = tensor.dim %m, %c2 : tensor<?x?x?xf32>
  %3 = tensor.dim %y, %c2 : tensor<?x?x?xf32>
  %4 = tensor.dim %n, %c2 : tensor<?x?x?xf32>
  return %0, %1, %2, %3, %4 : index, index, index, index, index
}
