// RUN: vitc-opt %s -split-input-file -verify-diagnostics

func.func @non_zero_c1_rank(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected y of rank 2, got rank 1}}
  %0 = onnx.NonZero %x : (tensor<2x3xf32>) -> tensor<2xi64>
  return
}

// -----

func.func @non_zero_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected positions of 2 dimensions, got 'tensor<3x4xi64>'}}
  %0 = onnx.NonZero %x : (tensor<2x3xf32>) -> tensor<3x4xi64>
  return
}

// -----

func.func @compress_c1(%x: tensor<2x3xf32>, %c: tensor<3xi1>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0 = onnx.Compress %x, %c {axis = 2 : i64} : (tensor<2x3xf32>, tensor<3xi1>) -> tensor<*xf32>
  return
}

// -----

func.func @compress_c2(%x: tensor<2x3xf32>, %c: tensor<3x1xi1>) {
  // expected-error @+1 {{expected condition of rank 1, got rank 2}}
  %0 = onnx.Compress %x, %c : (tensor<2x3xf32>, tensor<3x1xi1>) -> tensor<*xf32>
  return
}

// -----

func.func @compress_c2_length(%x: tensor<2x3xf32>, %c: tensor<4xi1>) {
  // expected-error @+1 {{expected a condition of at most 3 elements, got 4}}
  %0 = onnx.Compress %x, %c {axis = 1 : i64} : (tensor<2x3xf32>, tensor<4xi1>) -> tensor<*xf32>
  return
}

// -----

func.func @non_max_suppression_c1_rank(%b: tensor<5x4xf32>, %s: tensor<1x1x5xf32>) {
  // expected-error @+1 {{expected boxes of rank 3, got rank 2}}
  %0 = onnx.NonMaxSuppression %b, %s {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<5x4xf32>, tensor<1x1x5xf32>) -> tensor<*xi64>
  return
}

// -----

func.func @non_max_suppression_c1_coordinates(%b: tensor<1x5x3xf32>, %s: tensor<1x1x5xf32>) {
  // expected-error @+1 {{expected boxes of 4 coordinates, got 'tensor<1x5x3xf32>'}}
  %0 = onnx.NonMaxSuppression %b, %s {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<1x5x3xf32>, tensor<1x1x5xf32>) -> tensor<*xi64>
  return
}

// -----

func.func @non_max_suppression_c1(%b: tensor<1x5x4xf32>, %s: tensor<1x1x6xf32>) {
  // expected-error @+1 {{expected a score of each class for each box, got boxes 'tensor<1x5x4xf32>' and scores 'tensor<1x1x6xf32>'}}
  %0 = onnx.NonMaxSuppression %b, %s {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<1x5x4xf32>, tensor<1x1x6xf32>) -> tensor<*xi64>
  return
}

// -----

func.func @non_max_suppression_c2(%b: tensor<1x5x4xf32>, %s: tensor<1x1x5xf32>, %n: tensor<2xi64>) {
  // expected-error @+1 {{max_output_boxes_per_class}}
  %0 = onnx.NonMaxSuppression %b, %s, %n {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<1x5x4xf32>, tensor<1x1x5xf32>, tensor<2xi64>) -> tensor<*xi64>
  return
}

// -----

func.func @non_max_suppression_c3(%b: tensor<1x5x4xf32>, %s: tensor<1x1x5xf32>) {
  // expected-error @+1 {{expected center_point_box 0 or 1, got 2}}
  %0 = onnx.NonMaxSuppression %b, %s {center_point_box = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<1x5x4xf32>, tensor<1x1x5xf32>) -> tensor<*xi64>
  return
}

// -----

func.func @unique_c1(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected an axis from -2 to 1, got 2}}
  %0:4 = onnx.Unique %x {axis = 2 : i64} : (tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>)
  return
}

// -----

func.func @unique_c2(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{expected counts of rank 1, got rank 2}}
  %0:4 = onnx.Unique %x : (tensor<2x3xf32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<2x3xi64>)
  return
}
