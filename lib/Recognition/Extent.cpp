#include "vitc/Recognition/Extent.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "vitc/Dialect/ViT/IR/ViT.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace vitc;

Extent Extent::symbol(Value value, int64_t dim) {
  Extent extent;
  extent.symbols.push_back({value, dim});
  return extent;
}

std::optional<int64_t> Extent::constant() const {
  return symbols.empty() ? std::optional<int64_t>(factor) : std::nullopt;
}

Extent Extent::operator*(const Extent &other) const {
  Extent product = *this;
  product.factor *= other.factor;
  llvm::append_range(product.symbols, other.symbols);
  llvm::sort(product.symbols, [](const Symbol &a, const Symbol &b) {
    return std::pair(a.value.getAsOpaquePointer(), a.dim) < std::pair(b.value.getAsOpaquePointer(), b.dim);
  });
  return product;
}

std::optional<Extent> Extent::dividedBy(const Extent &other) const {
  if (other.factor == 0 || factor % other.factor != 0)
    return std::nullopt;
  Extent quotient = *this;
  quotient.factor /= other.factor;
  for (const Symbol &symbol : other.symbols) {
    auto found = llvm::find(quotient.symbols, symbol);
    if (found == quotient.symbols.end())
      return std::nullopt;
    quotient.symbols.erase(found);
  }
  return quotient;
}

OpFoldResult Extent::materialize(OpBuilder &builder, Location loc) const {
  AffineExpr product = builder.getAffineConstantExpr(factor);
  SmallVector<OpFoldResult> operands;
  for (const Symbol &symbol : symbols) {
    product = product * builder.getAffineSymbolExpr(operands.size());
    operands.push_back(symbol.dim == Symbol::kIndex
                           ? symbol.value
                           : tensor::DimOp::create(builder, loc, symbol.value, symbol.dim).getResult());
  }
  return affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, operands.size(), product), operands);
}

llvm::raw_ostream &vitc::operator<<(llvm::raw_ostream &os, const Extent &extent) {
  if (std::optional<int64_t> constant = extent.constant())
    return os << *constant;
  return os << "?";
}

/// The value of `expr` where it is a product or an exact quotient of extents.
static std::optional<Extent> evaluate(AffineExpr expr, ArrayRef<Extent> dims, ArrayRef<Extent> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return Extent(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  std::optional<Extent> lhs = evaluate(binary.getLHS(), dims, symbols), rhs = evaluate(binary.getRHS(), dims, symbols);
  if (!lhs || !rhs)
    return std::nullopt;
  switch (expr.getKind()) {
  case AffineExprKind::Mul:
    return *lhs * *rhs;
  case AffineExprKind::FloorDiv:
  case AffineExprKind::CeilDiv:
    return lhs->dividedBy(*rhs);
  case AffineExprKind::Add:
    if (lhs->constant() && rhs->constant())
      return Extent(*lhs->constant() + *rhs->constant());
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

static Extent extentOfIndex(Value index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant;
  if (auto dim = index.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> position = dim.getConstantIndex())
      return extentOf(dim.getSource(), *position);
  if (auto product = index.getDefiningOp<arith::MulIOp>())
    return extentOfIndex(product.getLhs()) * extentOfIndex(product.getRhs());
  if (auto apply = index.getDefiningOp<affine::AffineApplyOp>()) {
    AffineMap map = apply.getAffineMap();
    SmallVector<Extent> operands = llvm::map_to_vector(apply.getMapOperands(), extentOfIndex);
    ArrayRef<Extent> all(operands);
    if (std::optional<Extent> value =
            evaluate(map.getResult(0), all.take_front(map.getNumDims()), all.drop_front(map.getNumDims())))
      return *value;
  }
  return Extent::symbol(index, Extent::Symbol::kIndex);
}

Extent vitc::extentOf(OpFoldResult index) {
  if (std::optional<int64_t> constant = getConstantIntValue(index))
    return *constant;
  return extentOfIndex(cast<Value>(index));
}

/// A dynamic extent within a reassociation group: what is left of the source's, where the others are constants.
static Extent expandedExtent(tensor::ExpandShapeOp op, int64_t dim) {
  int64_t group = op.getCorrespondingSourceDim(dim);
  Extent others;
  ReassociationIndices dims = op.getReassociationIndices()[group];
  for (int64_t other : dims) {
    if (other == dim)
      continue;
    if (op.getResultType().isDynamicDim(other))
      return extentOf(op.getMixedOutputShape()[dim]);
    others = others * op.getResultType().getDimSize(other);
  }
  std::optional<Extent> rest = extentOf(op.getSrc(), group).dividedBy(others);
  return rest ? *rest : extentOf(op.getMixedOutputShape()[dim]);
}

static Extent slicedExtent(tensor::ExtractSliceOp op, int64_t dim) {
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (auto [source, size] : llvm::enumerate(op.getMixedSizes()))
    if (!dropped.test(source) && dim-- == 0)
      return extentOf(size);
  return Extent::symbol(op, dim);
}

/// The name that the function gives to an argument's extent, which arguments share; null where it is a formula.
static Attribute symbolOf(FunctionOpInterface function, unsigned argument, int64_t dim) {
  auto dims = function.getArgAttrOfType<vit::DimsAttr>(argument, "vit.dims");
  if (!dims)
    return nullptr;
  auto symbol = dyn_cast<AffineSymbolExpr>(dims.getExtent(dim));
  return symbol ? dims.getSymbols()[symbol.getPosition()] : Attribute();
}

/// A dimension of the first argument that has the same one.
static Extent argumentExtent(BlockArgument argument, int64_t dim) {
  auto function = dyn_cast_if_present<FunctionOpInterface>(argument.getOwner()->getParentOp());
  Attribute symbol =
      function && argument.getOwner()->isEntryBlock() ? symbolOf(function, argument.getArgNumber(), dim) : Attribute();
  for (BlockArgument earlier : argument.getOwner()->getArguments().take_front(symbol ? argument.getArgNumber() : 0))
    if (auto type = dyn_cast<RankedTensorType>(earlier.getType()))
      for (int64_t other = 0; other < type.getRank(); ++other)
        if (type.isDynamicDim(other) && symbolOf(function, earlier.getArgNumber(), other) == symbol)
          return Extent::symbol(earlier, other);
  return Extent::symbol(argument, dim);
}

Extent vitc::extentOf(Value tensor, int64_t dim) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return argumentExtent(argument, dim);
  Extent unknown = Extent::symbol(tensor, dim);
  auto result = dyn_cast<OpResult>(tensor);
  if (!result)
    return unknown;
  if (auto destination = dyn_cast<DestinationStyleOpInterface>(result.getOwner()))
    return extentOf(destination.getTiedOpOperand(result)->get(), dim);
  return TypeSwitch<Operation *, Extent>(result.getOwner())
      .Case([&](tensor::EmptyOp op) { return extentOf(op.getMixedSizes()[dim]); })
      .Case([&](tensor::CastOp op) { return extentOf(op.getSource(), dim); })
      .Case([&](tensor::ExpandShapeOp op) { return expandedExtent(op, dim); })
      .Case([&](tensor::CollapseShapeOp op) {
        Extent product;
        ReassociationIndices sources = op.getReassociationIndices()[dim];
        for (int64_t source : sources)
          product = product * extentOf(op.getSrc(), source);
        return product;
      })
      .Case([&](tensor::ExtractSliceOp op) { return slicedExtent(op, dim); })
      .Case([&](tensor::ConcatOp op) {
        return dim == static_cast<int64_t>(op.getDim()) ? unknown : extentOf(op.getInputs().front(), dim);
      })
      .Default([&](Operation *) {
        std::optional<vit::OperandExtent> source = vit::findOperandExtent(result, dim);
        return source ? extentOf(source->operand, source->dim) : unknown;
      });
}
