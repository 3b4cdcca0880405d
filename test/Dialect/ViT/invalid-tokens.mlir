// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @assemble_c1_patches(%p: tensor<4x8xf32>) {
  // expected-error @+1 {{expected patches (B, P, C), got 'tensor<4x8xf32>'}}
  %0 = vit.assemble patches(%p : tensor<4x8xf32>) {cls = 0, registers = 0} -> tensor<4x8xf32>
  return
}

// -----

func.func @assemble_c1_prefix(%c: tensor<1x6xf32>, %p: tensor<?x4x8xf32>) {
  // expected-error @+1 {{expected a prefix of shape n x 8, got 'tensor<1x6xf32>'}}
  %0 = vit.assemble prefix(%c : tensor<1x6xf32>) patches(%p : tensor<?x4x8xf32>) {cls = 1, registers = 0} -> tensor<?x5x8xf32>
  return
}

// -----

func.func @assemble_c1_position(%p: tensor<?x4x8xf32>, %pos: tensor<5x8xf32>) {
  // expected-error @+1 {{expected a position of shape 4x8, got 'tensor<5x8xf32>'}}
  %0 = vit.assemble patches(%p : tensor<?x4x8xf32>) position(%pos : tensor<5x8xf32>) {cls = 0, registers = 0} -> tensor<?x4x8xf32>
  return
}

// -----

func.func @assemble_c1_result(%c: tensor<1x8xf32>, %p: tensor<?x4x8xf32>) {
  // expected-error @+1 {{expected a result of shape ?x5x8, got 'tensor<?x4x8xf32>'}}
  %0 = vit.assemble prefix(%c : tensor<1x8xf32>) patches(%p : tensor<?x4x8xf32>) {cls = 1, registers = 0} -> tensor<?x4x8xf32>
  return
}

// -----

func.func @assemble_c2(%c: tensor<5x8xf32>, %p: tensor<?x4x8xf32>) {
  // expected-error @+1 {{expected at most 5 class and register tokens, got 2 and 4}}
  %0 = vit.assemble prefix(%c : tensor<5x8xf32>) patches(%p : tensor<?x4x8xf32>) {cls = 2, registers = 4} -> tensor<?x9x8xf32>
  return
}

// -----

func.func @attention_c1_rank(%q: tensor<7x6x64xf32>, %k: tensor<1x7x6x64xf32>) {
  // expected-error @+1 {{expected query, key and value of one rank, at least 3}}
  %0 = vit.attention %q, %k, %k {scale = 0.125 : f32} : (tensor<7x6x64xf32>, tensor<1x7x6x64xf32>, tensor<1x7x6x64xf32>) -> tensor<7x6x64xf32>
  return
}

// -----

func.func @attention_c1_key(%q: tensor<7x6x64xf32>, %k: tensor<9x6x32xf32>) {
  // expected-error @+1 {{expected a key of shape 9x6x64, got 'tensor<9x6x32xf32>'}}
  %0 = vit.attention %q, %k, %k {scale = 0.125 : f32} : (tensor<7x6x64xf32>, tensor<9x6x32xf32>, tensor<9x6x32xf32>) -> tensor<7x6x32xf32>
  return
}

// -----

func.func @attention_c1_heads(%q: tensor<7x6x64xf32>, %k: tensor<9x4x64xf32>) {
  // expected-error @+1 {{expected a multiple of the key's 4 heads in the query, got 6}}
  %0 = vit.attention %q, %k, %k {scale = 0.125 : f32} : (tensor<7x6x64xf32>, tensor<9x4x64xf32>, tensor<9x4x64xf32>) -> tensor<7x6x64xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<7x6x64xf32>) {
  // expected-error @+1 {{expected a positive softcap, got 0.000000e+00 : f32}}
  %0 = vit.attention %q, %q, %q {scale = 0.125 : f32, softcap = 0.0 : f32} : (tensor<7x6x64xf32>, tensor<7x6x64xf32>, tensor<7x6x64xf32>) -> tensor<7x6x64xf32>
  return
}

// -----

func.func @attention_c1_value(%q: tensor<7x6x64xf32>, %k: tensor<9x6x64xf32>, %v: tensor<8x6x64xf32>) {
  // expected-error @+1 {{expected a value of shape 9x6x64, got 'tensor<8x6x64xf32>'}}
  %0 = vit.attention %q, %k, %v {scale = 0.125 : f32} : (tensor<7x6x64xf32>, tensor<9x6x64xf32>, tensor<8x6x64xf32>) -> tensor<7x6x64xf32>
  return
}

// -----

func.func @attention_c1_result(%q: tensor<7x6x64xf32>, %v: tensor<7x6x32xf32>) {
  // expected-error @+1 {{expected a result of shape 7x6x32, got 'tensor<7x6x64xf32>'}}
  %0 = vit.attention %q, %q, %v {scale = 0.125 : f32} : (tensor<7x6x64xf32>, tensor<7x6x64xf32>, tensor<7x6x32xf32>) -> tensor<7x6x64xf32>
  return
}

// -----

func.func @attention_c2_scores(%q: tensor<?x7x6x64xf32>) {
  // expected-error @+1 {{expected scores of shape ?x6x7x7, got 'tensor<?x7x6x7xf32>'}}
  %0:2 = vit.attention %q, %q, %q {scale = 0.125 : f32} : (tensor<?x7x6x64xf32>, tensor<?x7x6x64xf32>, tensor<?x7x6x64xf32>) -> tensor<?x7x6x64xf32> scores tensor<?x7x6x7xf32>
  return
}

// -----

func.func @attention_c2_addends(%q: tensor<2x7x6x64xf32>, %fits: tensor<6x1x7xf32>, %bias: tensor<7x7x1xf32>) {
  // expected-error @+1 {{expected addends that broadcast to 2x6x7x7, got 'tensor<7x7x1xf32>'}}
  %0 = vit.attention %q, %q, %q addends(%fits, %bias : tensor<6x1x7xf32>, tensor<7x7x1xf32>) {scale = 0.125 : f32} : (tensor<2x7x6x64xf32>, tensor<2x7x6x64xf32>, tensor<2x7x6x64xf32>) -> tensor<2x7x6x64xf32>
  return
}
