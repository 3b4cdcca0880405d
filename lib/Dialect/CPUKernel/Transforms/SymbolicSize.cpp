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

/// An extent of one of the program's buffers.
static FailureOr<AffineExpr> getExtent(memref::DimOp dim) {
  auto buffer = dim.getSource().getDefiningOp<BufferOp>();
  std::optional<int64_t> index = dim.getConstantIndex();
  if (!buffer || !index)
    return failure();
  auto type = cast<MemRefType>(buffer.getResult().getType());
  if (!type.isDynamicDim(*index))
    return getAffineConstantExpr(type.getDimSize(*index), dim.getContext());
  return getSymbolicSize(buffer.getSizes()[type.getDynamicDimIndex(*index)], dim.getContext());
}

template <typename Combine>
static FailureOr<AffineExpr> combine(Operation *op, Combine combine) {
  FailureOr<AffineExpr> lhs = getSymbolicSize(op->getOperand(0), op->getContext());
  FailureOr<AffineExpr> rhs = getSymbolicSize(op->getOperand(1), op->getContext());
  if (failed(lhs) || failed(rhs))
    return failure();
  return combine(*lhs, *rhs);
}

FailureOr<AffineExpr> vitc::vcpu::getSymbolicSize(OpFoldResult size, MLIRContext *context) {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return getAffineConstantExpr(*constant, context);
  Operation *op = cast<Value>(size).getDefiningOp();
  if (!op)
    return failure();
  return llvm::TypeSwitch<Operation *, FailureOr<AffineExpr>>(op)
      .Case([&](SymbolOp symbol) { return getAffineSymbolExpr(symbol.getIndex(), context); })
      .Case([](memref::DimOp dim) { return getExtent(dim); })
      .Case([](affine::AffineApplyOp apply) { return composeApply(apply); })
      .Case([](arith::AddIOp add) { return combine(add, [](AffineExpr l, AffineExpr r) { return l + r; }); })
      .Case([](arith::SubIOp sub) { return combine(sub, [](AffineExpr l, AffineExpr r) { return l - r; }); })
      .Case([](arith::MulIOp mul) { return combine(mul, [](AffineExpr l, AffineExpr r) { return l * r; }); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [](Operation *div) { return combine(div, [](AffineExpr l, AffineExpr r) { return l.floorDiv(r); }); })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>(
          [](Operation *div) { return combine(div, [](AffineExpr l, AffineExpr r) { return l.ceilDiv(r); }); })
      .Default([](Operation *) { return failure(); });
}

int64_t vitc::vcpu::getElementBytes(Type element) {
  return element.isIndex() ? sizeof(int64_t) : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
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
