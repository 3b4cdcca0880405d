// RUN: vitc-opt %s --vgpu-outline-kernels --split-input-file --verify-diagnostics

func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = []} {
  %c0 = arith.constant 0 : index
  %x = vcpu.buffer input[0] of %frame() : memref<4xf32>
  // expected-error @+1 {{expected an operation that a GPU can run, got memref.load}}
  %0 = memref.load %x[%c0] : memref<4xf32>
  return
}

// -----

// Threads have registers, and no memory of their own.
func.func @main(%frame: !llvm.ptr, %thread: index, %threads: index) attributes {vcpu.buffers = []} {
  %x = vcpu.buffer input[0] of %frame() : memref<2x16xf32>
  %v = vcpu.buffer output[0] of %frame() : memref<2x4xf32>
  %i = vcpu.buffer output[1] of %frame() : memref<2x4xi64>
  // expected-error @+1 {{expected an operation whose threads need no memory of their own, got vcpu.top_k}}
  vcpu.top_k ins(%x : memref<2x16xf32>) outs(%v, %i : memref<2x4xf32>, memref<2x4xi64>)
  return
}
