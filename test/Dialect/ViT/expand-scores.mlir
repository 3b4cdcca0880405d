// RUN: vitc-opt %s --vit-expand-scores --split-input-file | FileCheck %s

// The factor goes to the queries, addends follow the product.
// CHECK-LABEL: func @scores
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<?x5x2x4xf32>, %[[K:[a-z0-9]+]]: tensor<?x7x2x4xf32>, %[[BIAS:[a-z0-9]+]]: tensor<2x1x7xf32>)
// CHECK: %[[QS:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} ins(%[[Q]], %{{.+}} : tensor<?x5x2x4xf32>, tensor<f32>)
// CHECK: %[[S:.+]] = linalg.contract {{.*}} ins(%[[QS]], %[[K]] : {{.*}} -> tensor<?x2x5x7xf32>
// CHECK: %[[B:.+]] = tensor.collapse_shape %[[BIAS]] {{.*}} into tensor<2x7xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[S]], %[[B]] : tensor<?x2x5x7xf32>, tensor<2x7xf32>)
func.func @scores(%q: tensor<?x5x2x4xf32>, %k: tensor<?x7x2x4xf32>, %bias: tensor<2x1x7xf32>) -> tensor<?x2x5x7xf32> {
  %0 = vit.scores %q, %k addends(%bias : tensor<2x1x7xf32>) {scale = 0.5 : f32} : (tensor<?x5x2x4xf32>, tensor<?x7x2x4xf32>) -> tensor<?x2x5x7xf32>
  return %0 : tensor<?x2x5x7xf32>
}

// -----

// Without a factor there is no product with it; probabilities are used as they are where there are any.
// CHECK-LABEL: func @attend
// CHECK: %[[P:.+]] = linalg.softmax dimension(3)
// CHECK: linalg.contract {{.*}} ins(%[[P]], %{{.+}} : tensor<2x2x5x5xf32>, tensor<2x5x2x4xf32>) {{.*}} -> tensor<2x5x2x4xf32>
// CHECK-NOT: linalg.softmax
// CHECK: linalg.contract {{.*}} ins(%[[P]], %{{.+}} : tensor<2x2x5x5xf32>, tensor<2x5x2x4xf32>)
func.func @attend(%q: tensor<2x5x2x4xf32>) -> (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) {
  %0 = vit.scores %q, %q {scale = 1.0 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x2x5x5xf32>
  %1, %p = vit.attend %0, %q : (tensor<2x2x5x5xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32> probs tensor<2x2x5x5xf32>
  %2 = vit.attend %p, %q {normalized} : (tensor<2x2x5x5xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32>
  return %1, %2 : tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>
}

// -----

// CHECK-LABEL: func @inherit
// CHECK: %[[T:.+]] = vit.linear %{{.+}}, %{{.+}} bias(%{{.+}} : tensor<6xf32>) {transposed} : (tensor<?x2x5x7xf32>, tensor<6x7xf32>) -> tensor<?x2x5x6xf32>
// CHECK: %[[P:.+]] = linalg.contract {{.*}} ins(%{{.+}}, %[[T]] : tensor<3x5xf32>, tensor<?x2x5x6xf32>) {{.*}} -> tensor<?x2x3x6xf32>
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[P]], %{{.+}} : tensor<?x2x3x6xf32>, tensor<3xf32>)
func.func @inherit(%a: tensor<?x2x5x7xf32>, %theta: tensor<6x7xf32>, %tb: tensor<6xf32>, %psi: tensor<3x5xf32>, %pb: tensor<3xf32>) -> tensor<?x2x3x6xf32> {
  %0 = vit.inherit %a theta(%theta : tensor<6x7xf32>) theta_bias(%tb : tensor<6xf32>) psi(%psi : tensor<3x5xf32>) psi_bias(%pb : tensor<3xf32>) : tensor<?x2x5x7xf32> -> tensor<?x2x3x6xf32>
  return %0 : tensor<?x2x3x6xf32>
}

// -----

// Few queries of many: Ψ goes first.
// CHECK-LABEL: func @queries_first
// CHECK: %[[P:.+]] = linalg.contract {{.*}} ins(%{{.+}}, %{{.+}} : tensor<1x5xf32>, tensor<?x2x5x7xf32>) {{.*}} -> tensor<?x2x1x7xf32>
// CHECK: vit.linear %[[P]], %{{.+}} {transposed} : (tensor<?x2x1x7xf32>, tensor<6x7xf32>) -> tensor<?x2x1x6xf32>
func.func @queries_first(%a: tensor<?x2x5x7xf32>, %theta: tensor<6x7xf32>, %psi: tensor<1x5xf32>) -> tensor<?x2x1x6xf32> {
  %0 = vit.inherit %a theta(%theta : tensor<6x7xf32>) psi(%psi : tensor<1x5xf32>) : tensor<?x2x5x7xf32> -> tensor<?x2x1x6xf32>
  return %0 : tensor<?x2x1x6xf32>
}

// -----

// CHECK-LABEL: func @score_down
// CHECK: vit.conv %{{.+}}, %{{.+}} {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 3, 3>}
func.func @score_down(%a: tensor<?x2x6x6xf32>, %w: tensor<2x1x3x3xf32>) -> tensor<?x2x2x2xf32> {
  %0 = vit.score_down %a, %w {stride = 3 : i64, groups = 2 : i64} : (tensor<?x2x6x6xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x2x2xf32>
  return %0 : tensor<?x2x2x2xf32>
}

// -----

// CHECK-LABEL: func @reattend
// CHECK: %[[C:.+]] = tensor.collapse_shape %{{.+}} {{\[\[0\], \[1\], \[2, 3\]\]}} : tensor<?x2x5x5xf32> into tensor<?x2x25xf32>
// CHECK: %[[M:.+]] = linalg.contract {{.*}} ins(%{{.+}}, %[[C]] : tensor<4x2xf32>, tensor<?x2x25xf32>) {{.*}} -> tensor<?x4x25xf32>
// CHECK: %[[S:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[M]], %{{.+}} : tensor<?x4x25xf32>, tensor<4xf32>)
// CHECK: tensor.expand_shape %[[S]]
func.func @reattend(%p: tensor<?x2x5x5xf32>, %theta: tensor<4x2xf32>, %shift: tensor<4xf32>) -> tensor<?x4x5x5xf32> {
  %0 = vit.reattend %p, %theta shift(%shift : tensor<4xf32>) : (tensor<?x2x5x5xf32>, tensor<4x2xf32>) -> tensor<?x4x5x5xf32>
  return %0 : tensor<?x4x5x5xf32>
}

// -----

// An attention of which only the map is read needs no values; one whose result is read keeps them.
// CHECK-LABEL: func @map_only
// CHECK-NOT: vit.attention
// CHECK: %[[P:.+]] = linalg.softmax
// CHECK: return %[[P]]
func.func @map_only(%q: tensor<2x5x2x4xf32>) -> tensor<2x2x5x5xf32> {
  %r, %p = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32> probs tensor<2x2x5x5xf32>
  return %p : tensor<2x2x5x5xf32>
}

// CHECK-LABEL: func @both
// CHECK: vit.attention
func.func @both(%q: tensor<2x5x2x4xf32>) -> (tensor<2x5x2x4xf32>, tensor<2x2x5x5xf32>) {
  %r, %p = vit.attention %q, %q, %q {scale = 0.5 : f32} : (tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) -> tensor<2x5x2x4xf32> probs tensor<2x2x5x5xf32>
  return %r, %p : tensor<2x5x2x4xf32>, tensor<2x2x5x5xf32>
}
