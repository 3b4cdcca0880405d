// RUN: vitc-opt %s -convert-vit-to-cpu="level=x86-64-v4" -split-input-file | FileCheck %s

// Keys are packed at run time, one matrix for each of batch and heads.
// CHECK-LABEL: @scores
// CHECK-SAME: (%[[Q:.*]]: tensor<2x6x197x64xf32>, %[[K:.*]]: tensor<2x6x197x64xf32>)
// CHECK: %[[PANELS:.*]] = vcpu.pack ins(%[[K]] : {{.*}}) outs({{.*}}) permutation = [0, 1, 3, 2] {{.*}}-> tensor<2x6x7x64x32xf32>
// CHECK: %[[S:.*]] = vcpu.gemm ins(%[[Q]], %[[PANELS]] : tensor<2x6x197x64xf32>, tensor<2x6x7x64x32xf32>) {{.*}}-> tensor<2x6x197x197xf32>
// CHECK: return %[[S]]
func.func @scores(%q: tensor<2x6x197x64xf32>, %k: tensor<2x6x197x64xf32>) -> tensor<2x6x197x197xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x6x197x197xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x6x197x197xf32>) -> tensor<2x6x197x197xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, h, m, n, k) -> (b, h, m, k)>,
                                        affine_map<(b, h, m, n, k) -> (b, h, n, k)>,
                                        affine_map<(b, h, m, n, k) -> (b, h, m, n)>]
    ins(%q, %k : tensor<2x6x197x64xf32>, tensor<2x6x197x64xf32>) outs(%init : tensor<2x6x197x197xf32>) -> tensor<2x6x197x197xf32>
  return %0 : tensor<2x6x197x197xf32>
}

// -----

// A constant from the left is one matrix for the whole batch; the batch may be dynamic.
// CHECK-LABEL: @mix_rows
// CHECK: vcpu.gemm ins(%{{.*}}, %{{.*}} : tensor<8x49xf32>, tensor<?x6x2x49x32xf32>) outs(%{{.*}} : tensor<?x6x8x40xf32>)
func.func @mix_rows(%a: tensor<?x6x49x40xf32>, %psi: tensor<8x49xf32>) -> tensor<?x6x8x40xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %b = tensor.dim %a, %c0 : tensor<?x6x49x40xf32>
  %empty = tensor.empty(%b) : tensor<?x6x8x40xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x6x8x40xf32>) -> tensor<?x6x8x40xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, h, m, n, k) -> (m, k)>,
                                        affine_map<(b, h, m, n, k) -> (b, h, k, n)>,
                                        affine_map<(b, h, m, n, k) -> (b, h, m, n)>]
    ins(%psi, %a : tensor<8x49xf32>, tensor<?x6x49x40xf32>) outs(%init : tensor<?x6x8x40xf32>) -> tensor<?x6x8x40xf32>
  return %0 : tensor<?x6x8x40xf32>
}

// -----

// Near misses: no columns, a dynamic number of them, sums that start from something.
// CHECK-LABEL: @no_columns
// CHECK-NOT: vcpu.gemm
// CHECK: linalg.contract
func.func @no_columns(%a: tensor<5x8xf32>, %b: tensor<5x8xf32>) -> tensor<5xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<5xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5xf32>) -> tensor<5xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, k) -> (b, k)>, affine_map<(b, k) -> (b, k)>, affine_map<(b, k) -> (b)>]
    ins(%a, %b : tensor<5x8xf32>, tensor<5x8xf32>) outs(%init : tensor<5xf32>) -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

// CHECK-LABEL: @dynamic_columns
// CHECK-NOT: vcpu.gemm
// CHECK: linalg.contract
func.func @dynamic_columns(%a: tensor<5x8xf32>, %b: tensor<8x?xf32>, %n: index) -> tensor<5x?xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty(%n) : tensor<5x?xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x?xf32>) -> tensor<5x?xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%a, %b : tensor<5x8xf32>, tensor<8x?xf32>) outs(%init : tensor<5x?xf32>) -> tensor<5x?xf32>
  return %0 : tensor<5x?xf32>
}

// -----

// CHECK-LABEL: @sums_from_something
// CHECK-NOT: vcpu.gemm
// CHECK: linalg.contract
func.func @sums_from_something(%a: tensor<5x8xf32>, %b: tensor<8x9xf32>, %c: tensor<5x9xf32>) -> tensor<5x9xf32> {
  %0 = linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%a, %b : tensor<5x8xf32>, tensor<8x9xf32>) outs(%c : tensor<5x9xf32>) -> tensor<5x9xf32>
  return %0 : tensor<5x9xf32>
}

// -----

// A map that the heads share, pushed to their queries (an inherited attention): one product for all of them, whose rows
// are tokens.
// CHECK-LABEL: func @shared_map
// CHECK-SAME: %[[PSI:.+]]: tensor<9x9xf32>, %[[Q:.+]]: tensor<1x9x3x16xf32>
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[Q]] {{\[\[}}0], [1], [2, 3]] : tensor<1x9x3x16xf32> into tensor<1x9x48xf32>
// CHECK: vcpu.pack ins(%[[ROWS]]
// CHECK: vcpu.gemm {{.*}} -> tensor<1x9x48xf32>
// CHECK-NOT: linalg.transpose
// CHECK: tensor.expand_shape
func.func @shared_map(%psi: tensor<9x9xf32>, %q: tensor<1x9x3x16xf32>) -> tensor<1x9x3x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x3x9x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3x9x16xf32>) -> tensor<1x3x9x16xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, h, m, d, n) -> (m, n)>, affine_map<(b, h, m, d, n) -> (b, n, h, d)>,
                                        affine_map<(b, h, m, d, n) -> (b, h, m, d)>]
    ins(%psi, %q : tensor<9x9xf32>, tensor<1x9x3x16xf32>) outs(%f : tensor<1x3x9x16xf32>) -> tensor<1x3x9x16xf32>
  %t = tensor.empty() : tensor<1x9x3x16xf32>
  %1 = linalg.transpose ins(%0 : tensor<1x3x9x16xf32>) outs(%t : tensor<1x9x3x16xf32>) permutation = [0, 2, 1, 3]
  return %1 : tensor<1x9x3x16xf32>
}

// -----

// Heads that both operands have stay a batch.
// CHECK-LABEL: func @heads
// CHECK: vcpu.gemm {{.*}} -> tensor<3x9x16xf32>
func.func @heads(%p: tensor<3x9x9xf32>, %v: tensor<9x3x16xf32>) -> tensor<9x3x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<9x3x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<9x3x16xf32>) -> tensor<9x3x16xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(h, m, d, n) -> (h, m, n)>, affine_map<(h, m, d, n) -> (n, h, d)>, affine_map<(h, m, d, n) -> (m, h, d)>]
    ins(%p, %v : tensor<3x9x9xf32>, tensor<9x3x16xf32>) outs(%f : tensor<9x3x16xf32>) -> tensor<9x3x16xf32>
  return %0 : tensor<9x3x16xf32>
}
