// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @tokenize_c1_rank(%x: tensor<6x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{expected positions (B.., P, C) of rank 3 or more, got 'tensor<6x4xf32>'}}
  %0 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<6x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @tokenize_c1_weights_rank(%x: tensor<2x6x4xf32>, %w: tensor<4xf32>) {
  // expected-error @+1 {{expected weights (L, C) or (B.., L, C), got 'tensor<4xf32>'}}
  %0 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @tokenize_c1_weights(%x: tensor<2x6x4xf32>, %w: tensor<1x3x4xf32>) {
  // expected-error @+1 {{expected weights of shape 2x3x4, got 'tensor<1x3x4xf32>'}}
  %0 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<1x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @tokenize_c1_shared_weights(%x: tensor<2x6x4xf32>, %w: tensor<3x5xf32>) {
  // expected-error @+1 {{expected weights of shape 3x4, got 'tensor<3x5xf32>'}}
  %0 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<3x5xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @tokenize_c1_values(%x: tensor<2x6x4xf32>, %w: tensor<3x4xf32>, %v: tensor<2x3x5xf32>) {
  // expected-error @+1 {{expected values of shape 2x6x5, got 'tensor<2x3x5xf32>'}}
  %0 = vit.tokenize %x, %w values(%v : tensor<2x3x5xf32>) {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<3x4xf32>) -> tensor<2x3x5xf32>
  return
}

// -----

func.func @tokenize_c2_tokens(%x: tensor<2x6x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{expected tokens of shape 2x3x4, got 'tensor<2x6x4xf32>'}}
  %0 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @tokenize_c2_maps(%x: tensor<2x6x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{expected maps of shape 2x3x6, got 'tensor<2x6x3xf32>'}}
  %0, %1 = vit.tokenize %x, %w {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<3x4xf32>) -> tensor<2x3x4xf32> maps tensor<2x6x3xf32>
  return
}

// -----

func.func @project_c1_positions(%x: tensor<6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected positions (B.., P, C) of rank 3 or more, got 'tensor<6x4xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x5xf32>, tensor<2x3x4xf32>) -> tensor<6x4xf32>
  return
}

// -----

func.func @project_c1_rank(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<3x5xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected a query and a key of rank 3, got 'tensor<2x6x5xf32>' and 'tensor<3x5xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<3x5xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @project_c1_query(%x: tensor<2x6x4xf32>, %q: tensor<2x3x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected a query of shape 2x6x5, got 'tensor<2x3x5xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x3x5xf32>, tensor<2x3x5xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @project_c1_key(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x4xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected a key of shape 2x3x5, got 'tensor<2x3x4xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @project_c1_value(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x5xf32>) {
  // expected-error @+1 {{expected a value of shape 2x3x4, got 'tensor<2x3x5xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x5xf32>, tensor<2x3x5xf32>) -> tensor<2x6x4xf32>
  return
}

// -----

func.func @project_c2_result(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected a result of shape 2x6x4, got 'tensor<2x3x4xf32>'}}
  %0 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x5xf32>, tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @project_c2_maps(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x4xf32>) {
  // expected-error @+1 {{expected maps of shape 2x6x3, got 'tensor<2x3x6xf32>'}}
  %0, %1 = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x5xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32> maps tensor<2x3x6xf32>
  return
}

// -----

func.func @project_c2_addends(%x: tensor<2x6x4xf32>, %q: tensor<2x6x5xf32>, %k: tensor<2x3x5xf32>, %v: tensor<2x3x4xf32>, %a: tensor<3x6xf32>) {
  // expected-error @+1 {{expected addends that broadcast to 2x6x3, got 'tensor<3x6xf32>'}}
  %0 = vit.project %x, %q, %k, %v addends(%a : tensor<3x6xf32>) {scale = 1.0 : f32} : (tensor<2x6x4xf32>, tensor<2x6x5xf32>, tensor<2x3x5xf32>, tensor<2x3x4xf32>) -> tensor<2x6x4xf32>
  return
}
