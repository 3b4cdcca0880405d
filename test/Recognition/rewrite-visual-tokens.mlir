// RUN: vitc-opt %s --vit-rewrite-visual-tokens --cse --split-input-file | FileCheck %s

// 2 of 8 positions are projected, with the bias; the maps are the same.
// CHECK-LABEL: func @pool_first
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x8x4xf32>
// CHECK-DAG: %[[A:.+]] = arith.constant dense_resource<a>
// CHECK-DAG: %[[W:.+]] = arith.constant dense_resource<w>
// CHECK-DAG: %[[B:.+]] = arith.constant dense_resource<b>
// CHECK: %[[P:.+]], %[[M:.+]] = vit.tokenize %[[X]], %[[A]] {scale = 1.000000e+00 : f32} : (tensor<?x8x4xf32>, tensor<2x4xf32>) -> tensor<?x2x4xf32> maps tensor<?x2x8xf32>
// CHECK: %[[T:.+]] = vit.linear %[[P]], %[[W]] bias(%[[B]] : tensor<6xf32>) : (tensor<?x2x4xf32>, tensor<4x6xf32>) -> tensor<?x2x6xf32>
// CHECK: return %[[T]], %[[M]]
func.func @pool_first(%x: tensor<?x8x4xf32>) -> (tensor<?x2x6xf32>, tensor<?x2x8xf32>) {
  %a = arith.constant dense_resource<a> : tensor<2x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x6xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %v = vit.linear %x, %w bias(%b : tensor<6xf32>) : (tensor<?x8x4xf32>, tensor<4x6xf32>) -> tensor<?x8x6xf32>
  %t, %m = vit.tokenize %x, %a values(%v : tensor<?x8x6xf32>) {scale = 1.0 : f32} : (tensor<?x8x4xf32>, tensor<2x4xf32>) -> tensor<?x2x6xf32> maps tensor<?x2x8xf32>
  return %t, %m : tensor<?x2x6xf32>, tensor<?x2x8xf32>
}

// -----

// Values by a convolution of the map: one line of tokens is convolved, in the same groups.
// CHECK-LABEL: func @pool_before_convolution
// CHECK: %[[X:.+]] = tensor.collapse_shape {{.*}} : tensor<?x2x4x4xf32> into tensor<?x8x4xf32>
// CHECK: %[[P:.+]] = vit.tokenize %[[X]], %{{.+}} {scale = 1.000000e+00 : f32} : (tensor<?x8x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
// CHECK: %[[C:.+]] = linalg.transpose ins(%[[P]] : tensor<?x2x4xf32>) {{.*}} permutation = [0, 2, 1]
// CHECK: %[[I:.+]] = tensor.expand_shape %[[C]] {{\[\[0\], \[1\], \[2, 3\]\]}} output_shape [%{{.+}}, 4, 1, 2]
// CHECK: %[[V:.+]] = vit.conv %[[I]], %{{.+}} bias(%{{.+}} : tensor<6xf32>) {{.*}} groups = 2 {{.*}} -> tensor<?x6x1x2xf32>
// CHECK: %[[R:.+]] = tensor.collapse_shape %[[V]]
// CHECK: %[[T:.+]] = linalg.transpose ins(%[[R]] : tensor<?x6x2xf32>) {{.*}} permutation = [0, 2, 1]
// CHECK: return %[[T]]
func.func @pool_before_convolution(%map: tensor<?x4x2x4xf32>, %a: tensor<?x2x4xf32>) -> tensor<?x2x6xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %map, %c0 : tensor<?x4x2x4xf32>
  %w = arith.constant dense_resource<w> : tensor<6x2x1x1xf32>
  %b = arith.constant dense_resource<b> : tensor<6xf32>
  %v = vit.conv %map, %w bias(%b : tensor<6xf32>) {dilations = array<i64: 1, 1>, groups = 2 : i64, pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>} : (tensor<?x4x2x4xf32>, tensor<6x2x1x1xf32>) -> tensor<?x6x2x4xf32>
  %ex = tensor.empty(%n) : tensor<?x2x4x4xf32>
  %tx = linalg.transpose ins(%map : tensor<?x4x2x4xf32>) outs(%ex : tensor<?x2x4x4xf32>) permutation = [0, 2, 3, 1]
  %x = tensor.collapse_shape %tx [[0], [1, 2], [3]] : tensor<?x2x4x4xf32> into tensor<?x8x4xf32>
  %ev = tensor.empty(%n) : tensor<?x2x4x6xf32>
  %tv = linalg.transpose ins(%v : tensor<?x6x2x4xf32>) outs(%ev : tensor<?x2x4x6xf32>) permutation = [0, 2, 3, 1]
  %values = tensor.collapse_shape %tv [[0], [1, 2], [3]] : tensor<?x2x4x6xf32> into tensor<?x8x6xf32>
  %t = vit.tokenize %x, %a values(%values : tensor<?x8x6xf32>) {scale = 1.0 : f32} : (tensor<?x8x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x6xf32>
  return %t : tensor<?x2x6xf32>
}

// -----

// The two weights become one, the bias of the queries one number a token, that of the keys nothing.
// CHECK-LABEL: func @fold_projector
// CHECK-SAME: (%[[X:[a-z0-9]+]]: tensor<?x8x4xf32>, %[[T:[a-z0-9]+]]: tensor<?x2x6xf32>, %[[V:[a-z0-9]+]]: tensor<?x2x4xf32>)
// CHECK-DAG: %[[WQ:.+]] = arith.constant dense_resource<wq>
// CHECK-DAG: %[[WK:.+]] = arith.constant dense_resource<wk>
// CHECK-DAG: %[[BQ:.+]] = arith.constant dense_resource<bq>
// CHECK: %[[W:.+]] = linalg.contract {{.*}} ins(%[[WK]], %[[WQ]] : tensor<6x5xf32>, tensor<4x5xf32>) {{.*}} -> tensor<6x4xf32>
// CHECK: %[[U:.+]] = linalg.contract {{.*}} ins(%[[WK]], %[[BQ]] : tensor<6x5xf32>, tensor<5xf32>) {{.*}} -> tensor<6xf32>
// CHECK: %[[S:.+]] = linalg.elementwise kind=#linalg.elementwise_kind<mul> {{.*}} ins(%[[U]], %{{.+}} : tensor<6xf32>, tensor<f32>)
// CHECK: %[[COLUMN:.+]] = tensor.expand_shape %[[S]]
// CHECK: %[[EACH:.+]] = vit.linear %[[T]], %[[COLUMN]] : (tensor<?x2x6xf32>, tensor<6x1xf32>) -> tensor<?x2x1xf32>
// CHECK: %[[FLAT:.+]] = tensor.collapse_shape %[[EACH]]
// CHECK: %[[ROW:.+]] = tensor.expand_shape %[[FLAT]] {{.*}} into tensor<?x1x2xf32>
// CHECK: %[[K:.+]] = vit.linear %[[T]], %[[W]] : (tensor<?x2x6xf32>, tensor<6x4xf32>) -> tensor<?x2x4xf32>
// CHECK: vit.project %[[X]], %[[X]], %[[K]], %[[V]] addends(%[[ROW]] : tensor<?x1x2xf32>) {scale = 5.000000e-01 : f32}
func.func @fold_projector(%x: tensor<?x8x4xf32>, %t: tensor<?x2x6xf32>, %v: tensor<?x2x4xf32>) -> tensor<?x8x4xf32> {
  %wq = arith.constant dense_resource<wq> : tensor<4x5xf32>
  %bq = arith.constant dense_resource<bq> : tensor<5xf32>
  %wk = arith.constant dense_resource<wk> : tensor<6x5xf32>
  %bk = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32>
  %q = vit.linear %x, %wq bias(%bq : tensor<5xf32>) : (tensor<?x8x4xf32>, tensor<4x5xf32>) -> tensor<?x8x5xf32>
  %k = vit.linear %t, %wk bias(%bk : tensor<5xf32>) : (tensor<?x2x6xf32>, tensor<6x5xf32>) -> tensor<?x2x5xf32>
  %y = vit.project %x, %q, %k, %v {scale = 0.5 : f32} : (tensor<?x8x4xf32>, tensor<?x8x5xf32>, tensor<?x2x5xf32>, tensor<?x2x4xf32>) -> tensor<?x8x4xf32>
  return %y : tensor<?x8x4xf32>
}

// -----

// Without biases there is no addend; transposed weights are multiplied as they are.
// CHECK-LABEL: func @fold_transposed
// CHECK: %[[W:.+]] = linalg.contract {{.*}} ins(%{{.+}}, %{{.+}} : tensor<5x6xf32>, tensor<5x4xf32>) {{.*}} -> tensor<6x4xf32>
// CHECK: %[[K:.+]] = vit.linear %{{.+}}, %[[W]] : (tensor<2x2x6xf32>, tensor<6x4xf32>)
// CHECK: vit.project %{{.+}}, %{{.+}}, %[[K]], %{{.+}} {scale = 1.000000e+00 : f32}
func.func @fold_transposed(%x: tensor<2x8x4xf32>, %t: tensor<2x2x6xf32>, %v: tensor<2x2x4xf32>) -> tensor<2x8x4xf32> {
  %wq = arith.constant dense_resource<wq> : tensor<5x4xf32>
  %wk = arith.constant dense_resource<wk> : tensor<5x6xf32>
  %q = vit.linear %x, %wq {transposed} : (tensor<2x8x4xf32>, tensor<5x4xf32>) -> tensor<2x8x5xf32>
  %k = vit.linear %t, %wk {transposed} : (tensor<2x2x6xf32>, tensor<5x6xf32>) -> tensor<2x2x5xf32>
  %y = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<2x8x5xf32>, tensor<2x2x5xf32>, tensor<2x2x4xf32>) -> tensor<2x8x4xf32>
  return %y : tensor<2x8x4xf32>
}

// -----

// Near misses of the first: values that others read, and as many tokens as positions.
// CHECK-LABEL: func @not_pooled_first
// CHECK-COUNT-2: vit.tokenize {{.*}} values(
// CHECK-NOT: vit.linear
func.func @not_pooled_first(%x: tensor<2x8x4xf32>) -> (tensor<2x2x6xf32>, tensor<2x8x6xf32>, tensor<2x8x4xf32>) {
  %a = arith.constant dense_resource<a> : tensor<2x4xf32>
  %all = arith.constant dense_resource<all> : tensor<8x4xf32>
  %w = arith.constant dense_resource<w> : tensor<4x6xf32>
  %u = arith.constant dense_resource<u> : tensor<4x4xf32>
  %v = vit.linear %x, %w : (tensor<2x8x4xf32>, tensor<4x6xf32>) -> tensor<2x8x6xf32>
  %z = vit.linear %x, %u : (tensor<2x8x4xf32>, tensor<4x4xf32>) -> tensor<2x8x4xf32>
  %t = vit.tokenize %x, %a values(%v : tensor<2x8x6xf32>) {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<2x4xf32>) -> tensor<2x2x6xf32>
  %s = vit.tokenize %x, %all values(%z : tensor<2x8x4xf32>) {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<8x4xf32>) -> tensor<2x8x4xf32>
  return %t, %v, %s : tensor<2x2x6xf32>, tensor<2x8x6xf32>, tensor<2x8x4xf32>
}

// -----

// Near misses of the second: queries that others read, narrow keys of wide positions, and a bias that is not finite.
// CHECK-LABEL: func @not_folded
// CHECK-NOT: linalg.contract
// CHECK-COUNT-3: vit.project
func.func @not_folded(%x: tensor<2x8x4xf32>, %t: tensor<2x2x6xf32>, %v: tensor<2x2x4xf32>) -> (tensor<2x8x4xf32>, tensor<2x8x5xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>) {
  %wq = arith.constant dense_resource<wq> : tensor<4x5xf32>
  %wk = arith.constant dense_resource<wk> : tensor<6x5xf32>
  %narrow = arith.constant dense_resource<narrow> : tensor<4x1xf32>
  %narrow_k = arith.constant dense_resource<narrow_k> : tensor<6x1xf32>
  %bad = arith.constant dense<[0.0, 0.0, 0.0, 0.0, 0x7F800000]> : tensor<5xf32>
  %q = vit.linear %x, %wq : (tensor<2x8x4xf32>, tensor<4x5xf32>) -> tensor<2x8x5xf32>
  %k = vit.linear %t, %wk : (tensor<2x2x6xf32>, tensor<6x5xf32>) -> tensor<2x2x5xf32>
  %y = vit.project %x, %q, %k, %v {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<2x8x5xf32>, tensor<2x2x5xf32>, tensor<2x2x4xf32>) -> tensor<2x8x4xf32>
  %qn = vit.linear %x, %narrow : (tensor<2x8x4xf32>, tensor<4x1xf32>) -> tensor<2x8x1xf32>
  %kn = vit.linear %t, %narrow_k : (tensor<2x2x6xf32>, tensor<6x1xf32>) -> tensor<2x2x1xf32>
  %z = vit.project %x, %qn, %kn, %v {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<2x8x1xf32>, tensor<2x2x1xf32>, tensor<2x2x4xf32>) -> tensor<2x8x4xf32>
  %p = vit.linear %y, %wq : (tensor<2x8x4xf32>, tensor<4x5xf32>) -> tensor<2x8x5xf32>
  %r = vit.linear %t, %wk bias(%bad : tensor<5xf32>) : (tensor<2x2x6xf32>, tensor<6x5xf32>) -> tensor<2x2x5xf32>
  %o = vit.project %y, %p, %r, %v {scale = 1.0 : f32} : (tensor<2x8x4xf32>, tensor<2x8x5xf32>, tensor<2x2x5xf32>, tensor<2x2x4xf32>) -> tensor<2x8x4xf32>
  return %y, %q, %z, %o : tensor<2x8x4xf32>, tensor<2x8x5xf32>, tensor<2x8x4xf32>, tensor<2x8x4xf32>
}
