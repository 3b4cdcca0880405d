// RUN: vitc-opt %s --split-input-file --verify-diagnostics

func.func @buffer_c1_layout(%frame: !llvm.ptr) {
  // expected-error @below {{expected a contiguous buffer, got 'memref<4xf32, strided<[2]>>'}}
  %0 = vcpu.buffer arena[0] of %frame() : memref<4xf32, strided<[2]>>
  return
}

// -----

func.func @buffer_c1_sizes(%frame: !llvm.ptr) {
  // expected-error @below {{expected 1 sizes, got 0}}
  %0 = vcpu.buffer arena[0] of %frame() : memref<?xf32>
  return
}

// -----

func.func @buffer_offset(%frame: !llvm.ptr) {
  // expected-error @below {{expected a multiple of 64 as offset of weights, got 4}}
  %0 = vcpu.buffer weights[4] of %frame() : memref<4xf32>
  return
}
