// RUN: vitc-opt %s | FileCheck %s

// CHECK-LABEL: func @named_dims
// CHECK-SAME: #vit.dims<["batch"]
func.func @named_dims(%x: tensor<?x4xf32, #vit.dims<["batch"], affine_map<()[s0] -> (s0, 4)>>>) {
  return
}
