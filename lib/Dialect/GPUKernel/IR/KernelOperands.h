#ifndef VITC_DIALECT_GPUKERNEL_IR_KERNELOPERANDS_H
#define VITC_DIALECT_GPUKERNEL_IR_KERNELOPERANDS_H

#include "vitc/Dialect/GPUKernel/IR/GPUKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

// What the ops of kernels ask of their operands.
namespace vitc::vgpu {

inline mlir::ShapedType shapedType(mlir::Value value) { return mlir::cast<mlir::ShapedType>(value.getType()); }

inline Element elementOf(mlir::Value value) {
  mlir::Type element = shapedType(value).getElementType();
  return element.isBF16() ? Element::BF16 : element.isF16() ? Element::F16 : Element::F32;
}

/// What tensor cores read of an operand: of f32 tf32.
inline Element multipliedElementOf(mlir::Value value) {
  Element element = elementOf(value);
  return element == Element::F32 ? Element::TF32 : element;
}

inline bool sizesMatch(int64_t a, int64_t b) {
  return a == b || mlir::ShapedType::isDynamic(a) || mlir::ShapedType::isDynamic(b);
}

/// Whether a value is there and has another shape or element type; dynamic sizes match all.
inline bool differs(mlir::Value value, mlir::Type element, mlir::ArrayRef<int64_t> shape) {
  if (!value)
    return false;
  mlir::ShapedType type = shapedType(value);
  return type.getElementType() != element || type.getRank() != static_cast<int64_t>(shape.size()) ||
         !llvm::all_of_zip(type.getShape(), shape, sizesMatch);
}

/// Elements from index to index of dimension `dim` of a memref; 0, as in a dense one, of tensors, and where it does not
/// matter since there is one index.
inline int64_t strideOf(mlir::Value value, int64_t dim) {
  auto type = value ? mlir::dyn_cast<mlir::MemRefType>(value.getType()) : mlir::MemRefType();
  mlir::SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || type.getDimSize(dim) == 1 || failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  return strides[dim];
}

/// Kernels on memrefs read their inputs and write their output.
inline void addEffects(mlir::DestinationStyleOpInterface op,
                       mlir::SmallVectorImpl<mlir::SideEffects::EffectInstance<mlir::MemoryEffects::Effect>> &effects) {
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    if (!mlir::isa<mlir::MemRefType>(operand.get().getType()))
      continue;
    mlir::MemoryEffects::Effect *effect = mlir::MemoryEffects::Read::get();
    if (op.isDpsInit(&operand))
      effect = mlir::MemoryEffects::Write::get();
    effects.emplace_back(effect, &operand);
  }
}

/// Size `dim` of a memref, a constant where it is static.
inline mlir::OpFoldResult sizeOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value memref, int64_t dim) {
  return mlir::memref::getMixedSize(builder, loc, memref, dim);
}

/// size · factor
inline mlir::OpFoldResult multiply(mlir::OpBuilder &builder, mlir::Location loc, mlir::OpFoldResult size,
                                   int64_t factor) {
  mlir::AffineExpr product = builder.getAffineSymbolExpr(0) * factor;
  return mlir::affine::makeComposedFoldedAffineApply(builder, loc, mlir::AffineMap::get(0, 1, product), {size});
}

template <typename KernelOp>
mlir::LogicalResult verifyKernel(KernelOp op) {
  std::string reason = whyUnsupported(op.getConfig());
  return reason.empty() ? mlir::success() : op.emitOpError("expects what a kernel can compute: ") << reason;
}

} // namespace vitc::vgpu

#endif // VITC_DIALECT_GPUKERNEL_IR_KERNELOPERANDS_H
