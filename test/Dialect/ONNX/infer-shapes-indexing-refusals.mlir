// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --verify-diagnostics

#c = #vit.dims<["c"], affine_map<()[s0] -> (1, s0, 2, 2)>>
func.func @channels(%x: tensor<1x?x2x2xf32, #c>) -> tensor<*xf32> {
  // expected-error @+1 {{expected channels in blocks of 4, got c}}
  %0 = onnx.DepthToSpace %x {blocksize = 2 : i64} : (tensor<1x?x2x2xf32, #c>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @depth(%i: tensor<3xi64>, %d: tensor<i64>, %v: tensor<2xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{expected constant depth, got values that depend on data}}
  %0 = onnx.OneHot %i, %d, %v : (tensor<3xi64>, tensor<i64>, tensor<2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @size(%t: tensor<1x2x3xf32>, %s: tensor<4xi64>) -> tensor<*xf32> {
  // expected-error @+1 {{expected a size of constants and extents, got one that depends on data}}
  %0 = onnx.AffineGrid %t, %s : (tensor<1x2x3xf32>, tensor<4xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @batches(%t: tensor<1x2x3xf32>) -> tensor<*xf32> {
  %s = onnx.Constant dense<[2, 1, 4, 4]> : tensor<4xi64> : tensor<4xi64>
  // expected-error @+1 {{the batches of theta and size differ: 1 and 2}}
  %0 = onnx.AffineGrid %t, %s : (tensor<1x2x3xf32>, tensor<4xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

#x = #vit.dims<["b"], affine_map<()[s0] -> (s0, 3, 8, 8)>>
#g = #vit.dims<["b"], affine_map<()[s0] -> (s0 + 1, 4, 4, 2)>>
func.func @pictures(%x: tensor<?x3x8x8xf32, #x>, %g: tensor<?x4x4x2xf32, #g>) -> tensor<*xf32> {
  // expected-error @+1 {{the numbers of pictures and grids differ: b and b + 1}}
  %0 = onnx.GridSample %x, %g : (tensor<?x3x8x8xf32, #x>, tensor<?x4x4x2xf32, #g>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

#r = #vit.dims<["n"], affine_map<()[s0] -> (s0 * 2, 4)>>
#n = #vit.dims<["n"], affine_map<()[s0] -> (s0)>>
func.func @boxes(%x: tensor<1x3x8x8xf32>, %r: tensor<?x4xf32, #r>, %n: tensor<?xi64, #n>) -> tensor<*xf32> {
  // expected-error @+1 {{the numbers of boxes and their pictures differ: 2 * n and n}}
  %0 = onnx.RoiAlign %x, %r, %n : (tensor<1x3x8x8xf32>, tensor<?x4xf32, #r>, tensor<?xi64, #n>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @blocks(%x: tensor<1x12x20xf32>) -> tensor<*xf32> {
  %image = onnx.Constant dense<[5, 2]> : tensor<2xi64> : tensor<2xi64>
  %block = onnx.Constant dense<[2, 3]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected blocks that fit into the image along dimension 1, got 3 and 2}}
  %0 = onnx.Col2Im %x, %image, %block : (tensor<1x12x20xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @positions(%x: tensor<1x12x19xf32>) -> tensor<*xf32> {
  %image = onnx.Constant dense<[5, 6]> : tensor<2xi64> : tensor<2xi64>
  %block = onnx.Constant dense<[2, 2]> : tensor<2xi64> : tensor<2xi64>
  // expected-error @+1 {{expected 20 positions of blocks of 4 elements, got (1, 12, 19)}}
  %0 = onnx.Col2Im %x, %image, %block : (tensor<1x12x19xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
