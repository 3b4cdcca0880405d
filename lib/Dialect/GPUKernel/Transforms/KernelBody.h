#ifndef VITC_DIALECT_GPUKERNEL_TRANSFORMS_KERNELBODY_H
#define VITC_DIALECT_GPUKERNEL_TRANSFORMS_KERNELBODY_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

namespace vitc::vgpu {

/// How many threads run `op`, which reads memrefs: one for each point of a structured op's parallel loops, or for each
/// work item.
mlir::Value countThreads(mlir::OpBuilder &builder, vcpu::KernelOpInterface op);

/// Writes the body of a kernel whose threads are independent of each other.
class KernelBody {
public:
  /// `mapping` takes values of the entry function to those of the kernel.
  KernelBody(mlir::OpBuilder &builder, mlir::IRMapping &mapping) : builder(builder), mapping(mapping) {}

  /// Computes what the kernel reads: memrefs of the buffers, whose addresses are `pointers`, and the ops of `computed`.
  void computeValues(mlir::ArrayRef<mlir::Operation *> buffers, mlir::ArrayRef<mlir::Operation *> computed,
                     mlir::ValueRange pointers);

  /// The share of `op` that the thread runs, if there is one for it; blocks have `block` threads.
  mlir::LogicalResult write(vcpu::KernelOpInterface op, int64_t block);

private:
  mlir::Value makeMemRef(vcpu::BufferOp buffer, mlir::Value pointer);
  mlir::Value getThread(mlir::Location loc, int64_t block);

  mlir::OpBuilder &builder;
  mlir::IRMapping &mapping;
};

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_TRANSFORMS_KERNELBODY_H
