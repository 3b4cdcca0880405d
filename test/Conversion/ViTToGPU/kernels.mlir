// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s

// Norm, projection, attention: between them everything is bf16, since nothing else reads it. Views are of bf16, too.
// CHECK-LABEL: func.func @block
// CHECK-SAME: (%[[X:.+]]: tensor<?x17x96xf32>, %[[G:.+]]: tensor<96xf32>, %[[W:.+]]: tensor<288x96xf32>, %[[B:.+]]: tensor<288xf32>)
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[X]] {{.*}} : tensor<?x17x96xf32> into tensor<?x96xf32>
// CHECK: %[[NORM:.+]] = vgpu.layer_norm ins(%[[ROWS]] : tensor<?x96xf32>) scale(%[[G]] : tensor<96xf32>) outs(%{{.+}} : tensor<?x96xbf16>) {epsilon = {{.*}}} -> tensor<?x96xbf16>
// CHECK: %[[WEIGHT:.+]] = arith.truncf %[[W]] : tensor<288x96xf32> to tensor<288x96xbf16>
// CHECK: %[[QKV:.+]] = vgpu.gemm ins(%{{.+}}, %[[WEIGHT]] : tensor<?x96xbf16>, tensor<288x96xbf16>) bias(%[[B]] : tensor<288xf32>) outs(%{{.+}} : tensor<?x288xbf16>) {tile_m = {{[0-9]+}} : i64, tile_n = {{[0-9]+}} : i64} -> tensor<?x288xbf16>
// CHECK: %[[Q:.+]] = tensor.extract_slice %{{.+}}[0, 0, 0, 0] {{.*}} : tensor<?x17x9x32xbf16> to tensor<?x17x3x32xbf16>
// CHECK: %[[K:.+]] = tensor.extract_slice %{{.+}}[0, 0, 3, 0]
// CHECK: %[[V:.+]] = tensor.extract_slice %{{.+}}[0, 0, 6, 0]
// CHECK: %[[OUT:.+]] = vgpu.attention ins(%[[Q]], %[[K]], %[[V]] : {{.*}}) outs(%{{.+}} : tensor<?x17x3x32xbf16>) {scale = 1.250000e-01 : f32}
// CHECK: arith.extf %[[OUT]]
// CHECK-NOT: vit.
func.func @block(%x: tensor<?x17x96xf32>, %g: tensor<96xf32>, %w: tensor<288x96xf32>, %b: tensor<288xf32>) -> tensor<?x17x3x32xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x17x96xf32>
  %0 = vit.layer_norm %x scale(%g : tensor<96xf32>) {epsilon = 1.0e-6 : f32} : tensor<?x17x96xf32>
  %1 = vit.linear %0, %w bias(%b : tensor<288xf32>) {transposed} : (tensor<?x17x96xf32>, tensor<288x96xf32>) -> tensor<?x17x288xf32>
  %2 = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [%n, 17, 9, 32] : tensor<?x17x288xf32> into tensor<?x17x9x32xf32>
  %q = tensor.extract_slice %2[0, 0, 0, 0] [%n, 17, 3, 32] [1, 1, 1, 1] : tensor<?x17x9x32xf32> to tensor<?x17x3x32xf32>
  %k = tensor.extract_slice %2[0, 0, 3, 0] [%n, 17, 3, 32] [1, 1, 1, 1] : tensor<?x17x9x32xf32> to tensor<?x17x3x32xf32>
  %v = tensor.extract_slice %2[0, 0, 6, 0] [%n, 17, 3, 32] [1, 1, 1, 1] : tensor<?x17x9x32xf32> to tensor<?x17x3x32xf32>
  %3 = vit.attention %q, %k, %v {scale = 1.25e-01 : f32}
      : (tensor<?x17x3x32xf32>, tensor<?x17x3x32xf32>, tensor<?x17x3x32xf32>) -> tensor<?x17x3x32xf32>
  return %3 : tensor<?x17x3x32xf32>
}

// -----

// GELU, LayerScale and the residual, whose stream stays f32; the weight is transposed at compile time.
// CHECK-LABEL: func.func @epilogue
// CHECK-SAME: (%[[X:.+]]: tensor<2x5x64xf32>, %[[W:.+]]: tensor<64x32xf32>, %[[GAMMA:.+]]: tensor<32xf32>, %[[R:.+]]: tensor<2x5x32xf32>)
// CHECK-DAG: linalg.transpose ins(%[[W]]
// CHECK-DAG: %[[STREAM:.+]] = tensor.collapse_shape %[[R]]
// CHECK: vgpu.gemm {{.*}} scale(%[[GAMMA]] : tensor<32xf32>) residual(%[[STREAM]] : tensor<10x32xf32>) outs(%{{.+}} : tensor<10x32xf32>) {activation = "gelu"
func.func @epilogue(%x: tensor<2x5x64xf32>, %w: tensor<64x32xf32>, %g: tensor<32xf32>, %r: tensor<2x5x32xf32>) -> tensor<2x5x32xf32> {
  %0 = vit.linear %x, %w extras(%g, %r : tensor<32xf32>, tensor<2x5x32xf32>)
      {extra_maps = [affine_map<(d0, d1, d2) -> (d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>]}
      : (tensor<2x5x64xf32>, tensor<64x32xf32>) -> tensor<2x5x32xf32> epilogue {
  ^bb0(%acc: f32, %gamma: f32, %e: f32):
    %1 = vit.gelu %acc : f32
    %2 = arith.mulf %gamma, %1 : f32
    %3 = arith.addf %2, %e : f32
    vit.yield %3 : f32
  }
  return %0 : tensor<2x5x32xf32>
}

// -----

// One image: a cluster of blocks shares the depth of each tile, so that all multiprocessors have work. Many images have enough tiles.
// CHECK-LABEL: func.func @split
// CHECK: vgpu.gemm {{.*}}splits = {{[2-8]}} : i64
// CHECK: vgpu.gemm
// CHECK-NOT: splits
func.func @split(%x: tensor<197x3072xf32>, %many: tensor<25216x3072xf32>, %w: tensor<768x3072xf32>)
    -> (tensor<197x768xf32>, tensor<25216x768xf32>) {
  %0 = vit.linear %x, %w {transposed} : (tensor<197x3072xf32>, tensor<768x3072xf32>) -> tensor<197x768xf32>
  %1 = vit.linear %many, %w {transposed} : (tensor<25216x3072xf32>, tensor<768x3072xf32>) -> tensor<25216x768xf32>
  return %0, %1 : tensor<197x768xf32>, tensor<25216x768xf32>
}

// -----

// An epilogue of another form follows the kernel, which adds the bias; rows of odd length are filled with zeros.
// CHECK-LABEL: func.func @square
// CHECK-SAME: (%[[X:.+]]: tensor<2x5x63xf32>, %[[W:.+]]: tensor<63x32xf32>, %[[B:.+]]: tensor<32xf32>)
// CHECK: %[[PADDED:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<10x64xbf16>)
// CHECK: %[[WEIGHT:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<32x64xbf16>)
// CHECK: %[[SUMS:.+]] = vgpu.gemm ins(%[[PADDED]], %[[WEIGHT]] : {{.*}}) bias(%[[B]] : tensor<32xf32>) outs(%{{.+}} : tensor<10x32xf32>)
// CHECK: %[[VIEW:.+]] = tensor.expand_shape %[[SUMS]]
// CHECK: linalg.generic {{.*}} ins(%[[VIEW]] : tensor<2x5x32xf32>)
// CHECK: arith.mulf
func.func @square(%x: tensor<2x5x63xf32>, %w: tensor<63x32xf32>, %b: tensor<32xf32>) -> tensor<2x5x32xf32> {
  %0 = vit.linear %x, %w bias(%b : tensor<32xf32>) : (tensor<2x5x63xf32>, tensor<63x32xf32>) -> tensor<2x5x32xf32> epilogue {
  ^bb0(%acc: f32):
    %1 = arith.mulf %acc, %acc : f32
    vit.yield %1 : f32
  }
  return %0 : tensor<2x5x32xf32>
}

// -----

// What has no kernel is left: an attention with capped scores, norms of odd length.
// CHECK-LABEL: func.func @others
// CHECK: vit.attention
// CHECK: vit.layer_norm
func.func @others(%q: tensor<1x5x2x8xf32>, %o: tensor<4x33xf32>) -> (tensor<1x5x2x8xf32>, tensor<4x33xf32>) {
  %0 = vit.attention %q, %q, %q {scale = 1.0 : f32, softcap = 30.0 : f32}
      : (tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>, tensor<1x5x2x8xf32>) -> tensor<1x5x2x8xf32>
  %1 = vit.layer_norm %o {epsilon = 1.0e-6 : f32} : tensor<4x33xf32>
  return %0, %1 : tensor<1x5x2x8xf32>, tensor<4x33xf32>
}

// -----

// SwiGLU: the rows of the weight and the bias in turns of eight, the activation of the second half. What is read by others is not gated in the kernel.
// CHECK-LABEL: func.func @gated
// CHECK-DAG: %[[W:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<32x64xbf16>)
// CHECK-DAG: %[[B:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<32xf32>)
// CHECK: %[[ROWS:.+]] = vgpu.gemm ins(%{{.+}}, %[[W]] : tensor<10x64xbf16>, tensor<32x64xbf16>) bias(%[[B]] : tensor<32xf32>) outs(%{{.+}} : tensor<10x16xf32>) {activation = "silu", gated,
// CHECK: tensor.expand_shape %[[ROWS]] {{.*}} output_shape [2, 5, 16]
// CHECK: vgpu.gemm {{.*}} outs(%{{.+}} : tensor<10x32xf32>)
// CHECK: vit.silu
// CHECK: linalg.elementwise
func.func @gated(%x: tensor<2x5x64xf32>, %w: tensor<64x32xf32>, %b: tensor<32xf32>, %e: tensor<2x5x16xf32>)
    -> (tensor<2x5x16xf32>, tensor<2x5x16xf32>, tensor<2x5x32xf32>) {
  %0 = vit.linear %x, %w bias(%b : tensor<32xf32>) : (tensor<2x5x64xf32>, tensor<64x32xf32>) -> tensor<2x5x32xf32>
  %up = tensor.extract_slice %0[0, 0, 0] [2, 5, 16] [1, 1, 1] : tensor<2x5x32xf32> to tensor<2x5x16xf32>
  %gate = tensor.extract_slice %0[0, 0, 16] [2, 5, 16] [1, 1, 1] : tensor<2x5x32xf32> to tensor<2x5x16xf32>
  %1 = vit.silu %gate : tensor<2x5x16xf32>
  %2 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%up, %1 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%e : tensor<2x5x16xf32>) -> tensor<2x5x16xf32>
  %3 = vit.linear %x, %w : (tensor<2x5x64xf32>, tensor<64x32xf32>) -> tensor<2x5x32xf32>
  %up2 = tensor.extract_slice %3[0, 0, 0] [2, 5, 16] [1, 1, 1] : tensor<2x5x32xf32> to tensor<2x5x16xf32>
  %gate2 = tensor.extract_slice %3[0, 0, 16] [2, 5, 16] [1, 1, 1] : tensor<2x5x32xf32> to tensor<2x5x16xf32>
  %4 = vit.silu %gate2 : tensor<2x5x16xf32>
  %5 = linalg.elementwise kind=#linalg.elementwise_kind<mul> ins(%4, %up2 : tensor<2x5x16xf32>, tensor<2x5x16xf32>) outs(%e : tensor<2x5x16xf32>) -> tensor<2x5x16xf32>
  return %2, %5, %3 : tensor<2x5x16xf32>, tensor<2x5x16xf32>, tensor<2x5x32xf32>
}

// -----

// A table's rows are read in pairs of columns: positions of an odd number of them are added by a loop behind the product.
// CHECK-LABEL: func.func @positions
// CHECK: vgpu.gemm {{.*}} table(%{{.+}} : tensor<5x32xf32>)
// CHECK: vgpu.gemm ins({{.*}}) outs(
// CHECK: linalg.generic
func.func @positions(%x: tensor<2x5x64xf32>, %w: tensor<64x32xf32>, %t: tensor<5x32xf32>, %v: tensor<64x33xf32>,
                     %s: tensor<5x33xf32>) -> (tensor<2x5x32xf32>, tensor<2x5x33xf32>) {
  %0 = vit.linear %x, %w extras(%t : tensor<5x32xf32>) {extra_maps = [affine_map<(d0, d1, d2) -> (d1, d2)>]}
      : (tensor<2x5x64xf32>, tensor<64x32xf32>) -> tensor<2x5x32xf32> epilogue {
  ^bb0(%acc: f32, %position: f32):
    %2 = arith.addf %acc, %position : f32
    vit.yield %2 : f32
  }
  %1 = vit.linear %x, %v extras(%s : tensor<5x33xf32>) {extra_maps = [affine_map<(d0, d1, d2) -> (d1, d2)>]}
      : (tensor<2x5x64xf32>, tensor<64x33xf32>) -> tensor<2x5x33xf32> epilogue {
  ^bb0(%acc: f32, %position: f32):
    %2 = arith.addf %acc, %position : f32
    vit.yield %2 : f32
  }
  return %0, %1 : tensor<2x5x32xf32>, tensor<2x5x33xf32>
}

// -----

// Tokens that become windows, by a transpose or by their rows, move as the norm's kernel stores them: rounded.
// CHECK-LABEL: func.func @windows
// CHECK-SAME: (%{{.+}}: tensor<36x64xf32>, {{.*}}, %[[ROWS:.+]]: tensor<36xi32>)
// CHECK: %[[N:.+]] = vgpu.layer_norm {{.*}} -> tensor<36x64xbf16>
// CHECK: %[[T:.+]] = linalg.transpose ins(%{{.+}} : tensor<2x3x2x3x64xbf16>) {{.*}} permutation = [0, 2, 1, 3, 4]
// CHECK: %[[W:.+]] = tensor.collapse_shape %[[T]]
// CHECK: vgpu.gemm ins(%[[W]]
// CHECK: vgpu.layer_norm {{.*}} -> tensor<36x64xbf16>
// CHECK: %[[G:.+]] = vit.gather_rows %{{.+}}, %[[ROWS]] : tensor<1x36x64xbf16>, tensor<36xi32> -> tensor<1x36x64xbf16>
// CHECK: %[[V:.+]] = tensor.collapse_shape %[[G]]
// CHECK: vgpu.gemm ins(%[[V]]
func.func @windows(%x: tensor<36x64xf32>, %g: tensor<64xf32>, %w: tensor<64x64xf32>, %rows: tensor<36xi32>) -> (tensor<36x64xf32>, tensor<1x36x64xf32>) {
  %e = tensor.empty() : tensor<2x2x3x3x64xf32>
  %n = vit.layer_norm %x scale(%g : tensor<64xf32>) {epsilon = 1.0e-05 : f32} : tensor<36x64xf32>
  %s = tensor.expand_shape %n [[0, 1, 2, 3], [4]] output_shape [2, 3, 2, 3, 64] : tensor<36x64xf32> into tensor<2x3x2x3x64xf32>
  %t = linalg.transpose ins(%s : tensor<2x3x2x3x64xf32>) outs(%e : tensor<2x2x3x3x64xf32>) permutation = [0, 2, 1, 3, 4]
  %c = tensor.collapse_shape %t [[0, 1, 2, 3], [4]] : tensor<2x2x3x3x64xf32> into tensor<36x64xf32>
  %0 = vit.linear %c, %w {transposed} : (tensor<36x64xf32>, tensor<64x64xf32>) -> tensor<36x64xf32>
  %m = vit.layer_norm %0 scale(%g : tensor<64xf32>) {epsilon = 1.0e-05 : f32} : tensor<36x64xf32>
  %b = tensor.expand_shape %m [[0, 1], [2]] output_shape [1, 36, 64] : tensor<36x64xf32> into tensor<1x36x64xf32>
  %r = vit.gather_rows %b, %rows : tensor<1x36x64xf32>, tensor<36xi32> -> tensor<1x36x64xf32>
  %1 = vit.linear %r, %w {transposed} : (tensor<1x36x64xf32>, tensor<64x64xf32>) -> tensor<1x36x64xf32>
  return %0, %1 : tensor<36x64xf32>, tensor<1x36x64xf32>
}

// -----

// Near misses: what is moved is read as f32, too; and no kernel writes it.
// CHECK-LABEL: func.func @moved_floats
// CHECK: linalg.transpose ins(%{{.+}} : tensor<4x9x64xf32>)
// CHECK: linalg.transpose ins(%{{.+}} : tensor<4x9x64xf32>)
func.func @moved_floats(%x: tensor<36x64xf32>, %y: tensor<4x9x64xf32>, %g: tensor<64xf32>, %w: tensor<64x64xf32>)
    -> (tensor<36x64xf32>, tensor<9x4x64xf32>, tensor<36x64xf32>) {
  %e = tensor.empty() : tensor<9x4x64xf32>
  %n = vit.layer_norm %x scale(%g : tensor<64xf32>) {epsilon = 1.0e-05 : f32} : tensor<36x64xf32>
  %s = tensor.expand_shape %n [[0, 1], [2]] output_shape [4, 9, 64] : tensor<36x64xf32> into tensor<4x9x64xf32>
  %t = linalg.transpose ins(%s : tensor<4x9x64xf32>) outs(%e : tensor<9x4x64xf32>) permutation = [1, 0, 2]
  %c = tensor.collapse_shape %t [[0, 1], [2]] : tensor<9x4x64xf32> into tensor<36x64xf32>
  %0 = vit.linear %c, %w {transposed} : (tensor<36x64xf32>, tensor<64x64xf32>) -> tensor<36x64xf32>
  %u = linalg.transpose ins(%y : tensor<4x9x64xf32>) outs(%e : tensor<9x4x64xf32>) permutation = [1, 0, 2]
  %d = tensor.collapse_shape %u [[0, 1], [2]] : tensor<9x4x64xf32> into tensor<36x64xf32>
  %1 = vit.linear %d, %w {transposed} : (tensor<36x64xf32>, tensor<64x64xf32>) -> tensor<36x64xf32>
  return %0, %t, %1 : tensor<36x64xf32>, tensor<9x4x64xf32>, tensor<36x64xf32>
}
