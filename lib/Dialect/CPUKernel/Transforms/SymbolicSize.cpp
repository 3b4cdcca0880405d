#include "vitc/Dialect/CPUKernel/Transforms/SymbolicSize.h"
#include "vitc/Dialect/CPUKernel/IR/CPUKernel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc::vcpu;

/// An affine.apply with its operands' expressions put in.
static FailureOr<AffineExpr> composeApply(affine::AffineApplyOp apply) {
  SmallVector<AffineExpr> dims, symbols;
  for (auto [index, operand] : llvm::enumerate(apply.getMapOperands())) {
    FailureOr<AffineExpr> expr = getSymbolicSize(operand, apply.getContext());
    if (failed(expr))
      return failure();
    (index < apply.getAffineMap().getNumDims() ? dims : symbols).push_back(*expr);
  }
  return apply.getAffineMap().getResult(0).replaceDimsAndSymbols(dims, symbols);
}

/// The extent of a collapsed dimension: the product of those it is made of.
static FailureOr<AffineExpr> getCollapsedExtent(memref::CollapseShapeOp collapse, int64_t dim) {
  AffineExpr product = getAffineConstantExpr(1, collapse.getContext());
  ReassociationIndices sources = collapse.getReassociationIndices()[dim]; // a list of its own: the call returns a copy
  for (int64_t source : sources) {
    FailureOr<AffineExpr> extent = getSymbolicExtent(collapse.getSrc(), source);
    if (failed(extent))
      return failure();
    product = product * *extent;
  }
  return product;
}

/// The size that makes dimension `dim` of a slice, which may have dropped dimensions before it.
static OpFoldResult getSliceSize(memref::SubViewOp slice, int64_t dim) {
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  dropped.flip();
  int position = dropped.find_first();
  for (; dim > 0; --dim)
    position = dropped.find_next(position);
  return slice.getMixedSizes()[position];
}

FailureOr<AffineExpr> vitc::vcpu::getSymbolicExtent(Value buffer, int64_t dim) {
  auto type = cast<MemRefType>(buffer.getType());
  MLIRContext *context = buffer.getContext();
  if (!type.isDynamicDim(dim))
    return getAffineConstantExpr(type.getDimSize(dim), context);
  if (!buffer.getDefiningOp())
    return failure();
  return llvm::TypeSwitch<Operation *, FailureOr<AffineExpr>>(buffer.getDefiningOp())
      .Case([&](BufferOp op) { return getSymbolicSize(op.getSizes()[type.getDynamicDimIndex(dim)], context); })
      .Case([&](memref::AllocOp op) {
        return getSymbolicSize(op.getDynamicSizes()[type.getDynamicDimIndex(dim)], context);
      })
      .Case([&](memref::CastOp op) { return getSymbolicExtent(op.getSource(), dim); })
      .Case([&](memref::CollapseShapeOp op) { return getCollapsedExtent(op, dim); })
      .Case([&](memref::ExpandShapeOp op) { return getSymbolicSize(op.getMixedOutputShape()[dim], context); })
      .Case([&](memref::SubViewOp op) { return getSymbolicSize(getSliceSize(op, dim), context); })
      .Default([](Operation *) { return failure(); });
}

template <typename Combine>
static FailureOr<AffineExpr> combine(Operation *op, Combine combine) {
  FailureOr<AffineExpr> lhs = getSymbolicSize(op->getOperand(0), op->getContext());
  FailureOr<AffineExpr> rhs = getSymbolicSize(op->getOperand(1), op->getContext());
  if (failed(lhs) || failed(rhs))
    return failure();
  return combine(*lhs, *rhs);
}

/// A minimum is bounded by either operand: by the constant one where there is one.
static FailureOr<AffineExpr> boundMinimum(Operation *minimum) {
  Value lhs = minimum->getOperand(0), rhs = minimum->getOperand(1);
  if (getConstantIntValue(lhs))
    std::swap(lhs, rhs);
  FailureOr<AffineExpr> bound = getSymbolicSize(rhs, minimum->getContext());
  return succeeded(bound) ? bound : getSymbolicSize(lhs, minimum->getContext());
}

FailureOr<AffineExpr> vitc::vcpu::getSymbolicSize(OpFoldResult size, MLIRContext *context) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return getAffineConstantExpr(*constant, context);
  Operation *op = cast<Value>(size).getDefiningOp();
  if (!op)
    return failure();
  return llvm::TypeSwitch<Operation *, FailureOr<AffineExpr>>(op)
      .Case([&](SymbolOp symbol) { return getAffineSymbolExpr(symbol.getIndex(), context); })
      .Case([&](ExtentOp extent) { return getAffineSymbolExpr(extent.getIndex(), context); })
      .Case([](memref::DimOp dim) -> FailureOr<AffineExpr> {
        std::optional<int64_t> index = dim.getConstantIndex();
        if (!index)
          return failure();
        return getSymbolicExtent(dim.getSource(), *index);
      })
      .Case([](affine::AffineApplyOp apply) { return composeApply(apply); })
      .Case([](arith::AddIOp add) { return combine(add, [](AffineExpr l, AffineExpr r) { return l + r; }); })
      .Case([](arith::SubIOp sub) { return combine(sub, [](AffineExpr l, AffineExpr r) { return l - r; }); })
      .Case([](arith::MulIOp mul) { return combine(mul, [](AffineExpr l, AffineExpr r) { return l * r; }); })
      .Case<arith::MinSIOp, arith::MinUIOp>([](Operation *minimum) { return boundMinimum(minimum); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [](Operation *div) { return combine(div, [](AffineExpr l, AffineExpr r) { return l.floorDiv(r); }); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [](Operation *div) { return combine(div, [](AffineExpr l, AffineExpr r) { return l.ceilDiv(r); }); })
      .Default([](Operation *) { return failure(); });
}

int64_t vitc::vcpu::getElementBytes(Type element) {
  return element.isIndex() ? sizeof(int64_t) : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

FailureOr<AffineExpr> vitc::vcpu::getSymbolicBytes(Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  AffineExpr bytes = getAffineConstantExpr(getElementBytes(type.getElementType()), type.getContext());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    FailureOr<AffineExpr> extent = getSymbolicExtent(buffer, dim);
    if (failed(extent))
      return failure();
    bytes = bytes * *extent;
  }
  return bytes;
}

FailureOr<AffineExpr> vitc::vcpu::getSymbolicBytes(MemRefType type, ValueRange sizes) {
  MLIRContext *context = type.getContext();
  AffineExpr bytes = getAffineConstantExpr(getElementBytes(type.getElementType()), context);
  auto nextSize = sizes.begin();
  for (int64_t extent : type.getShape()) {
    if (!ShapedType::isDynamic(extent)) {
      bytes = bytes * extent;
      continue;
    }
    FailureOr<AffineExpr> size = getSymbolicSize(*nextSize++, context);
    if (failed(size))
      return failure();
    bytes = bytes * *size;
  }
  return bytes;
}
