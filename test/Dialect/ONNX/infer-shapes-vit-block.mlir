// RUN: vitc-opt %s --vitc-onnx | FileCheck %s

// A patch embedding, a CLS token and the reshapes of attention as TorchScript exports them, with a symbolic batch.

#image = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 3, 224, 224)>>

// CHECK-DAG: #[[$TOKENS:.+]] = affine_map<()[s0] -> (s0, 197, 384)>
// CHECK-DAG: #[[$QKV:.+]] = affine_map<()[s0] -> (s0, 197, 3, 6, 64)>

// CHECK-LABEL: func.func @embed(
// CHECK-SAME: -> (tensor<?x197x384xf32, #vit.dims<["batch"], #[[$TOKENS]]>>
// CHECK-SAME: {vit.dims = #vit.dims<["batch"], #[[$TOKENS]]>, vit.name = "y"})
func.func @embed(%x: tensor<?x3x224x224xf32, #image> {vit.name = "x"}, %w: tensor<384x3x16x16xf32>, %cls: tensor<1x1x384xf32>)
    -> (tensor<*xf32> {vit.name = "y"}) {
  %conv = onnx.Conv %x, %w {strides = array<i64: 16, 16>} : (tensor<?x3x224x224xf32, #image>, tensor<384x3x16x16xf32>) -> tensor<*xf32>
  // flatten(2)
  %s0 = onnx.Shape %conv : (tensor<*xf32>) -> tensor<*xi64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64> : tensor<1xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %front = onnx.Slice %s0, %zero, %two, %zero {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %t0 = onnx.Concat %front, %minus {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %flat = onnx.Reshape %conv, %t0 : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %patches = onnx.Transpose %flat {perm = array<i64: 0, 2, 1>} : (tensor<*xf32>) -> tensor<*xf32>
  // cls_token.expand(batch, -1, -1)
  %s1 = onnx.Shape %x : (tensor<?x3x224x224xf32, #image>) -> tensor<*xi64>
  %i0 = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %b = onnx.Gather %s1, %i0 {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %b1 = onnx.Unsqueeze %b, %zero : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %target = onnx.Concat %b1, %minus, %minus {axis = 0 : i64} : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %flatTarget = onnx.Reshape %target, %minus : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %rank = onnx.Shape %flatTarget : (tensor<*xi64>) -> tensor<*xi64>
  %ones = onnx.ConstantOfShape %rank {value = dense<1> : tensor<1xi64>} : (tensor<*xi64>) -> tensor<*xi64>
  %m1 = onnx.Constant dense<-1> : tensor<i64> : tensor<i64>
  %keep = onnx.Mul %ones, %m1 : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %is = onnx.Equal %flatTarget, %keep : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %where = onnx.Where %is, %ones, %flatTarget : (tensor<*xi1>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %c = onnx.Expand %cls, %where : (tensor<1x1x384xf32>, tensor<*xi64>) -> tensor<*xf32>
  // CHECK: %[[CONV:.*]] = onnx.Conv
  // CHECK-NEXT: %[[FLAT:.*]] = onnx.Reshape %[[CONV]] : {{.*}} -> tensor<?x384x196xf32
  // CHECK-NEXT: %[[PATCHES:.*]] = onnx.Transpose %[[FLAT]]
  // CHECK-NEXT: %[[CLS:.*]] = onnx.Expand %{{.*}} : (tensor<1x1x384xf32>) -> tensor<?x1x384xf32
  // CHECK-NEXT: %[[Y:.*]] = onnx.Concat %[[CLS]], %[[PATCHES]]
  // CHECK-NEXT: return %[[Y]]
  %y = onnx.Concat %c, %patches {axis = 1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

#tokens = #vit.dims<["batch"], affine_map<()[s0] -> (s0, 197, 384)>>

// CHECK-LABEL: func.func @attention(
func.func @attention(%x: tensor<?x197x384xf32, #tokens>, %w: tensor<384x1152xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %qkv = onnx.MatMul %x, %w : (tensor<?x197x384xf32, #tokens>, tensor<384x1152xf32>) -> tensor<*xf32>
  %s = onnx.Shape %x : (tensor<?x197x384xf32, #tokens>) -> tensor<*xi64>
  %i0 = onnx.Constant dense<0> : tensor<i64> : tensor<i64>
  %i1 = onnx.Constant dense<1> : tensor<i64> : tensor<i64>
  %zero = onnx.Constant dense<0> : tensor<1xi64> : tensor<1xi64>
  %b = onnx.Gather %s, %i0 {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %n = onnx.Gather %s, %i1 {axis = 0 : i64} : (tensor<*xi64>, tensor<i64>) -> tensor<*xi64>
  %b1 = onnx.Unsqueeze %b, %zero : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %n1 = onnx.Unsqueeze %n, %zero : (tensor<*xi64>, tensor<1xi64>) -> tensor<*xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64> : tensor<1xi64>
  %heads = onnx.Constant dense<6> : tensor<1xi64> : tensor<1xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64> : tensor<1xi64>
  %target = onnx.Concat %b1, %n1, %three, %heads, %minus {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  // CHECK: onnx.Reshape %{{.*}} -> tensor<?x197x3x6x64xf32, #vit.dims<["batch"], #[[$QKV]]>>
  %split = onnx.Reshape %qkv, %target : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
  %t = onnx.Transpose %split {perm = array<i64: 2, 0, 3, 1, 4>} : (tensor<*xf32>) -> tensor<*xf32>
  %q = onnx.Gather %t, %i0 {axis = 0 : i64} : (tensor<*xf32>, tensor<i64>) -> tensor<*xf32>
  // The scale: 1 / sqrt(features), from the shape of the query.
  // CHECK: onnx.Constant dense<1.250000e-01> : tensor<1xf32>
  %qs = onnx.Shape %q : (tensor<*xf32>) -> tensor<*xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64> : tensor<1xi64>
  %d = onnx.Slice %qs, %minus, %end {operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>} : (tensor<*xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<*xi64>
  %df = onnx.Cast %d {to = f32} : (tensor<*xi64>) -> tensor<*xf32>
  %root = onnx.Sqrt %df : (tensor<*xf32>) -> tensor<*xf32>
  %one = onnx.Constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %scale = onnx.Div %one, %root : (tensor<1xf32>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK: onnx.Mul %{{.*}} -> tensor<?x6x197x64xf32
  %scaled = onnx.Mul %q, %scale : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  // CHECK-NOT: onnx.Shape
  return %scaled, %split : tensor<*xf32>, tensor<*xf32>
}
