// RUN: vitc-opt %s --vit-rewrite-inheritance --cse --split-input-file | FileCheck %s
// RUN: vitc-opt %s --vit-rewrite-inheritance=push-through=false --cse --split-input-file | FileCheck %s --check-prefix=OFF

// Two layers inherit from one another; the first's scores are read by the second alone, the second's by softmax alone.
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<?x16x2x8xf32>, %[[K:[a-z0-9]+]]: tensor<?x16x2x8xf32>, %[[V:[a-z0-9]+]]: tensor<?x16x2x8xf32>)
// CHECK-DAG: %[[T:.+]] = arith.constant dense_resource<theta>
// CHECK-DAG: %[[P:.+]] = arith.constant dense_resource<psi>
// CHECK: %[[FIRST:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = 5.000000e-01 : f32} : {{.*}} -> tensor<?x16x2x8xf32>{{$}}
// CHECK: %[[PQ:.+]] = linalg.contract {{.*}} ins(%[[P]], %[[Q]] : tensor<16x16xf32>, tensor<?x16x2x8xf32>)
// CHECK: %[[TK:.+]] = linalg.contract {{.*}} ins(%[[T]], %[[K]] : tensor<16x16xf32>, tensor<?x16x2x8xf32>)
// CHECK: vit.attention %[[PQ]], %[[TK]], %[[V]] addends(%{{.+}} : tensor<16x16xf32>) {scale = 5.000000e-01 : f32}
// CHECK-NOT: vit.inherit
// OFF-LABEL: func @chain
// OFF: vit.inherit {{.*}} psi({{[^)]*}}) : tensor<?x2x16x16xf32>
// OFF: vit.attend
func.func @chain(%q: tensor<?x16x2x8xf32>, %k: tensor<?x16x2x8xf32>, %v: tensor<?x16x2x8xf32>) -> (tensor<?x16x2x8xf32>, tensor<?x16x2x8xf32>) {
  %theta = arith.constant dense_resource<theta> : tensor<16x16xf32>
  %psi = arith.constant dense_resource<psi> : tensor<16x16xf32>
  %tb = arith.constant dense_resource<tb> : tensor<16xf32>
  %pb = arith.constant dense_resource<pb> : tensor<16xf32>
  %r, %a = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<?x16x2x8xf32>, tensor<?x16x2x8xf32>, tensor<?x16x2x8xf32>) -> tensor<?x16x2x8xf32> scores tensor<?x2x16x16xf32>
  %i = vit.inherit %a theta(%theta : tensor<16x16xf32>) theta_bias(%tb : tensor<16xf32>) psi(%psi : tensor<16x16xf32>) psi_bias(%pb : tensor<16xf32>) : tensor<?x2x16x16xf32> -> tensor<?x2x16x16xf32>
  %y = vit.attend %i, %v : (tensor<?x2x16x16xf32>, tensor<?x16x2x8xf32>) -> tensor<?x16x2x8xf32>
  return %r, %y : tensor<?x16x2x8xf32>, tensor<?x16x2x8xf32>
}

// -----

// A layer whose scores are inherited further keeps the bias of its queries, and gives its scores.
// CHECK-LABEL: func @inherited_further
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%{{.+}}, %[[PB:.+]] : tensor<16x16xf32>, tensor<16xf32>)
// CHECK: %{{.+}}, %[[S:.+]] = vit.attention {{.*}} addends({{.*}} scores tensor<3x2x16x16xf32>
// CHECK: return %{{.+}}, %[[S]]
// OFF-LABEL: func @inherited_further
// OFF: vit.inherit {{.*}} psi_bias
func.func @inherited_further(%q: tensor<3x16x2x8xf32>) -> (tensor<3x16x2x8xf32>, tensor<3x2x16x16xf32>) {
  %psi = arith.constant dense_resource<psi> : tensor<16x16xf32>
  %pb = arith.constant dense_resource<pb> : tensor<16xf32>
  %r, %a = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32> scores tensor<3x2x16x16xf32>
  %i = vit.inherit %a psi(%psi : tensor<16x16xf32>) psi_bias(%pb : tensor<16xf32>) : tensor<3x2x16x16xf32> -> tensor<3x2x16x16xf32>
  %y = vit.attend %i, %r : (tensor<3x2x16x16xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32>
  return %y, %i : tensor<3x16x2x8xf32>, tensor<3x2x16x16xf32>
}

// -----

// Near misses: 3 d = 2 N; scores with a residual that depends on the input; scores after softmax.
// CHECK-LABEL: func @near_misses
// CHECK-COUNT-3: vit.inherit
// CHECK-NOT: linalg.contract
func.func @near_misses(%q: tensor<3x12x2x8xf32>, %p: tensor<3x16x2x8xf32>, %residual: tensor<16x16xf32>)
    -> (tensor<3x12x2x8xf32>, tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>) {
  %small = arith.constant dense_resource<small> : tensor<12x12xf32>
  %psi = arith.constant dense_resource<psi> : tensor<16x16xf32>
  %r0, %a0 = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<3x12x2x8xf32>, tensor<3x12x2x8xf32>, tensor<3x12x2x8xf32>) -> tensor<3x12x2x8xf32> scores tensor<3x2x12x12xf32>
  %i0 = vit.inherit %a0 psi(%small : tensor<12x12xf32>) : tensor<3x2x12x12xf32> -> tensor<3x2x12x12xf32>
  %y0 = vit.attend %i0, %r0 : (tensor<3x2x12x12xf32>, tensor<3x12x2x8xf32>) -> tensor<3x12x2x8xf32>
  %r1, %a1 = vit.attention %p, %p, %p addends(%residual : tensor<16x16xf32>) {scale = 0.5 : f32} : (tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32> scores tensor<3x2x16x16xf32>
  %i1 = vit.inherit %a1 psi(%psi : tensor<16x16xf32>) : tensor<3x2x16x16xf32> -> tensor<3x2x16x16xf32>
  %y1 = vit.attend %i1, %r1 : (tensor<3x2x16x16xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32>
  %r2, %a2 = vit.attention %p, %p, %p {scale = 0.25 : f32} : (tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32> probs tensor<3x2x16x16xf32>
  %i2 = vit.inherit %a2 psi(%psi : tensor<16x16xf32>) {stage = 1 : i32} : tensor<3x2x16x16xf32> -> tensor<3x2x16x16xf32>
  %y2 = vit.attend %i2, %r2 : (tensor<3x2x16x16xf32>, tensor<3x16x2x8xf32>) -> tensor<3x16x2x8xf32>
  return %y0, %y1, %y2 : tensor<3x12x2x8xf32>, tensor<3x16x2x8xf32>, tensor<3x16x2x8xf32>
}
