// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @layer_norm_c1(%x: tensor<2x4xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expected scale of shape 4, got 'tensor<3xf32>'}}
  %0 = vit.layer_norm %x scale(%s : tensor<3xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x4xf32>
  return
}

// -----

func.func @layer_norm_c1_bias(%x: tensor<2x4xf32>, %s: tensor<4x1xf32>) {
  // expected-error @+1 {{expected bias of shape 4, got 'tensor<4x1xf32>'}}
  %0 = vit.layer_norm %x bias(%s : tensor<4x1xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x4xf32>
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<2x4xf32>, %s: tensor<3xf32>) {
  // expected-error @+1 {{expected scale of shape 4, got 'tensor<3xf32>'}}
  %0 = vit.rms_norm %x scale(%s : tensor<3xf32>) {epsilon = 1.0e-6 : f32} : tensor<2x4xf32>
  return
}

// -----

func.func @rms_norm_c1_rank(%x: tensor<f32>) {
  // expected-error @+1 {{expected an input with a channel dimension, got 'tensor<f32>'}}
  %0 = vit.rms_norm %x {epsilon = 1.0e-6 : f32} : tensor<f32>
  return
}

// -----

func.func @layer_norm_c1_rank(%x: tensor<f32>) {
  // expected-error @+1 {{expected an input with a channel dimension, got 'tensor<f32>'}}
  %0 = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<f32>
  return
}

// -----

func.func @layer_scale_c1(%x: tensor<2x4xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected gamma of shape 4, got 'tensor<2xf32>'}}
  %0 = vit.layer_scale %x, %s : tensor<2x4xf32>, tensor<2xf32>
  return
}

// -----

func.func @layer_scale_c1_rank(%x: tensor<f32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected an input with a channel dimension, got 'tensor<f32>'}}
  %0 = vit.layer_scale %x, %s : tensor<f32>, tensor<2xf32>
  return
}

// -----

func.func @linear_c1_rank(%x: tensor<2x4xf32>, %w: tensor<4x5x1xf32>) {
  // expected-error @+1 {{expected an input (batch.., K) and a weight of rank 2}}
  %0 = vit.linear %x, %w : (tensor<2x4xf32>, tensor<4x5x1xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @linear_c1_features(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+1 {{expected inputs of 5 features, as the weight has, got 'tensor<2x4xf32>'}}
  %0 = vit.linear %x, %w {transposed} : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @linear_c1_result(%x: tensor<?x4xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+1 {{expected a result of shape ?x5, got 'tensor<?x4xf32>'}}
  %0 = vit.linear %x, %w : (tensor<?x4xf32>, tensor<4x5xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @linear_c1_bias(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{expected bias of shape 5, got 'tensor<4xf32>'}}
  %0 = vit.linear %x, %w bias(%b : tensor<4xf32>) : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @linear_c2_count(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>, %r: tensor<2x5xf32>) {
  // expected-error @+1 {{expected one index map for each of 1 extras, got 0}}
  %0 = vit.linear %x, %w extras(%r : tensor<2x5xf32>) : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    vit.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c2_map(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>, %r: tensor<2x5xf32>) {
  // expected-error @+1 {{expected an index map from 2 dimensions to 2, got affine_map<(d0, d1) -> (d1)>}}
  %0 = vit.linear %x, %w extras(%r : tensor<2x5xf32>) {extra_maps = [affine_map<(d0, d1) -> (d1)>]} : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    vit.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c3_unread(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>, %r: tensor<5xf32>) {
  // expected-error @+1 {{expected an epilogue that reads the extras}}
  %0 = vit.linear %x, %w extras(%r : tensor<5xf32>) {extra_maps = [affine_map<(d0, d1) -> (d1)>]} : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @linear_c3_arguments(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+1 {{expected an epilogue over the accumulator and one element of each extra: 'f32', got 'f32', 'f32'}}
  %0 = vit.linear %x, %w : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    vit.yield %acc : f32
  }
  return
}

// -----

func.func @linear_c3_yield(%x: tensor<2x4xf32>, %w: tensor<4x5xf32>) {
  // expected-error @+1 {{expected an epilogue that yields 'f32'}}
  %0 = vit.linear %x, %w : (tensor<2x4xf32>, tensor<4x5xf32>) -> tensor<2x5xf32> epilogue {
  ^bb0(%acc: f32):
    %h = arith.truncf %acc : f32 to f16
    vit.yield %h : f16
  }
  return
}
