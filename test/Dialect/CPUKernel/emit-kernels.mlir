// RUN: vitc-opt %s -split-input-file -vcpu-emit-kernels -canonicalize -verify-diagnostics | FileCheck %s

// Kernels that agree but for their operands are one function; the epilogue's constant, epsilon and shapes tell others.
// CHECK-DAG: func.func private @gemm_0(%{{.*}}: memref<28x64xf32>, %{{.*}}: memref<1x64x32xf32>, %{{.*}}: memref<28x32xf32>, %{{.*}}: index, %{{.*}}: index)
// CHECK-DAG: func.func private @gemm_1(
// CHECK-NOT: @gemm_2
// CHECK-LABEL: func.func @shared
// CHECK-DAG: %[[ITEMS:.+]] = arith.constant 2 : index
// CHECK: vcpu.launch @gemm_0 items(%[[ITEMS]]) ins(%arg0, %arg1 : {{.*}}) outs(%arg2 : memref<28x32xf32>)
// CHECK: vcpu.launch @gemm_0 items(%[[ITEMS]]) ins(%arg0, %arg1 : {{.*}}) outs(%arg3 : memref<28x32xf32>)
// CHECK: vcpu.launch @gemm_1 items(%[[ITEMS]]) ins(%arg0, %arg1 : {{.*}}) outs(%arg2 : memref<28x32xf32>)
func.func @shared(%a: memref<28x64xf32>, %b: memref<1x64x32xf32>, %c: memref<28x32xf32>, %d: memref<28x32xf32>) {
  vcpu.gemm ins(%a, %b : memref<28x64xf32>, memref<1x64x32xf32>) outs(%c : memref<28x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%acc: f32):
    %half = arith.constant 0.5 : f32
    %y = arith.mulf %acc, %half : f32
    vcpu.yield %y : f32
  }
  vcpu.gemm ins(%a, %b : memref<28x64xf32>, memref<1x64x32xf32>) outs(%d : memref<28x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%x: f32):
    %factor = arith.constant 0.5 : f32
    %z = arith.mulf %x, %factor : f32
    vcpu.yield %z : f32
  }
  vcpu.gemm ins(%a, %b : memref<28x64xf32>, memref<1x64x32xf32>) outs(%c : memref<28x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%acc: f32):
    %half = arith.constant 0.25 : f32
    %y = arith.mulf %acc, %half : f32
    vcpu.yield %y : f32
  }
  return
}

// -----

// Two blocks of 14 rows: a loop over K in steps with the next panel's prefetch, 28 accumulators, no remainder of rows.
// CHECK-LABEL: func.func private @gemm_0
// CHECK-NOT: memref.alloc
// CHECK-NOT: call
// CHECK: memref.prefetch
// CHECK-COUNT-28: vector.fma
// CHECK-NOT: vector.fma
// CHECK-LABEL: func.func @main
func.func @main(%a: memref<28x64xf32>, %b: memref<2x64x32xf32>, %c: memref<28x64xf32>) {
  vcpu.gemm ins(%a, %b : memref<28x64xf32>, memref<2x64x32xf32>) outs(%c : memref<28x64xf32>) {mr = 14, nr = 32, lanes = 16}
  return
}

// -----

// Rows that are packed need scratch, whose size follows the rows; items are counted at run time.
// CHECK-LABEL: func.func private @gemm_0
// CHECK-SAME: memref<?xi8>, %{{.*}}: index, %{{.*}}: index)
// CHECK: memref.view
// CHECK-LABEL: func.func @dynamic
// CHECK: %[[ROWS:.+]] = memref.dim
// CHECK: vcpu.launch @gemm_0 items(%{{.*}}) scratch(%{{.*}}) ins
func.func @dynamic(%a: memref<?x8xf32>, %b: memref<1x8x32xf32>, %c: memref<?x32xf32>) {
  vcpu.gemm ins(%a, %b : memref<?x8xf32>, memref<1x8x32xf32>) outs(%c : memref<?x32xf32>) {mr = 2, nr = 32, lanes = 16, pack_a}
  return
}

// -----

func.func @tensors(%a: tensor<4x8xf32>, %c: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{expects memrefs only, as bufferization leaves them}}
  %0 = vcpu.softmax ins(%a : tensor<4x8xf32>) outs(%c : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}

// -----

func.func @epilogue(%a: memref<4x8xf32>, %b: memref<1x8x32xf32>, %c: memref<4x32xf32>, %t: memref<f32>) {
  vcpu.gemm ins(%a, %b : memref<4x8xf32>, memref<1x8x32xf32>) outs(%c : memref<4x32xf32>) {mr = 14, nr = 32, lanes = 16} epilogue {
  ^bb0(%acc: f32):
    // expected-error @below {{is not elementwise, as the ops of an epilogue are}}
    %m = memref.alloca() : memref<f32>
    vcpu.yield %acc : f32
  }
  return
}

// -----

func.func @launch_c1_missing(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{expects a function named @nothing}}
  vcpu.launch @nothing items(%n) outs(%x : memref<4xf32>)
  return
}

// -----

func.func private @kernel(memref<8xf32>, index, index)

func.func @launch_c1_type(%x: memref<4xf32>, %n: index) {
  // expected-error @below {{expects a kernel of type '(memref<4xf32>, index, index) -> ()', got}}
  vcpu.launch @kernel items(%n) outs(%x : memref<4xf32>)
  return
}
