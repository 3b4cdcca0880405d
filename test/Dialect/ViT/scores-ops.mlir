// RUN: vitc-opt %s | vitc-opt | FileCheck %s

// CHECK-LABEL: func @parts
// CHECK: vit.scores %{{.+}}, %{{.+}} addends(%{{.+}} : tensor<2x1x7xf32>) {scale = 5.000000e-01 : f32} : (tensor<?x5x2x4xf32>, tensor<?x7x2x4xf32>) -> tensor<?x2x5x7xf32>
// CHECK: vit.inherit %{{.+}} theta(%{{.+}} : tensor<6x7xf32>) theta_bias(%{{.+}} : tensor<6xf32>) psi(%{{.+}} : tensor<3x5xf32>) : tensor<?x2x5x7xf32> -> tensor<?x2x3x6xf32>
// CHECK: vit.score_down %{{.+}}, %{{.+}} {groups = 2 : i64, stride = 3 : i64} : (tensor<?x2x3x6xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x1x2xf32>
// CHECK: vit.reattend %{{.+}}, %{{.+}} shift(%{{.+}} : tensor<4xf32>) : (tensor<?x2x3x6xf32>, tensor<4x2xf32>) -> tensor<?x4x3x6xf32>
// CHECK: vit.attend %{{.+}}, %{{.+}} {normalized} : (tensor<?x4x3x6xf32>, tensor<?x6x4x8xf32>) -> tensor<?x3x4x8xf32>
// CHECK: vit.attend %{{.+}}, %{{.+}} addends(%{{.+}} : tensor<2x1x7xf32>) : (tensor<?x2x5x7xf32>, tensor<?x7x2x4xf32>) -> tensor<?x5x2x4xf32> probs tensor<?x2x5x7xf32>
func.func @parts(%q: tensor<?x5x2x4xf32>, %k: tensor<?x7x2x4xf32>, %bias: tensor<2x1x7xf32>, %theta: tensor<6x7xf32>, %tb: tensor<6xf32>,
                 %psi: tensor<3x5xf32>, %dw: tensor<2x1x3x3xf32>, %mix: tensor<4x2xf32>, %shift: tensor<4xf32>, %v: tensor<?x6x4x8xf32>)
    -> (tensor<?x2x1x2xf32>, tensor<?x3x4x8xf32>, tensor<?x5x2x4xf32>, tensor<?x2x5x7xf32>) {
  %0 = vit.scores %q, %k addends(%bias : tensor<2x1x7xf32>) {scale = 0.5 : f32} : (tensor<?x5x2x4xf32>, tensor<?x7x2x4xf32>) -> tensor<?x2x5x7xf32>
  %1 = vit.inherit %0 theta(%theta : tensor<6x7xf32>) theta_bias(%tb : tensor<6xf32>) psi(%psi : tensor<3x5xf32>) : tensor<?x2x5x7xf32> -> tensor<?x2x3x6xf32>
  %2 = vit.score_down %1, %dw {stride = 3 : i64, groups = 2 : i64} : (tensor<?x2x3x6xf32>, tensor<2x1x3x3xf32>) -> tensor<?x2x1x2xf32>
  %3 = vit.reattend %1, %mix shift(%shift : tensor<4xf32>) : (tensor<?x2x3x6xf32>, tensor<4x2xf32>) -> tensor<?x4x3x6xf32>
  %4 = vit.attend %3, %v {normalized} : (tensor<?x4x3x6xf32>, tensor<?x6x4x8xf32>) -> tensor<?x3x4x8xf32>
  %5, %6 = vit.attend %0, %k addends(%bias : tensor<2x1x7xf32>) : (tensor<?x2x5x7xf32>, tensor<?x7x2x4xf32>) -> tensor<?x5x2x4xf32> probs tensor<?x2x5x7xf32>
  return %2, %4, %5, %6 : tensor<?x2x1x2xf32>, tensor<?x3x4x8xf32>, tensor<?x5x2x4xf32>, tensor<?x2x5x7xf32>
}
