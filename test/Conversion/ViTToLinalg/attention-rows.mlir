// RUN: vitc-opt %s --convert-vit-to-linalg --split-input-file | FileCheck %s

// Two contractions and a softmax; the queries, the smaller factor, are scaled.
// CHECK-LABEL: func.func @attention
// CHECK: linalg.elementwise kind=#linalg.elementwise_kind<mul>
// CHECK: linalg.contract
// CHECK: %[[BIASED:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<add>
// CHECK: linalg.softmax dimension(3) ins(%[[BIASED]]
// CHECK: linalg.contract
// CHECK-NOT: vit.
func.func @attention(%q: tensor<?x5x2x8xf32>, %k: tensor<?x7x2x8xf32>, %v: tensor<?x7x2x8xf32>, %bias: tensor<1x2x5x7xf32>) -> tensor<?x5x2x8xf32> {
  %0 = vit.attention %q, %k, %v addends(%bias : tensor<1x2x5x7xf32>) {scale = 0.25 : f32}
      : (tensor<?x5x2x8xf32>, tensor<?x7x2x8xf32>, tensor<?x7x2x8xf32>) -> tensor<?x5x2x8xf32>
  return %0 : tensor<?x5x2x8xf32>
}

// -----

// Shared heads are repeated; a cap, a causal mask, and zeros for rows that are masked whole.
// CHECK-LABEL: func.func @rare
// CHECK-COUNT-2: tensor.extract
// CHECK: math.tanh
// CHECK: arith.cmpi sgt
// CHECK: arith.select %{{.+}}, %{{.+}}, %{{.+}} : f32
// CHECK: linalg.softmax
// CHECK: arith.cmpf uno
// CHECK-NOT: vit.
func.func @rare(%q: tensor<1x5x4x8xf32>, %k: tensor<1x5x2x8xf32>, %v: tensor<1x5x2x8xf32>) -> tensor<1x5x4x8xf32> {
  %0 = vit.attention %q, %k, %v {scale = 1.0 : f32, causal, softcap = 20.0 : f32, zero_masked}
      : (tensor<1x5x4x8xf32>, tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>) -> tensor<1x5x4x8xf32>
  return %0 : tensor<1x5x4x8xf32>
}

// -----

// Means over rows: of the elements, then of the squares of their distances.
// CHECK-LABEL: func.func @norms
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: arith.divf
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: arith.subf
// CHECK: math.sqrt
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-NOT: arith.subf
// CHECK: math.sqrt
// CHECK-NOT: vit.
func.func @norms(%x: tensor<?x5x8xf32>, %g: tensor<8xf32>, %b: tensor<8xf32>) -> (tensor<?x5x8xf32>, tensor<?x5x8xf32>) {
  %0 = vit.layer_norm %x scale(%g : tensor<8xf32>) bias(%b : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<?x5x8xf32>
  %1 = vit.rms_norm %x scale(%g : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<?x5x8xf32>
  return %0, %1 : tensor<?x5x8xf32>, tensor<?x5x8xf32>
}

// -----

// CHECK-LABEL: func.func @moves
// CHECK: linalg.generic
// CHECK: tensor.extract %{{.+}} : tensor<?x3x8x8xf32>
// CHECK: linalg.generic
// CHECK: tensor.extract %{{.+}} : tensor<3xi32>
// CHECK: tensor.extract %{{.+}} : tensor<?x4x48xf32>
// CHECK-NOT: vit.
func.func @moves(%x: tensor<?x3x8x8xf32>, %rows: tensor<3xi32>) -> tensor<?x3x48xf32> {
  %0 = vit.patchify %x {patch = array<i64: 4, 4>} : tensor<?x3x8x8xf32> -> tensor<?x4x48xf32>
  %1 = vit.gather_rows %0, %rows : tensor<?x4x48xf32>, tensor<3xi32> -> tensor<?x3x48xf32>
  return %1 : tensor<?x3x48xf32>
}
