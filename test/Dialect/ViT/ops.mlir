// RUN: vitc-opt %s | vitc-opt | FileCheck %s

// CHECK-LABEL: func @activations
func.func @activations(%x: tensor<?x7x8xf32>, %g: tensor<8xf32>) -> tensor<?x7x8xf32> {
  // CHECK: vit.gelu %{{.+}} {approximate = 1 : i32} : tensor<?x7x8xf32>
  %0 = vit.gelu %x {approximate = 1 : i32} : tensor<?x7x8xf32>
  // CHECK: vit.silu %{{.+}} {beta = 1.702000e+00 : f32} : tensor<?x7x8xf32>
  %1 = vit.silu %0 {beta = 1.702 : f32} : tensor<?x7x8xf32>
  // CHECK: vit.layer_norm %{{.+}} scale(%{{.+}} : tensor<8xf32>) bias(%{{.+}} : tensor<8xf32>) {epsilon = {{.+}} : f32} : tensor<?x7x8xf32>
  %2 = vit.layer_norm %1 scale(%g : tensor<8xf32>) bias(%g : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32>
  // CHECK: vit.layer_scale %{{.+}}, %{{.+}} : tensor<?x7x8xf32>, tensor<8xf32>
  %3 = vit.layer_scale %2, %g : tensor<?x7x8xf32>, tensor<8xf32>
  // CHECK: vit.rms_norm %{{.+}} scale(%{{.+}} : tensor<8xf32>) {epsilon = {{.+}} : f32} : tensor<?x7x8xf32>
  %4 = vit.rms_norm %3 scale(%g : tensor<8xf32>) {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32>
  // CHECK: vit.hard_swish %{{.+}} : tensor<?x7x8xf32>
  %5 = vit.hard_swish %4 : tensor<?x7x8xf32>
  return %5 : tensor<?x7x8xf32>
}

// CHECK-LABEL: func @contractions
func.func @contractions(%x: tensor<?x7x8xf32>, %w: tensor<4x8xf32>, %b: tensor<4xf32>, %r: tensor<?x7x4xf32>,
                        %image: tensor<?x3x8x8xf32>, %k: tensor<8x3x2x2xf32>) -> (tensor<?x7x4xf32>, tensor<?x8x4x4xf32>) {
  // CHECK: vit.linear {{.+}} bias({{.+}}) extras({{.+}}) {{.*}}transposed{{.*}} epilogue {
  %0 = vit.linear %x, %w bias(%b : tensor<4xf32>) extras(%r : tensor<?x7x4xf32>) {extra_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>], transposed} : (tensor<?x7x8xf32>, tensor<4x8xf32>) -> tensor<?x7x4xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    vit.yield %s : f32
  }
  // CHECK: vit.conv
  %1 = vit.conv %image, %k {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>} : (tensor<?x3x8x8xf32>, tensor<8x3x2x2xf32>) -> tensor<?x8x4x4xf32>
  return %0, %1 : tensor<?x7x4xf32>, tensor<?x8x4x4xf32>
}

// CHECK-LABEL: func @tokens
func.func @tokens(%image: tensor<?x3x8x8xf32>, %k: tensor<8x3x2x2xf32>, %prefix: tensor<5x8xf32>, %pos: tensor<16x8xf32>) -> tensor<?x21x8xf32> {
  // CHECK: vit.patch_embed
  %0 = vit.patch_embed %image, %k : (tensor<?x3x8x8xf32>, tensor<8x3x2x2xf32>) -> tensor<?x16x8xf32>
  // CHECK: vit.assemble prefix({{.+}}) patches({{.+}}) position({{.+}}) {cls = 1 : i64, registers = 4 : i64}
  %1 = vit.assemble prefix(%prefix : tensor<5x8xf32>) patches(%0 : tensor<?x16x8xf32>) position(%pos : tensor<16x8xf32>) {cls = 1, registers = 4} -> tensor<?x21x8xf32>
  return %1 : tensor<?x21x8xf32>
}

// CHECK-LABEL: func @attention
func.func @attention(%q: tensor<?x7x6x64xf32>, %bias: tensor<6x7x7xf32>) -> (tensor<?x7x6x64xf32>, tensor<?x6x7x7xf32>) {
  // CHECK: vit.attention {{.+}} addends({{.+}}) {scale = 1.250000e-01 : f32} : {{.+}} probs tensor<?x6x7x7xf32>
  %0:2 = vit.attention %q, %q, %q addends(%bias : tensor<6x7x7xf32>) {scale = 0.125 : f32} : (tensor<?x7x6x64xf32>, tensor<?x7x6x64xf32>, tensor<?x7x6x64xf32>) -> tensor<?x7x6x64xf32> probs tensor<?x6x7x7xf32>
  return %0#0, %0#1 : tensor<?x7x6x64xf32>, tensor<?x6x7x7xf32>
}

// Three heads of queries share one of keys and values.

// CHECK-LABEL: func @grouped_queries
func.func @grouped_queries(%q: tensor<?x7x6x64xf32>, %k: tensor<?x9x2x64xf32>) -> tensor<?x7x6x64xf32> {
  // CHECK: vit.attention {{.+}} {scale = 1.250000e-01 : f32, softcap = 5.000000e+01 : f32, zero_masked}
  %0 = vit.attention %q, %k, %k {scale = 0.125 : f32, softcap = 50.0 : f32, zero_masked} : (tensor<?x7x6x64xf32>, tensor<?x9x2x64xf32>, tensor<?x9x2x64xf32>) -> tensor<?x7x6x64xf32>
  return %0 : tensor<?x7x6x64xf32>
}

// CHECK-LABEL: func @gather_rows
func.func @gather_rows(%x: tensor<?x30x8xf32>, %rows: tensor<4xi32>) -> tensor<?x4x8xf32> {
  // CHECK: vit.gather_rows %{{.+}}, %{{.+}} : tensor<?x30x8xf32>, tensor<4xi32> -> tensor<?x4x8xf32>
  %0 = vit.gather_rows %x, %rows : tensor<?x30x8xf32>, tensor<4xi32> -> tensor<?x4x8xf32>
  return %0 : tensor<?x4x8xf32>
}
