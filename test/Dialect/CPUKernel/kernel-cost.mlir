// RUN: vitc-opt %s -vcpu-emit-kernels -split-input-file | FileCheck %s --check-prefix=LAUNCH
// RUN: vitc-opt %s -vcpu-emit-kernels -vcpu-lower-launches -split-input-file | FileCheck %s --check-prefix=STEP

// What a launch costs: multiplications, bytes of weights (packed), bytes of everything else that it reads and writes. The
// barrier that ends its step says so again.

// LAUNCH: #[[$GEMM:.+]] = affine_map<()[s0] -> (s0 * 640, 4096, s0 * 208)>
// LAUNCH-LABEL: func.func @main
// LAUNCH: vcpu.launch @gemm_0 {{.*}} {cost = #[[$GEMM]], kind = "gemm"}
// STEP: #[[$GEMM:.+]] = affine_map<()[s0] -> (s0 * 640, 4096, s0 * 208)>
// STEP-LABEL: func.func @main
// STEP: vcpu.barrier %{{.+}} {cost = #[[$GEMM]], kind = "gemm"}
func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = [{}]} {
  %n = vcpu.symbol 0 of %frame
  %a = vcpu.buffer input[0] of %frame(%n) : memref<?x32xf32>
  %w = vcpu.buffer weights[64] of %frame() : memref<2x32x16xf32>
  %y = vcpu.buffer output[0] of %frame(%n) : memref<?x40xf32>
  %part = memref.subview %y[0, 0] [%n, 20] [1, 1] : memref<?x40xf32> to memref<?x20xf32, strided<[40, 1]>>
  %view = memref.cast %w : memref<2x32x16xf32> to memref<2x32x16xf32, strided<[512, 16, 1], offset: ?>>
  vcpu.gemm ins(%a, %view : memref<?x32xf32>, memref<2x32x16xf32, strided<[512, 16, 1], offset: ?>>)
      outs(%part : memref<?x20xf32, strided<[40, 1]>>) {mr = 6, nr = 16, lanes = 8}
  return
}

// -----

// Attention: both products. q is (2, n, 3, 4), k and v have 10 tokens.
// LAUNCH: #[[$COST:.+]] = affine_map<()[s0] -> (s0 * 540, 0, s0 * 216 + 2736)>
// LAUNCH-LABEL: func.func @attention
// LAUNCH: vcpu.launch @attention_0 {{.*}} {cost = #[[$COST]], kind = "attention"}
// STEP-LABEL: func.func @attention
func.func @attention(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = [{}]} {
  %n = vcpu.symbol 0 of %frame
  %q = vcpu.buffer input[0] of %frame(%n) : memref<2x?x3x4xf32>
  %k = vcpu.buffer arena[0] of %frame() : memref<2x3x1x4x16xf32>
  %v = vcpu.buffer arena[1] of %frame() : memref<2x10x3x5xf32>
  %y = vcpu.buffer output[0] of %frame(%n) : memref<2x?x3x5xf32>
  vcpu.attention ins(%q, %k, %v : memref<2x?x3x4xf32>, memref<2x3x1x4x16xf32>, memref<2x10x3x5xf32>)
      outs(%y : memref<2x?x3x5xf32>) {scale = 0.5 : f32, mr = 4}
  return
}

// -----

// Minimal filtering counts what it multiplies: 16 places of 8 channels for 16 filters of 2 x 2 x 2 tiles, where 2 x 4 x 4 x
// 16 outputs have 9 each. A depthwise convolution has windows of one channel.
// LAUNCH-DAG: #[[$WINOGRAD:.+]] = affine_map<() -> (16384, 8192, 4352)>
// LAUNCH-DAG: #[[$DEPTHWISE:.+]] = affine_map<() -> (2304, 288, 3328)>
// LAUNCH-LABEL: func.func @convolutions
// LAUNCH: {cost = #[[$WINOGRAD]], kind = "winograd_conv"}
// LAUNCH: {cost = #[[$DEPTHWISE]], kind = "depthwise_conv"}
// STEP-LABEL: func.func @convolutions
func.func @convolutions(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
  %x = vcpu.buffer input[0] of %frame() : memref<2x6x6x8xf32>
  %w = vcpu.buffer weights[0] of %frame() : memref<16x1x8x16xf32>
  %d = vcpu.buffer weights[8192] of %frame() : memref<1x9x8xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<2x4x4x16xf32>
  %z = vcpu.buffer output[1] of %frame() : memref<2x4x4x8xf32>
  vcpu.winograd_conv ins(%x, %w : memref<2x6x6x8xf32>, memref<16x1x8x16xf32>) outs(%y : memref<2x4x4x16xf32>)
      {tile = 2, chunk = 4, panels = 1, mr = 4, lanes = 16}
  vcpu.depthwise_conv ins(%x, %d : memref<2x6x6x8xf32>, memref<1x9x8xf32>) outs(%z : memref<2x4x4x8xf32>)
      {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>,
       mr = 4, lanes = 8}
  return
}

// -----

// Strassen's algorithm takes seven eighths of 10 x 64 sums of 8 products.
// LAUNCH: #[[$STRASSEN:.+]] = affine_map<() -> (4480, 2048, 4416)>
// LAUNCH-LABEL: func.func @strassen
// LAUNCH: {cost = #[[$STRASSEN]], kind = "strassen_gemm"}
// STEP-LABEL: func.func @strassen
func.func @strassen(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
  %a = vcpu.buffer input[0] of %frame() : memref<10x8xf32>
  %s = vcpu.buffer arena[0] of %frame() : memref<4x6x16xf32>
  %w = vcpu.buffer weights[0] of %frame() : memref<4x8x16xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<10x64xf32>
  vcpu.strassen_gemm ins(%a, %s, %w : memref<10x8xf32>, memref<4x6x16xf32>, memref<4x8x16xf32>)
      outs(%y : memref<10x64xf32>) {group = 5, mr = 2, nr = 16, lanes = 16}
  return
}

// -----

// Loops have the name of their op; a reduction of one operand has no products.
// LAUNCH-DAG: #[[$EXP:.+]] = affine_map<() -> (0, 0, 64)>
// LAUNCH-DAG: #[[$CONTRACT:.+]] = affine_map<() -> (32, 128, 48)>
// LAUNCH-LABEL: func.func @loops
// LAUNCH: {cost = #[[$EXP]], kind = "exp"}
// LAUNCH: {cost = #[[$CONTRACT]], kind = "vecmat"}
// STEP-LABEL: func.func @loops
func.func @loops(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
  %x = vcpu.buffer input[0] of %frame() : memref<8xf32>
  %t = vcpu.buffer arena[0] of %frame() : memref<8xf32>
  %w = vcpu.buffer weights[0] of %frame() : memref<8x4xf32>
  %y = vcpu.buffer output[0] of %frame() : memref<4xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%t : memref<8xf32>)
  linalg.vecmat ins(%t, %w : memref<8xf32>, memref<8x4xf32>) outs(%y : memref<4xf32>)
  return
}

// -----

// A size that does not follow from the symbols: no cost, and a step all the same.
// LAUNCH-LABEL: func.func @unknown
// LAUNCH: vcpu.launch @exp_0 {{.*}} {kind = "exp"}
// STEP-LABEL: func.func @unknown
// STEP: vcpu.barrier %{{.+}} {kind = "exp"}
func.func @unknown(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = [], vcpu.symbols = []} {
  %x = vcpu.buffer input[0] of %frame() : memref<8xi64>
  %y = vcpu.buffer output[0] of %frame() : memref<8xf32>
  %c0 = arith.constant 0 : index
  %e = memref.load %x[%c0] : memref<8xi64>
  %n = arith.index_cast %e : i64 to index
  %s = memref.subview %y[0] [%n] [1] : memref<8xf32> to memref<?xf32, strided<[1]>>
  linalg.exp ins(%s : memref<?xf32, strided<[1]>>) outs(%s : memref<?xf32, strided<[1]>>)
  return
}
