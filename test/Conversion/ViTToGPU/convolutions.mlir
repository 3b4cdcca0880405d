// RUN: vitc-opt %s --convert-vit-to-gpu --cse --split-input-file | FileCheck %s
// RUN: vitc-opt %s --convert-vit-to-gpu=capability=80 --cse --split-input-file | FileCheck %s --check-prefix=SM80

// The kernel reads windows where they are; between neighbours channels stay last, and what the second reads is stored
// rounded. Its pixels are its rows already.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[X:.+]]: tensor<?x8x9x7xf32>
// CHECK: %[[LAST:.+]] = linalg.transpose ins(%[[X]] : {{.*}}) permutation = [0, 2, 3, 1]
// CHECK: %[[IMAGE:.+]] = arith.truncf %[[LAST]] : tensor<?x9x7x8xf32> to tensor<?x9x7x8xbf16>
// CHECK: %[[TAPS:.+]] = tensor.expand_shape %{{.+}} {{\[\[}}0], [1, 2]] {{.*}} into tensor<16x9x8xbf16>
// CHECK: %[[PIXELS:.+]] = vgpu.conv ins(%[[IMAGE]], %[[TAPS]] : tensor<?x9x7x8xbf16>, tensor<16x9x8xbf16>) bias({{.*}}) outs(%{{.+}} : tensor<?x5x4x16xbf16>)
// CHECK-SAME: activation = "relu", dilations = array<i64: 1, 1>, pads = array<i64: 1, 1>, rectangle = array<i64: 4, 1, 16>, strides = array<i64: 2, 2>, taps = array<i64: 3, 3>
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[PIXELS]] {{.*}} into tensor<?x16xbf16>
// CHECK: %[[SUMS:.+]] = vgpu.gemm ins(%[[ROWS]], %{{.+}} : tensor<?x16xbf16>, tensor<24x16xbf16>) outs(%{{.+}} : tensor<?x24xf32>)
// CHECK: %[[RESULT:.+]] = tensor.expand_shape %[[SUMS]]
// CHECK: linalg.transpose ins(%[[RESULT]] : tensor<?x5x4x24xf32>) {{.*}} permutation = [0, 3, 1, 2]
// CHECK-NOT: linalg.transpose
// SM80-LABEL: func.func @chain
// SM80: vgpu.conv ins({{.*}} : tensor<?x9x7x8xbf16>, tensor<16x9x8xbf16>) bias({{.*}}) outs(%{{.+}} : tensor<?x5x4x16xbf16>) {{{.*}} mma_sync, pads = array<i64: 1, 1>,
func.func @chain(%x: tensor<?x8x9x7xf32>, %w: tensor<16x8x3x3xf32>, %b: tensor<16xf32>, %v: tensor<24x16x1x1xf32>) -> tensor<?x24x5x4xf32> {
  %0 = vit.conv %x, %w bias(%b : tensor<16xf32>) {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
      : (tensor<?x8x9x7xf32>, tensor<16x8x3x3xf32>) -> tensor<?x16x5x4xf32> epilogue {
  ^bb0(%acc: f32):
    %zero = arith.constant 0.0 : f32
    %r = arith.maximumf %acc, %zero : f32
    vit.yield %r : f32
  }
  %1 = vit.conv %0, %v {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<?x16x5x4xf32>, tensor<24x16x1x1xf32>) -> tensor<?x24x5x4xf32>
  return %1 : tensor<?x24x5x4xf32>
}

// -----

// A residual is added by the kernel, with channels last; an activation of the sum is its, too.
// CHECK-LABEL: func.func @residuals
// CHECK-SAME: (%[[X:.+]]: tensor<1x8x4x4xf32>, %[[W:.+]]: tensor<8x8x1x1xf32>)
// CHECK: %[[LAST:.+]] = linalg.transpose ins(%[[X]] : {{.*}}) permutation = [0, 2, 3, 1]
// CHECK: %[[R:.+]] = tensor.collapse_shape %[[LAST]] {{.*}} : tensor<1x4x4x8xf32> into tensor<16x8xf32>
// CHECK: vgpu.gemm {{.*}} residual(%[[R]] : tensor<16x8xf32>) outs(%{{.+}} : tensor<16x8xf32>)
// CHECK: vgpu.gemm {{.*}} residual(%[[R]] : tensor<16x8xf32>) outs(%{{.+}} : tensor<16x8xf32>) {last_activation = "relu"
// CHECK-NOT: arith.maximumf
func.func @residuals(%x: tensor<1x8x4x4xf32>, %w: tensor<8x8x1x1xf32>) -> (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) {
  %0 = vit.conv %x, %w extras(%x : tensor<1x8x4x4xf32>)
      {dilations = array<i64: 1, 1>, extra_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    vit.yield %s : f32
  }
  %1 = vit.conv %x, %w extras(%x : tensor<1x8x4x4xf32>)
      {dilations = array<i64: 1, 1>, extra_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %zero = arith.constant 0.0 : f32
    %s = arith.addf %acc, %e : f32
    %r = arith.maximumf %s, %zero : f32
    vit.yield %r : f32
  }
  return %0, %1 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>
}

// -----

// A residual of windows has channels last, too. Of one image 64 rows are a rectangle of its windows.
// CHECK-LABEL: func.func @windows
// CHECK-SAME: (%[[X:.+]]: tensor<1x16x8x8xf32>
// CHECK: %[[LAST:.+]] = linalg.transpose ins(%[[X]] : {{.*}}) permutation = [0, 2, 3, 1]
// CHECK: vgpu.conv {{.*}} residual(%[[LAST]] : tensor<1x8x8x16xf32>) outs(%{{.+}} : tensor<1x8x8x16xf32>)
// CHECK-SAME: dilations = array<i64: 2, 2>, pads = array<i64: 2, 2>, rectangle = array<i64: 8, 8, 1>
func.func @windows(%x: tensor<1x16x8x8xf32>, %w: tensor<16x16x3x3xf32>) -> tensor<1x16x8x8xf32> {
  %0 = vit.conv %x, %w extras(%x : tensor<1x16x8x8xf32>)
      {dilations = array<i64: 2, 2>, extra_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], pads = array<i64: 2, 2, 2, 2>, strides = array<i64: 1, 1>}
      : (tensor<1x16x8x8xf32>, tensor<16x16x3x3xf32>) -> tensor<1x16x8x8xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %s = arith.addf %acc, %e : f32
    vit.yield %s : f32
  }
  return %0 : tensor<1x16x8x8xf32>
}

// -----

// Windows are gathered as rows, with the channels of a tap together, where pixels of the image or of the result are no
// multiples of 16 bytes, or strides are longer than those of boxes.
// CHECK-LABEL: func.func @gathered
// CHECK-SAME: (%[[X:.+]]: tensor<2x3x16x16xf32>
// CHECK: %[[LAST:.+]] = linalg.transpose ins(%[[X]] : {{.*}}) permutation = [0, 2, 3, 1]
// CHECK: %[[IMAGE:.+]] = arith.truncf %[[LAST]] : tensor<2x16x16x3xf32> to tensor<2x16x16x3xbf16>
// CHECK: %[[WINDOWS:.+]] = linalg.generic {{.*}} outs(%{{.+}} : tensor<2x16x16x32xbf16>)
// CHECK: tensor.extract %[[IMAGE]]
// CHECK: %[[A:.+]] = tensor.collapse_shape %[[WINDOWS]] {{.*}} into tensor<512x32xbf16>
// CHECK: vgpu.gemm ins(%[[A]], %{{.+}} : tensor<512x32xbf16>, tensor<16x32xbf16>)
// CHECK: vgpu.gemm {{.*}} : tensor<512x144xbf16>, tensor<6x144xbf16>)
// CHECK: vgpu.gemm {{.*}} : tensor<8x144xbf16>, tensor<8x144xbf16>)
// CHECK-NOT: vgpu.conv
// For mma.sync pixels of the result may be of any size, and strides of any length.
// SM80-LABEL: func.func @gathered
// SM80: vgpu.gemm {{.*}} : tensor<512x32xbf16>, tensor<16x32xbf16>)
// SM80: vgpu.conv {{.*}} : tensor<2x16x16x16xbf16>, tensor<6x9x16xbf16>)
// SM80: vgpu.conv {{.*}} : tensor<2x16x16x16xbf16>, tensor<8x9x16xbf16>)
func.func @gathered(%x: tensor<2x3x16x16xf32>, %w: tensor<16x3x3x3xf32>, %v: tensor<6x16x3x3xf32>, %u: tensor<8x16x3x3xf32>) -> (tensor<2x6x16x16xf32>, tensor<2x8x2x2xf32>) {
  %0 = vit.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<2x3x16x16xf32>, tensor<16x3x3x3xf32>) -> tensor<2x16x16x16xf32>
  %1 = vit.conv %0, %v {dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}
      : (tensor<2x16x16x16xf32>, tensor<6x16x3x3xf32>) -> tensor<2x6x16x16xf32>
  %2 = vit.conv %0, %u {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 9, 9>}
      : (tensor<2x16x16x16xf32>, tensor<8x16x3x3xf32>) -> tensor<2x8x2x2xf32>
  return %1, %2 : tensor<2x6x16x16xf32>, tensor<2x8x2x2xf32>
}

// -----

// Loops they stay: groups, transposed ones, open heights.
// CHECK-LABEL: func.func @others
// CHECK-COUNT-3: vit.conv
// CHECK-NOT: vgpu.gemm
func.func @others(%x: tensor<1x8x4x4xf32>, %y: tensor<1x8x?x4xf32>, %g: tensor<8x4x1x1xf32>, %w: tensor<8x8x1x1xf32>)
    -> (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x?x4xf32>) {
  %0 = vit.conv %x, %g {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x8x4x4xf32>, tensor<8x4x1x1xf32>) -> tensor<1x8x4x4xf32>
  %1 = vit.conv %x, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>, transposed}
      : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32>
  %2 = vit.conv %y, %w {dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>}
      : (tensor<1x8x?x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x?x4xf32>
  return %0, %1, %2 : tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>, tensor<1x8x?x4xf32>
}
