// RUN: vitc-opt %s --split-input-file --verify-diagnostics

// gemm_c1
func.func @inner(%a: memref<?x64xbf16>, %w: memref<32x96xbf16>, %c: memref<?x32xf32>) {
  // expected-error @+1 {{expects matrices A (M, K), W (N, K) and C (M, N), of a gated product (M, N / 2), N and K static}}
  vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x96xbf16>) outs(%c : memref<?x32xf32>) {tile_m = 128, tile_n = 64}
  return
}

// -----

// gemm_c1
func.func @bias(%a: memref<?x64xbf16>, %w: memref<32x64xbf16>, %b: memref<64xf32>, %c: memref<?x32xf32>) {
  // expected-error @+1 {{expects a bias of f32 (N), a scale and a table of f32 of C's columns, (N) and (rows, N), and a residual as C}}
  vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x64xbf16>) bias(%b : memref<64xf32>) outs(%c : memref<?x32xf32>) {tile_m = 128, tile_n = 64}
  return
}

// -----

func.func @activation(%a: memref<?x64xbf16>, %w: memref<32x64xbf16>, %c: memref<?x32xf32>) {
  // expected-error @+1 {{expects an activation that it knows, got 'swish'}}
  vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x64xbf16>) outs(%c : memref<?x32xf32>) {activation = "swish", tile_m = 128, tile_n = 64}
  return
}

// -----

func.func @last_activation(%a: memref<?x64xbf16>, %w: memref<32x64xbf16>, %c: memref<?x32xf32>) {
  // expected-error @+1 {{expects an activation that it knows, got 'swish'}}
  vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x64xbf16>) outs(%c : memref<?x32xf32>) {last_activation = "swish", tile_m = 128, tile_n = 64}
  return
}

// -----

// gemm_c2
func.func @tile(%a: memref<?x64xbf16>, %w: memref<32x64xbf16>, %c: memref<?x32xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: tiles have 16 to 256 columns, a multiple of 16}}
  vgpu.gemm ins(%a, %w : memref<?x64xbf16>, memref<32x64xbf16>) outs(%c : memref<?x32xf32>) {tile_m = 128, tile_n = 40}
  return
}

// -----

// conv_c1
func.func @taps(%x: memref<?x8x8x16xbf16>, %w: memref<32x4x16xbf16>, %c: memref<?x8x8x32xf32>) {
  // expected-error @+1 {{expects an image (B, H, W, C), filters (F, taps, C) and C (B, height, width, F), all but B static}}
  vgpu.conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<32x4x16xbf16>) outs(%c : memref<?x8x8x32xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>, rectangle = array<i64: 8, 8, 1>, tile_m = 128, tile_n = 32}
  return
}

// -----

// conv_c1
func.func @bias(%x: memref<?x8x8x16xbf16>, %w: memref<32x1x16xbf16>, %b: memref<16xf32>, %c: memref<?x8x8x32xf32>) {
  // expected-error @+1 {{expects a bias and a scale of f32 (F), and a residual as C}}
  vgpu.conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<32x1x16xbf16>) bias(%b : memref<16xf32>) outs(%c : memref<?x8x8x32xf32>) {taps = array<i64: 1, 1>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0>, dilations = array<i64: 1, 1>, rectangle = array<i64: 8, 8, 1>, tile_m = 128, tile_n = 32}
  return
}

// -----

// conv_c2
func.func @pads(%x: memref<?x8x8x16xbf16>, %w: memref<32x9x16xbf16>, %c: memref<?x8x8x32xf32>) {
  // expected-error @+1 {{expects pairs of taps, strides and dilations from 1 and of pads from 0, and a rectangle of three sizes}}
  vgpu.conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<32x9x16xbf16>) outs(%c : memref<?x8x8x32xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, -1>, dilations = array<i64: 1, 1>, rectangle = array<i64: 8, 8, 1>, tile_m = 128, tile_n = 32}
  return
}

// -----

// conv_c3
func.func @rectangle(%x: memref<?x8x8x16xbf16>, %w: memref<32x9x16xbf16>, %c: memref<?x8x8x32xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: rectangles have 64 windows, powers of two of them along each axis}}
  vgpu.conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<32x9x16xbf16>) outs(%c : memref<?x8x8x32xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>, rectangle = array<i64: 7, 9, 1>, tile_m = 128, tile_n = 32}
  return
}

// -----

// depthwiseconv_c1
func.func @channels(%x: memref<?x8x8x16xbf16>, %w: memref<9x8xf32>, %y: memref<?x8x8x16xf32>) {
  // expected-error @+1 {{expects an image (B, H, W, C) and y (B, height, width, C), all but B static, filters of f32 (taps, C) and a bias of f32 (C)}}
  vgpu.depthwise_conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<9x8xf32>) outs(%y : memref<?x8x8x16xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

// depthwiseconv_c2
func.func @strides(%x: memref<?x8x8x16xbf16>, %w: memref<9x16xf32>, %y: memref<?x8x8x16xf32>) {
  // expected-error @+1 {{expects pairs of taps, strides and dilations from 1 and of pads from 0}}
  vgpu.depthwise_conv ins(%x, %w : memref<?x8x8x16xbf16>, memref<9x16xf32>) outs(%y : memref<?x8x8x16xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 0, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

// depthwiseconv_c3
func.func @bytes(%x: memref<?x8x8x12xbf16>, %w: memref<9x12xf32>, %y: memref<?x8x8x12xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: pixels are multiples of 16 bytes}}
  vgpu.depthwise_conv ins(%x, %w : memref<?x8x8x12xbf16>, memref<9x12xf32>) outs(%y : memref<?x8x8x12xf32>) {taps = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
  return
}

// -----

// attention_c1
func.func @heads(%q: memref<?x17x3x32xbf16>, %k: memref<?x17x2x32xbf16>, %o: memref<?x17x3x32xbf16>) {
  // expected-error @+1 {{expects a query (B, M, H, D), a key (B, N, H, D) and a value (B, N, H, E), all but B static}}
  vgpu.attention ins(%q, %k, %k : memref<?x17x3x32xbf16>, memref<?x17x2x32xbf16>, memref<?x17x2x32xbf16>) outs(%o : memref<?x17x3x32xbf16>) {scale = 1.0 : f32}
  return
}

// -----

// attention_c2
func.func @wide(%q: memref<?x17x3x256xbf16>, %o: memref<?x17x3x256xbf16>) {
  // expected-error @+1 {{expects what a kernel can compute: }}
  vgpu.attention ins(%q, %q, %q : memref<?x17x3x256xbf16>, memref<?x17x3x256xbf16>, memref<?x17x3x256xbf16>) outs(%o : memref<?x17x3x256xbf16>) {scale = 1.0 : f32}
  return
}

// -----

// attention_c3
func.func @columns(%q: memref<?x17x3x32xbf16>, %b: memref<1x3x17x17xf32>, %o: memref<?x17x3x32xbf16>) {
  // expected-error @+1 {{expects a static bias of f32 (P, H, M, 32)}}
  vgpu.attention ins(%q, %q, %q : memref<?x17x3x32xbf16>, memref<?x17x3x32xbf16>, memref<?x17x3x32xbf16>) bias(%b : memref<1x3x17x17xf32>) outs(%o : memref<?x17x3x32xbf16>) {scale = 1.0 : f32}
  return
}

// -----

// attention_c4
func.func @tap(%q: memref<?x17x3x32xbf16>, %o: memref<?x17x3x32xbf16>, %s: memref<?x17x3x17xf32>) {
  // expected-error @+1 {{expects an output (B, M, H, E) and, for scores or probabilities, one of f32 (B, H, M, N)}}
  vgpu.attention ins(%q, %q, %q : memref<?x17x3x32xbf16>, memref<?x17x3x32xbf16>, memref<?x17x3x32xbf16>) outs(%o, %s : memref<?x17x3x32xbf16>, memref<?x17x3x17xf32>) {scale = 1.0 : f32}
  return
}

// -----

// batchgemm_c1
func.func @heads(%a: memref<1x1x17x24xbf16>, %w: memref<?x3x17x24xbf16>, %c: memref<?x2x17x24xf32>) {
  // expected-error @+1 {{expects A (B, H, M, K) or (1, 1, M, K), W (B, H, K, N) and C (B, H, M, N)}}
  vgpu.batch_gemm ins(%a, %w : memref<1x1x17x24xbf16>, memref<?x3x17x24xbf16>) outs(%c : memref<?x2x17x24xf32>) {tile_m = 64, tile_n = 32}
  return
}

// -----

// batchgemm_c1
func.func @open(%a: memref<1x1x?x24xbf16>, %w: memref<?x3x17x24xbf16>, %c: memref<?x3x?x24xf32>) {
  // expected-error @+1 {{expects operands of four sizes, all but the first static}}
  vgpu.batch_gemm ins(%a, %w : memref<1x1x?x24xbf16>, memref<?x3x17x24xbf16>) outs(%c : memref<?x3x?x24xf32>) {tile_m = 64, tile_n = 32}
  return
}

// -----

// batchgemm_c2
func.func @depth(%a: memref<1x1x17x17xbf16>, %w: memref<?x3x17x24xbf16>, %c: memref<?x3x17x24xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: rows of A and W must be multiples of 16 bytes}}
  vgpu.batch_gemm ins(%a, %w : memref<1x1x17x17xbf16>, memref<?x3x17x24xbf16>) outs(%c : memref<?x3x17x24xf32>) {tile_m = 64, tile_n = 32}
  return
}

// -----

// batchgemm_c2
func.func @columns(%a: memref<1x1x17x24xbf16>, %w: memref<?x3x17x20xbf16>, %c: memref<?x3x17x20xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: rows of A and W must be multiples of 16 bytes}}
  vgpu.batch_gemm ins(%a, %w : memref<1x1x17x24xbf16>, memref<?x3x17x20xbf16>) outs(%c : memref<?x3x17x20xf32>) {mma_sync, tile_m = 64, tile_n = 64}
  return
}

// -----

// attend_c1
func.func @scores(%s: memref<?x3x17x18xf32>, %v: memref<?x17x3x32xbf16>, %o: memref<?x17x3x32xbf16>) {
  // expected-error @+1 {{expects scores of f32 (B, H, M, N) and a value (B, N, H, E), all but B static}}
  vgpu.attend ins(%s, %v : memref<?x3x17x18xf32>, memref<?x17x3x32xbf16>) outs(%o : memref<?x17x3x32xbf16>)
  return
}

// -----

// attend_c2
func.func @many(%s: memref<?x3x17x257xf32>, %v: memref<?x257x3x32xbf16>, %o: memref<?x17x3x32xbf16>, %p: memref<?x3x17x257xf32>) {
  // expected-error @+1 {{expects what a kernel can compute: probabilities of blocks of keys are not known before the last: only scores are tapped}}
  vgpu.attend ins(%s, %v : memref<?x3x17x257xf32>, memref<?x257x3x32xbf16>) outs(%o, %p : memref<?x17x3x32xbf16>, memref<?x3x17x257xf32>)
  return
}

// -----

// attend_c3
func.func @result(%s: memref<?x3x17x17xf32>, %v: memref<?x17x3x32xbf16>, %o: memref<?x17x3x16xbf16>) {
  // expected-error @+1 {{expects an output (B, M, H, E) and, for probabilities, one of f32 (B, H, M, N)}}
  vgpu.attend ins(%s, %v : memref<?x3x17x17xf32>, memref<?x17x3x32xbf16>) outs(%o : memref<?x17x3x16xbf16>)
  return
}

// -----

// layernorm_c1
func.func @scale(%x: memref<?x64xf32>, %g: memref<32xf32>, %y: memref<?x64xbf16>) {
  // expected-error @+1 {{expects matrices x and y (M, C), C static, and a scale and a bias of f32 (C)}}
  vgpu.layer_norm ins(%x : memref<?x64xf32>) scale(%g : memref<32xf32>) outs(%y : memref<?x64xbf16>) {epsilon = 1.0e-6 : f32}
  return
}

// -----

// layernorm_c2
func.func @odd(%x: memref<?x33xf32>, %y: memref<?x33xbf16>) {
  // expected-error @+1 {{expects what a kernel can compute: }}
  vgpu.layer_norm ins(%x : memref<?x33xf32>) outs(%y : memref<?x33xbf16>) {epsilon = 1.0e-6 : f32}
  return
}
