// RUN: vitc-opt %s -vcpu-fold-constant-packs | FileCheck %s

// CHECK-LABEL: func @dense
// CHECK-NEXT: %[[PACKED:.+]] = arith.constant dense_resource<packed> : tensor<2x3x4xf32>
// CHECK-NEXT: return %[[PACKED]]
func.func @dense() -> tensor<2x3x4xf32> {
  %w = arith.constant dense<[[1., 2., 3., 4., 5.], [6., 7., 8., 9., 10.], [11., 12., 13., 14., 15.]]> : tensor<3x5xf32>
  %0 = tensor.empty() : tensor<2x3x4xf32>
  %p = vcpu.pack ins(%w : tensor<3x5xf32>) outs(%0 : tensor<2x3x4xf32>) permutation = [0, 1] -> tensor<2x3x4xf32>
  return %p : tensor<2x3x4xf32>
}

// Equal packs share one constant, which stands for the same elements as @dense's.
// CHECK-LABEL: func @transposed_twice
// CHECK-DAG: %[[A:.+]] = arith.constant dense_resource<[[NAME:packed_1]]> : tensor<2x3x4xf32>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<[[NAME]]> : tensor<2x3x4xf32>
// CHECK-NOT: vcpu.pack
func.func @transposed_twice() -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>) {
  %w = arith.constant dense_resource<weight> : tensor<5x3xf32>
  %0 = tensor.empty() : tensor<2x3x4xf32>
  %p = vcpu.pack ins(%w : tensor<5x3xf32>) outs(%0 : tensor<2x3x4xf32>) permutation = [1, 0] -> tensor<2x3x4xf32>
  %q = vcpu.pack ins(%w : tensor<5x3xf32>) outs(%0 : tensor<2x3x4xf32>) permutation = [1, 0] -> tensor<2x3x4xf32>
  return %p, %q : tensor<2x3x4xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func @slice_of_reshape
// CHECK-NEXT: arith.constant dense_resource<packed_2> : tensor<1x2x2xf16>
// CHECK-NEXT: return
func.func @slice_of_reshape() -> tensor<1x2x2xf16> {
  %w = arith.constant dense<[1., 2., 3., 4., 5., 6., 7., 8.]> : tensor<8xf16>
  %m = tensor.expand_shape %w [[0, 1]] output_shape [2, 4] : tensor<8xf16> into tensor<2x4xf16>
  %s = tensor.extract_slice %m[0, 1] [2, 2] [1, 2] : tensor<2x4xf16> to tensor<2x2xf16>
  %0 = tensor.empty() : tensor<1x2x2xf16>
  %p = vcpu.pack ins(%s : tensor<2x2xf16>) outs(%0 : tensor<1x2x2xf16>) permutation = [0, 1] -> tensor<1x2x2xf16>
  return %p : tensor<1x2x2xf16>
}

// CHECK-LABEL: func @splat
// CHECK-NEXT: arith.constant dense_resource<packed_3> : tensor<1x3x4xf32>
func.func @splat() -> tensor<1x3x4xf32> {
  %w = arith.constant dense<2.0> : tensor<3x3xf32>
  %0 = tensor.empty() : tensor<1x3x4xf32>
  %p = vcpu.pack ins(%w : tensor<3x3xf32>) outs(%0 : tensor<1x3x4xf32>) permutation = [0, 1] -> tensor<1x3x4xf32>
  return %p : tensor<1x3x4xf32>
}

// CHECK-LABEL: func @argument_stays
// CHECK: vcpu.pack
func.func @argument_stays(%w: tensor<3x5xf32>) -> tensor<2x3x4xf32> {
  %0 = tensor.empty() : tensor<2x3x4xf32>
  %p = vcpu.pack ins(%w : tensor<3x5xf32>) outs(%0 : tensor<2x3x4xf32>) permutation = [0, 1] -> tensor<2x3x4xf32>
  return %p : tensor<2x3x4xf32>
}

// CHECK-LABEL: func @reshape_of_slice_stays
// CHECK: vcpu.pack
func.func @reshape_of_slice_stays() -> tensor<1x2x2xf32> {
  %w = arith.constant dense<[[1., 2., 3., 4.], [5., 6., 7., 8.]]> : tensor<2x4xf32>
  %s = tensor.extract_slice %w[0, 1] [2, 2] [1, 2] : tensor<2x4xf32> to tensor<2x2xf32>
  %f = tensor.collapse_shape %s [[0, 1]] : tensor<2x2xf32> into tensor<4xf32>
  %m = tensor.expand_shape %f [[0, 1]] output_shape [2, 2] : tensor<4xf32> into tensor<2x2xf32>
  %0 = tensor.empty() : tensor<1x2x2xf32>
  %p = vcpu.pack ins(%m : tensor<2x2xf32>) outs(%0 : tensor<1x2x2xf32>) permutation = [0, 1] -> tensor<1x2x2xf32>
  return %p : tensor<1x2x2xf32>
}

// The packed data: columns 5 to 7 are zeros; transposition gives what the row-major weight gives.
// CHECK: packed: "0x400000000000803F0000004000004040000080400000C0400000E0400000004100001041000030410000404100005041000060410000A0400000000000000000000000000000204100000000000000000000000000007041000000000000000000000000"
// CHECK: packed_1: "0x400000000000803F0000004000004040000080400000C0400000E0400000004100001041000030410000404100005041000060410000A0400000000000000000000000000000204100000000000000000000000000007041000000000000000000000000"
// CHECK: packed_2: "0x400000000040004400460048"
// CHECK: packed_3: "0x40000000000000400000004000000040000000000000004000000040000000400000000000000040000000400000004000000000"

{-#
  dialect_resources: {
    builtin: {
      weight: "0x040000000000803F0000C04000003041000000400000E040000040410000404000000041000050410000804000001041000060410000A0400000204100007041"
    }
  }
#-}
