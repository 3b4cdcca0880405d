// RUN: vitc-opt %s --vit-raise-activations --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// A Clip of two bounds, the quotient last or first.

// CHECK-LABEL: func @clip_and_quotient
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.hard_swish %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @clip_and_quotient(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.generic {indexing_maps = [#id, #scalar, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %zero, %six : tensor<?x8xf32>, tensor<f32>, tensor<f32>) outs(%i : tensor<?x8xf32>) {
  ^bb0(%e: f32, %low: f32, %high: f32, %o: f32):
    %m = arith.maximumf %e, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%p, %six : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @quotient_first
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.hard_swish %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @quotient_first(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.generic {indexing_maps = [#id, #scalar, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %zero, %six : tensor<?x8xf32>, tensor<f32>, tensor<f32>) outs(%i : tensor<?x8xf32>) {
  ^bb0(%e: f32, %low: f32, %high: f32, %o: f32):
    %m = arith.maximumf %e, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<?x8xf32>
  %q = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%c, %six : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%q, %x : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// x · HardSigmoid(x), bounds one by one.

// CHECK-LABEL: func @hard_sigmoid
// CHECK-SAME: (%[[X:.+]]: tensor<?x8xf32>,
// CHECK: %[[Y:.+]] = vit.hard_swish %[[X]] : tensor<?x8xf32>
// CHECK: return %[[Y]]
func.func @hard_sigmoid(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %b = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %sixth : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%b, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = linalg.elementwise kind=#linalg.elementwise_kind<min_signed> indexing_maps=[#id, #scalar, #id] ins(%a, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.elementwise kind=#linalg.elementwise_kind<max_signed> indexing_maps=[#id, #scalar, #id] ins(%m, %zero : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// Near misses: not divided; another slope; another input; the clip is read elsewhere.

// CHECK-LABEL: func @without_quotient
// CHECK-NOT: vit.hard_swish
// CHECK: activation = "the result is not x * clip(x + 3, 0, 6) / 6"
func.func @without_quotient(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.generic {indexing_maps = [#id, #scalar, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %zero, %six : tensor<?x8xf32>, tensor<f32>, tensor<f32>) outs(%i : tensor<?x8xf32>) {
  ^bb0(%e: f32, %low: f32, %high: f32, %o: f32):
    %m = arith.maximumf %e, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @another_slope
// CHECK-NOT: vit.hard_swish
// CHECK: return
func.func @another_slope(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %b = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #scalar, #id] ins(%x, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%b, %half : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %m = linalg.elementwise kind=#linalg.elementwise_kind<min_signed> indexing_maps=[#id, #scalar, #id] ins(%a, %one : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.elementwise kind=#linalg.elementwise_kind<max_signed> indexing_maps=[#id, #scalar, #id] ins(%m, %zero : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @another_input
// CHECK-NOT: vit.hard_swish
// CHECK: activation = "the result is not x * clip(x + 3, 0, 6) / 6"
func.func @another_input(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.generic {indexing_maps = [#id, #scalar, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %zero, %six : tensor<?x8xf32>, tensor<f32>, tensor<f32>) outs(%i : tensor<?x8xf32>) {
  ^bb0(%e: f32, %low: f32, %high: f32, %o: f32):
    %m = arith.maximumf %e, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%i, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%p, %six : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#scalar = affine_map<(d0, d1) -> ()>

// CHECK-LABEL: func @clip_is_returned
// CHECK-NOT: vit.hard_swish
// CHECK: activation = "the result is not x * clip(x + 3, 0, 6) / 6"
func.func @clip_is_returned(%x: tensor<?x8xf32>, %i: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) {
  %three = arith.constant dense<3.0> : tensor<f32>
  %six = arith.constant dense<6.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %half = arith.constant dense<0.5> : tensor<f32>
  %sixth = arith.constant dense<0.16666667> : tensor<f32>
  %a = linalg.elementwise kind=#linalg.elementwise_kind<add> indexing_maps=[#id, #scalar, #id] ins(%x, %three : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %c = linalg.generic {indexing_maps = [#id, #scalar, #scalar, #id], iterator_types = ["parallel", "parallel"]} ins(%a, %zero, %six : tensor<?x8xf32>, tensor<f32>, tensor<f32>) outs(%i : tensor<?x8xf32>) {
  ^bb0(%e: f32, %low: f32, %high: f32, %o: f32):
    %m = arith.maximumf %e, %low : f32
    %n = arith.minimumf %m, %high : f32
    linalg.yield %n : f32
  } -> tensor<?x8xf32>
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps=[#id, #id, #id] ins(%x, %c : tensor<?x8xf32>, tensor<?x8xf32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps=[#id, #scalar, #id] ins(%p, %six : tensor<?x8xf32>, tensor<f32>) outs(%i : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %y, %c : tensor<?x8xf32>, tensor<?x8xf32>
}
