// RUN: vitc-opt %s --vit-merge-addends --cse --split-input-file | FileCheck %s
// RUN: vitc-opt %s --vit-merge-addends=max-bytes=100 --cse --split-input-file | FileCheck %s --check-prefix=SMALL

// The bias of Swin and its mask are one constant. What depends on the input stays.
// CHECK-LABEL: func @swin
// CHECK-SAME: (%[[Q:[a-z0-9]+]]: tensor<?x4x9x2x8xf32>, %[[X:[a-z0-9]+]]: tensor<9xf32>)
// CHECK-DAG: %[[MASK:.+]] = arith.constant dense_resource<mask> : tensor<4x1x9x9xf32>
// CHECK-DAG: %[[BIAS:.+]] = arith.constant dense_resource<bias> : tensor<2x9x9xf32>
// CHECK-DAG: %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<4x2x9x9xf32>
// CHECK: %[[M:.+]] = tensor.collapse_shape %[[MASK]] {{.*}} into tensor<4x9x9xf32>
// CHECK: %[[FIRST:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[ZERO]], %[[M]] :
// CHECK: %[[SUM:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> {{.*}} ins(%[[FIRST]], %[[BIAS]] :
// CHECK: vit.attention %[[Q]], %[[Q]], %[[Q]] addends(%[[X]], %[[SUM]] : tensor<9xf32>, tensor<4x2x9x9xf32>)
// SMALL-LABEL: func @swin
// SMALL: addends(%{{.+}}, %{{.+}}, %{{.+}} : tensor<4x1x9x9xf32>, tensor<9xf32>, tensor<2x9x9xf32>)
func.func @swin(%q: tensor<?x4x9x2x8xf32>, %x: tensor<9xf32>) -> tensor<?x4x9x2x8xf32> {
  %mask = arith.constant dense_resource<mask> : tensor<4x1x9x9xf32>
  %bias = arith.constant dense_resource<bias> : tensor<2x9x9xf32>
  %y = vit.attention %q, %q, %q addends(%mask, %x, %bias : tensor<4x1x9x9xf32>, tensor<9xf32>, tensor<2x9x9xf32>) {scale = 0.5 : f32}
    : (tensor<?x4x9x2x8xf32>, tensor<?x4x9x2x8xf32>, tensor<?x4x9x2x8xf32>) -> tensor<?x4x9x2x8xf32>
  return %y : tensor<?x4x9x2x8xf32>
}

// -----

// Near misses: one constant, one that depends on the input; a sum of 540 KB, where its parts are small.
// CHECK-LABEL: func @near_misses
// CHECK-NOT: linalg.elementwise
// CHECK: vit.attention {{.*}} addends(%{{.+}}, %{{.+}} : tensor<2x9x9xf32>, tensor<9x9xf32>)
// CHECK: vit.attention {{.*}} addends(%{{.+}}, %{{.+}} : tensor<200x1x1x9xf32>, tensor<75x9x1xf32>)
func.func @near_misses(%q: tensor<3x9x2x8xf32>, %x: tensor<9x9xf32>, %r: tensor<200x9x75x8xf32>) -> (tensor<3x9x2x8xf32>, tensor<200x9x75x8xf32>) {
  %bias = arith.constant dense_resource<bias> : tensor<2x9x9xf32>
  %row = arith.constant dense_resource<row> : tensor<200x1x1x9xf32>
  %column = arith.constant dense_resource<column> : tensor<75x9x1xf32>
  %0 = vit.attention %q, %q, %q addends(%bias, %x : tensor<2x9x9xf32>, tensor<9x9xf32>) {scale = 0.5 : f32}
    : (tensor<3x9x2x8xf32>, tensor<3x9x2x8xf32>, tensor<3x9x2x8xf32>) -> tensor<3x9x2x8xf32>
  %1 = vit.attention %r, %r, %r addends(%row, %column : tensor<200x1x1x9xf32>, tensor<75x9x1xf32>) {scale = 0.5 : f32}
    : (tensor<200x9x75x8xf32>, tensor<200x9x75x8xf32>, tensor<200x9x75x8xf32>) -> tensor<200x9x75x8xf32>
  return %0, %1 : tensor<3x9x2x8xf32>, tensor<200x9x75x8xf32>
}
