// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @pad_c1(%x: tensor<3x3xf32>, %pads: tensor<2xi64>) {
  // expected-error @+1 {{expected pads of length 4, got 2}}
  %0 = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<3x3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @pad_c1_axes(%x: tensor<3x3xf32>, %pads: tensor<4xi64>, %axes: tensor<1xi64>) {
  // expected-error @+1 {{expected pads of length 2, got 4}}
  %0 = onnx.Pad %x, %pads, %axes {operandSegmentSizes = array<i32: 1, 1, 0, 1>}
      : (tensor<3x3xf32>, tensor<4xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @pad_c2(%x: tensor<3xf32>, %pads: tensor<2xi64>, %value: tensor<f16>) {
  // expected-error @+1 {{expected constant_value of type 'f32', got 'f16'}}
  %0 = onnx.Pad %x, %pads, %value {operandSegmentSizes = array<i32: 1, 1, 1, 0>}
      : (tensor<3xf32>, tensor<2xi64>, tensor<f16>) -> tensor<?xf32>
  return
}

// -----

func.func @pad_c3(%x: tensor<3xf32>, %pads: tensor<2xi64>) {
  // expected-error @+1 {{expected output of rank 1, got rank 2}}
  %0 = onnx.Pad %x, %pads {operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<3xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return
}

// -----

func.func @pad_mode(%x: tensor<3xf32>, %pads: tensor<2xi64>) {
  // expected-error @+1 {{attribute 'mode' failed to satisfy constraint: string attribute whose value is one of constant, reflect, edge, wrap}}
  %0 = onnx.Pad %x, %pads {mode = "zero", operandSegmentSizes = array<i32: 1, 1, 0, 0>}
      : (tensor<3xf32>, tensor<2xi64>) -> tensor<?xf32>
  return
}

// -----

func.func @resize_c1(%x: tensor<1x3xf32>) {
  // expected-error @+1 {{expected either scales or sizes, got none}}
  %0 = onnx.Resize %x {operandSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x3xf32>) -> tensor<1x6xf32>
  return
}

// -----

func.func @resize_c1_length(%x: tensor<1x3xf32>, %scales: tensor<2xf32>) {
  // expected-error @+1 {{expected scales of length 1, got 2}}
  %0 = onnx.Resize %x, %scales {axes = array<i64: 1>, operandSegmentSizes = array<i32: 1, 0, 1, 0>}
      : (tensor<1x3xf32>, tensor<2xf32>) -> tensor<1x6xf32>
  return
}

// -----

func.func @resize_c2(%x: tensor<1x3xf32>, %sizes: tensor<2xi64>) {
  // expected-error @+1 {{expected y of rank 2, got rank 1}}
  %0 = onnx.Resize %x, %sizes {operandSegmentSizes = array<i32: 1, 0, 0, 1>}
      : (tensor<1x3xf32>, tensor<2xi64>) -> tensor<6xf32>
  return
}

// -----

func.func @resize_c3(%x: tensor<1x3xf32>, %sizes: tensor<2xi64>) {
  // expected-error @+1 {{expected distinct axes, got -1 again}}
  %0 = onnx.Resize %x, %sizes {axes = array<i64: 1, -1>, operandSegmentSizes = array<i32: 1, 0, 0, 1>}
      : (tensor<1x3xf32>, tensor<2xi64>) -> tensor<1x6xf32>
  return
}

// -----

func.func @resize_c4(%x: tensor<1x3xf32>, %sizes: tensor<2xi64>) {
  // expected-error @+1 {{expected roi with tf_crop_and_resize}}
  %0 = onnx.Resize %x, %sizes {coordinate_transformation_mode = "tf_crop_and_resize", operandSegmentSizes = array<i32: 1, 0, 0, 1>}
      : (tensor<1x3xf32>, tensor<2xi64>) -> tensor<1x6xf32>
  return
}
