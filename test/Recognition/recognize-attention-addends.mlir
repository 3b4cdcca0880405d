// RUN: vitc-opt %s --vit-recognize-attention --split-input-file | FileCheck %s

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// 0.5 · (q·k + bias): the addend counts half.
// CHECK-LABEL: func @factor_after_addend
// CHECK: %[[BIAS:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} ins(%{{.+}}, %{{.+}} : tensor<5x6xf32>, tensor<f32>)
// CHECK: vit.attention {{.*}} addends(%[[BIAS]] : tensor<5x6xf32>) {scale = 5.000000e-01 : f32}
func.func @factor_after_addend(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %b = arith.constant dense<0.25> : tensor<5x6xf32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #pair, #id] ins(%s, %b : tensor<2x3x5x6xf32>, tensor<5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %h = arith.constant dense<0.5> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%a, %h : tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// What is subtracted is added −1 times.
// CHECK-LABEL: func @subtracted
// CHECK: %[[MINUS:.+]] = arith.constant dense<-1.000000e+00> : tensor<f32>
// CHECK: %[[BIAS:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} ins(%{{.+}}, %[[MINUS]] : tensor<5x6xf32>, tensor<f32>)
// CHECK: vit.attention {{.*}} addends(%[[BIAS]] : tensor<5x6xf32>) {scale = 1.000000e+00 : f32}
func.func @subtracted(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %b = arith.constant dense<0.25> : tensor<5x6xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps=[#id, #pair, #id] ins(%s, %b : tensor<2x3x5x6xf32>, tensor<5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// A mask puts −∞ in place of scores: 0 or −∞ is added, by key.
// CHECK-LABEL: func @masked
// CHECK-SAME: %[[MASK:[^:]+]]: tensor<2x6xi1>
// CHECK: %[[LOW:.+]] = arith.constant dense<0xFF800000> : tensor<f32>
// CHECK: %[[ADDEND:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<select> {{.*}} ins(%{{.+}}, %{{.+}}, %[[LOW]] : tensor<2x1x1x1x6xi1>, tensor<f32>, tensor<f32>)
// CHECK: vit.attention {{.*}} addends(%[[ADDEND]] : tensor<2x1x1x1x6xf32>)
func.func @masked(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %mask: tensor<2x6xi1>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %low = arith.constant dense<0xFF800000> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #scalar, #id] ins(%mask, %s, %low : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// Every row keeps a score.
// CHECK-LABEL: func @masked_by_a_finite_number
// CHECK: vit.attention {{.*}} addends(%{{.+}} : tensor<5x6xf32>)
func.func @masked_by_a_finite_number(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %mask = arith.constant dense<[[true, false, false, false, false, false], [true, true, false, false, false, false], [true, true, true, false, false, false], [true, true, true, true, false, false], [true, true, true, true, true, false]]> : tensor<5x6xi1>
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#pair, #id, #scalar, #id] ins(%mask, %s, %low : tensor<5x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// A row of −10⁹ would attend to all keys alike.
// CHECK-LABEL: func @rows_may_be_masked
// CHECK-NOT: vit.attention
// CHECK: attention = "a mask may replace all scores of a row by a number that is not low enough"
func.func @rows_may_be_masked(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %mask: tensor<2x6xi1>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #scalar, #id] ins(%mask, %s, %low : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// The first row is masked as a whole.
// CHECK-LABEL: func @row_is_masked
// CHECK-NOT: vit.attention
// CHECK: attention = "a mask may replace all scores of a row by a number that is not low enough"
func.func @row_is_masked(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %mask = arith.constant dense<[[false, false, false, false, false, false], [true, true, false, false, false, false], [true, true, true, false, false, false], [true, true, true, true, false, false], [true, true, true, true, true, false]]> : tensor<5x6xi1>
  %low = arith.constant dense<-1.0e9> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#pair, #id, #scalar, #id] ins(%mask, %s, %low : tensor<5x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// Neither value of the selection is a number.
// CHECK-LABEL: func @two_values
// CHECK-NOT: vit.attention
// CHECK: attention = "the scores are selected from two values"
func.func @two_values(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %mask: tensor<2x6xi1>, %other: tensor<2x3x5x6xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #id, #id] ins(%mask, %s, %other : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// A second reader of the scores changes them.
// CHECK-LABEL: func @feedback
// CHECK-NOT: vit.attention
// CHECK: attention = "an addend is computed from the scores"
func.func @feedback(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<tanh> indexing_maps=[#id, #id] ins(%s : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #id, #id] ins(%s, %a : tensor<2x3x5x6xf32>, tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%t : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// A row that two masks cover is the mean over all keys; added, they would leave those that one covers.
// CHECK-LABEL: func @two_lowest_masks
// CHECK-NOT: vit.attention
// CHECK: attention = "beside a mask, an addend may be larger than the scores"
func.func @two_lowest_masks(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %padding: tensor<2x6xi1>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %mask = arith.constant dense<[[true, false, false, false, false, false], [true, true, false, false, false, false], [true, true, true, false, false, false], [true, true, true, true, false, false], [true, true, true, true, true, false]]> : tensor<5x6xi1>
  %low = arith.constant dense<0xFF7FFFFF> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#pair, #id, #scalar, #id] ins(%mask, %s, %low : tensor<5x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %low2 = arith.constant dense<0xFF7FFFFF> : tensor<f32>
  %u = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #scalar, #id] ins(%padding, %t, %low2 : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%u : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// Of the rows that −∞ leaves nothing but −10⁸, all are alike.
// CHECK-LABEL: func @low_mask_under_infinite
// CHECK-NOT: vit.attention
// CHECK: attention = "beside a mask, an addend may be larger than the scores"
func.func @low_mask_under_infinite(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %padding: tensor<2x6xi1>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %mask = arith.constant dense<[[true, false, false, false, false, false], [true, true, false, false, false, false], [true, true, true, false, false, false], [true, true, true, true, false, false], [true, true, true, true, true, false]]> : tensor<5x6xi1>
  %low = arith.constant dense<-1.0e8> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#pair, #id, #scalar, #id] ins(%mask, %s, %low : tensor<5x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %low2 = arith.constant dense<0xFF800000> : tensor<f32>
  %u = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #scalar, #id] ins(%padding, %t, %low2 : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%u : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}

// -----

#id = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#pair = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
#keys = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
#scalar = affine_map<(d0, d1, d2, d3) -> ()>

// Two masks of −∞ are what they are, in whichever order.
// CHECK-LABEL: func @two_infinite_masks
// CHECK: vit.attention {{.*}} addends(%{{.+}}, %{{.+}} :
func.func @two_infinite_masks(%q: tensor<2x3x5x4xf32>, %k: tensor<2x3x6x4xf32>, %v: tensor<2x3x6x4xf32>, %padding: tensor<2x6xi1>) -> tensor<2x3x5x4xf32> {
  %f = arith.constant 0.0 : f32
  %i = tensor.empty() : tensor<2x3x5x6xf32>
  %z = linalg.fill ins(%f : f32) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %s = linalg.contract indexing_maps=[affine_map<(b, h, m, n, d) -> (b, h, m, d)>, affine_map<(b, h, m, n, d) -> (b, h, n, d)>, affine_map<(b, h, m, n, d) -> (b, h, m, n)>] ins(%q, %k : tensor<2x3x5x4xf32>, tensor<2x3x6x4xf32>) outs(%z : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %mask = arith.constant dense<[[true, false, false, false, false, false], [true, true, false, false, false, false], [true, true, true, false, false, false], [true, true, true, true, false, false], [true, true, true, true, true, false]]> : tensor<5x6xi1>
  %low = arith.constant dense<0xFF800000> : tensor<f32>
  %t = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#pair, #id, #scalar, #id] ins(%mask, %s, %low : tensor<5x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %low2 = arith.constant dense<0xFF800000> : tensor<f32>
  %u = linalg.elementwise kind=#linalg.elementwise_kind<select> indexing_maps=[#keys, #id, #scalar, #id] ins(%padding, %t, %low2 : tensor<2x6xi1>, tensor<2x3x5x6xf32>, tensor<f32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %p = linalg.softmax dimension(3) ins(%u : tensor<2x3x5x6xf32>) outs(%i : tensor<2x3x5x6xf32>) -> tensor<2x3x5x6xf32>
  %o = tensor.empty() : tensor<2x3x5x4xf32>
  %oz = linalg.fill ins(%f : f32) outs(%o : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %y = linalg.contract indexing_maps=[affine_map<(b, h, m, e, n) -> (b, h, m, n)>, affine_map<(b, h, m, e, n) -> (b, h, n, e)>, affine_map<(b, h, m, e, n) -> (b, h, m, e)>] ins(%p, %v : tensor<2x3x5x6xf32>, tensor<2x3x6x4xf32>) outs(%oz : tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}
