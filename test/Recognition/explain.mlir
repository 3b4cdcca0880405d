// RUN: vitc-opt %s --vit-explain=format=text -o - | FileCheck %s
// RUN: vitc-opt %s --vit-explain=format=json -o - | FileCheck %s --check-prefix=JSON

// CHECK: recognized: gelu 1 layer_norm 1 linear 2 mlp 1
// CHECK-NEXT: tokens: cls 0, registers 0, patches 0
// CHECK-NEXT: missed: attention at /head/Softmax (linalg.softmax): no contraction reads the probabilities
// CHECK-NEXT: MACs: 896 imported, 896 final
// CHECK-NOT: vit.missed

// JSON: "blocks": [
// JSON: "kind": "mlp"
// JSON-NEXT: "name": "/blocks.0/mlp"
// JSON-NEXT: "nodes": [
// JSON-NEXT: "/blocks.0/mlp/fc1/MatMul"
// JSON-NEXT: "/blocks.0/mlp/fc1/Add"
// JSON-NEXT: "/blocks.0/mlp/act/Erf"
// JSON-NEXT: "/blocks.0/mlp/fc2/MatMul"
// JSON: "missed": [
// JSON: "candidate": "attention"
// JSON-NEXT: "node": "/head/Softmax"
// JSON-NEXT: "op": "linalg.softmax"
// JSON-NEXT: "reason": "no contraction reads the probabilities"
// JSON: "recognized": {
// JSON: "version": 1
func.func @mlp(%x: tensor<?x7x8xf32>, %w: tensor<8x8xf32>, %b: tensor<8xf32>) -> tensor<?x7x8xf32> {
  %0 = vit.layer_norm %x {epsilon = 1.0e-6 : f32} : tensor<?x7x8xf32> loc("/blocks.0/norm/LayerNormalization")
  %1 = vit.linear %0, %w bias(%b : tensor<8xf32>) : (tensor<?x7x8xf32>, tensor<8x8xf32>) -> tensor<?x7x8xf32> loc(fused["/blocks.0/mlp/fc1/MatMul", "/blocks.0/mlp/fc1/Add"])
  %2 = vit.gelu %1 : tensor<?x7x8xf32> loc("/blocks.0/mlp/act/Erf")
  %3 = vit.linear %2, %w : (tensor<?x7x8xf32>, tensor<8x8xf32>) -> tensor<?x7x8xf32> loc("/blocks.0/mlp/fc2/MatMul")
  %4 = linalg.softmax {vit.missed = {attention = "no contraction reads the probabilities"}} dimension(2) ins(%3 : tensor<?x7x8xf32>) outs(%x : tensor<?x7x8xf32>) -> tensor<?x7x8xf32> loc("/head/Softmax")
  return %4 : tensor<?x7x8xf32>
}
