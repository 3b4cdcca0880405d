// RUN: vitc-opt %s --vit-raise-softmax --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func @quotient
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>)
// CHECK: %[[Y:.+]] = linalg.softmax dimension(1) ins(%[[X]] : tensor<?x8xf32>)
// CHECK: return %[[Y]]
func.func @quotient(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %b = tensor.dim %x, %c0 : tensor<?x8xf32>
  %i = tensor.empty(%b) : tensor<?x8xf32>
  %r = tensor.empty(%b) : tensor<?xf32>
  %m0 = linalg.fill ins(%lowest : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<?x8xf32>) outs(%m0 : tensor<?xf32>) dimensions = [1]
  %d = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %max : tensor<?x8xf32>, tensor<?xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.reduce { arith.addf } ins(%e : tensor<?x8xf32>) outs(%s0 : tensor<?xf32>) dimensions = [1]
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%e, %sum : tensor<?x8xf32>, tensor<?xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// A generic body, a kept dimension, and a product with the reciprocal.
// CHECK-LABEL: func @reciprocal
// CHECK-SAME: (%[[X:.+]]: tensor<4x8xf32>)
// CHECK: linalg.softmax dimension(0) ins(%[[X]] : tensor<4x8xf32>)
func.func @reciprocal(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %i = tensor.empty() : tensor<4x8xf32>
  %r = tensor.empty() : tensor<8xf32>
  %m0 = linalg.fill ins(%lowest : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %max = linalg.reduce { arith.maxnumf } ins(%x : tensor<4x8xf32>) outs(%m0 : tensor<8xf32>) dimensions = [0]
  %kept = tensor.expand_shape %max [[0, 1]] output_shape [1, 8] : tensor<8xf32> into tensor<1x8xf32>
  %dropped = tensor.collapse_shape %kept [[0, 1]] : tensor<1x8xf32> into tensor<8xf32>
  %d = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #column, #id] ins(%x, %dropped : tensor<4x8xf32>, tensor<8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  %e = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%d : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  } -> tensor<4x8xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.reduce { arith.addf } ins(%e : tensor<4x8xf32>) outs(%s0 : tensor<8xf32>) dimensions = [0]
  %inverse = linalg.elementwise kind=#linalg.elementwise_kind<reciprocal> ins(%sum : tensor<8xf32>) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#column, #id, #id] ins(%inverse, %e : tensor<8xf32>, tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// CHECK-LABEL: func @max_over_another_dimension
// CHECK-NOT: linalg.softmax
// CHECK: maximum and sum run over different dimensions
func.func @max_over_another_dimension(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %i = tensor.empty() : tensor<8x8xf32>
  %r = tensor.empty() : tensor<8xf32>
  %m0 = linalg.fill ins(%lowest : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<8x8xf32>) outs(%m0 : tensor<8xf32>) dimensions = [0]
  %d = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #column, #id] ins(%x, %max : tensor<8x8xf32>, tensor<8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<8x8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.reduce { arith.addf } ins(%e : tensor<8x8xf32>) outs(%s0 : tensor<8xf32>) dimensions = [1]
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%e, %sum : tensor<8x8xf32>, tensor<8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// The sum of row i divides column i.
// CHECK-LABEL: func @sum_repeated_along_the_other_dimension
// CHECK-NOT: linalg.softmax
// CHECK: the divisor is not the sum of the exponentials along one dimension
func.func @sum_repeated_along_the_other_dimension(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %i = tensor.empty() : tensor<8x8xf32>
  %r = tensor.empty() : tensor<8xf32>
  %m0 = linalg.fill ins(%lowest : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<8x8xf32>) outs(%m0 : tensor<8xf32>) dimensions = [1]
  %d = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %max : tensor<8x8xf32>, tensor<8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<8x8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.reduce { arith.addf } ins(%e : tensor<8x8xf32>) outs(%s0 : tensor<8xf32>) dimensions = [1]
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #column, #id] ins(%e, %sum : tensor<8x8xf32>, tensor<8xf32>) outs(%i : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %y : tensor<8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>

// CHECK-LABEL: func @second_reader
// CHECK-NOT: linalg.softmax
// CHECK: an intermediate value of the softmax has another reader
func.func @second_reader(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4xf32>) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %i = tensor.empty() : tensor<4x8xf32>
  %r = tensor.empty() : tensor<4xf32>
  %m0 = linalg.fill ins(%lowest : f32) outs(%r : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x8xf32>) outs(%m0 : tensor<4xf32>) dimensions = [1]
  %d = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #row, #id] ins(%x, %max : tensor<4x8xf32>, tensor<4xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  %e = linalg.elementwise kind=#linalg.elementwise_kind<exp> ins(%d : tensor<4x8xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  %s0 = linalg.fill ins(%zero : f32) outs(%r : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.reduce { arith.addf } ins(%e : tensor<4x8xf32>) outs(%s0 : tensor<4xf32>) dimensions = [1]
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #row, #id] ins(%e, %sum : tensor<4x8xf32>, tensor<4xf32>) outs(%i : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %y, %max : tensor<4x8xf32>, tensor<4xf32>
}
