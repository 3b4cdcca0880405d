#ifndef VITC_DIALECT_CPUKERNEL_KERNELS_TILEBUILDER_H
#define VITC_DIALECT_CPUKERNEL_KERNELS_TILEBUILDER_H

#include "vitc/Dialect/CPUKernel/Kernels/KernelBuilder.h"

namespace vitc::vcpu {

/// Emits AMX: registers of 16 rows of 64 bytes, all of that one shape (tiles of several shapes in a function make LLVM
/// spill them). As calls of LLVM's intrinsics on LLVM's type, which lives through every conversion on the way.
class TileBuilder {
public:
  using Value = mlir::Value;
  static constexpr int64_t rows = 16; ///< of a tile; of an f32 tile columns, too, and pairs of bf16 in a row

  explicit TileBuilder(KernelBuilder &kernel) : k(kernel) {}

  Value zero();
  /// 64 bytes from the element on, and those of the 15 rows after it (of the last dimension but one).
  Value load(Value memref, mlir::ValueRange indices);
  void store(Value tile, Value memref, mlir::ValueRange indices);
  /// sums[m, n] + Σ_k a[m, 2k] · b[k, 2n] + a[m, 2k + 1] · b[k, 2n + 1], a and b of bf16.
  Value multiplyPairs(Value sums, Value a, Value b);

private:
  Value shape(int64_t extent);
  /// The address of an element, and the bytes from its row to the next.
  std::pair<Value, Value> locate(Value memref, mlir::ValueRange indices);
  Value call(llvm::StringRef intrinsic, mlir::ValueRange arguments);

  KernelBuilder &k;
};

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_KERNELS_TILEBUILDER_H
