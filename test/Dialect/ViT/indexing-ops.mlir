// RUN: vitc-opt %s | vitc-opt | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-cpu=level=x86-64-v3 | FileCheck %s --check-prefix=CPU
// RUN: vitc-opt %s --resolve-ranked-shaped-type-result-dims | FileCheck %s --check-prefix=DIMS

// CHECK-LABEL: func.func @scatter
// CHECK: vit.scatter %{{.+}} into %{{.+}} at %{{.+}} {axis = 1 : i64, reduction = "add"} : tensor<?x2xf32>, tensor<?x2xi64> -> tensor<?x4xf32>
// CHECK: vit.scatter %{{.+}} into %{{.+}} at %{{.+}} : tensor<3x4xf32>, tensor<3x1xi32> -> tensor<?x4xf32>
// CPU-LABEL: func.func @scatter
// CPU-SAME: %[[X:.+]]: tensor<?x4xf32>, %[[I:.+]]: tensor<?x2xi64>, %[[U:.+]]: tensor<?x2xf32>
// CPU: %[[Y:.+]] = vcpu.scatter ins(%[[I]], %[[U]] : tensor<?x2xi64>, tensor<?x2xf32>) outs(%[[X]] : tensor<?x4xf32>) {axis = 1 : i64, reduction = "add"} -> tensor<?x4xf32>
// CPU: vcpu.scatter ins(%{{.+}}, %{{.+}}) outs(%[[Y]] : tensor<?x4xf32>) -> tensor<?x4xf32>
func.func @scatter(%x: tensor<?x4xf32>, %i: tensor<?x2xi64>, %u: tensor<?x2xf32>, %j: tensor<3x1xi32>, %v: tensor<3x4xf32>) -> tensor<?x4xf32> {
  %0 = vit.scatter %u into %x at %i {axis = 1, reduction = "add"} : tensor<?x2xf32>, tensor<?x2xi64> -> tensor<?x4xf32>
  %1 = vit.scatter %v into %0 at %j : tensor<3x4xf32>, tensor<3x1xi32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @top_k
// CHECK: vit.top_k %{{.+}} {smallest} : tensor<?x5x9xi8> -> tensor<?x5x3xi8>, tensor<?x5x3xi64>
// CPU-LABEL: func.func @top_k
// CPU: %[[ROWS:.+]] = tensor.collapse_shape %{{.+}} {{\[}}[0, 1], [2]]
// CPU: %[[FOUND:.+]]:2 = vcpu.top_k ins(%[[ROWS]] : tensor<?x9xi8>) outs(%{{.+}}, %{{.+}} : tensor<?x3xi8>, tensor<?x3xi64>) {smallest}
// CPU: tensor.expand_shape %[[FOUND]]#0
// CPU: tensor.expand_shape %[[FOUND]]#1
func.func @top_k(%x: tensor<?x5x9xi8>) -> (tensor<?x5x3xi8>, tensor<?x5x3xi64>) {
  %0, %1 = vit.top_k %x {smallest} : tensor<?x5x9xi8> -> tensor<?x5x3xi8>, tensor<?x5x3xi64>
  return %0, %1 : tensor<?x5x3xi8>, tensor<?x5x3xi64>
}

// DIMS-LABEL: func.func @dims
// DIMS-SAME: %[[X:.+]]: tensor<?x4xf32>, %{{.+}}: tensor<2x?xf32>
// DIMS: %[[D:.+]] = tensor.dim %[[X]]
// DIMS: return %[[D]], %[[D]]
func.func @dims(%x: tensor<?x4xf32>, %u: tensor<2x?xf32>, %i: tensor<2x?xi64>) -> (index, index) {
  %zero = arith.constant 0 : index
  %0 = vit.scatter %u into %x at %i {axis = 0} : tensor<2x?xf32>, tensor<2x?xi64> -> tensor<?x4xf32>
  %1, %2 = vit.top_k %x : tensor<?x4xf32> -> tensor<?x2xf32>, tensor<?x2xi64>
  %3 = tensor.dim %0, %zero : tensor<?x4xf32>
  %4 = tensor.dim %2, %zero : tensor<?x2xi64>
  return %3, %4 : index, index
}
