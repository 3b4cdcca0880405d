// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @batch_normalization_c1(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected x and y of the same shape, got 'tensor<1x4x8xf32>' and 'tensor<1x4xf32>'}}
  %0 = onnx.BatchNormalization %x, %s, %s, %s, %s
      : (tensor<1x4x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @batch_normalization_c2(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>, %v: tensor<8xf32>) {
  // expected-error @+1 {{expected input_var of length 4, got 8}}
  %0 = onnx.BatchNormalization %x, %s, %s, %s, %v
      : (tensor<1x4x8xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @layer_normalization_c1(%x: tensor<1x4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{expected an axis from -3 to 2, got 3}}
  %0 = onnx.LayerNormalization %x, %s {axis = 3}
      : (tensor<1x4x8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @layer_normalization_c2(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected scale to broadcast to 'tensor<1x4x8xf32>', got 'tensor<4xf32>'}}
  %0 = onnx.LayerNormalization %x, %s : (tensor<1x4x8xf32>, tensor<4xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @layer_normalization_c3(%x: tensor<1x4x8xf16>, %s: tensor<8xf32>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.LayerNormalization %x, %s : (tensor<1x4x8xf16>, tensor<8xf32>) -> tensor<1x4x8xf16>
  return
}

// -----

func.func @layer_normalization_stash_type(%x: tensor<1x4x8xf16>, %s: tensor<8xf16>) {
  // expected-error @+1 {{expected element type 'f32' of result 1, got 'f16'}}
  %0, %1 = onnx.LayerNormalization %x, %s : (tensor<1x4x8xf16>, tensor<8xf16>) -> tensor<1x4x8xf16> inv_std_dev tensor<1x4x1xf16>
  return
}

// -----

func.func @rms_normalization_c1(%x: tensor<1x4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{expected an axis from -3 to 2, got -4}}
  %0 = onnx.RMSNormalization %x, %s {axis = -4} : (tensor<1x4x8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @rms_normalization_c2(%x: tensor<1x4x8xf32>, %s: tensor<2x1x4x8xf32>) {
  // expected-error @+1 {{expected scale to broadcast to 'tensor<1x4x8xf32>', got 'tensor<2x1x4x8xf32>'}}
  %0 = onnx.RMSNormalization %x, %s : (tensor<1x4x8xf32>, tensor<2x1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @instance_normalization_c1(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected input and output of the same shape}}
  %0 = onnx.InstanceNormalization %x, %s, %s : (tensor<1x4x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x9xf32>
  return
}

// -----

func.func @instance_normalization_c2(%x: tensor<1x4x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{expected scale of length 4, got 8}}
  %0 = onnx.InstanceNormalization %x, %s, %s : (tensor<1x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @instance_normalization_c3(%x: tensor<1x4x8xf32>, %s: tensor<4xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.InstanceNormalization %x, %s, %s : (tensor<1x4x8xf32>, tensor<4xf16>, tensor<4xf16>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @group_normalization_c1(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected x and y of the same shape}}
  %0 = onnx.GroupNormalization %x, %s, %s {num_groups = 2}
      : (tensor<1x4x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @group_normalization_c2(%x: tensor<1x4x8xf32>, %s: tensor<2xf32>) {
  // expected-error @+1 {{expected scale of length 4, got 2}}
  %0 = onnx.GroupNormalization %x, %s, %s {num_groups = 2}
      : (tensor<1x4x8xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @group_normalization_c3(%x: tensor<1x4x8xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected a positive num_groups that divides the channels, got 3}}
  %0 = onnx.GroupNormalization %x, %s, %s {num_groups = 3}
      : (tensor<1x4x8xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @group_normalization_c4(%x: tensor<1x4x8xf32>, %s: tensor<4xf16>) {
  // expected-error @+1 {{requires the same element type for all operands}}
  %0 = onnx.GroupNormalization %x, %s, %s {num_groups = 2}
      : (tensor<1x4x8xf32>, tensor<4xf16>, tensor<4xf16>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @batch_normalization_c3(%x: tensor<2x3x4xf32>, %c: tensor<3xf32>) {
  // expected-error @+1 {{expected at most 0 running statistics, got 1}}
  %0:2 = onnx.BatchNormalization %x, %c, %c, %c, %c : (tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> (tensor<2x3x4xf32>, tensor<3xf32>)
  return
}

// -----

func.func @lp_normalization_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.LpNormalization %x {axis = 2 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @lp_normalization_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected p of 1 or 2, got 3}}
  %0 = onnx.LpNormalization %x {p = 3 : i64} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @batch_normalization_c1_rank(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected x of rank at least 2, got rank 1}}
  %0 = onnx.BatchNormalization %x, %s, %s, %s, %s : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @instance_normalization_c1_rank(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected input of rank at least 2, got rank 1}}
  %0 = onnx.InstanceNormalization %x, %s, %s : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @group_normalization_c1_rank(%x: tensor<4xf32>, %s: tensor<4xf32>) {
  // expected-error @+1 {{expected x of rank at least 2, got rank 1}}
  %0 = onnx.GroupNormalization %x, %s, %s {num_groups = 2 : i64} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}
