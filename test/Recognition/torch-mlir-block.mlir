// RUN: vitc-opt %s --vit-raise --vit-recognize | FileCheck %s

// One block in the form that torch-mlir has it in on linalg, canonicalized: statistics keep their dimension as one of extent one,
// a softmax also computes the index of the maximum, a linear layer repeats its transposed weight for every image, and the
// bodies hold constants (GELU, an epsilon of double precision). 2 images, 5 tokens of width 8, 2 heads, an MLP of width 16.

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
// CHECK: %[[QKV:.*]] = vit.linear %[[N1]], %[[WQKV]] bias(%[[BQKV]] : tensor<24xf32>) {transposed}
// CHECK: %[[HEADS:.*]] = tensor.expand_shape %[[QKV]] {{.*}} : tensor<2x5x24xf32> into tensor<2x5x6x4xf32>
// CHECK: %[[Q:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 0, 0] [2, 5, 2, 4]
// CHECK: %[[K:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 2, 0] [2, 5, 2, 4]
// CHECK: %[[V:.*]] = tensor.extract_slice %[[HEADS]][0, 0, 4, 0] [2, 5, 2, 4]
// CHECK: %[[A:.*]] = vit.attention %[[Q]], %[[K]], %[[V]] {scale = 5.000000e-01 : f32}
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[A]] {{.*}} into tensor<2x5x8xf32>
// CHECK: %[[P:.*]] = vit.linear %[[ROWS]], %[[WPROJ]] bias(%[[BPROJ]] : tensor<8xf32>) {transposed}
// CHECK: %[[X1:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[X]], %[[P]]
// CHECK: %[[N2:.*]] = vit.layer_norm %[[X1]]
// CHECK: %[[H:.*]] = vit.linear %[[N2]], %[[W1]]
// CHECK: %[[G:.*]] = vit.gelu %[[H]] : tensor<2x5x16xf32>
// CHECK: %[[M:.*]] = vit.linear %[[G]], %[[W2]]
// CHECK: %[[Y:.*]] = linalg.elementwise kind=#linalg.elementwise_kind<add> ins(%[[X1]], %[[M]]
// CHECK-NEXT: return %[[Y]]

#map0 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map2 = affine_map<(d0, d1, d2) -> (d2)>
#map3 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map6 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
func.func @block(%x: tensor<2x5x8xf32>) -> tensor<2x5x8xf32> {
  %zero = arith.constant 0.000000e+00 : f32
  %half = arith.constant 5.000000e-01 : f32
  %one = arith.constant 1.000000e+00 : f32
  %two = arith.constant 2.000000e+00 : f32
  %width = arith.constant 8.000000e+00 : f32
  %infinity = arith.constant 0xFF800000 : f32
  %epsilon = arith.constant 1.000000e-06 : f64
  %zero_i64 = arith.constant 0 : i64
  %gamma1 = arith.constant dense_resource<gamma1> : tensor<8xf32>
  %beta1 = arith.constant dense_resource<beta1> : tensor<8xf32>
  %wqkv = arith.constant dense_resource<wqkv> : tensor<24x8xf32>
  %bqkv = arith.constant dense_resource<bqkv> : tensor<24xf32>
  %wproj = arith.constant dense_resource<wproj> : tensor<8x8xf32>
  %bproj = arith.constant dense_resource<bproj> : tensor<8xf32>
  %gamma2 = arith.constant dense_resource<gamma2> : tensor<8xf32>
  %beta2 = arith.constant dense_resource<beta2> : tensor<8xf32>
  %w1 = arith.constant dense_resource<w1> : tensor<16x8xf32>
  %b1 = arith.constant dense_resource<b1> : tensor<16xf32>
  %w2 = arith.constant dense_resource<w2> : tensor<8x16xf32>
  %b2 = arith.constant dense_resource<b2> : tensor<8xf32>
  %1 = tensor.empty() : tensor<2x5x1xf32>
  %2 = linalg.fill ins(%zero : f32) outs(%1 : tensor<2x5x1xf32>) -> tensor<2x5x1xf32>
  %3 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%x : tensor<2x5x8xf32>) outs(%2 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %a, %out : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %4 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%3 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.divf %a, %width : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %5 = tensor.empty() : tensor<2x5x8xf32>
  %6 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%4 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %7 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %6 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %8 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%7, %7 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %9 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%8 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %a, %out : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %10 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%9 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.divf %a, %width : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %11 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%10 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32):  %e = arith.truncf %epsilon : f64 to f32  %s = arith.addf %a, %e : f32
    linalg.yield %s : f32  } -> tensor<2x5x1xf32>
  %12 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%11 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.rsqrt %a : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %13 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%12 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %14 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%7, %13 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %15 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%14, %gamma1 : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %16 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%15, %beta1 : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %17 = tensor.empty() : tensor<8x24xf32>
  %18 = linalg.transpose ins(%wqkv : tensor<24x8xf32>) outs(%17 : tensor<8x24xf32>) permutation = [1, 0]
  %19 = tensor.empty() : tensor<2x8x24xf32>
  %20 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%18 : tensor<8x24xf32>) outs(%19 : tensor<2x8x24xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x8x24xf32>
  %21 = tensor.empty() : tensor<2x5x24xf32>
  %22 = linalg.fill ins(%zero : f32) outs(%21 : tensor<2x5x24xf32>) -> tensor<2x5x24xf32>
  %23 = linalg.batch_matmul ins(%16, %20 : tensor<2x5x8xf32>, tensor<2x8x24xf32>) outs(%22 : tensor<2x5x24xf32>) -> tensor<2x5x24xf32>
  %24 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%23, %bqkv : tensor<2x5x24xf32>, tensor<24xf32>) outs(%21 : tensor<2x5x24xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x24xf32>
  %25 = tensor.expand_shape %24 [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 2, 4] : tensor<2x5x24xf32> into tensor<2x5x3x2x4xf32>
  %26 = tensor.empty() : tensor<3x2x2x5x4xf32>
  %27 = linalg.transpose ins(%25 : tensor<2x5x3x2x4xf32>) outs(%26 : tensor<3x2x2x5x4xf32>) permutation = [2, 0, 3, 1, 4]
  %28 = tensor.extract_slice %27[0, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %29 = tensor.collapse_shape %28 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %30 = tensor.extract_slice %27[1, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %31 = tensor.collapse_shape %30 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %32 = tensor.extract_slice %27[2, 0, 0, 0, 0] [1, 2, 2, 5, 4] [1, 1, 1, 1, 1] : tensor<3x2x2x5x4xf32> to tensor<1x2x2x5x4xf32>
  %33 = tensor.collapse_shape %32 [[0, 1], [2], [3], [4]] : tensor<1x2x2x5x4xf32> into tensor<2x2x5x4xf32>
  %34 = tensor.empty() : tensor<2x2x5x4xf32>
  %35 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%29 : tensor<2x2x5x4xf32>) outs(%34 : tensor<2x2x5x4xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.mulf %a, %half : f32  linalg.yield %s : f32 } -> tensor<2x2x5x4xf32>
  %36 = tensor.empty() : tensor<2x2x4x5xf32>
  %37 = linalg.transpose ins(%31 : tensor<2x2x5x4xf32>) outs(%36 : tensor<2x2x4x5xf32>) permutation = [0, 1, 3, 2]
  %38 = tensor.collapse_shape %35 [[0, 1], [2], [3]] : tensor<2x2x5x4xf32> into tensor<4x5x4xf32>
  %39 = tensor.collapse_shape %37 [[0, 1], [2], [3]] : tensor<2x2x4x5xf32> into tensor<4x4x5xf32>
  %40 = tensor.empty() : tensor<4x5x5xf32>
  %41 = linalg.fill ins(%zero : f32) outs(%40 : tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %42 = linalg.batch_matmul ins(%38, %39 : tensor<4x5x4xf32>, tensor<4x4x5xf32>) outs(%41 : tensor<4x5x5xf32>) -> tensor<4x5x5xf32>
  %43 = tensor.expand_shape %42 [[0, 1], [2], [3]] output_shape [2, 2, 5, 5] : tensor<4x5x5xf32> into tensor<2x2x5x5xf32>
  %44 = tensor.empty() : tensor<2x2x5xi64>
  %45 = linalg.fill ins(%zero_i64 : i64) outs(%44 : tensor<2x2x5xi64>) -> tensor<2x2x5xi64>
  %46 = tensor.empty() : tensor<2x2x5xf32>
  %47 = linalg.fill ins(%infinity : f32) outs(%46 : tensor<2x2x5xf32>) -> tensor<2x2x5xf32>
  %48:2 = linalg.generic {indexing_maps = [#map4, #map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%43 : tensor<2x2x5x5xf32>) outs(%47, %45 : tensor<2x2x5xf32>, tensor<2x2x5xi64>) {
  ^bb0(%a: f32, %out: f32, %index: i64):  %i = linalg.index 3 : index  %j = arith.index_cast %i : index to i64
    %m = arith.maximumf %a, %out : f32  %c = arith.cmpf ogt, %a, %out : f32  %s = arith.select %c, %j, %index : i64
    linalg.yield %m, %s : f32, i64  } -> (tensor<2x2x5xf32>, tensor<2x2x5xi64>)
  %49 = tensor.expand_shape %48#0 [[0], [1], [2, 3]] output_shape [2, 2, 5, 1] : tensor<2x2x5xf32> into tensor<2x2x5x1xf32>
  %50 = tensor.empty() : tensor<2x2x5x5xf32>
  %51 = linalg.generic {indexing_maps = [#map4, #map6, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%43, %49 : tensor<2x2x5x5xf32>, tensor<2x2x5x1xf32>) outs(%50 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %52 = linalg.generic {indexing_maps = [#map4, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%51 : tensor<2x2x5x5xf32>) outs(%50 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.exp %a : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %53 = tensor.empty() : tensor<2x2x5x1xf32>
  %54 = linalg.fill ins(%zero : f32) outs(%53 : tensor<2x2x5x1xf32>) -> tensor<2x2x5x1xf32>
  %55 = linalg.generic {indexing_maps = [#map4, #map6], iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%52 : tensor<2x2x5x5xf32>) outs(%54 : tensor<2x2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %a, %out : f32  linalg.yield %s : f32 } -> tensor<2x2x5x1xf32>
  %56 = linalg.generic {indexing_maps = [#map4, #map6, #map4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%52, %55 : tensor<2x2x5x5xf32>, tensor<2x2x5x1xf32>) outs(%50 : tensor<2x2x5x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.divf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x2x5x5xf32>
  %57 = tensor.collapse_shape %56 [[0, 1], [2], [3]] : tensor<2x2x5x5xf32> into tensor<4x5x5xf32>
  %58 = tensor.collapse_shape %33 [[0, 1], [2], [3]] : tensor<2x2x5x4xf32> into tensor<4x5x4xf32>
  %59 = tensor.empty() : tensor<4x5x4xf32>
  %60 = linalg.fill ins(%zero : f32) outs(%59 : tensor<4x5x4xf32>) -> tensor<4x5x4xf32>
  %61 = linalg.batch_matmul ins(%57, %58 : tensor<4x5x5xf32>, tensor<4x5x4xf32>) outs(%60 : tensor<4x5x4xf32>) -> tensor<4x5x4xf32>
  %62 = tensor.expand_shape %61 [[0, 1], [2], [3]] output_shape [2, 2, 5, 4] : tensor<4x5x4xf32> into tensor<2x2x5x4xf32>
  %63 = tensor.empty() : tensor<2x5x2x4xf32>
  %64 = linalg.transpose ins(%62 : tensor<2x2x5x4xf32>) outs(%63 : tensor<2x5x2x4xf32>) permutation = [0, 2, 1, 3]
  %65 = tensor.collapse_shape %64 [[0], [1], [2, 3]] : tensor<2x5x2x4xf32> into tensor<2x5x8xf32>
  %66 = tensor.empty() : tensor<8x8xf32>
  %67 = linalg.transpose ins(%wproj : tensor<8x8xf32>) outs(%66 : tensor<8x8xf32>) permutation = [1, 0]
  %68 = tensor.empty() : tensor<2x8x8xf32>
  %69 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%67 : tensor<8x8xf32>) outs(%68 : tensor<2x8x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x8x8xf32>
  %70 = linalg.fill ins(%zero : f32) outs(%5 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %71 = linalg.batch_matmul ins(%65, %69 : tensor<2x5x8xf32>, tensor<2x8x8xf32>) outs(%70 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %72 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%71, %bproj : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %73 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %72 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %74 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%73 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %a, %out : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %75 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%74 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.divf %a, %width : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %76 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%75 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %77 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%73, %76 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.subf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %78 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%77, %77 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %79 = linalg.generic {indexing_maps = [#map0, #map1], iterator_types = ["parallel", "parallel", "reduction"]}
      ins(%78 : tensor<2x5x8xf32>) outs(%2 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.addf %a, %out : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %80 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%79 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = arith.divf %a, %width : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %81 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%80 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32):  %e = arith.truncf %epsilon : f64 to f32  %s = arith.addf %a, %e : f32
    linalg.yield %s : f32  } -> tensor<2x5x1xf32>
  %82 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%81 : tensor<2x5x1xf32>) outs(%1 : tensor<2x5x1xf32>) {
  ^bb0(%a: f32, %out: f32): %s = math.rsqrt %a : f32  linalg.yield %s : f32 } -> tensor<2x5x1xf32>
  %83 = linalg.generic {indexing_maps = [#map1, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%82 : tensor<2x5x1xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x5x8xf32>
  %84 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%77, %83 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %85 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%84, %gamma2 : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.mulf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %86 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%85, %beta2 : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %87 = tensor.empty() : tensor<8x16xf32>
  %88 = linalg.transpose ins(%w1 : tensor<16x8xf32>) outs(%87 : tensor<8x16xf32>) permutation = [1, 0]
  %89 = tensor.empty() : tensor<2x8x16xf32>
  %90 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%88 : tensor<8x16xf32>) outs(%89 : tensor<2x8x16xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x8x16xf32>
  %91 = tensor.empty() : tensor<2x5x16xf32>
  %92 = linalg.fill ins(%zero : f32) outs(%91 : tensor<2x5x16xf32>) -> tensor<2x5x16xf32>
  %93 = linalg.batch_matmul ins(%86, %90 : tensor<2x5x8xf32>, tensor<2x8x16xf32>) outs(%92 : tensor<2x5x16xf32>) -> tensor<2x5x16xf32>
  %94 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%93, %b1 : tensor<2x5x16xf32>, tensor<16xf32>) outs(%91 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x16xf32>
  %95 = linalg.generic {indexing_maps = [#map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%94 : tensor<2x5x16xf32>) outs(%91 : tensor<2x5x16xf32>) {
  ^bb0(%a: f32, %out: f32):  %g0 = arith.subf %a, %zero : f32  %g1 = math.sqrt %two : f32
    %g2 = arith.mulf %g1, %one : f32  %g3 = arith.divf %g0, %g2 : f32  %g4 = math.erf %g3 : f32
    %g5 = arith.addf %g4, %one : f32  %g6 = arith.mulf %half, %g5 : f32  %s = arith.mulf %a, %g6 : f32
    linalg.yield %s : f32  } -> tensor<2x5x16xf32>
  %96 = tensor.empty() : tensor<16x8xf32>
  %97 = linalg.transpose ins(%w2 : tensor<8x16xf32>) outs(%96 : tensor<16x8xf32>) permutation = [1, 0]
  %98 = tensor.empty() : tensor<2x16x8xf32>
  %99 = linalg.generic {indexing_maps = [#map3, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%97 : tensor<16x8xf32>) outs(%98 : tensor<2x16x8xf32>) {
  ^bb0(%a: f32, %out: f32): linalg.yield %a : f32 } -> tensor<2x16x8xf32>
  %100 = linalg.batch_matmul ins(%95, %99 : tensor<2x5x16xf32>, tensor<2x16x8xf32>) outs(%70 : tensor<2x5x8xf32>) -> tensor<2x5x8xf32>
  %101 = linalg.generic {indexing_maps = [#map0, #map2, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%100, %b2 : tensor<2x5x8xf32>, tensor<8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  %102 = linalg.generic {indexing_maps = [#map0, #map0, #map0], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%73, %101 : tensor<2x5x8xf32>, tensor<2x5x8xf32>) outs(%5 : tensor<2x5x8xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32): %s = arith.addf %a, %b : f32  linalg.yield %s : f32 } -> tensor<2x5x8xf32>
  return %102 : tensor<2x5x8xf32>
}
