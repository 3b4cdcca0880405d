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
  return isOf(value, Float32Type::get(value.getContext()), shape);
}

bool vitc::vcpu::detail::isOf(Value value, Type element, ArrayRef<int64_t> shape) {
  ShapedType type = shapedType(value);
  return type.getElementType() == element && type.getRank() == static_cast<int64_t>(shape.size()) &&
         llvm::all_of_zip(type.getShape(), shape, sizesMatch);
}

/// Whether rows of the memref are contiguous; tensors always are.
static bool hasUnitInnerStride(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  if (!memref || memref.getRank() == 0)
    return true;
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(memref.getStridesAndOffset(strides, offset)) && strides.back() == 1;
}

LogicalResult vitc::vcpu::detail::verifyContiguousRows(Operation *op) {
  for (auto [index, type] : llvm::enumerate(op->getOperandTypes()))
    if (!hasUnitInnerStride(type))
      return op->emitOpError("expects a last dimension of stride 1, operand ") << index << " is " << type;
  return success();
}

LogicalResult vitc::vcpu::detail::verifyEpilogue(Operation *op, Region &epilogue, ValueRange extras, ArrayAttr maps,
                                                 ShapedType output) {
  if (maps.size() != extras.size())
    return op->emitOpError("expects a map for each of the ") << extras.size() << " extras, got " << maps.size();
  for (auto [extra, map] : llvm::zip(extras.getTypes(), maps.getAsValueRange<AffineMapAttr>()))
    if (map.getNumDims() != output.getRank() || map.getNumSymbols() != 0 ||
        map.getNumResults() != cast<ShapedType>(extra).getRank())
      return op->emitOpError("expects a map from the dimensions of C to those of ")
             << extra << ", got " << AffineMapAttr::get(map);
  if (epilogue.empty())
    return success();
  SmallVector<Type> types{output.getElementType()};
  for (Type extra : extras.getTypes())
    types.push_back(cast<ShapedType>(extra).getElementType());
  Block &block = epilogue.front();
  if (TypeRange(block.getArgumentTypes()) != TypeRange(types))
    return op->emitOpError("expects an epilogue on ") << types << ", got " << block.getArgumentTypes();
  auto yield = dyn_cast_if_present<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield || yield.getValue().getType() != output.getElementType())
    return op->emitOpError("expects an epilogue that yields ") << output.getElementType();
  return success();
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

OpFoldResult vitc::vcpu::detail::countElements(OpBuilder &builder, Location loc, Value memref, int64_t factor) {
  AffineExpr count = builder.getAffineConstantExpr(factor);
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < shapedType(memref).getRank(); ++dim) {
    sizes.push_back(sizeOf(builder, loc, memref, dim));
    count = count * builder.getAffineSymbolExpr(dim);
  }
  return foldSizes(builder, loc, count, sizes);
}
