// RUN: vitc-opt %s --onnx-infer-shapes --split-input-file --mlir-print-local-scope | FileCheck %s

// The positions are counted in the run: at most as many as there are elements. Equal nodes count alike.
#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
// CHECK-LABEL: func.func @non_zero
// CHECK-SAME: vit.dims = #vit.dims<["count(find)"], affine_map<()[s0] -> (2, s0)>>
// CHECK-SAME: vit.dims = #vit.dims<["count(find.1)"], affine_map<()[s0] -> (s0 * 2)>>
func.func @non_zero(%x: tensor<?x3xf32, #b>, %m: tensor<4x5xi1>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) {
  %flat = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  // CHECK: onnx.NonZero {{.*}} {onnx.extent = #vit.dims<["batch", "count(find)"], affine_map<()[s0, s1] -> (s1, s0 * 3)>>} : {{.*}} -> tensor<2x?xi64, #vit.dims<["count(find)"], affine_map<()[s0] -> (2, s0)>>>
  %0 = onnx.NonZero %x : (tensor<?x3xf32, #b>) -> tensor<*xi64> loc("find")
  // CHECK: onnx.NonZero {{.*}} {onnx.extent = #vit.dims<["count(find.1)"], affine_map<()[s0] -> (s0, 20)>>}
  %1 = onnx.NonZero %m : (tensor<4x5xi1>) -> tensor<*xi64> loc("find")
  // CHECK: onnx.Reshape {{.*}} -> tensor<?xi64, #vit.dims<["count(find.1)"], affine_map<()[s0] -> (s0 * 2)>>>
  %2 = onnx.Reshape %1, %flat : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: onnx.NonZero {{.*}} {onnx.extent = #vit.dims<["batch", "count(find)"]
  %3 = onnx.NonZero %x : (tensor<?x3xf32, #b>) -> tensor<*xi64> loc("again")
  return %0, %2, %3 : tensor<*xi64>, tensor<*xi64>, tensor<*xi64>
}

// -----

// CHECK-LABEL: func.func @compress
func.func @compress(%x: tensor<4x5xf32>, %c: tensor<3xi1>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %known = onnx.Constant dense<[true, false, true]> : tensor<3xi1> : tensor<3xi1>
  // CHECK: onnx.Compress {{.*}} {axis = 1 : i64} : {{.*}} -> tensor<4x2xf32>
  %0 = onnx.Compress %x, %known {axis = 1 : i64} : (tensor<4x5xf32>, tensor<3xi1>) -> tensor<*xf32>
  // CHECK: onnx.Compress {{.*}} affine_map<()[s0] -> (s0, 3)>>} : {{.*}} -> tensor<?x5xf32
  %1 = onnx.Compress %x, %c {axis = -2 : i64} : (tensor<4x5xf32>, tensor<3xi1>) -> tensor<*xf32> loc("rows")
  // CHECK: onnx.Compress {{.*}} -> tensor<?xf32, #vit.dims<["count(all)"]
  %2 = onnx.Compress %x, %c : (tensor<4x5xf32>, tensor<3xi1>) -> tensor<*xf32> loc("all")
  return %0, %1, %2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// Of each class at most the limit, where that is known.
// CHECK-LABEL: func.func @suppression
func.func @suppression(%b: tensor<2x40x4xf32>, %s: tensor<2x3x40xf32>, %n: tensor<1xi64>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) {
  %five = onnx.Constant dense<5> : tensor<1xi64> : tensor<1xi64>
  %all = onnx.Constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  // CHECK: affine_map<()[s0] -> (s0, 30)>
  %0 = onnx.NonMaxSuppression %b, %s, %five {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: affine_map<()[s0] -> (s0, 240)>
  %1 = onnx.NonMaxSuppression %b, %s, %all {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: affine_map<()[s0] -> (s0, 240)>
  %2 = onnx.NonMaxSuppression %b, %s, %n {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: onnx.NonMaxSuppression {{.*}} -> tensor<0x3xi64>
  %3 = onnx.NonMaxSuppression %b, %s {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<2x40x4xf32>, tensor<2x3x40xf32>) -> tensor<*xi64>
  return %0, %1, %2, %3 : tensor<*xi64>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>
}

// -----

// min(100, n) is not known, but at most 100: so many are the best of n, and of a slice to there.
// CHECK-LABEL: func.func @bounded
func.func @bounded(%m: tensor<900xi1>, %x: tensor<900xf32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>) {
  %flat = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %hundred = onnx.Constant dense<100> : tensor<1xi64> : tensor<1xi64>
  %p = onnx.NonZero %m : (tensor<900xi1>) -> tensor<*xi64> loc("find")
  %i = onnx.Reshape %p, %flat : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %scores = onnx.Gather %x, %i : (tensor<900xf32>, tensor<*xi64>) -> tensor<*xf32>
  %n = onnx.Shape %i : (tensor<*xi64>) -> tensor<*xi64>
  %k = onnx.Min %hundred, %n : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  // CHECK: onnx.TopK {{.*}} {onnx.extent = #vit.dims<["count(best)"], affine_map<()[s0] -> (s0, 100)>>}
  %v, %j = onnx.TopK %scores, %k : (tensor<*xf32>, tensor<*xi64>) -> (tensor<*xf32>, tensor<*xi64>) loc("best")
  // CHECK: onnx.Slice {{.*}}onnx.extent = #vit.dims<["count(head)"], affine_map<()[s0] -> (s0, 100)>>{{.*}} -> tensor<?xi64, #vit.dims<["count(head)"]
  %head = onnx.Slice %i, %zero, %hundred {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64> loc("head")
  return %v, %j, %head : tensor<*xf32>, tensor<*xi64>, tensor<*xi64>
}

// -----

// What counts stays alive where only the count is used.
// CHECK-LABEL: func.func @alive
func.func @alive(%m: tensor<9xi1>, %x: tensor<1xf32>) -> tensor<*xf32> {
  %one = onnx.Constant dense<1> : tensor<1xi64> : tensor<1xi64>
  // CHECK: onnx.NonZero
  %p = onnx.NonZero %m : (tensor<9xi1>) -> tensor<*xi64>
  // CHECK: %[[N:.+]] = onnx.Shape
  %n = onnx.Shape %p {start = 1 : i64} : (tensor<*xi64>) -> tensor<*xi64>
  // CHECK: onnx.Expand %{{.+}}, %[[N]]
  %y = onnx.Expand %x, %n : (tensor<1xf32>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// Branches of different lengths: both in a row, and the part that the condition says.
// CHECK-LABEL: func.func @branches
// CHECK-SAME: %[[C:[^:]+]]: tensor<i1>
// CHECK-SAME: %[[X:[^ :]+]]: tensor<3xf32>
// CHECK-SAME: %[[Y:[^ :]+]]: tensor<5xf32>
func.func @branches(%c: tensor<i1>, %x: tensor<3xf32>, %y: tensor<5xf32>) -> tensor<*xf32> {
  // CHECK: %[[WHOLE:.+]] = onnx.Concat %[[X]], %[[Y]]
  // CHECK: %[[START:.+]] = onnx.Where %[[C]]
  // CHECK: %[[END:.+]] = onnx.Where %[[C]]
  // CHECK: onnx.Slice %[[WHOLE]], %[[START]], %[[END]]{{.*}} -> tensor<?xf32
  %0 = onnx.If %c : tensor<i1> -> (tensor<*xf32>) {
    onnx.Yield %x : tensor<3xf32>
  } else {
    onnx.Yield %y : tensor<5xf32>
  }
  return %0 : tensor<*xf32>
}

// -----

// As many as there are distinct rows; the inverse has one for each row.
#b = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3)>>
// CHECK-LABEL: func.func @unique
func.func @unique(%x: tensor<?x3xf32, #b>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>, tensor<*xf32>) {
  // CHECK: onnx.Unique {{.*}} {axis = 0 : i64, onnx.extent = #vit.dims<["batch", "count(rows)"], affine_map<()[s0, s1] -> (s1, s0)>>}
  // CHECK-SAME: -> (tensor<?x3xf32, #vit.dims<["count(rows)"], affine_map<()[s0] -> (s0, 3)>>>, tensor<?xi64, #vit.dims<["count(rows)"], affine_map<()[s0] -> (s0)>>>, tensor<?xi64, #vit.dims<["batch"], affine_map<()[s0] -> (s0)>>>, tensor<?xi64, #vit.dims<["count(rows)"], affine_map<()[s0] -> (s0)>>>)
  %0:4 = onnx.Unique %x {axis = 0 : i64} : (tensor<?x3xf32, #b>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) loc("rows")
  // CHECK: onnx.Unique {{.*}}-> (tensor<?xf32, #vit.dims<["count(all)"], affine_map<()[s0] -> (s0)>>>, {{.*}}, tensor<?xi64, #vit.dims<["batch"], affine_map<()[s0] -> (s0 * 3)>>>, {{.*}})
  %1:4 = onnx.Unique %x : (tensor<?x3xf32, #b>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) loc("all")
  return %0#0, %0#1, %0#2, %0#3, %1#0 : tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>, tensor<*xf32>
}
