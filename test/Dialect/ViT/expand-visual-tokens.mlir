// RUN: vitc-opt %s --vit-expand-visual-tokens --split-input-file | FileCheck %s

// Weights of all pictures are their queries; positions are keys and values.
// CHECK-LABEL: func @static
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x6x4xf32>, %[[W:[a-z0-9]+]]: tensor<3x4xf32>)
// CHECK: %[[R:.+]] = linalg.broadcast ins(%[[W]] : tensor<3x4xf32>) outs(%{{.+}} : tensor<?x3x4xf32>) dimensions = [0]
// CHECK: %[[Q:.+]] = tensor.expand_shape %[[R]] {{\[\[0\], \[1, 2\], \[3\]\]}} output_shape [%{{.+}}, 3, 1, 4]
// CHECK: %[[K:.+]] = tensor.expand_shape %[[X]] {{\[\[0\], \[1, 2\], \[3\]\]}} output_shape [%{{.+}}, 6, 1, 4]
// CHECK: %[[V:.+]] = tensor.expand_shape %[[X]]
// CHECK: %[[A:.+]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = 1.000000e+00 : f32} : {{.*}} -> tensor<?x3x1x4xf32>{{$}}
// CHECK: %[[T:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1, 2\], \[3\]\]}} : tensor<?x3x1x4xf32> into tensor<?x3x4xf32>
// CHECK: return %[[T]]
func.func @static(%x: tensor<?x6x4xf32>, %w: tensor<3x4xf32>) -> tensor<?x3x4xf32> {
  %t = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<?x6x4xf32>, tensor<3x4xf32>) -> tensor<?x3x4xf32>
  return %t : tensor<?x3x4xf32>
}

// -----

// Of one picture, weights are queries as they are.
// CHECK-LABEL: func @one_picture
// CHECK-NOT: linalg.broadcast
// CHECK: %[[R:.+]] = tensor.expand_shape %{{.+}} {{\[\[0, 1\], \[2\]\]}} output_shape [1, 3, 4] : tensor<3x4xf32> into tensor<1x3x4xf32>
// CHECK: tensor.expand_shape %[[R]]
// CHECK: vit.attention
func.func @one_picture(%x: tensor<1x6x4xf32>, %w: tensor<3x4xf32>) -> tensor<1x3x4xf32> {
  %t = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<1x6x4xf32>, tensor<3x4xf32>) -> tensor<1x3x4xf32>
  return %t : tensor<1x3x4xf32>
}

// -----

// CHECK-LABEL: func @recurrent_maps
// CHECK: %[[V:.+]] = tensor.expand_shape %{{.+}} output_shape [2, 6, 1, 5]
// CHECK: %[[A:.+]], %[[P:.+]] = vit.attention %{{.+}}, %{{.+}}, %[[V]] {scale = 5.000000e-01 : f32} : {{.*}} -> tensor<2x3x1x5xf32> probs tensor<2x1x3x6xf32>
// CHECK: %[[T:.+]] = tensor.collapse_shape %[[A]] {{\[\[0\], \[1, 2\], \[3\]\]}}
// CHECK: %[[M:.+]] = tensor.collapse_shape %[[P]] {{\[\[0\], \[1, 2\], \[3\]\]}} : tensor<2x1x3x6xf32> into tensor<2x3x6xf32>
// CHECK: return %[[T]], %[[M]]
func.func @recurrent_maps(%x: tensor<2x6x4xf32>, %w: tensor<2x3x4xf32>, %v: tensor<2x6x5xf32>) -> (tensor<2x3x5xf32>, tensor<2x3x6xf32>) {
  %t, %m = vit.tokenize %x, %w values(%v : tensor<2x6x5xf32>) {scale = 0.5 : f32} : (tensor<2x6x4xf32>, tensor<2x3x4xf32>) -> tensor<2x3x5xf32> maps tensor<2x3x6xf32>
  return %t, %m : tensor<2x3x5xf32>, tensor<2x3x6xf32>
}

// -----

// The positions are added; an addend with batch gets a head.
// CHECK-LABEL: func @project
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x6x4xf32>
// CHECK: %[[ROW:.+]] = tensor.expand_shape %{{.+}} {{\[\[0\], \[1, 2\], \[3\]\]}} output_shape [%{{.+}}, 1, 1, 3] : tensor<?x1x3xf32> into tensor<?x1x1x3xf32>
// CHECK: %[[A:.+]], %[[P:.+]] = vit.attention {{.*}} addends(%[[ROW]], %{{.+}} : tensor<?x1x1x3xf32>, tensor<6x3xf32>) {{.*}} -> tensor<?x6x1x4xf32> probs tensor<?x1x6x3xf32>
// CHECK: %[[R:.+]] = tensor.collapse_shape %[[A]]
// CHECK: %[[M:.+]] = tensor.collapse_shape %[[P]]
// CHECK: %[[Y:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[X]], %[[R]] : tensor<?x6x4xf32>, tensor<?x6x4xf32>)
// CHECK: return %[[Y]], %[[M]]
func.func @project(%x: tensor<?x6x4xf32>, %q: tensor<?x6x2xf32>, %k: tensor<?x3x2xf32>, %v: tensor<?x3x4xf32>, %row: tensor<?x1x3xf32>, %matrix: tensor<6x3xf32>)
    -> (tensor<?x6x4xf32>, tensor<?x6x3xf32>) {
  %y, %m = vit.project %x, %q, %k, %v addends(%row, %matrix : tensor<?x1x3xf32>, tensor<6x3xf32>) {scale = 1.0 : f32}
    : (tensor<?x6x4xf32>, tensor<?x6x2xf32>, tensor<?x3x2xf32>, tensor<?x3x4xf32>) -> tensor<?x6x4xf32> maps tensor<?x6x3xf32>
  return %y, %m : tensor<?x6x4xf32>, tensor<?x6x3xf32>
}
