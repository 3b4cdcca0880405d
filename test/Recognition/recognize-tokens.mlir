// RUN: vitc-opt %s --vit-recognize-tokens --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// The output is the first row.
// CHECK-LABEL: func @position_after_class
// CHECK-SAME: (%[[P:.+]]: tensor<?x4x8xf32>)
// CHECK-DAG: %[[CLS:.+]] = arith.constant dense_resource<cls> : tensor<1x8xf32>
// CHECK-DAG: %[[POS:.+]] = arith.constant dense_resource<pos> : tensor<5x8xf32>
// CHECK: %[[POS0:.+]] = tensor.extract_slice %[[POS]][0, 0] [1, 8] [1, 1]
// CHECK: %[[PREFIX:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}}ins(%[[CLS]], %[[POS0]]
// CHECK: %[[REST:.+]] = tensor.extract_slice %[[POS]][1, 0] [4, 8] [1, 1]
// CHECK: vit.assemble prefix(%[[PREFIX]] : tensor<1x8xf32>) patches(%[[P]] : tensor<?x4x8xf32>) position(%[[REST]] : tensor<4x8xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @position_after_class(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<?x5x8xf32>
  %y = tensor.extract_slice %n[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// Positions are added to patches only, before the concatenation.
// CHECK-LABEL: func @registers_without_position
// CHECK: %[[PREFIX:.+]] = tensor.concat dim(0)
// CHECK: vit.assemble prefix(%{{.+}} : tensor<3x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 1 : i64, registers = 2 : i64}
func.func @registers_without_position(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %reg = arith.constant dense_resource<reg> : tensor<2x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<4x8xf32>
  %c_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %c = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%c_i : tensor<?x1x8xf32>) dimensions = [0]
  %r_i = tensor.empty(%b) : tensor<?x2x8xf32>
  %r = linalg.broadcast ins(%reg : tensor<2x8xf32>) outs(%r_i : tensor<?x2x8xf32>) dimensions = [0]
  %j = tensor.empty(%b) : tensor<?x4x8xf32>
  %pp = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%p, %pos : tensor<?x4x8xf32>, tensor<4x8xf32>) outs(%j : tensor<?x4x8xf32>) -> tensor<?x4x8xf32>
  %x = tensor.concat dim(1) %c, %r, %pp : (tensor<?x1x8xf32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>) -> tensor<?x7x8xf32>
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32>
  %y = tensor.extract_slice %n[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// Registers are put between the class token and the patches after positions were added.
// CHECK-LABEL: func @registers_after_position
// CHECK: vit.assemble prefix(%{{.+}} : tensor<3x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 1 : i64, registers = 2 : i64}
func.func @registers_after_position(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %reg = arith.constant dense_resource<reg> : tensor<2x8xf32>
  %r_i = tensor.empty(%b) : tensor<?x2x8xf32>
  %r = linalg.broadcast ins(%reg : tensor<2x8xf32>) outs(%r_i : tensor<?x2x8xf32>) dimensions = [0]
  %first = tensor.extract_slice %x[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x1x8xf32>
  %rest = tensor.extract_slice %x[0, 1, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x4x8xf32>
  %z = tensor.concat dim(1) %first, %r, %rest : (tensor<?x1x8xf32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>) -> tensor<?x7x8xf32>
  %n = vit.layer_norm %z {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32>
  %y = tensor.extract_slice %n[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// Class token and patches are outputs; every row is a key, which is no reading.
// CHECK-LABEL: func @rows_through_attention
// CHECK: vit.assemble prefix(%{{.+}} : tensor<3x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 1 : i64, registers = 2 : i64}
func.func @rows_through_attention(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>, tensor<?x4x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %reg = arith.constant dense_resource<reg> : tensor<2x8xf32>
  %r_i = tensor.empty(%b) : tensor<?x2x8xf32>
  %r = linalg.broadcast ins(%reg : tensor<2x8xf32>) outs(%r_i : tensor<?x2x8xf32>) dimensions = [0]
  %first = tensor.extract_slice %x[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x1x8xf32>
  %rest = tensor.extract_slice %x[0, 1, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x4x8xf32>
  %z = tensor.concat dim(1) %first, %r, %rest : (tensor<?x1x8xf32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>) -> tensor<?x7x8xf32>
  %n = vit.layer_norm %z {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32>
  %q = tensor.expand_shape %n [[0], [1], [2, 3]] output_shape [%b, 7, 2, 4] : tensor<?x7x8xf32> into tensor<?x7x2x4xf32>
  %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<?x7x2x4xf32>, tensor<?x7x2x4xf32>, tensor<?x7x2x4xf32>) -> tensor<?x7x2x4xf32>
  %o = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<?x7x2x4xf32> into tensor<?x7x8xf32>
  %k = tensor.empty(%b) : tensor<?x7x8xf32>
  %res = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%z, %o : tensor<?x7x8xf32>, tensor<?x7x8xf32>) outs(%k : tensor<?x7x8xf32>) -> tensor<?x7x8xf32>
  %y = tensor.extract_slice %res[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x8xf32>
  %dense = tensor.extract_slice %res[0, 3, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x4x8xf32>
  return %y, %dense : tensor<?x8xf32>, tensor<?x4x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// No output reads the first row.
// CHECK-LABEL: func @dense_without_class
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 0 : i64, registers = 1 : i64}
func.func @dense_without_class(%p: tensor<?x4x8xf32>) -> (tensor<?x4x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %y = tensor.extract_slice %x[0, 1, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x4x8xf32>
  return %y : tensor<?x4x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// One output reads all rows alike: the role of the first is not known.
// CHECK-LABEL: func @all_rows
// CHECK: vit.assemble prefix(%{{.+}} : tensor<1x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 0 : i64, registers = 0 : i64}
func.func @all_rows(%p: tensor<?x4x8xf32>) -> (tensor<?x5x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %n = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<?x5x8xf32>
  return %n : tensor<?x5x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// Registers are read together with patches: they may be discarded later, or not.
// CHECK-LABEL: func @mixed_rows
// CHECK: vit.assemble prefix(%{{.+}} : tensor<3x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) position(%{{.+}} : tensor<4x8xf32>) {cls = 1 : i64, registers = 0 : i64}
func.func @mixed_rows(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>, tensor<?x6x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %cls = arith.constant dense_resource<cls> : tensor<1x8xf32>
  %pos = arith.constant dense_resource<pos> : tensor<5x8xf32>
  %rows_i = tensor.empty(%b) : tensor<?x1x8xf32>
  %rows = linalg.broadcast ins(%cls : tensor<1x8xf32>) outs(%rows_i : tensor<?x1x8xf32>) dimensions = [0]
  %seq = tensor.concat dim(1) %rows, %p : (tensor<?x1x8xf32>, tensor<?x4x8xf32>) -> tensor<?x5x8xf32>
  %i = tensor.empty(%b) : tensor<?x5x8xf32>
  %x = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #rows, #id] ins(%seq, %pos : tensor<?x5x8xf32>, tensor<5x8xf32>) outs(%i : tensor<?x5x8xf32>) -> tensor<?x5x8xf32>
  %reg = arith.constant dense_resource<reg> : tensor<2x8xf32>
  %r_i = tensor.empty(%b) : tensor<?x2x8xf32>
  %r = linalg.broadcast ins(%reg : tensor<2x8xf32>) outs(%r_i : tensor<?x2x8xf32>) dimensions = [0]
  %first = tensor.extract_slice %x[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x1x8xf32>
  %rest = tensor.extract_slice %x[0, 1, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x5x8xf32> to tensor<?x4x8xf32>
  %z = tensor.concat dim(1) %first, %r, %rest : (tensor<?x1x8xf32>, tensor<?x2x8xf32>, tensor<?x4x8xf32>) -> tensor<?x7x8xf32>
  %y = tensor.extract_slice %z[0, 0, 0] [%b, 1, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x8xf32>
  %rest2 = tensor.extract_slice %z[0, 1, 0] [%b, 6, 8] [1, 1, 1] : tensor<?x7x8xf32> to tensor<?x6x8xf32>
  return %y, %rest2 : tensor<?x8xf32>, tensor<?x6x8xf32>
}

// -----

#id = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#rows = affine_map<(d0, d1, d2) -> (d1, d2)>

// A mean over patches; the prefix is registers only.
// CHECK-LABEL: func @pooled_patches
// CHECK: vit.assemble prefix(%{{.+}} : tensor<2x8xf32>) patches(%{{.+}} : tensor<?x4x8xf32>) {cls = 0 : i64, registers = 2 : i64}
func.func @pooled_patches(%p: tensor<?x4x8xf32>) -> (tensor<?x8xf32>) {
  %c0 = arith.constant 0 : index
  %b = tensor.dim %p, %c0 : tensor<?x4x8xf32>
  %reg = arith.constant dense_resource<reg> : tensor<2x8xf32>
  %r_i = tensor.empty(%b) : tensor<?x2x8xf32>
  %r = linalg.broadcast ins(%reg : tensor<2x8xf32>) outs(%r_i : tensor<?x2x8xf32>) dimensions = [0]
  %x = tensor.concat dim(1) %r, %p : (tensor<?x2x8xf32>, tensor<?x4x8xf32>) -> tensor<?x6x8xf32>
  %s = tensor.extract_slice %x[0, 2, 0] [%b, 4, 8] [1, 1, 1] : tensor<?x6x8xf32> to tensor<?x4x8xf32>
  %zero = arith.constant 0.0 : f32
  %m = tensor.empty(%b) : tensor<?x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%m : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.reduce { arith.addf } ins(%s : tensor<?x4x8xf32>) outs(%f : tensor<?x8xf32>) dimensions = [1]
  return %y : tensor<?x8xf32>
}
