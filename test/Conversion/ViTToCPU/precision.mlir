// RUN: vitc-opt %s --convert-vit-to-cpu="level=znver4 precision=bf16" --split-input-file | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-cpu="level=znver4 precision=auto" --split-input-file | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-cpu="level=x86-64-v4 precision=bf16" --split-input-file | FileCheck %s --check-prefix=STORED
// RUN: vitc-opt %s --convert-vit-to-cpu="level=sapphirerapids precision=bf16" --split-input-file | FileCheck %s --check-prefix=STORED
// RUN: vitc-opt %s --convert-vit-to-cpu="level=sapphirerapids precision=auto" --split-input-file | FileCheck %s --check-prefix=TILES
// RUN: vitc-opt %s --convert-vit-to-cpu="level=x86-64-v4 precision=auto" --split-input-file | FileCheck %s --check-prefix=FP32
// RUN: vitc-opt %s --convert-vit-to-cpu="level=znver4" --split-input-file | FileCheck %s --check-prefix=FP32

// Pairs of 9 rows are 5. Where bf16 is not multiplied, what is rounded is a constant.
// CHECK-LABEL: func.func @linear
// CHECK: %[[P:.+]] = vcpu.pack ins(%{{.+}} : tensor<9x40xf32>) outs(%{{.+}} : tensor<2x5x64xbf16>) permutation = [0, 1] {interleave = 2 : i64}
// CHECK: vcpu.gemm ins(%{{.+}}, %[[P]] : tensor<7x9xf32>, tensor<2x5x64xbf16>) outs(%{{.+}} : tensor<7x40xf32>) {bf16_products,
// CHECK-SAME: nr = 32 : i64, pack_a}
// STORED-LABEL: func.func @linear
// STORED: %[[P:.+]] = vcpu.pack ins(%{{.+}} : tensor<9x40xf32>) outs(%{{.+}} : tensor<2x9x32xbf16>) permutation = [0, 1] ->
// STORED: vcpu.gemm ins(%{{.+}}, %[[P]] : tensor<7x9xf32>, tensor<2x9x32xbf16>)
// STORED-NOT: bf16_products
// FP32-LABEL: func.func @linear
// FP32: vcpu.gemm ins(%{{.+}}, %{{.+}} : tensor<7x9xf32>, tensor<2x9x32xf32>)
func.func @linear(%x: tensor<7x9xf32>) -> tensor<7x40xf32> {
  %w = arith.constant dense<1.1> : tensor<9x40xf32>
  %0 = vit.linear %x, %w : (tensor<7x9xf32>, tensor<9x40xf32>) -> tensor<7x40xf32>
  return %0 : tensor<7x40xf32>
}

// -----

// CHECK-LABEL: func.func @weight_of_an_input
// CHECK: vcpu.gemm ins(%{{.+}}, %{{.+}} : tensor<7x9xf32>, tensor<2x5x64xbf16>)
// STORED-LABEL: func.func @weight_of_an_input
// STORED: vcpu.gemm ins(%{{.+}}, %{{.+}} : tensor<7x9xf32>, tensor<2x9x32xf32>)
// FP32-LABEL: func.func @weight_of_an_input
func.func @weight_of_an_input(%x: tensor<7x9xf32>, %w: tensor<9x40xf32>) -> tensor<7x40xf32> {
  %0 = vit.linear %x, %w : (tensor<7x9xf32>, tensor<9x40xf32>) -> tensor<7x40xf32>
  return %0 : tensor<7x40xf32>
}

// -----

// Keys in pairs of features, values in pairs of tokens; elsewhere both are as they were.
// CHECK-LABEL: func.func @attention
// CHECK: %[[K:.+]] = vcpu.pack ins(%{{.+}} : tensor<2x7x3x8xf32>) outs(%{{.+}} : tensor<2x3x1x4x64xbf16>) permutation = [0, 2, 3, 1] {interleave = 2 : i64}
// CHECK: %[[V:.+]] = vcpu.pack ins(%{{.+}} : tensor<2x7x3x8xf32>) outs(%{{.+}} : tensor<2x3x1x4x64xbf16>) permutation = [0, 2, 1, 3] {interleave = 2 : i64}
// CHECK: vcpu.attention ins(%{{.+}}, %[[K]], %{{.+}} : {{.*}}) value_panels(%[[V]] : tensor<2x3x1x4x64xbf16>)
// STORED-LABEL: func.func @attention
// STORED: vcpu.attention ins(%{{.+}}, %{{.+}}, %{{.+}} : tensor<2x5x3x8xf32>, tensor<2x3x1x8x32xf32>, tensor<2x7x3x8xf32>) outs
// FP32-LABEL: func.func @attention
func.func @attention(%q: tensor<2x5x3x8xf32>, %k: tensor<2x7x3x8xf32>, %v: tensor<2x7x3x8xf32>) -> tensor<2x5x3x8xf32> {
  %0 = vit.attention %q, %k, %v {scale = 0.5 : f32} : (tensor<2x5x3x8xf32>, tensor<2x7x3x8xf32>, tensor<2x7x3x8xf32>) -> tensor<2x5x3x8xf32>
  return %0 : tensor<2x5x3x8xf32>
}

// -----

// The copy that pads an image rounds it, too; without a border it is made for that.
// CHECK-LABEL: func.func @conv
// CHECK: %[[I:.+]] = vcpu.pad ins(%{{.+}} : tensor<1x9x9x6xf32>) outs(%{{.+}} : tensor<1x9x9x6xbf16>) low = [0, 0]
// CHECK: vcpu.conv ins(%[[I]], %{{.+}} : tensor<1x9x9x6xbf16>, tensor<1x12x64xbf16>)
// STORED-LABEL: func.func @conv
// STORED-NOT: vcpu.pad
// STORED: vcpu.conv ins(%{{.+}}, %{{.+}} : tensor<1x9x9x6xf32>, tensor<1x24x32xbf16>)
// FP32-LABEL: func.func @conv
func.func @conv(%x: tensor<1x6x9x9xf32>) -> tensor<1x8x8x8xf32> {
  %w = arith.constant dense<1.1> : tensor<8x6x2x2xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x6x9x9xf32>, tensor<8x6x2x2xf32>) -> tensor<1x8x8x8xf32>
  return %0 : tensor<1x8x8x8xf32>
}

// -----

// Three channels have no pairs, and each channel by itself neither: products are of f32.
// CHECK-LABEL: func.func @no_pairs
// CHECK-NOT: bf16
// CHECK: vcpu.conv
// CHECK-NOT: bf16
// CHECK: vcpu.depthwise_conv
// CHECK-NOT: bf16
// CHECK: return
func.func @no_pairs(%x: tensor<1x3x9x9xf32>, %y: tensor<1x8x9x9xf32>) -> (tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>) {
  %w = arith.constant dense<1.1> : tensor<8x3x2x2xf32>
  %d = arith.constant dense<1.1> : tensor<8x1x2x2xf32>
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<1x3x9x9xf32>, tensor<8x3x2x2xf32>) -> tensor<1x8x8x8xf32>
  %1 = vit.conv %y, %d {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 8} : (tensor<1x8x9x9xf32>, tensor<8x1x2x2xf32>) -> tensor<1x8x8x8xf32>
  return %0, %1 : tensor<1x8x8x8xf32>, tensor<1x8x8x8xf32>
}

// -----

// AMX takes 32 products of a sum at once.
// TILES-LABEL: func.func @whole_tiles
// TILES: %[[P:.+]] = vcpu.pack ins(%{{.+}} : tensor<64x40xf32>) outs(%{{.+}} : tensor<2x32x64xbf16>) permutation = [0, 1] {interleave = 2 : i64}
// TILES: vcpu.gemm ins(%{{.+}}, %[[P]] : tensor<7x64xf32>, tensor<2x32x64xbf16>) {{.*}}mr = 32 : i64, nr = 32 : i64, pack_a, tiles}
func.func @whole_tiles(%x: tensor<7x64xf32>) -> tensor<7x40xf32> {
  %w = arith.constant dense<1.1> : tensor<64x40xf32>
  %0 = vit.linear %x, %w : (tensor<7x64xf32>, tensor<64x40xf32>) -> tensor<7x40xf32>
  return %0 : tensor<7x40xf32>
}
