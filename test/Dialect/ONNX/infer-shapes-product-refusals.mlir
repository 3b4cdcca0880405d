// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

func.func @term_without_operand(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected 1 terms in the equation, got 2}}
  %y = onnx.Einsum %x {equation = "ij,jk->ik"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @letter_of_no_operand(%x: tensor<2x3xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected letters of the operands in the result's term, got 'k'}}
  %y = onnx.Einsum %x {equation = "ij->ik"} : (tensor<2x3xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @letters_before_the_ellipsis(%x: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{letter}}
  %y = onnx.Einsum %x {equation = "ij...->ij"} : (tensor<2xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @heads_that_do_not_divide(%q: tensor<1x4x7xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a whole number of features a head, got shape (1, 4, 7)}}
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>, q_num_heads = 2 : i64, kv_num_heads = 2 : i64} : (tensor<1x4x7xf32>, tensor<1x4x7xf32>, tensor<1x4x7xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @more_than_there_are(%x: tensor<6xf32>) -> (tensor<*xf32>, tensor<*xi64>) {
  %k = onnx.Constant dense<7> : tensor<1xi64> : tensor<1xi64>
  // expected-error @+1 {{expected k within the extent 6, got 7}}
  %v, %i = onnx.TopK %x, %k : (tensor<6xf32>, tensor<1xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %v, %i : tensor<*xf32>, tensor<*xi64>
}

// -----

#d = #vit.dims<["size"], affine_map<()[s0] -> (2, 3, s0, 1)>>
func.func @kernel_of_a_symbol(%x: tensor<1x3x4x4xf32>, %w: tensor<2x3x?x1xf32, #d>) -> tensor<*xf32> {
  // expected-error @+1 {{expected weights with a constant kernel, got (2, 3, size, 1)}}
  %y = onnx.Conv %x, %w : (tensor<1x3x4x4xf32>, tensor<2x3x?x1xf32, #d>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @operator_of_another_dialect(%x: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{expected an operator with shape inference}}
  %y = arith.negf %x : tensor<3xf32>
  return %y : tensor<3xf32>
}

// -----

// expected-error @+1 {{expected one block}}
func.func @two_blocks(%x: tensor<3xf32>) -> tensor<3xf32> {
  cf.br ^bb1
^bb1:
  return %x : tensor<3xf32>
}

// -----

func.func @attention_c1_rank(%q: tensor<1x2x3x4x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected q of rank 3 or 4, got rank 5}}
  %y = onnx.Attention %q, %q, %q {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>} : (tensor<1x2x3x4x5xf32>, tensor<1x2x3x4x5xf32>, tensor<1x2x3x4x5xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @conv_transpose_c2_group(%x: tensor<1x3x4x4xf32>, %w: tensor<3x2x1x1xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a positive group that divides the channels, got 2}}
  %y = onnx.ConvTranspose %x, %w {group = 2 : i64} : (tensor<1x3x4x4xf32>, tensor<3x2x1x1xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

func.func @split_c4(%x: tensor<4xf32>) {
  // expected-error @+1 {{expected at least one result}}
  "onnx.Split"(%x) {axis = 0 : i64} : (tensor<4xf32>) -> ()
  return
}

// -----

func.func @recurrent(%x: tensor<3x2x4xf32>, %w: tensor<1x5x6xf32>, %r: tensor<1x5x5xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{the extents of vectors in x and w differ: 4 and 6}}
  %0 = onnx.RNN %x, %w, %r {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>} : (tensor<3x2x4xf32>, tensor<1x5x6xf32>, tensor<1x5x5xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
