// RUN: vitc-opt %s --vit-compose-inheritance --cse --split-input-file | FileCheck %s

// Two layers of which only the last one's scores are read: one, and a constant that holds all biases.
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[A:[a-z0-9]+]]: tensor<?x2x9x9xf32>)
// CHECK-DAG: %[[T1:.+]] = arith.constant dense_resource<t1>
// CHECK-DAG: %[[T2:.+]] = arith.constant dense_resource<t2>
// CHECK-DAG: %[[P1:.+]] = arith.constant dense_resource<p1>
// CHECK-DAG: %[[P2:.+]] = arith.constant dense_resource<p2>
// CHECK-DAG: %[[T:.+]] = linalg.contract {{.*}} ins(%[[T2]], %[[T1]] : tensor<9x9xf32>, tensor<9x9xf32>)
// CHECK-DAG: %[[P:.+]] = linalg.contract {{.*}} ins(%[[P2]], %[[P1]] : tensor<9x9xf32>, tensor<9x9xf32>)
// CHECK: %[[S:.+]] = vit.inherit %[[A]] theta(%[[T]] : tensor<9x9xf32>) psi(%[[P]] : tensor<9x9xf32>) : tensor<?x2x9x9xf32> -> tensor<?x2x9x9xf32>
// CHECK: %[[Y:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[S]], %{{.+}} : tensor<?x2x9x9xf32>, tensor<9x9xf32>)
// CHECK: return %[[Y]]
func.func @chain(%a: tensor<?x2x9x9xf32>) -> tensor<?x2x9x9xf32> {
  %t1 = arith.constant dense_resource<t1> : tensor<9x9xf32>
  %t2 = arith.constant dense_resource<t2> : tensor<9x9xf32>
  %p1 = arith.constant dense_resource<p1> : tensor<9x9xf32>
  %p2 = arith.constant dense_resource<p2> : tensor<9x9xf32>
  %b = arith.constant dense_resource<b> : tensor<9xf32>
  %0 = vit.inherit %a theta(%t1 : tensor<9x9xf32>) theta_bias(%b : tensor<9xf32>) psi(%p1 : tensor<9x9xf32>) psi_bias(%b : tensor<9xf32>) : tensor<?x2x9x9xf32> -> tensor<?x2x9x9xf32>
  %1 = vit.inherit %0 theta(%t2 : tensor<9x9xf32>) psi(%p2 : tensor<9x9xf32>) : tensor<?x2x9x9xf32> -> tensor<?x2x9x9xf32>
  return %1 : tensor<?x2x9x9xf32>
}

// -----

// Both are read, but the second takes less from the few keys that the first started with.
// CHECK-LABEL: func @from_smaller_maps
// CHECK-SAME: (%[[A:[a-z0-9]+]]: tensor<3x2x9x4xf32>)
// CHECK-DAG: %[[FIRST:.+]] = vit.inherit %[[A]] theta(%{{.+}} : tensor<40x4xf32>) : tensor<3x2x9x4xf32> -> tensor<3x2x9x40xf32>
// CHECK-DAG: %[[SECOND:.+]] = vit.inherit %[[A]] theta(%{{.+}} : tensor<40x4xf32>) : tensor<3x2x9x4xf32> -> tensor<3x2x9x40xf32>
// CHECK: return %[[FIRST]], %[[SECOND]]
func.func @from_smaller_maps(%a: tensor<3x2x9x4xf32>) -> (tensor<3x2x9x40xf32>, tensor<3x2x9x40xf32>) {
  %t1 = arith.constant dense_resource<t1> : tensor<40x4xf32>
  %t2 = arith.constant dense_resource<t2> : tensor<40x40xf32>
  %0 = vit.inherit %a theta(%t1 : tensor<40x4xf32>) : tensor<3x2x9x4xf32> -> tensor<3x2x9x40xf32>
  %1 = vit.inherit %0 theta(%t2 : tensor<40x40xf32>) : tensor<3x2x9x40xf32> -> tensor<3x2x9x40xf32>
  return %0, %1 : tensor<3x2x9x40xf32>, tensor<3x2x9x40xf32>
}

// -----

// One query of a layer: Ψ goes first, which its bias of Θ must not prevent.
// CHECK-LABEL: func @one_query
// CHECK: %[[S:.+]] = vit.inherit %{{.+}} theta(%{{.+}} : tensor<9x9xf32>) psi(%{{.+}} : tensor<1x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x1x9xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[S]], %{{.+}} : tensor<3x2x1x9xf32>, tensor<1x9xf32>)
func.func @one_query(%a: tensor<3x2x9x9xf32>) -> tensor<3x2x1x9xf32> {
  %t = arith.constant dense_resource<t> : tensor<9x9xf32>
  %p = arith.constant dense_resource<p> : tensor<1x9xf32>
  %b = arith.constant dense_resource<b> : tensor<9xf32>
  %0 = vit.inherit %a theta(%t : tensor<9x9xf32>) theta_bias(%b : tensor<9xf32>) psi(%p : tensor<1x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x1x9xf32>
  return %0 : tensor<3x2x1x9xf32>
}

// -----

// Near misses: a layer of LaViT, whose scores its own softmax and the next layer read, is no less from the start; a
// chain with a softmax or a residual in between is none; weights that depend on the input; maps of unknown size.
// CHECK-LABEL: func @near_misses
// CHECK-COUNT-7: vit.inherit
// CHECK-NOT: linalg.contract
func.func @near_misses(%a: tensor<3x2x9x9xf32>, %r: tensor<3x2x9x9xf32>, %w: tensor<9x9xf32>, %d: tensor<3x2x?x9xf32>)
    -> (tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x?x9xf32>) {
  %t = arith.constant dense_resource<t> : tensor<9x9xf32>
  %p = arith.constant dense_resource<p> : tensor<9x9xf32>
  %b = arith.constant dense_resource<b> : tensor<9xf32>
  %e = tensor.empty() : tensor<3x2x9x9xf32>
  %0 = vit.inherit %a theta(%t : tensor<9x9xf32>) psi(%p : tensor<9x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %1 = vit.inherit %0 theta(%t : tensor<9x9xf32>) psi(%p : tensor<9x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %s = linalg.softmax dimension(3) ins(%1 : tensor<3x2x9x9xf32>) outs(%e : tensor<3x2x9x9xf32>) -> tensor<3x2x9x9xf32>
  %sum = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%s, %r : tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>) outs(%e : tensor<3x2x9x9xf32>) -> tensor<3x2x9x9xf32>
  %2 = vit.inherit %sum psi(%p : tensor<9x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %3 = vit.inherit %r theta(%w : tensor<9x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %4 = vit.inherit %3 theta(%t : tensor<9x9xf32>) : tensor<3x2x9x9xf32> -> tensor<3x2x9x9xf32>
  %5 = vit.inherit %d theta(%t : tensor<9x9xf32>) theta_bias(%b : tensor<9xf32>) : tensor<3x2x?x9xf32> -> tensor<3x2x?x9xf32>
  %6 = vit.inherit %5 theta(%p : tensor<9x9xf32>) : tensor<3x2x?x9xf32> -> tensor<3x2x?x9xf32>
  return %0, %1, %2, %4, %6 : tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x9x9xf32>, tensor<3x2x?x9xf32>
}
