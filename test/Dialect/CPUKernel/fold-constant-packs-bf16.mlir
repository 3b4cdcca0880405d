// RUN: vitc-opt %s -vcpu-fold-constant-packs | FileCheck %s

// Three rows of two columns are two rows of three pairs: (1, 4) (2, 5) (0, 0) and (7, 0) (8, 0) (0, 0).
// CHECK-LABEL: func @pairs
// CHECK-NEXT: arith.constant dense_resource<packed> : tensor<1x2x6xbf16>
func.func @pairs() -> tensor<1x2x6xbf16> {
  %w = arith.constant dense<[[1., 2.], [4., 5.], [7., 8.]]> : tensor<3x2xf32>
  %0 = tensor.empty() : tensor<1x2x6xbf16>
  %p = vcpu.pack ins(%w : tensor<3x2xf32>) outs(%0 : tensor<1x2x6xbf16>) permutation = [0, 1] {interleave = 2} -> tensor<1x2x6xbf16>
  return %p : tensor<1x2x6xbf16>
}

// The same rows one by one.
// CHECK-LABEL: func @rows
// CHECK-NEXT: arith.constant dense_resource<packed_1> : tensor<1x3x2xbf16>
func.func @rows() -> tensor<1x3x2xbf16> {
  %w = arith.constant dense<[[1., 2.], [4., 5.], [7., 8.]]> : tensor<3x2xf32>
  %0 = tensor.empty() : tensor<1x3x2xbf16>
  %p = vcpu.pack ins(%w : tensor<3x2xf32>) outs(%0 : tensor<1x3x2xbf16>) permutation = [0, 1] -> tensor<1x3x2xbf16>
  return %p : tensor<1x3x2xbf16>
}

// Bits 1.00000000|1 (down), |1 of an odd one (up: a tie), just above a tie (up), the largest f32 (to infinity), a NaN
// whose low bits alone are set, and −0.
// CHECK-LABEL: func @rounding
func.func @rounding() -> tensor<1x1x6xbf16> {
  %w = arith.constant dense<[[0x3F808000, 0x3F818000, 0x3F808001, 0x7F7FFFFF, 0x7F800001, 0x80000000]]> : tensor<1x6xf32>
  %0 = tensor.empty() : tensor<1x1x6xbf16>
  %p = vcpu.pack ins(%w : tensor<1x6xf32>) outs(%0 : tensor<1x1x6xbf16>) permutation = [0, 1] -> tensor<1x1x6xbf16>
  return %p : tensor<1x1x6xbf16>
}

// CHECK: packed: "0x40000000803F80400040A04000000000E04000000041000000000000"
// CHECK: packed_1: "0x40000000803F00408040A040E0400041"
// CHECK: packed_2: "0x40000000803F823F813F807FC07F0080"
