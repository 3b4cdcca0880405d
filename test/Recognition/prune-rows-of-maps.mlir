// RUN: vitc-opt %s --vit-prune-rows --canonicalize --cse --split-input-file | FileCheck %s

// DINO's map of the class token, without that token as a key: one query, all keys, no values. Rows are cut from what
// computes them, columns are not.
// CHECK-LABEL: func @map_only
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x9x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x24xf32>, %[[V:[a-z0-9]+]]: tensor<?x9x2x4xf32>)
// CHECK-DAG: %[[WK:.+]] = tensor.extract_slice %[[W]][0, 8] [8, 8]
// CHECK-DAG: vit.linear %[[X]], %[[WK]] : (tensor<?x9x8xf32>, tensor<8x8xf32>)
// CHECK-DAG: %[[ROW:.+]] = tensor.extract_slice %[[X]][0, 0, 0] [%{{.+}}, 1, 8]
// CHECK-DAG: vit.linear %[[ROW]], %{{.+}} : (tensor<?x1x8xf32>, tensor<8x8xf32>)
// CHECK: %[[S:.+]] = vit.scores {{.*}} -> tensor<?x2x1x9xf32>
// CHECK: %[[P:.+]] = linalg.softmax dimension(3) ins(%[[S]] : tensor<?x2x1x9xf32>)
// CHECK: tensor.extract_slice %[[P]][0, 0, 0, 1] [%{{.+}}, 2, 1, 8] [1, 1, 1, 1]
func.func @map_only(%x: tensor<?x9x8xf32>, %w: tensor<8x24xf32>, %v: tensor<?x9x2x4xf32>) -> tensor<?x2x8xf32> {
  %c0 = arith.constant 0 : index
  %batch = tensor.dim %x, %c0 : tensor<?x9x8xf32>
  %qkv = vit.linear %x, %w : (tensor<?x9x8xf32>, tensor<8x24xf32>) -> tensor<?x9x24xf32>
  %heads = tensor.expand_shape %qkv [[0], [1], [2, 3]] output_shape [%batch, 9, 6, 4] : tensor<?x9x24xf32> into tensor<?x9x6x4xf32>
  %q = tensor.extract_slice %heads[0, 0, 0, 0] [%batch, 9, 2, 4] [1, 1, 1, 1] : tensor<?x9x6x4xf32> to tensor<?x9x2x4xf32>
  %k = tensor.extract_slice %heads[0, 0, 2, 0] [%batch, 9, 2, 4] [1, 1, 1, 1] : tensor<?x9x6x4xf32> to tensor<?x9x2x4xf32>
  %a, %p = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>, tensor<?x9x2x4xf32>) -> tensor<?x9x2x4xf32> probs tensor<?x2x9x9xf32>
  %y = tensor.extract_slice %p[0, 0, 0, 1] [%batch, 2, 1, 8] [1, 1, 1, 1] : tensor<?x2x9x9xf32> to tensor<?x2x8xf32>
  return %y : tensor<?x2x8xf32>
}

// -----

// All rows of a map, and the scores it is made of: what makes the values goes.
// CHECK-LABEL: func @no_values
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<3x9x8xf32>, %[[W:[a-z0-9]+]]: tensor<8x24xf32>)
// CHECK: %[[WQK:.+]] = tensor.extract_slice %[[W]][0, 0] [8, 16]
// CHECK: vit.linear %[[X]], %[[WQK]] : (tensor<3x9x8xf32>, tensor<8x16xf32>)
// CHECK: %[[S:.+]] = vit.scores
// CHECK: %[[P:.+]] = linalg.softmax dimension(3) ins(%[[S]]
// CHECK: return %[[S]], %[[P]]
func.func @no_values(%x: tensor<3x9x8xf32>, %w: tensor<8x24xf32>) -> (tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>) {
  %qkv = vit.linear %x, %w : (tensor<3x9x8xf32>, tensor<8x24xf32>) -> tensor<3x9x24xf32>
  %heads = tensor.expand_shape %qkv [[0], [1], [2, 3]] output_shape [3, 9, 6, 4] : tensor<3x9x24xf32> into tensor<3x9x6x4xf32>
  %q = tensor.extract_slice %heads[0, 0, 0, 0] [3, 9, 2, 4] [1, 1, 1, 1] : tensor<3x9x6x4xf32> to tensor<3x9x2x4xf32>
  %k = tensor.extract_slice %heads[0, 0, 2, 0] [3, 9, 2, 4] [1, 1, 1, 1] : tensor<3x9x6x4xf32> to tensor<3x9x2x4xf32>
  %v = tensor.extract_slice %heads[0, 0, 4, 0] [3, 9, 2, 4] [1, 1, 1, 1] : tensor<3x9x6x4xf32> to tensor<3x9x2x4xf32>
  %a, %s, %p = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32> scores tensor<3x2x9x9xf32> probs tensor<3x2x9x9xf32>
  return %s, %p : tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>
}

// -----

// Values of one query, the scores of another: the attention of both.
// CHECK-LABEL: func @values_and_scores
// CHECK: %[[BIAS:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0] [2, 2, 9] [1, 1, 1] : tensor<2x9x9xf32> to tensor<2x2x9xf32>
// CHECK: %[[R:.+]], %[[S:.+]] = vit.attention {{.*}} addends(%[[BIAS]] : tensor<2x2x9xf32>) {{.*}} -> tensor<3x2x2x4xf32> scores tensor<3x2x2x9xf32>
// CHECK-DAG: tensor.extract_slice %[[R]][0, 0, 0, 0] [3, 1, 2, 4]
// CHECK-DAG: tensor.extract_slice %[[S]][0, 0, 1, 0] [3, 2, 1, 9]
func.func @values_and_scores(%q: tensor<3x9x2x4xf32>, %bias: tensor<2x9x9xf32>) -> (tensor<3x1x2x4xf32>, tensor<3x2x1x9xf32>) {
  %a, %s = vit.attention %q, %q, %q addends(%bias : tensor<2x9x9xf32>) {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32> scores tensor<3x2x9x9xf32>
  %0 = tensor.extract_slice %a[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  %1 = tensor.extract_slice %s[0, 0, 1, 0] [3, 2, 1, 9] [1, 1, 1, 1] : tensor<3x2x9x9xf32> to tensor<3x2x1x9xf32>
  return %0, %1 : tensor<3x1x2x4xf32>, tensor<3x2x1x9xf32>
}

// -----

// A map that no values meet is a product and a softmax. The zeros that sums start from are made for a row.
// CHECK-LABEL: func @product
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<2x9x4xf32>, %[[K:[a-z0-9]+]]: tensor<2x4x9xf32>)
// CHECK-DAG: %[[ZEROS:.+]] = linalg.fill {{.*}} -> tensor<2x1x9xf32>
// CHECK-DAG: %[[ROW:.+]] = tensor.extract_slice %[[Q]][0, 3, 0] [2, 1, 4]
// CHECK: %[[S:.+]] = linalg.contract {{.*}} ins(%[[ROW]], %[[K]] : tensor<2x1x4xf32>, tensor<2x4x9xf32>) outs(%[[ZEROS]]
// CHECK: linalg.softmax dimension(2) ins(%[[S]] : tensor<2x1x9xf32>)
func.func @product(%q: tensor<2x9x4xf32>, %k: tensor<2x4x9xf32>) -> tensor<2x1x9xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x9x9xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x9x9xf32>) -> tensor<2x9x9xf32>
  %s = linalg.contract indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, k, n)>, affine_map<(b, m, n, k) -> (b, m, n)>]
    ins(%q, %k : tensor<2x9x4xf32>, tensor<2x4x9xf32>) outs(%f : tensor<2x9x9xf32>) -> tensor<2x9x9xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x9x9xf32>) outs(%e : tensor<2x9x9xf32>) -> tensor<2x9x9xf32>
  %y = tensor.extract_slice %p[0, 3, 0] [2, 1, 9] [1, 1, 1] : tensor<2x9x9xf32> to tensor<2x1x9xf32>
  return %y : tensor<2x1x9xf32>
}

// -----

// Attention in parts: rows of Ψ and its bias, of mixed maps, of addends.
// CHECK-LABEL: func @parts
// CHECK-SAME: (%[[A:[a-z0-9]+]]: tensor<3x2x9x9xf32>, %[[V:[a-z0-9]+]]: tensor<3x9x2x4xf32>, %[[T:[a-z0-9]+]]: tensor<9x9xf32>, %[[P:[a-z0-9]+]]: tensor<9x9xf32>, %[[B:[a-z0-9]+]]: tensor<9xf32>, %[[M:[a-z0-9]+]]: tensor<2x2xf32>)
// CHECK-DAG: %[[PR:.+]] = tensor.extract_slice %[[P]][0, 0] [1, 9]
// CHECK-DAG: %[[BR:.+]] = tensor.extract_slice %[[B]][0] [1]
// CHECK: %[[I:.+]] = vit.inherit %[[A]] theta(%[[T]] : tensor<9x9xf32>) psi(%[[PR]] : tensor<1x9xf32>) psi_bias(%[[BR]] : tensor<1xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x1x9xf32>
// CHECK: vit.attend %[[I]], %[[V]] : (tensor<3x2x1x9xf32>, tensor<3x9x2x4xf32>) -> tensor<3x1x2x4xf32>
// CHECK: %[[S:.+]] = vit.scores {{.*}} : (tensor<3x1x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x2x1x9xf32>
// CHECK: %[[MIXED:.+]] = vit.reattend %[[S]], %[[M]] : (tensor<3x2x1x9xf32>, tensor<2x2xf32>) -> tensor<3x2x1x9xf32>
// CHECK: vit.attend %[[MIXED]], %[[V]] {normalized} : {{.*}} -> tensor<3x1x2x4xf32>
func.func @parts(%a: tensor<3x2x9x9xf32>, %v: tensor<3x9x2x4xf32>, %t: tensor<9x9xf32>, %p: tensor<9x9xf32>, %b: tensor<9xf32>, %m: tensor<2x2xf32>) -> (tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>) {
  %i = vit.inherit %a theta(%t : tensor<9x9xf32>) psi(%p : tensor<9x9xf32>) psi_bias(%b : tensor<9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %y = vit.attend %i, %v : (tensor<3x2x9x9xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32>
  %0 = tensor.extract_slice %y[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  %s = vit.scores %v, %v {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x2x9x9xf32>
  %mixed = vit.reattend %s, %m : (tensor<3x2x9x9xf32>, tensor<2x2xf32>) -> tensor<3x2x9x9xf32>
  %z = vit.attend %mixed, %v {normalized} : (tensor<3x2x9x9xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32>
  %1 = tensor.extract_slice %z[0, 0, 0, 0] [3, 1, 2, 4] [1, 1, 1, 1] : tensor<3x9x2x4xf32> to tensor<3x1x2x4xf32>
  return %0, %1 : tensor<3x1x2x4xf32>, tensor<3x1x2x4xf32>
}

// -----

// Near misses: keys, which a softmax mixes; queries of the map where values of all are read; scores that are read whole as
// well; a row that is known when the model runs only.
// CHECK-LABEL: func @near_misses
// CHECK: linalg.softmax dimension(2) ins(%{{.+}} : tensor<2x9x9xf32>)
// CHECK: vit.attention {{.*}} -> tensor<3x9x2x4xf32> probs tensor<3x2x9x9xf32>
// CHECK: vit.scores {{.*}} -> tensor<3x2x9x9xf32>
// CHECK: linalg.softmax dimension(2) ins(%{{.+}} : tensor<2x9x9xf32>)
func.func @near_misses(%s: tensor<2x9x9xf32>, %q: tensor<3x9x2x4xf32>, %row: index)
    -> (tensor<2x9x1xf32>, tensor<3x9x2x4xf32>, tensor<3x2x1x9xf32>, tensor<3x2x1x9xf32>, tensor<3x2x9x9xf32>, tensor<2x1x9xf32>) {
  %e = tensor.empty() : tensor<2x9x9xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x9x9xf32>) outs(%e : tensor<2x9x9xf32>) -> tensor<2x9x9xf32>
  %0 = tensor.extract_slice %p[0, 0, 0] [2, 9, 1] [1, 1, 1] : tensor<2x9x9xf32> to tensor<2x9x1xf32>
  %a, %ap = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32> probs tensor<3x2x9x9xf32>
  %1 = tensor.extract_slice %ap[0, 0, 0, 0] [3, 2, 1, 9] [1, 1, 1, 1] : tensor<3x2x9x9xf32> to tensor<3x2x1x9xf32>
  %b, %bs, %bp = vit.attention %q, %q, %q {scale = 0.25 : f32} : (tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>, tensor<3x9x2x4xf32>) -> tensor<3x9x2x4xf32> scores tensor<3x2x9x9xf32> probs tensor<3x2x9x9xf32>
  %2 = tensor.extract_slice %bp[0, 0, 0, 0] [3, 2, 1, 9] [1, 1, 1, 1] : tensor<3x2x9x9xf32> to tensor<3x2x1x9xf32>
  %c = linalg.softmax dimension(2) ins(%p : tensor<2x9x9xf32>) outs(%e : tensor<2x9x9xf32>) -> tensor<2x9x9xf32>
  %3 = tensor.extract_slice %c[0, %row, 0] [2, 1, 9] [1, 1, 1] : tensor<2x9x9xf32> to tensor<2x1x9xf32>
  return %0, %a, %1, %2, %bs, %3 : tensor<2x9x1xf32>, tensor<3x9x2x4xf32>, tensor<3x2x1x9xf32>, tensor<3x2x1x9xf32>, tensor<3x2x9x9xf32>, tensor<2x1x9xf32>
}
