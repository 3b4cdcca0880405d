// RUN: vitc-opt %s -convert-vit-to-cpu=level=x86-64-v4 -split-input-file | FileCheck %s

// The image is padded, the filter packed; the bias comes first among the extras, a residual image is channel-last.
// CHECK-DAG: #[[$FILTER:.+]] = affine_map<(d0, d1, d2, d3) -> (d3)>
// CHECK-DAG: #[[$IMAGE:.+]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
// CHECK-LABEL: func @plain
// CHECK: vcpu.pack {{.*}} permutation = [0, 2, 1]
// CHECK: vcpu.pad {{.*}} low = [1, 1] -> tensor<?x10x10x5xf32>
// CHECK: vcpu.pack ins(%{{.*}} : tensor<40x5x3x3xf32>) {{.*}} permutation = [2, 3, 1, 0] -> tensor<2x45x32xf32>
// CHECK: vcpu.conv {{.*}} extras({{.*}} : tensor<40xf32>, tensor<?x4x4x40xf32>)
// CHECK-SAME: dilations = array<i64: 1, 1>, extra_maps = [#[[$FILTER]], #[[$IMAGE]]], kernel = array<i64: 3, 3>
// CHECK-SAME: strides = array<i64: 2, 2>
// CHECK: arith.addf
// CHECK: arith.maximumf
func.func @plain(%x: tensor<?x5x8x8xf32>, %w: tensor<40x5x3x3xf32>, %bias: tensor<40xf32>, %r: tensor<?x40x4x4xf32>) -> tensor<?x40x4x4xf32> {
  %0 = vit.conv %x, %w bias(%bias : tensor<40xf32>) extras(%r : tensor<?x40x4x4xf32>) {strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>,
    dilations = array<i64: 1, 1>, extra_maps = [affine_map<(b, f, y, x) -> (b, f, y, x)>]} : (tensor<?x5x8x8xf32>, tensor<40x5x3x3xf32>) -> tensor<?x40x4x4xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %m = arith.maximumf %acc, %e : f32
    vit.yield %m : f32
  }
  return %0 : tensor<?x40x4x4xf32>
}

// -----

// CHECK-LABEL: func @pointwise
// CHECK-NOT: vcpu.conv
// CHECK: vcpu.gemm ins(%{{.*}}, %{{.*}} : tensor<?x5xf32>, tensor<2x5x32xf32>)
func.func @pointwise(%x: tensor<?x5x8x8xf32>, %w: tensor<40x5x1x1xf32>) -> tensor<?x40x8x8xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<?x5x8x8xf32>, tensor<40x5x1x1xf32>) -> tensor<?x40x8x8xf32>
  return %0 : tensor<?x40x8x8xf32>
}

// -----

// The pixels that strides leave are copied: rows of a matrix again. A residual is one of theirs.
// CHECK-LABEL: func @strided_pointwise
// CHECK-NOT: vcpu.conv
// CHECK: %[[PIXELS:.+]] = tensor.extract_slice %{{.*}}[0, 0, 0, 0] [%{{.*}}, 4, 3, 5] [1, 2, 3, 1] : tensor<?x8x8x5xf32> to tensor<?x4x3x5xf32>
// CHECK: %[[COPY:.+]] = linalg.copy ins(%[[PIXELS]] : {{.*}}) outs({{.*}} : tensor<?x4x3x5xf32>)
// CHECK: %[[ROWS:.+]] = tensor.collapse_shape %[[COPY]] {{\[}}[0, 1, 2], [3]] : tensor<?x4x3x5xf32> into tensor<?x5xf32>
// CHECK: vcpu.gemm ins(%[[ROWS]], %{{.*}} : tensor<?x5xf32>, tensor<2x5x32xf32>) extras(%{{.*}} : tensor<?x40xf32>)
func.func @strided_pointwise(%x: tensor<?x5x8x8xf32>, %w: tensor<40x5x1x1xf32>, %r: tensor<?x40x4x3xf32>) -> tensor<?x40x4x3xf32> {
  %0 = vit.conv %x, %w extras(%r : tensor<?x40x4x3xf32>) {strides = array<i64: 2, 3>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
    extra_maps = [affine_map<(b, f, y, x) -> (b, f, y, x)>]} : (tensor<?x5x8x8xf32>, tensor<40x5x1x1xf32>) -> tensor<?x40x4x3xf32> epilogue {
  ^bb0(%acc: f32, %e: f32):
    %m = arith.addf %acc, %e : f32
    vit.yield %m : f32
  }
  return %0 : tensor<?x40x4x3xf32>
}

// -----

// Four phases of 2 × 2 taps, each into a strided slice of the output.
// CHECK-LABEL: func @transposed
// CHECK: vcpu.pad {{.*}} low = [1, 1] -> tensor<1x10x10x5xf32>
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0] [1, 9, 9, 5] [1, 1, 1, 1]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 0, 0] [1, 8, 8, 40] [1, 2, 2, 1]
// CHECK: tensor.extract_slice %{{.*}}[0, 0, 1, 1] [5, 40, 2, 2] [1, 1, 2, 2]
// CHECK: vcpu.pack {{.*}} permutation = [2, 3, 0, 1] -> tensor<2x20x32xf32>
// CHECK: vcpu.conv {{.*}}flip, kernel = array<i64: 2, 2>
// CHECK: tensor.insert_slice
// CHECK-COUNT-3: vcpu.conv
// CHECK-NOT: vcpu.conv
func.func @transposed(%x: tensor<1x5x8x8xf32>, %w: tensor<5x40x4x4xf32>) -> tensor<1x40x16x16xf32> {
  %0 = vit.conv %x, %w {transposed, strides = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>}
    : (tensor<1x5x8x8xf32>, tensor<5x40x4x4xf32>) -> tensor<1x40x16x16xf32>
  return %0 : tensor<1x40x16x16xf32>
}

// -----

// CHECK-LABEL: func @depthwise
// CHECK: vcpu.pack {{.*}} permutation = [2, 3, 1, 0] -> tensor<1x49x24xf32>
// CHECK: vcpu.depthwise_conv
func.func @depthwise(%x: tensor<1x24x8x8xf32>, %w: tensor<24x1x7x7xf32>) -> tensor<1x24x8x8xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 3, 3, 3, 3>, dilations = array<i64: 1, 1>, groups = 24 : i64}
    : (tensor<1x24x8x8xf32>, tensor<24x1x7x7xf32>) -> tensor<1x24x8x8xf32>
  return %0 : tensor<1x24x8x8xf32>
}

// -----

// CHECK-LABEL: func @groups
// CHECK-COUNT-2: vcpu.conv ins(%{{.*}}, %{{.*}} : tensor<1x8x8x12xf32>, tensor<1x108x32xf32>)
// CHECK-NOT: vcpu.conv
func.func @groups(%x: tensor<1x24x8x8xf32>, %w: tensor<16x12x3x3xf32>) -> tensor<1x16x6x6xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x24x8x8xf32>, tensor<16x12x3x3xf32>) -> tensor<1x16x6x6xf32>
  return %0 : tensor<1x16x6x6xf32>
}

// -----

// A chain stays channel-last, through an elementwise op with a per-channel operand as well: one transpose at each end.
// CHECK-LABEL: func @chain
// CHECK-SAME: (%[[X:.+]]: tensor<1x5x8x8xf32>
// CHECK: vcpu.pack {{.*}} permutation = [0, 2, 1] -> tensor<1x1x64x5xf32>
// CHECK: vcpu.conv
// CHECK-NOT: permutation = [0, 2, 1]
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<1x6x6x6xf32>)
// CHECK-NOT: permutation = [0, 2, 1]
// CHECK: vcpu.conv
// CHECK: vcpu.pack {{.*}} permutation = [0, 2, 1] -> tensor<1x1x7x16xf32>
// CHECK-NOT: linalg.transpose
func.func @chain(%x: tensor<1x5x8x8xf32>, %w: tensor<6x5x3x3xf32>, %s: tensor<6xf32>, %v: tensor<7x6x3x3xf32>) -> tensor<1x7x4x4xf32> {
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x5x8x8xf32>, tensor<6x5x3x3xf32>) -> tensor<1x6x6x6xf32>
  %e = tensor.empty() : tensor<1x6x6x6xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(b, f, y, x) -> (b, f, y, x)>, affine_map<(b, f, y, x) -> (f)>, affine_map<(b, f, y, x) -> (b, f, y, x)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%0, %s : tensor<1x6x6x6xf32>, tensor<6xf32>) outs(%e : tensor<1x6x6x6xf32>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    linalg.yield %p : f32
  } -> tensor<1x6x6x6xf32>
  %2 = vit.conv %1, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>}
    : (tensor<1x6x6x6xf32>, tensor<7x6x3x3xf32>) -> tensor<1x7x4x4xf32>
  return %2 : tensor<1x7x4x4xf32>
}

// -----

// One channel and two filters a group: the channels are repeated, and one depthwise kernel does them all.
// CHECK-LABEL: func.func @channel_multiplier
func.func @channel_multiplier(%x: tensor<1x3x8x8xf32>, %w: tensor<6x1x3x3xf32>) -> tensor<1x6x8x8xf32> {
  // CHECK: linalg.broadcast ins(%{{.+}} : tensor<1x3x8x8xf32>) outs(%{{.+}} : tensor<1x3x2x8x8xf32>) dimensions = [2]
  // CHECK-COUNT-1: vcpu.depthwise_conv
  // CHECK-NOT: vcpu.conv
  %0 = vit.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 3 : i64} : (tensor<1x3x8x8xf32>, tensor<6x1x3x3xf32>) -> tensor<1x6x8x8xf32>
  return %0 : tensor<1x6x8x8xf32>
}
