#ifndef VITC_DIALECT_CPUKERNEL_IR_KERNELOPDETAIL_H
#define VITC_DIALECT_CPUKERNEL_IR_KERNELOPDETAIL_H

#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

namespace vitc::vcpu::detail {

using Effects = llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>>;

/// Kernels on memrefs read their inputs and read and write their outputs; on tensors they have no effects.
void addKernelEffects(mlir::DestinationStyleOpInterface op, Effects &effects);

/// Whether two sizes can be equal: they are, or one is dynamic.
inline bool sizesMatch(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

inline mlir::ShapedType shapedType(mlir::Value value) { return llvm::cast<mlir::ShapedType>(value.getType()); }

/// Whether the value has this shape (dynamic sizes match all) and f32 elements.
bool isF32Of(mlir::Value value, llvm::ArrayRef<int64_t> shape);
/// The same with other elements.
bool isOf(mlir::Value value, mlir::Type element, llvm::ArrayRef<int64_t> shape);

/// ⌈a / b⌉, dynamic where a is.
inline int64_t ceilDivSize(int64_t a, int64_t b) {
  return mlir::ShapedType::isDynamic(a) ? a : llvm::divideCeilSigned(a, b);
}

/// Checks that the last dimension of every memref operand has stride 1.
llvm::LogicalResult verifyContiguousRows(mlir::Operation *op);

/// Checks the epilogue of a matrix product C: absent, or one block from a sum and one element an extra operand to a
/// value of C's type, with a map from C's dimensions for each extra.
llvm::LogicalResult verifyEpilogue(mlir::Operation *op, mlir::Region &epilogue, mlir::ValueRange extras,
                                   mlir::ArrayAttr maps, mlir::ShapedType output);

/// The size of dimension `dim` of a memref, a constant where it is static.
mlir::OpFoldResult sizeOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref, int64_t dim);

/// An affine expression over sizes, folded where they are constants.
mlir::OpFoldResult foldSizes(mlir::OpBuilder &builder, mlir::Location loc, mlir::AffineExpr expr,
                             llvm::ArrayRef<mlir::OpFoldResult> symbols);

/// The number of a memref's elements, times `factor`.
mlir::OpFoldResult countElements(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref, int64_t factor);

} // namespace vitc::vcpu::detail

#endif // VITC_DIALECT_CPUKERNEL_IR_KERNELOPDETAIL_H
