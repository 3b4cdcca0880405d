#include "KernelOpDetail.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/AffineExpr.h"

using namespace mlir;
using namespace vitc::vcpu::detail;

void vitc::vcpu::detail::addKernelEffects(DestinationStyleOpInterface op, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand, 0, true, SideEffects::DefaultResource::get());
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, 0, true, SideEffects::DefaultResource::get());
  }
}

bool vitc::vcpu::detail::isF32Of(Value value, ArrayRef<int64_t> shape) {
  ShapedType type = shapedType(value);
  return type.getElementType().isF32() && type.getRank() == static_cast<int64_t>(shape.size()) &&
         llvm::all_of_zip(type.getShape(), shape, sizesMatch);
}

OpFoldResult vitc::vcpu::detail::sizeOf(OpBuilder &builder, Location loc, Value memref, int64_t dim) {
  int64_t size = shapedType(memref).getDimSize(dim);
  if (ShapedType::isStatic(size))
    return builder.getIndexAttr(size);
  return memref::DimOp::create(builder, loc, memref, dim).getResult();
}

OpFoldResult vitc::vcpu::detail::foldSizes(OpBuilder &builder, Location loc, AffineExpr expr,
                                           ArrayRef<OpFoldResult> symbols) {
  return affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, symbols.size(), expr), symbols);
}
