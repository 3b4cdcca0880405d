// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @scores_c1_rank(%q: tensor<5x4xf32>) {
  // expected-error @+1 {{expected query and key of one rank, at least 3, got 'tensor<5x4xf32>' and 'tensor<5x4xf32>'}}
  %0 = vit.scores %q, %q {scale = 1.0 : f32} : (tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<5x5xf32>
  return
}

// -----

func.func @scores_c1_key(%q: tensor<2x5x3x4xf32>, %k: tensor<2x7x2x4xf32>) {
  // expected-error @+1 {{expected a key of shape 2x7x3x4, got 'tensor<2x7x2x4xf32>'}}
  %0 = vit.scores %q, %k {scale = 1.0 : f32} : (tensor<2x5x3x4xf32>, tensor<2x7x2x4xf32>) -> tensor<2x3x5x7xf32>
  return
}

// -----

func.func @scores_c1_result(%q: tensor<2x5x3x4xf32>) {
  // expected-error @+1 {{expected a result of shape 2x3x5x5, got 'tensor<2x5x3x5xf32>'}}
  %0 = vit.scores %q, %q {scale = 1.0 : f32} : (tensor<2x5x3x4xf32>, tensor<2x5x3x4xf32>) -> tensor<2x5x3x5xf32>
  return
}

// -----

func.func @scores_c2(%q: tensor<2x5x3x4xf32>, %a: tensor<5x3x5xf32>) {
  // expected-error @+1 {{expected addends that broadcast to 2x3x5x5, got 'tensor<5x3x5xf32>'}}
  %0 = vit.scores %q, %q addends(%a : tensor<5x3x5xf32>) {scale = 1.0 : f32} : (tensor<2x5x3x4xf32>, tensor<2x5x3x4xf32>) -> tensor<2x3x5x5xf32>
  return
}

// -----

func.func @attend_c1_rank(%s: tensor<3x5x5xf32>, %v: tensor<2x5x3x4xf32>) {
  // expected-error @+1 {{expected scores and value of one rank, at least 3, got}}
  %0 = vit.attend %s, %v : (tensor<3x5x5xf32>, tensor<2x5x3x4xf32>) -> tensor<2x5x3x4xf32>
  return
}

// -----

func.func @attend_c1_value(%s: tensor<2x3x5x6xf32>, %v: tensor<2x5x3x4xf32>) {
  // expected-error @+1 {{expected a value of shape 2x6x3x4, got 'tensor<2x5x3x4xf32>'}}
  %0 = vit.attend %s, %v : (tensor<2x3x5x6xf32>, tensor<2x5x3x4xf32>) -> tensor<2x5x3x4xf32>
  return
}

// -----

func.func @attend_c1_result(%s: tensor<2x3x5x6xf32>, %v: tensor<2x6x3x4xf32>) {
  // expected-error @+1 {{expected a result of shape 2x5x3x4, got 'tensor<2x3x5x4xf32>'}}
  %0 = vit.attend %s, %v : (tensor<2x3x5x6xf32>, tensor<2x6x3x4xf32>) -> tensor<2x3x5x4xf32>
  return
}

// -----

func.func @attend_c1_probs(%s: tensor<2x3x5x6xf32>, %v: tensor<2x6x3x4xf32>) {
  // expected-error @+1 {{expected probabilities of shape 2x3x5x6, got 'tensor<2x3x5x5xf32>'}}
  %0, %1 = vit.attend %s, %v : (tensor<2x3x5x6xf32>, tensor<2x6x3x4xf32>) -> tensor<2x5x3x4xf32> probs tensor<2x3x5x5xf32>
  return
}

// -----

func.func @attend_c2(%s: tensor<2x3x5x6xf32>, %v: tensor<2x6x3x4xf32>, %a: tensor<5x6xf32>) {
  // expected-error @+1 {{expected neither addends to probabilities nor a second result}}
  %0 = vit.attend %s, %v addends(%a : tensor<5x6xf32>) {normalized} : (tensor<2x3x5x6xf32>, tensor<2x6x3x4xf32>) -> tensor<2x5x3x4xf32>
  return
}

// -----

func.func @inherit_c1_rank(%s: tensor<5x6xf32>, %t: tensor<6x6xf32>) {
  // expected-error @+1 {{expected scores of rank 3 or more, got 'tensor<5x6xf32>'}}
  %0 = vit.inherit %s theta(%t : tensor<6x6xf32>) : tensor<5x6xf32> -> tensor<5x6xf32>
  return
}

// -----

func.func @inherit_c1_theta(%s: tensor<2x3x5x6xf32>, %t: tensor<6x7xf32>) {
  // expected-error @+1 {{expected theta of shape ?x6, got 'tensor<6x7xf32>'}}
  %0 = vit.inherit %s theta(%t : tensor<6x7xf32>) : tensor<2x3x5x6xf32> -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @inherit_c1_bias(%s: tensor<2x3x5x6xf32>, %t: tensor<7x6xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{expected a bias of shape 7, got 'tensor<6xf32>'}}
  %0 = vit.inherit %s theta(%t : tensor<7x6xf32>) theta_bias(%b : tensor<6xf32>) : tensor<2x3x5x6xf32> -> tensor<2x3x5x7xf32>
  return
}

// -----

func.func @inherit_c1_result(%s: tensor<2x3x5x6xf32>, %p: tensor<7x5xf32>) {
  // expected-error @+1 {{expected a result of shape 2x3x7x6, got 'tensor<2x3x5x6xf32>'}}
  %0 = vit.inherit %s psi(%p : tensor<7x5xf32>) : tensor<2x3x5x6xf32> -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @inherit_c2_none(%s: tensor<2x3x5x6xf32>) {
  // expected-error @+1 {{expected theta or psi}}
  %0 = vit.inherit %s : tensor<2x3x5x6xf32> -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @inherit_c2_bias(%s: tensor<2x3x5x6xf32>, %p: tensor<5x5xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{expected theta with its bias}}
  %0 = vit.inherit %s theta_bias(%b : tensor<6xf32>) psi(%p : tensor<5x5xf32>) : tensor<2x3x5x6xf32> -> tensor<2x3x5x6xf32>
  return
}

// -----

func.func @score_down_c1_rank(%s: tensor<3x6x6xf32>, %w: tensor<3x1x2x2xf32>) {
  // expected-error @+1 {{expected scores (B, H, M, N) with static H, M, N and a filter of rank 4, got}}
  %0 = vit.score_down %s, %w {stride = 2 : i64, groups = 3 : i64} : (tensor<3x6x6xf32>, tensor<3x1x2x2xf32>) -> tensor<3x3x3xf32>
  return
}

// -----

func.func @score_down_c1_bias(%s: tensor<2x3x6x6xf32>, %w: tensor<3x1x2x2xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{expected a bias of shape 3, got 'tensor<2xf32>'}}
  %0 = vit.score_down %s, %w bias(%b : tensor<2xf32>) {stride = 2 : i64, groups = 3 : i64} : (tensor<2x3x6x6xf32>, tensor<3x1x2x2xf32>) -> tensor<2x3x3x3xf32>
  return
}

// -----

func.func @score_down_c1_result(%s: tensor<2x3x6x6xf32>, %w: tensor<3x1x2x2xf32>) {
  // expected-error @+1 {{expected a result of shape 2x3x3x3, got 'tensor<2x3x4x3xf32>'}}
  %0 = vit.score_down %s, %w {stride = 2 : i64, groups = 3 : i64} : (tensor<2x3x6x6xf32>, tensor<3x1x2x2xf32>) -> tensor<2x3x4x3xf32>
  return
}

// -----

func.func @score_down_c2(%s: tensor<2x3x6x6xf32>, %w: tensor<4x1x2x2xf32>) {
  // expected-error @+1 {{expected a positive stride and a filter for 3 groups of 3 heads, got stride 2 and 'tensor<4x1x2x2xf32>'}}
  %0 = vit.score_down %s, %w {stride = 2 : i64, groups = 3 : i64} : (tensor<2x3x6x6xf32>, tensor<4x1x2x2xf32>) -> tensor<2x4x3x3xf32>
  return
}

// -----

func.func @reattend_c1_theta(%p: tensor<2x3x5x5xf32>, %t: tensor<3x2xf32>) {
  // expected-error @+1 {{expected probabilities (B.., H, M, N) and theta (G, H), got 'tensor<2x3x5x5xf32>' and 'tensor<3x2xf32>'}}
  %0 = vit.reattend %p, %t : (tensor<2x3x5x5xf32>, tensor<3x2xf32>) -> tensor<2x3x5x5xf32>
  return
}

// -----

func.func @reattend_c1_shift(%p: tensor<2x3x5x5xf32>, %t: tensor<4x3xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expected a shift of shape 4, got 'tensor<3xf32>'}}
  %0 = vit.reattend %p, %t shift(%s : tensor<3xf32>) : (tensor<2x3x5x5xf32>, tensor<4x3xf32>) -> tensor<2x4x5x5xf32>
  return
}

// -----

func.func @reattend_c1_result(%p: tensor<2x3x5x5xf32>, %t: tensor<4x3xf32>) {
  // expected-error @+1 {{expected a result of shape 2x4x5x5, got 'tensor<2x3x5x5xf32>'}}
  %0 = vit.reattend %p, %t : (tensor<2x3x5x5xf32>, tensor<4x3xf32>) -> tensor<2x3x5x5xf32>
  return
}
