// RUN: vitc-opt %s --vit-recognize | FileCheck %s

// Products are read by their maps and bodies, be they generics: recognition alone does not need raising.

#rows = affine_map<(h, m, n, k) -> (h, m, k)>
#columns = affine_map<(h, m, n, k) -> (h, n, k)>
#values = affine_map<(h, m, n, k) -> (h, k, n)>
#result = affine_map<(h, m, n, k) -> (h, m, n)>

// CHECK-LABEL: @plain(
// CHECK: vit.attention
// CHECK-NOT: linalg.softmax
func.func @plain(%q: tensor<2x5x4xf32>, %k: tensor<2x5x4xf32>, %v: tensor<2x5x4xf32>) -> tensor<2x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<2x5x5xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %2 = linalg.generic {indexing_maps = [#rows, #columns, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%q, %k : tensor<2x5x4xf32>, tensor<2x5x4xf32>) outs(%1 : tensor<2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x5x5xf32>
  %3 = linalg.softmax dimension(2) ins(%2 : tensor<2x5x5xf32>) outs(%0 : tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %4 = tensor.empty() : tensor<2x5x4xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%4 : tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %6 = linalg.batch_matmul ins(%3, %v : tensor<2x5x5xf32>, tensor<2x5x4xf32>) outs(%5 : tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  return %6 : tensor<2x5x4xf32>
}

// A body that does something to a factor is no product, though upstream's test for contractions says so.
// CHECK-LABEL: @exponential_of_values(
// CHECK-NOT: vit.attention
// CHECK: linalg.softmax
// CHECK: math.exp
func.func @exponential_of_values(%q: tensor<2x5x4xf32>, %k: tensor<2x5x4xf32>, %v: tensor<2x5x4xf32>) -> tensor<2x5x4xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = tensor.empty() : tensor<2x5x5xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%0 : tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %2 = linalg.contract indexing_maps = [#rows, #columns, #result]
      ins(%q, %k : tensor<2x5x4xf32>, tensor<2x5x4xf32>) outs(%1 : tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %3 = linalg.softmax dimension(2) ins(%2 : tensor<2x5x5xf32>) outs(%0 : tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %4 = tensor.empty() : tensor<2x5x4xf32>
  %5 = linalg.fill ins(%zero : f32) outs(%4 : tensor<2x5x4xf32>) -> tensor<2x5x4xf32>
  %6 = linalg.generic {indexing_maps = [#rows, #values, #result], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%3, %v : tensor<2x5x5xf32>, tensor<2x5x4xf32>) outs(%5 : tensor<2x5x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %e = math.exp %b : f32
    %p = arith.mulf %a, %e : f32
    %s = arith.addf %out, %p : f32
    linalg.yield %s : f32
  } -> tensor<2x5x4xf32>
  return %6 : tensor<2x5x4xf32>
}
