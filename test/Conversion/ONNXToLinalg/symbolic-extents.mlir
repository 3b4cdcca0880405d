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
  %y = onnx.SymbolicSlice %x {offsets = affine_map<()[s0] -> (s0 floordiv 2)>, steps = array<i64: 1>, symbols = ["n"]} : (tensor<?xf32, #n>) -> tensor<?xf32, #h>
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

// -----

// A quotient that every run has to have at a constant is that constant wherever it occurs.

// CHECK-LABEL: func.func @part(
// CHECK: tensor.concat dim(0) %{{.*}}, %{{.*}} : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
#x = #vit.dims<["h", "n"], affine_map<()[s0, s1] -> (s1 * (s0 floordiv 4), s0 floordiv 4)>>
#y = #vit.dims<["n"], affine_map<()[s0] -> (s0, 1)>>
#z = #vit.dims<["h", "n"], affine_map<()[s0, s1] -> (s1 * (s0 floordiv 4) + s1, 1)>>
func.func @part(%h: tensor<?x?xf32, #vit.dims<["h", "n"], affine_map<()[s0, s1] -> (s0, s1)>>>, %x: tensor<?x?xf32, #x>, %y: tensor<?x1xf32, #y>) -> tensor<?x1xf32, #z> attributes {vit.requires = [
    #vit.requirement<"h to be from 4 to 7", "zero", <["h"], affine_map<()[s0] -> (-(s0 floordiv 4) + 1)>>>]} {
  %z = onnx.Concat %x, %y {axis = 0 : i64} : (tensor<?x?xf32, #x>, tensor<?x1xf32, #y>) -> tensor<?x1xf32, #z>
  return %z : tensor<?x1xf32, #z>
}

// -----

// A transposed convolution of extents that others stand for: what is cut off is known from the extents as they were inferred.

// CHECK-LABEL: func.func @conv_transpose(
// CHECK: vit.conv
#h = #vit.dims<["h"], affine_map<()[s0] -> (1, 1, (s0 floordiv 2) * 2)>>
#up = #vit.dims<["h"], affine_map<()[s0] -> (1, 1, (s0 floordiv 2) * 4)>>
func.func @conv_transpose(%h: tensor<?xf32, #vit.dims<["h"], affine_map<()[s0] -> (s0)>>>, %x: tensor<1x1x?xf32, #h>, %w: tensor<1x1x2xf32>) -> tensor<1x1x?xf32, #up> attributes {vit.requires = [
    #vit.requirement<"h to be a multiple of 2", "zero", <["h"], affine_map<()[s0] -> ((s0 floordiv 2) * 2 - s0)>>>]} {
  %y = onnx.ConvTranspose %x, %w {strides = array<i64: 2>} : (tensor<1x1x?xf32, #h>, tensor<1x1x2xf32>) -> tensor<1x1x?xf32, #up>
  return %y : tensor<1x1x?xf32, #up>
}

// -----

// Rows and columns whose product is a constant in every run.

// CHECK-LABEL: func.func @flat(
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %{{.*}} {{\[}}[0, 1]] : tensor<?x?xf32> into tensor<?xf32>
// CHECK: tensor.cast %[[FLAT]] : tensor<?xf32> to tensor<48xf32>
// CHECK: %[[SUM:.*]] = linalg.elementwise
// CHECK: %[[OPEN:.*]] = tensor.cast %[[SUM]] : tensor<48xf32> to tensor<?xf32>
// CHECK: tensor.expand_shape %[[OPEN]] {{\[}}[0, 1]]
#hw = #vit.dims<["h", "w"], affine_map<()[s0, s1] -> (s0, s1)>>
#p = #vit.dims<["h", "w"], affine_map<()[s0, s1] -> (s0 * s1)>>
func.func @flat(%x: tensor<?x?xf32, #hw>, %y: tensor<48xf32>) -> tensor<?x?xf32, #hw> attributes {vit.requires = [
    #vit.requirement<"h * w to be equal to 48", "zero", <["h", "w"], affine_map<()[s0, s1] -> (s0 * s1 - 48)>>>]} {
  %flat = onnx.Reshape %x : (tensor<?x?xf32, #hw>) -> tensor<?xf32, #p>
  %sum = onnx.Add %flat, %y : (tensor<?xf32, #p>, tensor<48xf32>) -> tensor<48xf32>
  %z = onnx.Reshape %sum : (tensor<48xf32>) -> tensor<?x?xf32, #hw>
  return %z : tensor<?x?xf32, #hw>
}
