// RUN: vitc-opt %s --vit-recognize-tokens --canonicalize --split-input-file | FileCheck %s

// What an export at a fixed batch makes of a CLS token and of positions that it repeats for each image.

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @batch_1
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x2xf32>) patches(%{{.+}} : tensor<1x2x2xf32>) position(%{{.+}} : tensor<2x2xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @batch_1(%p: tensor<1x2x2xf32>) -> tensor<1x2xf32> {
  %cls = arith.constant dense<[[[1.0, 2.0]]]> : tensor<1x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<1x1x2xf32>, tensor<1x2x2xf32>) -> tensor<1x3x2xf32>
  %pos = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %i = tensor.empty() : tensor<1x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<1x3x2xf32>, tensor<3x2xf32>) outs(%i : tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [1, 1, 2] [1, 1, 1] : tensor<1x3x2xf32> to tensor<1x2xf32>
  return %y : tensor<1x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @batch_2
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x2xf32>) patches(%{{.+}} : tensor<2x2x2xf32>) position(%{{.+}} : tensor<2x2xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @batch_2(%p: tensor<2x2x2xf32>) -> tensor<2x2xf32> {
  %cls = arith.constant dense<[[[1.0, 2.0]], [[1.0, 2.0]]]> : tensor<2x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<2x1x2xf32>, tensor<2x2x2xf32>) -> tensor<2x3x2xf32>
  %pos = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %i = tensor.empty() : tensor<2x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<2x3x2xf32>, tensor<3x2xf32>) outs(%i : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [2, 1, 2] [1, 1, 1] : tensor<2x3x2xf32> to tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// A splat repeats along every dimension.
// CHECK-LABEL: func @batch_3
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x2xf32>) patches(%{{.+}} : tensor<3x2x2xf32>) position(%{{.+}} : tensor<2x2xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @batch_3(%p: tensor<3x2x2xf32>) -> tensor<3x2xf32> {
  %cls = arith.constant dense<7.0> : tensor<3x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<3x1x2xf32>, tensor<3x2x2xf32>) -> tensor<3x3x2xf32>
  %pos = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %i = tensor.empty() : tensor<3x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<3x3x2xf32>, tensor<3x2xf32>) outs(%i : tensor<3x3x2xf32>) -> tensor<3x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [3, 1, 2] [1, 1, 1] : tensor<3x3x2xf32> to tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @symbolic_batch
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x2xf32>) patches(%{{.+}} : tensor<?x2x2xf32>) position(%{{.+}} : tensor<2x2xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @symbolic_batch(%p: tensor<?x2x2xf32>) -> tensor<?x2xf32> {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x2x2xf32>
  %cls = arith.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %e = tensor.empty(%b) : tensor<?x1x2xf32>
  %repeated = linalg.broadcast ins(%cls : tensor<1x2xf32>) outs(%e : tensor<?x1x2xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %repeated, %p : (tensor<?x1x2xf32>, tensor<?x2x2xf32>) -> tensor<?x3x2xf32>
  %pos = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %i = tensor.empty(%b) : tensor<?x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x3x2xf32>, tensor<3x2xf32>) outs(%i : tensor<?x3x2xf32>) -> tensor<?x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [%b, 1, 2] [1, 1, 1] : tensor<?x3x2xf32> to tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @positions_of_every_image
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x2xf32>) patches(%{{.+}} : tensor<2x2x2xf32>) position(%{{.+}} : tensor<2x2xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @positions_of_every_image(%p: tensor<2x2x2xf32>) -> tensor<2x2xf32> {
  %cls = arith.constant dense<[[[1.0, 2.0]], [[1.0, 2.0]]]> : tensor<2x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<2x1x2xf32>, tensor<2x2x2xf32>) -> tensor<2x3x2xf32>
  %pos = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]> : tensor<2x3x2xf32>
  %i = tensor.empty() : tensor<2x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%seq, %pos : tensor<2x3x2xf32>, tensor<2x3x2xf32>) outs(%i : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [2, 1, 2] [1, 1, 1] : tensor<2x3x2xf32> to tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// One element differs.
// CHECK-LABEL: func @another_token_for_each_image
// CHECK-NOT: vit.assemble
// CHECK: return
func.func @another_token_for_each_image(%p: tensor<2x2x2xf32>) -> tensor<2x2xf32> {
  %cls = arith.constant dense<[[[1.0, 2.0]], [[1.0, 3.0]]]> : tensor<2x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<2x1x2xf32>, tensor<2x2x2xf32>) -> tensor<2x3x2xf32>
  %pos = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %i = tensor.empty() : tensor<2x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<2x3x2xf32>, tensor<3x2xf32>) outs(%i : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [2, 1, 2] [1, 1, 1] : tensor<2x3x2xf32> to tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// CHECK-LABEL: func @other_positions_for_each_image
// CHECK-NOT: position(
// CHECK: return
func.func @other_positions_for_each_image(%p: tensor<2x2x2xf32>) -> tensor<2x2xf32> {
  %cls = arith.constant dense<[[[1.0, 2.0]], [[1.0, 2.0]]]> : tensor<2x1x2xf32>
  %seq = tensor.concat dim(1) %cls, %p : (tensor<2x1x2xf32>, tensor<2x2x2xf32>) -> tensor<2x3x2xf32>
  %pos = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]]> : tensor<2x3x2xf32>
  %i = tensor.empty() : tensor<2x3x2xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%seq, %pos : tensor<2x3x2xf32>, tensor<2x3x2xf32>) outs(%i : tensor<2x3x2xf32>) -> tensor<2x3x2xf32>
  %y = tensor.extract_slice %x[0, 0, 0] [2, 1, 2] [1, 1, 1] : tensor<2x3x2xf32> to tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}
