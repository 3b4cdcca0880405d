// RUN: vitc-opt %s -vcpu-emit-kernels | FileCheck %s

// Kernels that differ in the offsets of their operands alone are one.
// CHECK: func.func private @pad_0(%{{.*}}: memref<1x4x4x5xf32, strided<[192, 48, 6, 1], offset: ?>>, %{{.*}}: memref<1x6x6x5xf32>, %{{.*}}: index, %{{.*}}: index)
// CHECK-NOT: @pad_1
// CHECK-LABEL: func @main
// CHECK: vcpu.launch @pad_0
// CHECK: vcpu.launch @pad_0
func.func @main(%x: memref<1x4x8x6xf32>, %y: memref<1x6x6x5xf32>, %z: memref<1x6x6x5xf32>) {
  %a = memref.subview %x[0, 0, 0, 0] [1, 4, 4, 5] [1, 1, 1, 1] : memref<1x4x8x6xf32> to memref<1x4x4x5xf32, strided<[192, 48, 6, 1]>>
  %b = memref.subview %x[0, 0, 4, 1] [1, 4, 4, 5] [1, 1, 1, 1] : memref<1x4x8x6xf32> to memref<1x4x4x5xf32, strided<[192, 48, 6, 1], offset: 25>>
  vcpu.pad ins(%a : memref<1x4x4x5xf32, strided<[192, 48, 6, 1]>>) outs(%y : memref<1x6x6x5xf32>) low = [1, 1]
  vcpu.pad ins(%b : memref<1x4x4x5xf32, strided<[192, 48, 6, 1], offset: 25>>) outs(%z : memref<1x6x6x5xf32>) low = [1, 1]
  return
}
