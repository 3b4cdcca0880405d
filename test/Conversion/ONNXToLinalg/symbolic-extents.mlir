// RUN: vitc-opt %s --convert-onnx-to-linalg --split-input-file --mlir-print-local-scope | FileCheck %s

// Extents that every run has to have: those of one dimension stand for the other, a constant for a symbol.

// CHECK-LABEL: func.func @required(
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>{{.*}}, %[[Y:.*]]: tensor<?x5xf32>
// CHECK: %[[FIVE:.*]] = tensor.cast %[[X]] : tensor<?x?xf32> to tensor<?x5xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[FIVE]], %[[Y]] : tensor<?x5xf32>, tensor<?x5xf32>)
#x = #vit.dims<["a", "n"], affine_map<()[s0, s1] -> (s0, s1)>>
#y = #vit.dims<["b"], affine_map<()[s0] -> (s0, 5)>>
func.func @required(%x: tensor<?x?xf32, #x>, %y: tensor<?x5xf32, #y>) -> tensor<?x5xf32, #y> attributes {vit.requires = [
    #vit.requirement<"n to be 5", "zero", <["n"], affine_map<()[s0] -> (s0 - 5)>>>,
    #vit.requirement<"a to be equal to b", "zero", <["a", "b"], affine_map<()[s0, s1] -> (s0 - s1)>>>]} {
  %z = onnx.Add %x, %y : (tensor<?x?xf32, #x>, tensor<?x5xf32, #y>) -> tensor<?x5xf32, #y>
  return %z : tensor<?x5xf32, #y>
}

// -----

// CHECK-LABEL: func.func @slice(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>
// CHECK: %[[HALF:.*]] = affine.apply affine_map<()[s0] -> (s0 floordiv 2)>()[
// CHECK: tensor.extract_slice %[[X]][%[[HALF]]] [%{{.*}}] [1] : tensor<?xf32> to tensor<?xf32>
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
#h = #vit.dims<["n"], affine_map<()[s0] -> (s0 - s0 floordiv 2)>>
func.func @slice(%x: tensor<?xf32, #n>) -> tensor<?xf32, #h> {
  %y = onnx.SymbolicSlice %x {offsets = affine_map<()[s0] -> (s0 floordiv 2)>, symbols = ["n"]} : (tensor<?xf32, #n>) -> tensor<?xf32, #h>
  return %y : tensor<?xf32, #h>
}

// -----

// How far antialiasing widens the kernel depends on the size: a matrix is computed in the run, its rows sum to one.

// CHECK-LABEL: func.func @resize(
// CHECK: %[[WEIGHTS:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<?x8xf64>)
// CHECK: scf.for
// CHECK: %[[SUMS:.*]] = linalg.reduce ins(%[[WEIGHTS]] : tensor<?x8xf64>)
// CHECK: %[[SHARES:.*]] = linalg.generic {{.*}} ins(%[[WEIGHTS]], %{{.*}} : tensor<?x8xf64>, tensor<?xf64>) outs(%{{.*}} : tensor<?x8xf32>)
// CHECK: linalg.contract {{.*}} ins(%{{.*}}, %[[SHARES]] : tensor<2x8xf32>, tensor<?x8xf32>) outs(%{{.*}} : tensor<2x?xf32>)
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
#y = #vit.dims<["n"], affine_map<()[s0] -> (2, s0)>>
func.func @resize(%x: tensor<2x8xf32>, %n: tensor<?xf32, #n>) -> tensor<2x?xf32, #y> {
  %y = onnx.Resize %x {antialias = true, mode = "linear", operandSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<2x8xf32>) -> tensor<2x?xf32, #y>
  return %y : tensor<2x?xf32, #y>
}

// -----

// CHECK-LABEL: func.func @nearest(
// CHECK: linalg.generic
// CHECK: math.floor
// CHECK: tensor.extract
#n = #vit.dims<["n"], affine_map<()[s0] -> (2, s0)>>
#y = #vit.dims<["n"], affine_map<()[s0] -> (2, s0 * 2)>>
func.func @nearest(%x: tensor<2x?xf32, #n>) -> tensor<2x?xf32, #y> {
  %s = onnx.Constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %y = onnx.Resize %x, %s {coordinate_transformation_mode = "asymmetric", nearest_mode = "floor", operandSegmentSizes = array<i32: 1, 0, 1, 0>}
      : (tensor<2x?xf32, #n>, tensor<2xf32>) -> tensor<2x?xf32, #y>
  return %y : tensor<2x?xf32, #y>
}
