// RUN: vitc-opt %s --vitc-prepare-loops --split-input-file | FileCheck %s
// RUN: vitc-opt %s --vitc-prepare-loops=through-views --split-input-file | FileCheck %s --check-prefix=VIEWS

// CHECK-LABEL: func.func @concat
// CHECK-SAME: %[[A:.+]]: tensor<2x4xf32>, %[[B:.+]]: tensor<3x4xf32>
func.func @concat(%a: tensor<2x4xf32>, %b: tensor<3x4xf32>) -> tensor<5x4xf32> {
  // CHECK: %[[T:.+]] = tensor.insert_slice %[[A]] into %{{.+}}[0, 0] [2, 4]
  // CHECK: tensor.insert_slice %[[B]] into %[[T]][2, 0] [3, 4]
  %0 = tensor.concat dim(0) %a, %b : (tensor<2x4xf32>, tensor<3x4xf32>) -> tensor<5x4xf32>
  return %0 : tensor<5x4xf32>
}

// -----

// A chain of elementwise ops becomes one; its constant stands in the body.
#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>
// CHECK-LABEL: func.func @chain
func.func @chain(%x: tensor<8xf32>) -> tensor<8xf32> {
  // CHECK: linalg.generic
  // CHECK-NEXT: ^bb0
  // CHECK: arith.constant 2.0
  // CHECK: math.exp
  // CHECK: arith.mulf
  // CHECK-NOT: linalg.generic
  %two = arith.constant dense<2.0> : tensor<f32>
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps = [#id, #id] ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#id, #scalar, #id] ins(%0, %two : tensor<8xf32>, tensor<f32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %1 : tensor<8xf32>
}

// -----

// Near miss: the consumer reads each element four times, so that fusing would compute it four times.
#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d1)>
#one = affine_map<(d0) -> (d0)>
// CHECK-LABEL: func.func @broadcast_reader
func.func @broadcast_reader(%x: tensor<8xf32>, %y: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK: linalg.generic
  // CHECK: math.exp
  // CHECK: linalg.generic
  // CHECK: arith.addf
  %e = tensor.empty() : tensor<8xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<exp> indexing_maps = [#one, #one] ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %f = tensor.empty() : tensor<4x8xf32>
  %1 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #row, #id] ins(%y, %0 : tensor<4x8xf32>, tensor<8xf32>) outs(%f : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func.func @softmax_over_rows
func.func @softmax_over_rows(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // CHECK-NOT: linalg.softmax
  // CHECK: arith.maxnumf
  // CHECK: math.exp
  // CHECK: arith.divf
  %e = tensor.empty() : tensor<4x8xf32>
  %0 = linalg.softmax dimension(0) ins(%x : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

// Ops that would write into one tensor.empty would alias: each gets its own.
// CHECK-LABEL: func.func @separate_outputs
func.func @separate_outputs(%x: tensor<8x8xf32>, %y: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  // CHECK: linalg.generic {{.*}} outs(%[[A:.+]] :
  // CHECK-NOT: outs(%[[A]] :
  // CHECK: return
  %e = tensor.empty() : tensor<8x8xf32>
  %0 = linalg.transpose ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) permutation = [1, 0]
  %1 = linalg.transpose ins(%y : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) permutation = [1, 0]
  return %0, %1 : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// So are constants of rank above zero, which no body takes.
// CHECK-LABEL: func.func @separate_constants
func.func @separate_constants(%x: tensor<8xf32>, %y: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // CHECK-COUNT-2: arith.constant dense<[1.0
  // CHECK-NOT: arith.constant
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %0 = tensor.empty() : tensor<8xf32>
  %1 = linalg.add ins(%x, %c : tensor<8xf32>, tensor<8xf32>) outs(%0 : tensor<8xf32>) -> tensor<8xf32>
  %2 = linalg.add ins(%y, %c : tensor<8xf32>, tensor<8xf32>) outs(%0 : tensor<8xf32>) -> tensor<8xf32>
  return %1, %2 : tensor<8xf32>, tensor<8xf32>
}

// -----

// A table that bodies take with them is left without a reader.
// CHECK-LABEL: func.func @table
// CHECK: linalg.generic
// CHECK: arith.constant dense<[3, 1, 2, 0]>
// CHECK: tensor.extract
func.func @table(%x: tensor<4xindex>) -> tensor<4xindex> {
  %table = arith.constant dense<[3, 1, 2, 0]> : tensor<4xindex>
  %e = tensor.empty() : tensor<4xindex>
  %0 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%x : tensor<4xindex>) outs(%e : tensor<4xindex>) {
  ^bb0(%at: index, %out: index):
    %1 = tensor.extract %table[%at] : tensor<4xindex>
    linalg.yield %1 : index
  } -> tensor<4xindex>
  return %0 : tensor<4xindex>
}

// -----

// Insertions are compared with one another: 33 operands are copied.
// CHECK-LABEL: func.func @long_concat
func.func @long_concat(%x: tensor<2xf32>) -> tensor<66xf32> {
  // CHECK: tensor.concat
  // CHECK-NOT: tensor.insert_slice
  %0 = tensor.concat dim(0) %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x,
       %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x, %x
       : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>,
       tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<66xf32>
  return %0 : tensor<66xf32>
}


// -----

// A residual that is added to windows which are put back into their image: with views between them the loops stay apart
// or, where it is asked for, become one over the axes of both.
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-LABEL: func.func @windows
// CHECK-COUNT-2: linalg.generic
// VIEWS-LABEL: func.func @windows
// VIEWS-SAME: %[[X:.+]]: tensor<2x3x2x3x4xf32>, %[[Y:.+]]: tensor<6x6x4xf32>
// VIEWS: %[[R:.+]] = tensor.expand_shape %[[Y]] {{\[\[}}0, 1], [2, 3], [4]]
// VIEWS: %[[SUM:.+]] = linalg.generic {{.*}} ins(%[[X]], %[[R]] : tensor<2x3x2x3x4xf32>, tensor<2x3x2x3x4xf32>)
// VIEWS: arith.addf
// VIEWS: tensor.collapse_shape %[[SUM]] {{\[\[}}0, 1], [2, 3], [4]]
// VIEWS-NOT: linalg.generic
func.func @windows(%x: tensor<2x3x2x3x4xf32>, %y: tensor<6x6x4xf32>) -> tensor<6x6x4xf32> {
  %e = tensor.empty() : tensor<2x3x2x3x4xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x2x3x4xf32>) outs(%e : tensor<2x3x2x3x4xf32>) permutation = [2, 1, 0, 3, 4]
  %v = tensor.collapse_shape %t [[0, 1], [2, 3], [4]] : tensor<2x3x2x3x4xf32> into tensor<6x6x4xf32>
  %f = tensor.empty() : tensor<6x6x4xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #id, #id] ins(%v, %y : tensor<6x6x4xf32>, tensor<6x6x4xf32>) outs(%f : tensor<6x6x4xf32>) -> tensor<6x6x4xf32>
  return %0 : tensor<6x6x4xf32>
}

// -----

// The same where the view splits axes, of loops that read by index.
#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func @gathered
// CHECK-COUNT-2: linalg.generic
// VIEWS-LABEL: func.func @gathered
// VIEWS: linalg.generic {{.*}} ins(%{{.+}} : tensor<2x3x4xf32>) outs(%{{.+}} : tensor<2x3x4xf32>)
// VIEWS: affine.apply
// VIEWS: tensor.extract
// VIEWS: arith.addf
// VIEWS-NOT: linalg.generic
func.func @gathered(%x: tensor<6x4xf32>, %order: tensor<6xindex>, %y: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %e = tensor.empty() : tensor<6x4xf32>
  %g = linalg.generic {indexing_maps = [#rows], iterator_types = ["parallel", "parallel"]} outs(%e : tensor<6x4xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %row = tensor.extract %order[%i] : tensor<6xindex>
    %value = tensor.extract %x[%row, %j] : tensor<6x4xf32>
    linalg.yield %value : f32
  } -> tensor<6x4xf32>
  %v = tensor.expand_shape %g [[0, 1], [2]] output_shape [2, 3, 4] : tensor<6x4xf32> into tensor<2x3x4xf32>
  %f = tensor.empty() : tensor<2x3x4xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #id, #id] ins(%v, %y : tensor<2x3x4xf32>, tensor<2x3x4xf32>) outs(%f : tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return %0 : tensor<2x3x4xf32>
}

// -----

// Near miss: the windows are read twice, and computed once.
#id = affine_map<(d0, d1) -> (d0, d1)>
// VIEWS-LABEL: func.func @read_twice
// VIEWS-COUNT-2: linalg.generic
func.func @read_twice(%x: tensor<2x3x4xf32>, %y: tensor<6x4xf32>) -> (tensor<6x4xf32>, tensor<6x4xf32>) {
  %e = tensor.empty() : tensor<3x2x4xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x4xf32>) outs(%e : tensor<3x2x4xf32>) permutation = [1, 0, 2]
  %v = tensor.collapse_shape %t [[0, 1], [2]] : tensor<3x2x4xf32> into tensor<6x4xf32>
  %f = tensor.empty() : tensor<6x4xf32>
  %0 = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps = [#id, #id, #id] ins(%v, %y : tensor<6x4xf32>, tensor<6x4xf32>) outs(%f : tensor<6x4xf32>) -> tensor<6x4xf32>
  return %0, %v : tensor<6x4xf32>, tensor<6x4xf32>
}
