// RUN: vitc-opt %s --split-input-file --vit-split-batch | FileCheck %s

// Of 8 images each multiplies 196 times with every weight: a pass for each. What is the same for all images is divided as
// well, and so are the sizes that ops state.
// CHECK-LABEL: func.func @layers(
// CHECK-SAME: %[[X:.+]]: tensor<1x196x64xf32>) -> (tensor<1x196x64xf32>, tensor<1x64xf32>) attributes {vit.passes = 8 : i64}
func.func @layers(%x: tensor<8x196x64xf32>) -> (tensor<8x196x64xf32>, tensor<8x64xf32>) {
  %w = arith.constant dense<0.5> : tensor<64x192xf32>
  %ones = arith.constant dense<1.0> : tensor<8x196x64xf32>
  %zero = arith.constant 0.0 : f32
  // CHECK: %[[Y:.+]] = vit.linear %[[X]], {{.*}} -> tensor<1x196x192xf32>
  %0 = vit.linear %x, %w : (tensor<8x196x64xf32>, tensor<64x192xf32>) -> tensor<8x196x192xf32>
  // CHECK: tensor.expand_shape %[[Y]] {{.*}} output_shape [1, 196, 6, 32] : tensor<1x196x192xf32> into tensor<1x196x6x32xf32>
  %1 = tensor.expand_shape %0 [[0], [1], [2, 3]] output_shape [8, 196, 6, 32] : tensor<8x196x192xf32> into tensor<8x196x6x32xf32>
  // CHECK: tensor.extract_slice {{.*}}[0, 0, 0, 0] [1, 196, 2, 32] [1, 1, 1, 1] : tensor<1x196x6x32xf32> to tensor<1x196x2x32xf32>
  %q = tensor.extract_slice %1[0, 0, 0, 0] [8, 196, 2, 32] [1, 1, 1, 1] : tensor<8x196x6x32xf32> to tensor<8x196x2x32xf32>
  %k = tensor.extract_slice %1[0, 0, 2, 0] [8, 196, 2, 32] [1, 1, 1, 1] : tensor<8x196x6x32xf32> to tensor<8x196x2x32xf32>
  %v = tensor.extract_slice %1[0, 0, 4, 0] [8, 196, 2, 32] [1, 1, 1, 1] : tensor<8x196x6x32xf32> to tensor<8x196x2x32xf32>
  // CHECK: vit.attention {{.*}} -> tensor<1x196x2x32xf32>
  %a = vit.attention %q, %k, %v {scale = 1.0 : f32} : (tensor<8x196x2x32xf32>, tensor<8x196x2x32xf32>, tensor<8x196x2x32xf32>) -> tensor<8x196x2x32xf32>
  // CHECK: tensor.collapse_shape {{.*}} : tensor<1x196x2x32xf32> into tensor<1x196x64xf32>
  %2 = tensor.collapse_shape %a [[0], [1], [2, 3]] : tensor<8x196x2x32xf32> into tensor<8x196x64xf32>
  // CHECK: %[[ONES:.+]] = arith.constant dense<1.000000e+00> : tensor<1x196x64xf32>
  // CHECK: %[[SUM:.+]] = arith.addf {{.*}}, %[[ONES]] : tensor<1x196x64xf32>
  %3 = arith.addf %2, %ones : tensor<8x196x64xf32>
  // CHECK: %[[EMPTY:.+]] = tensor.empty() : tensor<1x64xf32>
  // CHECK: %[[INIT:.+]] = linalg.fill {{.*}} outs(%[[EMPTY]] : tensor<1x64xf32>)
  // CHECK: linalg.reduce {{.*}} ins(%[[SUM]] : tensor<1x196x64xf32>) outs(%[[INIT]] : tensor<1x64xf32>) dimensions = [1]
  %empty = tensor.empty() : tensor<8x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x64xf32>) -> tensor<8x64xf32>
  %mean = linalg.reduce {arith.addf} ins(%3 : tensor<8x196x64xf32>) outs(%init : tensor<8x64xf32>) dimensions = [1]
  return %3, %mean : tensor<8x196x64xf32>, tensor<8x64xf32>
}

// -----

// Windows of all images side by side: the images are their outermost part. A mask of each window does not know of images.
// CHECK-LABEL: func.func @windows(
// CHECK-SAME: tensor<1x16x49x32xf32>{{.*}} attributes {vit.passes = 4 : i64}
// CHECK: tensor.collapse_shape {{.*}} : tensor<1x16x49x32xf32> into tensor<16x49x32xf32>
// CHECK: vit.linear {{.*}} -> tensor<16x49x32xf32>
// CHECK: vit.attention {{.*}} addends({{.*}} : tensor<1x49x49xf32>)
// CHECK: tensor.expand_shape {{.*}} output_shape [1, 16, 49, 32]
func.func @windows(%x: tensor<4x16x49x32xf32>, %unused: tensor<4x1xf32>) -> tensor<4x16x49x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x32xf32>
  %mask = arith.constant dense<0.25> : tensor<1x49x49xf32>
  %0 = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<4x16x49x32xf32> into tensor<64x49x32xf32>
  %1 = vit.linear %0, %w : (tensor<64x49x32xf32>, tensor<32x32xf32>) -> tensor<64x49x32xf32>
  %2 = tensor.expand_shape %1 [[0], [1], [2, 3]] output_shape [64, 49, 1, 32] : tensor<64x49x32xf32> into tensor<64x49x1x32xf32>
  %3 = vit.attention %2, %2, %2 addends(%mask : tensor<1x49x49xf32>) {scale = 1.0 : f32} : (tensor<64x49x1x32xf32>, tensor<64x49x1x32xf32>, tensor<64x49x1x32xf32>) -> tensor<64x49x1x32xf32>
  %4 = tensor.collapse_shape %3 [[0], [1], [2, 3]] : tensor<64x49x1x32xf32> into tensor<64x49x32xf32>
  %5 = tensor.expand_shape %4 [[0, 1], [2], [3]] output_shape [4, 16, 49, 32] : tensor<64x49x32xf32> into tensor<4x16x49x32xf32>
  return %5 : tensor<4x16x49x32xf32>
}

// -----

// 25 rows an image: four images a pass multiply enough with each weight.
// CHECK-LABEL: func.func @few_rows(
// CHECK-SAME: tensor<4x25x64xf32>{{.*}} attributes {vit.passes = 2 : i64}
func.func @few_rows(%x: tensor<8x25x64xf32>) -> tensor<8x25x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = vit.linear %x, %w : (tensor<8x25x64xf32>, tensor<64x32xf32>) -> tensor<8x25x32xf32>
  return %0 : tensor<8x25x32xf32>
}

// -----

// CHECK-LABEL: func.func @too_few_rows(
// CHECK-NOT: vit.passes
func.func @too_few_rows(%x: tensor<8x4x64xf32>) -> tensor<8x4x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = vit.linear %x, %w : (tensor<8x4x64xf32>, tensor<64x32xf32>) -> tensor<8x4x32xf32>
  return %0 : tensor<8x4x32xf32>
}

// -----

// Images that meet: in a sum over the batch, in an output without it, as an inner dimension.
// CHECK-LABEL: func.func @sum_of_images(
// CHECK-NOT: vit.passes
func.func @sum_of_images(%x: tensor<8x200x64xf32>) -> tensor<8x200x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %zero = arith.constant dense<0.0> : tensor<200x32xf32>
  %empty = tensor.empty() : tensor<8x200x32xf32>
  %0 = vit.linear %x, %w : (tensor<8x200x64xf32>, tensor<64x32xf32>) -> tensor<8x200x32xf32>
  %1 = linalg.reduce {arith.addf} ins(%0 : tensor<8x200x32xf32>) outs(%zero : tensor<200x32xf32>) dimensions = [0]
  %2 = linalg.broadcast ins(%1 : tensor<200x32xf32>) outs(%empty : tensor<8x200x32xf32>) dimensions = [0]
  return %2 : tensor<8x200x32xf32>
}

// -----

// CHECK-LABEL: func.func @transposed(
// CHECK-NOT: vit.passes
func.func @transposed(%x: tensor<8x200x64xf32>) -> tensor<8x200x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %empty = tensor.empty() : tensor<200x8x64xf32>
  %back = tensor.empty() : tensor<8x200x32xf32>
  %0 = linalg.transpose ins(%x : tensor<8x200x64xf32>) outs(%empty : tensor<200x8x64xf32>) permutation = [1, 0, 2]
  %1 = vit.linear %0, %w : (tensor<200x8x64xf32>, tensor<64x32xf32>) -> tensor<200x8x32xf32>
  %2 = linalg.transpose ins(%1 : tensor<200x8x32xf32>) outs(%back : tensor<8x200x32xf32>) permutation = [1, 0, 2]
  return %2 : tensor<8x200x32xf32>
}

// -----

// The rows of 6 x 4 images and tokens, read as 3 x 8, are no longer those of whole images.
// CHECK-LABEL: func.func @regrouped(
// CHECK-NOT: vit.passes
func.func @regrouped(%x: tensor<6x400x64xf32>) -> tensor<6x400x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = tensor.collapse_shape %x [[0, 1], [2]] : tensor<6x400x64xf32> into tensor<2400x64xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [3, 800, 64] : tensor<2400x64xf32> into tensor<3x800x64xf32>
  %2 = vit.linear %1, %w : (tensor<3x800x64xf32>, tensor<64x32xf32>) -> tensor<3x800x32xf32>
  %3 = tensor.collapse_shape %2 [[0, 1], [2]] : tensor<3x800x32xf32> into tensor<2400x32xf32>
  %4 = tensor.expand_shape %3 [[0, 1], [2]] output_shape [6, 400, 32] : tensor<2400x32xf32> into tensor<6x400x32xf32>
  return %4 : tensor<6x400x32xf32>
}

// -----

// Every image has a bias of its own.
// CHECK-LABEL: func.func @own_bias(
// CHECK-NOT: vit.passes
func.func @own_bias(%x: tensor<2x196x1xf32>) -> tensor<2x196x1xf32> {
  %w = arith.constant dense<0.5> : tensor<1x1xf32>
  %own = arith.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %empty = tensor.empty() : tensor<2x196x1xf32>
  %0 = vit.linear %x, %w : (tensor<2x196x1xf32>, tensor<1x1xf32>) -> tensor<2x196x1xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(b, t, c) -> (b, t, c)>, affine_map<(b, t, c) -> (b, 0, c)>, affine_map<(b, t, c) -> (b, t, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%0, %own : tensor<2x196x1xf32>, tensor<2x1x1xf32>) outs(%empty : tensor<2x196x1xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x196x1xf32>
  return %1 : tensor<2x196x1xf32>
}

// -----

// The same bias for both, one copy of which is left; and the softmax over channels.
// CHECK-LABEL: func.func @same_bias(
// CHECK-SAME: vit.passes = 2 : i64
// CHECK: arith.constant dense<{{\[\[\[}}1.000000e+00, 3.000000e+00{{\]\]\]}}> : tensor<1x1x2xf32>
// CHECK: linalg.softmax dimension(2) ins({{.*}} : tensor<1x196x2xf32>) outs({{.*}} : tensor<1x196x2xf32>)
func.func @same_bias(%x: tensor<2x196x2xf32>) -> tensor<2x196x2xf32> {
  %w = arith.constant dense<0.5> : tensor<2x2xf32>
  %same = arith.constant dense<[[[1.0, 3.0]], [[1.0, 3.0]]]> : tensor<2x1x2xf32>
  %empty = tensor.empty() : tensor<2x196x2xf32>
  %0 = vit.linear %x, %w : (tensor<2x196x2xf32>, tensor<2x2xf32>) -> tensor<2x196x2xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(b, t, c) -> (b, t, c)>, affine_map<(b, t, c) -> (b, 0, c)>, affine_map<(b, t, c) -> (b, t, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%0, %same : tensor<2x196x2xf32>, tensor<2x1x2xf32>) outs(%empty : tensor<2x196x2xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x196x2xf32>
  %2 = linalg.softmax dimension(2) ins(%1 : tensor<2x196x2xf32>) outs(%empty : tensor<2x196x2xf32>) -> tensor<2x196x2xf32>
  return %2 : tensor<2x196x2xf32>
}

// -----

// A body that reads the first image for all.
// CHECK-LABEL: func.func @first_image(
// CHECK-NOT: vit.passes
func.func @first_image(%x: tensor<2x196x8xf32>) -> tensor<2x196x8xf32> {
  %w = arith.constant dense<0.5> : tensor<8x8xf32>
  %empty = tensor.empty() : tensor<2x196x8xf32>
  %0 = vit.linear %x, %w : (tensor<2x196x8xf32>, tensor<8x8xf32>) -> tensor<2x196x8xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(b, t, c) -> (b, t, c)>, affine_map<(b, t, c) -> (b, t, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%0 : tensor<2x196x8xf32>) outs(%empty : tensor<2x196x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    %first = arith.constant 0 : index
    %t = linalg.index 1 : index
    %c = linalg.index 2 : index
    %b = tensor.extract %0[%first, %t, %c] : tensor<2x196x8xf32>
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<2x196x8xf32>
  return %1 : tensor<2x196x8xf32>
}

// -----

// An output that no image decides, and a batch whose size is open.
// CHECK-LABEL: func.func @constant_output(
// CHECK-NOT: vit.passes
func.func @constant_output(%x: tensor<8x196x64xf32>) -> (tensor<8x196x32xf32>, tensor<8xf32>) {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %c = arith.constant dense<1.0> : tensor<8xf32>
  %0 = vit.linear %x, %w : (tensor<8x196x64xf32>, tensor<64x32xf32>) -> tensor<8x196x32xf32>
  return %0, %c : tensor<8x196x32xf32>, tensor<8xf32>
}
// CHECK-LABEL: func.func @open_batch(
// CHECK-NOT: vit.passes
func.func @open_batch(%x: tensor<?x196x64xf32>) -> tensor<?x196x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = vit.linear %x, %w : (tensor<?x196x64xf32>, tensor<64x32xf32>) -> tensor<?x196x32xf32>
  return %0 : tensor<?x196x32xf32>
}

// -----

// Of 200 images, four a pass: a library lists the steps of all passes, and 50 is the most up to 64 that divides.
// CHECK-LABEL: func.func @many_images(
// CHECK-SAME: tensor<4x196x64xf32>{{.*}} attributes {vit.passes = 50 : i64}
func.func @many_images(%x: tensor<200x196x64xf32>) -> tensor<200x196x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = vit.linear %x, %w : (tensor<200x196x64xf32>, tensor<64x32xf32>) -> tensor<200x196x32xf32>
  return %0 : tensor<200x196x32xf32>
}

// -----

// Others may call it with the whole batch.
// CHECK-LABEL: func.func private @helper(
// CHECK-NOT: vit.passes
func.func private @helper(%x: tensor<8x196x64xf32>) -> tensor<8x196x32xf32> {
  %w = arith.constant dense<0.5> : tensor<64x32xf32>
  %0 = vit.linear %x, %w : (tensor<8x196x64xf32>, tensor<64x32xf32>) -> tensor<8x196x32xf32>
  return %0 : tensor<8x196x32xf32>
}

// -----

// A head with one row an image and most of the weights would wait for them eight times.
// CHECK-LABEL: func.func @large_head(
// CHECK-NOT: vit.passes
func.func @large_head(%x: tensor<8x50000x16xf32>, %y: tensor<8x64xf32>) -> (tensor<8x50000x32xf32>, tensor<8x8000xf32>) {
  %w = arith.constant dense<0.5> : tensor<16x32xf32>
  %head = arith.constant dense<0.5> : tensor<64x8000xf32>
  %0 = vit.linear %x, %w : (tensor<8x50000x16xf32>, tensor<16x32xf32>) -> tensor<8x50000x32xf32>
  %1 = vit.linear %y, %head : (tensor<8x64xf32>, tensor<64x8000xf32>) -> tensor<8x8000xf32>
  return %0, %1 : tensor<8x50000x32xf32>, tensor<8x8000xf32>
}

// -----

// An output of all images' windows side by side.
// CHECK-LABEL: func.func @windows_out(
// CHECK-SAME: -> tensor<16x49x32xf32> attributes {vit.passes = 4 : i64}
func.func @windows_out(%x: tensor<4x16x49x32xf32>) -> tensor<64x49x32xf32> {
  %w = arith.constant dense<0.5> : tensor<32x32xf32>
  %0 = tensor.collapse_shape %x [[0, 1], [2], [3]] : tensor<4x16x49x32xf32> into tensor<64x49x32xf32>
  %1 = vit.linear %0, %w : (tensor<64x49x32xf32>, tensor<32x32xf32>) -> tensor<64x49x32xf32>
  return %1 : tensor<64x49x32xf32>
}
