#ifndef VITC_DIALECT_CPUKERNEL_TRANSFORMS_PACKCONSTANT_H
#define VITC_DIALECT_CPUKERNEL_TRANSFORMS_PACKCONSTANT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

#include <optional>

namespace vitc::vcpu {

/// Elements of a constant seen as a tensor: offset and strides count elements of the attribute's data. Splats have
/// strides of zero.
struct ConstantView {
  mlir::ElementsAttr attribute;
  llvm::ArrayRef<char> data;
  int64_t elementBytes = 0;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> shape, strides;

  /// The constant that a value is: an arith.constant (dense or dense_resource, of elements of whole bytes), or what
  /// reshapes and static slices leave of one. Nothing is copied.
  static std::optional<ConstantView> get(mlir::Value value);
};

/// The packed constant that `vcpu.pack` with this permutation, output type and interleave makes: a resource of its own,
/// aligned to 64 bytes. Runs on the context's threads.
mlir::DenseResourceElementsAttr packConstant(const ConstantView &view, llvm::ArrayRef<int64_t> permutation,
                                             mlir::RankedTensorType packed, int64_t interleave = 1);

} // namespace vitc::vcpu

#endif // VITC_DIALECT_CPUKERNEL_TRANSFORMS_PACKCONSTANT_H
