// RUN: vitc-opt %s --vit-raise --vit-recognize | FileCheck %s

// One block in the form that StableHLO's conversion to linalg has it in, written as JAX writes it: a generic of one op for each op,
// every broadcast (of scalars, too) and transpose a generic that copies, contractions with several batch dimensions, a maximum
// that starts from −∞ twice, GELU by tanh. 2 images, 5 tokens of width 8, 2 heads, an MLP of width 16.

// CHECK-LABEL: func.func @block(
// CHECK-SAME: %[[X:.*]]: tensor<2x5x8xf32>
// CHECK-DAG: %[[GAMMA1:.*]] = arith.constant dense_resource<gamma1>
// CHECK-DAG: %[[BETA1:.*]] = arith.constant dense_resource<beta1>
// CHECK-DAG: %[[WQKV:.*]] = arith.constant dense_resource<wqkv>
// CHECK-DAG: %[[BQKV:.*]] = arith.constant dense_resource<bqkv>
// CHECK-DAG: %[[WPROJ:.*]] = arith.constant dense_resource<wproj>
// CHECK-DAG: %[[BPROJ:.*]] = arith.constant dense_resource<bproj>
// CHECK-DAG: %[[W1:.*]] = arith.constant dense_resource<w1>
// CHECK-DAG: %[[W2:.*]] = arith.constant dense_resource<w2>
// CHECK-NOT: linalg.generic
// CHECK: %[[N1:.*]] = vit.layer_norm %[[X]] scale(%[[GAMMA1]] : tensor<8xf32>) bias(%[[BETA1]] : tensor<8xf32>) {epsilon = 9.99999997E-7 : f32}
// CHECK: %[[QKV:.*]] = vit.linear %[[N1]], %[[WQKV]] bias(%[[BQKV]] : tensor<24xf32>) :
// CHECK: %[[HEADS:.*]] = tensor.expand_shape %[[QKV]] {{.*}} : tensor<2x5x24xf32> into tensor<2x5x6x4xf32>
// CHECK: %[[Q:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 0, 0] [2, 5, 2, 4]
// CHECK: %[[K:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 2, 0] [2, 5, 2, 4]
// CHECK: %[[V:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 4, 0] [2, 5, 2, 4]
// CHECK: %[[A:.*]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = 5.000000e-01 : f32}
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[A]] {{.*}} into tensor<2x5x8xf32>
// CHECK: %[[P:.*]] = vit.linear %[[ROWS]], %[[WPROJ]] bias(%[[BPROJ]] : tensor<8xf32>) :
// CHECK: %[[X1:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[X]], %[[P]]
// CHECK: %[[N2:.*]] = vit.layer_norm %[[X1]]
// CHECK: %[[H:.*]] = vit.linear %[[N2]], %[[W1]]
// CHECK: %[[G:.*]] = vit.gelu %[[H]] {approximate = 1 : i32}
// CHECK: %[[M:.*]] = vit.linear %[[G]], %[[W2]]
// CHECK: %[[Y:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[X1]], %[[M]]
// CHECK-NEXT: return %[[Y]]

#map0 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1)>
#map2 = affine_map<(d0, d1, d2) -> ()>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map4 = affine_map<(d0, d1, d2) -> (d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d3, d2)>
#map7 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map8 = affine_map<(d0, d1, d2, d3) -> ()>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map10 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d2, d1, d4)>
#map11 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d3, d1, d4)>
#map12 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3)>
#map13 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
#map14 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d4, d1, d2)>
#map15 = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d3, d4)>
#map16 = affine_map<(d0, d1, d2, d3) -> (d0, d2, d3, d1)>
func.func @block(%x: tensor<2x5x8xf32>) -> tensor<2x5x8xf32> {
  %epsilon = arith.constant dense<9.99999997E-7> : tensor<f32>
  %width = arith.constant dense<8.000000e+00> : tensor<f32>
  %lowest = arith.constant dense<0xFF800000> : tensor<f32>
  %cubic = arith.constant dense<4.471500e-02> : tensor<f32>
  %root = arith.constant dense<0.797884583> : tensor<f32>
  %one = arith.constant dense<1.000000e+00> : tensor<f32>
  %two = arith.constant dense<2.000000e+00> : tensor<f32>
  %half = arith.constant dense<5.000000e-01> : tensor<f32>
  %zero = arith.constant 0.000000e+00 : f32
  %infinity = arith.constant 0xFF800000 : f32
  %gamma1 = arith.constant dense_resource<gamma1> : tensor<8xf32>
  %beta1 = arith.constant dense_resource<beta1> : tensor<8xf32>
  %wqkv = arith.constant dense_resource<wqkv> : tensor<8x24xf32>
  %bqkv = arith.constant dense_resource<bqkv> : tensor<24xf32>
  %wproj = arith.constant dense_resource<wproj> : tensor<8x8xf32>
  %bproj = arith.constant dense_resource<bproj> : tensor<8xf32>
  %gamma2 = arith.constant dense_resource<gamma2> : tensor<8xf32>
  %beta2 = arith.constant dense_resource<beta2> : tensor<8xf32>
  %w1 = arith.constant dense_resource<w1> : tensor<8x16xf32>
  %b1 = arith.constant dense_resource<b1> : tensor<16xf32>
  %w2 = arith.constant dense_resource<w2> : tensor<16x8xf32>
  %b2 = arith.constant dense_resource<b2> : tensor<8xf32>
  %1 = tensor.empty() : tensor<2x5xf32>
  %2 = linalg.fill ins(%zero : f32) outs(%1 : tensor<2x5xf32>) -> tensor<2x5xf32>
  %3 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<2x5x8xf32>) outs(%2 : tensor<2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x5xf32>
  %4 = tensor.expand_shape %3 [[0], [1, 2]] output_shape [2, 5, 1] : tensor<2x5xf32> into tensor<2x5x1xf32>
  %5 = tensor.empty() : tensor<2x5x1xf32>
  %6 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%width : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %7 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%4, %6 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %8 = tensor.empty() : tensor<2x5x8xf32>
  %9 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%7 : tensor<2x5x1xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %10 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %9 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %11 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%10, %10 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %12 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%11 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x5xf32>
  %13 = tensor.expand_shape %12 [[0], [1, 2]] output_shape [2, 5, 1] : tensor<2x5xf32> into tensor<2x5x1xf32>
  %14 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%width : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %15 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%13, %14 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %16 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%epsilon : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %17 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%15, %16 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %18 = linalg.generic {indexing_maps = [#map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%17 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.rsqrt %a : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %19 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%18 : tensor<2x5x1xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %20 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%10, %19 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %21 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%gamma1 : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %22 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%20, %21 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %23 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%beta1 : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %24 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%22, %23 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %25 = tensor.empty() : tensor<2x5x24xf32>
  %26 = linalg.fill ins(%zero : f32) outs(%25 : tensor<2x5x24xf32>) -> tensor<2x5x24xf32>
  %27 = linalg.generic {indexing_maps = [#map5, #map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%24, %wqkv : tensor<2x5x8xf32>, tensor<8x24xf32>) outs(%26 : tensor<2x5x24xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x5x24xf32>
  %28 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%bqkv : tensor<24xf32>) outs(%25 : tensor<2x5x24xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x24xf32>
  %29 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%27, %28 : tensor<2x5x24xf32>, tensor<2x5x24xf32>) outs(%25 : tensor<2x5x24xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x24xf32>
  %30 = tensor.expand_shape %29 [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 2, 4] : tensor<2x5x24xf32> into tensor<2x5x3x2x4xf32>
  %31 = tensor.extract_slice %30[0, 0, 0, 0, 0] [2, 5, 1, 2, 4] [1, 1, 1, 1, 1] : tensor<2x5x3x2x4xf32> to tensor<2x5x1x2x4xf32>
  %32 = tensor.collapse_shape %31 [[0], [1], [2, 3], [4]] : tensor<2x5x1x2x4xf32> into tensor<2x5x2x4xf32>
  %33 = tensor.extract_slice %30[0, 0, 1, 0, 0] [2, 5, 1, 2, 4] [1, 1, 1, 1, 1] : tensor<2x5x3x2x4xf32> to tensor<2x5x1x2x4xf32>
  %34 = tensor.collapse_shape %33 [[0], [1], [2, 3], [4]] : tensor<2x5x1x2x4xf32> into tensor<2x5x2x4xf32>
  %35 = tensor.extract_slice %30[0, 0, 2, 0, 0] [2, 5, 1, 2, 4] [1, 1, 1, 1, 1] : tensor<2x5x3x2x4xf32> to tensor<2x5x1x2x4xf32>
  %36 = tensor.collapse_shape %35 [[0], [1], [2, 3], [4]] : tensor<2x5x1x2x4xf32> into tensor<2x5x2x4xf32>
  %37 = tensor.empty() : tensor<2x5x2x4xf32>
  %38 = linalg.generic {indexing_maps = [#map8, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%two : tensor<f32>) outs(%37 : tensor<2x5x2x4xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x2x4xf32>
  %39 = linalg.generic {indexing_maps = [#map9, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%32, %38 : tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) outs(%37 : tensor<2x5x2x4xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x2x4xf32>
  %40 = tensor.empty() : tensor<2x2x5x5xf32>
  %41 = linalg.fill ins(%zero : f32) outs(%40 : tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %42 = linalg.generic {indexing_maps = [#map10, #map11, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%39, %34 : tensor<2x5x2x4xf32>, tensor<2x5x2x4xf32>) outs(%41 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x2x5x5xf32>
  %43 = tensor.empty() : tensor<2x2x5xf32>
  %44 = linalg.fill ins(%infinity : f32) outs(%43 : tensor<2x2x5xf32>) -> tensor<2x2x5xf32>
  %45 = linalg.generic {indexing_maps = [#map9, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%42 : tensor<2x2x5x5xf32>) outs(%44 : tensor<2x2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.maximumf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x2x5xf32>
  %46 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%lowest : tensor<f32>) outs(%43 : tensor<2x2x5xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x2x5xf32>
  %47 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%46, %45 : tensor<2x2x5xf32>, tensor<2x2x5xf32>) outs(%43 : tensor<2x2x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.maximumf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x2x5xf32>
  %48 = tensor.expand_shape %47 [[0], [1], [2, 3]] output_shape [2, 2, 5, 1] : tensor<2x2x5xf32> into tensor<2x2x5x1xf32>
  %49 = linalg.generic {indexing_maps = [#map13, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%48 : tensor<2x2x5x1xf32>) outs(%40 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x2x5x5xf32>
  %50 = linalg.generic {indexing_maps = [#map9, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%42, %49 : tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>) outs(%40 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %51 = linalg.generic {indexing_maps = [#map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%50 : tensor<2x2x5x5xf32>) outs(%40 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.exp %a : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %52 = linalg.fill ins(%zero : f32) outs(%43 : tensor<2x2x5xf32>) -> tensor<2x2x5xf32>
  %53 = linalg.generic {indexing_maps = [#map9, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%51 : tensor<2x2x5x5xf32>) outs(%52 : tensor<2x2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x2x5xf32>
  %54 = tensor.expand_shape %53 [[0], [1], [2, 3]] output_shape [2, 2, 5, 1] : tensor<2x2x5xf32> into tensor<2x2x5x1xf32>
  %55 = linalg.generic {indexing_maps = [#map13, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%54 : tensor<2x2x5x1xf32>) outs(%40 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x2x5x5xf32>
  %56 = linalg.generic {indexing_maps = [#map9, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%51, %55 : tensor<2x2x5x5xf32>, tensor<2x2x5x5xf32>) outs(%40 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %57 = tensor.empty() : tensor<2x2x4x5xf32>
  %58 = linalg.fill ins(%zero : f32) outs(%57 : tensor<2x2x4x5xf32>) -> tensor<2x2x4x5xf32>
  %59 = linalg.generic {indexing_maps = [#map14, #map15, #map12], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]}
      ins(%36, %56 : tensor<2x5x2x4xf32>, tensor<2x2x5x5xf32>) outs(%58 : tensor<2x2x4x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x2x4x5xf32>
  %60 = linalg.generic {indexing_maps = [#map16, #map9], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%59 : tensor<2x2x4x5xf32>) outs(%37 : tensor<2x5x2x4xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x2x4xf32>
  %61 = tensor.collapse_shape %60 [[0], [1], [2, 3]] : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
  %62 = linalg.fill ins(%zero : f32) outs(%8 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %63 = linalg.generic {indexing_maps = [#map5, #map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%61, %wproj : tensor<2x5x8xf32>, tensor<8x8xf32>) outs(%62 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x5x8xf32>
  %64 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%bproj : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %65 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%63, %64 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %66 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %65 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %67 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%66 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x5xf32>
  %68 = tensor.expand_shape %67 [[0], [1, 2]] output_shape [2, 5, 1] : tensor<2x5xf32> into tensor<2x5x1xf32>
  %69 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%width : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %70 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%68, %69 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %71 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%70 : tensor<2x5x1xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %72 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%66, %71 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %73 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%72, %72 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %74 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%73 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %out, %a : f32  linalg.yield %s : f32 } -> tensor<2x5xf32>
  %75 = tensor.expand_shape %74 [[0], [1, 2]] output_shape [2, 5, 1] : tensor<2x5xf32> into tensor<2x5x1xf32>
  %76 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%width : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %77 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%75, %76 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %78 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%epsilon : tensor<f32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x1xf32>
  %79 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%77, %78 : tensor<2x5x1xf32>, tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %80 = linalg.generic {indexing_maps = [#map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%79 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.rsqrt %a : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %81 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%80 : tensor<2x5x1xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %82 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%72, %81 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %83 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%gamma2 : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %84 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%82, %83 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %85 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%beta2 : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %86 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%84, %85 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %87 = tensor.empty() : tensor<2x5x16xf32>
  %88 = linalg.fill ins(%zero : f32) outs(%87 : tensor<2x5x16xf32>) -> tensor<2x5x16xf32>
  %89 = linalg.generic {indexing_maps = [#map5, #map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%86, %w1 : tensor<2x5x8xf32>, tensor<8x16xf32>) outs(%88 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x5x16xf32>
  %90 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%b1 : tensor<16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x16xf32>
  %91 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%89, %90 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %92 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%91, %91 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %93 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%92, %91 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %94 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%cubic : tensor<f32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x16xf32>
  %95 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%94, %93 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %96 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%91, %95 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %97 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%root : tensor<f32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x16xf32>
  %98 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%97, %96 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %99 = linalg.generic {indexing_maps = [#map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%98 : tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.tanh %a : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %100 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%one : tensor<f32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x16xf32>
  %101 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%100, %99 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %102 = linalg.generic {indexing_maps = [#map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%half : tensor<f32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x16xf32>
  %103 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%102, %101 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %104 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%91, %103 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%87 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %105 = linalg.generic {indexing_maps = [#map5, #map6, #map7], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%104, %w2 : tensor<2x5x16xf32>, tensor<16x8xf32>) outs(%62 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):  %p = arith.mulf %a, %b : f32  %s = arith.addf %out, %p : f32
    linalg.yield %s : f32  } -> tensor<2x5x8xf32>
  %106 = linalg.generic {indexing_maps = [#map4, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%b2 : tensor<8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %107 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%105, %106 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %108 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%66, %107 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%8 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  return %108 : tensor<2x5x8xf32>
}
