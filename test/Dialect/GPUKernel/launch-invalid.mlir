// RUN: vitc-opt %s --split-input-file --verify-diagnostics

// launch_c1
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.func @copy(%x: !llvm.ptr<1>, %n: i64) attributes {nvvm.kernel} {
      llvm.return
    }
  }
  func.func @main(%n: index, %x: memref<4xf32>) {
    vgpu.launch @kernels::@copy grid(%n) per [256] block 256 args(%x, %n : memref<4xf32>, index)
    // expected-error @+1 {{expects the 2 arguments of @kernels::@copy, got 1}}
    vgpu.launch @kernels::@copy grid(%n) per [256] block 256 args(%x : memref<4xf32>)
    return
  }
}

// -----

// launch_c1
func.func private @host(%x: memref<4xf32>)
func.func @main(%n: index, %x: memref<4xf32>) {
  // expected-error @+1 {{expects @host to be a function of a gpu.module}}
  vgpu.launch @host grid(%n) per [256] block 256 args(%x : memref<4xf32>)
  return
}

// -----

// launch_c2
func.func @main(%n: index) {
  // expected-error @+1 {{expects a grid of one to three dimensions with a positive divisor each}}
  vgpu.launch @kernels::@copy grid(%n, %n) per [256] block 256
  return
}

// -----

// launch_c2
func.func @main(%n: index) {
  // expected-error @+1 {{expects a grid of one to three dimensions with a positive divisor each}}
  vgpu.launch @kernels::@copy grid(%n) per [0] block 256
  return
}

// -----

// launch_c2
func.func @main(%n: index) {
  // expected-error @+1 {{expects blocks of 1 to 1024 threads, got 2048}}
  vgpu.launch @kernels::@copy grid(%n) per [1] block 2048
  return
}
