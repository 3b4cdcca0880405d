#include "Extents.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

using namespace mlir;
using namespace vitc::onnx;

namespace {
/// A product as a constant and a multiset of other factors, so that products compare whatever their order is.
struct Factors {
  int64_t constant = 1;
  SmallVector<AffineExpr> others;

  void multiply(AffineExpr expr) {
    if (auto value = dyn_cast<AffineConstantExpr>(expr)) {
      constant *= value.getValue();
    } else if (expr.getKind() == AffineExprKind::Mul) {
      auto product = cast<AffineBinaryOpExpr>(expr);
      multiply(product.getLHS());
      multiply(product.getRHS());
    } else {
      others.insert(llvm::upper_bound(others, expr, before), expr);
    }
  }
  bool operator==(const Factors &other) const { return constant == other.constant && others == other.others; }

private:
  static bool before(AffineExpr a, AffineExpr b) { return a.getAsOpaquePointer() < b.getAsOpaquePointer(); }
};

/// The products of the first 0, 1, … extents.
SmallVector<Factors> getPrefixProducts(ExtentsRef extents) {
  SmallVector<Factors> prefixes(1);
  for (AffineExpr extent : extents) {
    prefixes.push_back(prefixes.back());
    prefixes.back().multiply(extent);
  }
  return prefixes;
}

ReassociationIndices getIndices(unsigned begin, unsigned end) {
  return llvm::to_vector<2>(llvm::seq<int64_t>(begin, end));
}
} // namespace

AffineExpr vitc::onnx::getProduct(ExtentsRef extents, MLIRContext *context) {
  Factors factors;
  for (AffineExpr extent : extents)
    factors.multiply(extent);
  AffineExpr product = getAffineConstantExpr(factors.constant, context);
  for (AffineExpr factor : factors.others)
    product = factor * product;
  return product;
}

ReshapePlan vitc::onnx::planReshape(ExtentsRef from, ExtentsRef to, MLIRContext *context) {
  SmallVector<Factors> fromPrefixes = getPrefixProducts(from), toPrefixes = getPrefixProducts(to);
  ReshapePlan plan;
  unsigned fromBegin = 0, toBegin = 0;
  auto close = [&](unsigned fromEnd, unsigned toEnd) {
    plan.collapse.push_back(getIndices(fromBegin, fromEnd));
    plan.expand.push_back(getIndices(toBegin, toEnd));
    fromBegin = fromEnd;
    toBegin = toEnd;
  };
  for (unsigned fromEnd = 1; fromEnd <= from.size(); ++fromEnd) {
    auto *end = llvm::find(llvm::drop_begin(toPrefixes, toBegin + 1), fromPrefixes[fromEnd]);
    if (toBegin < to.size() && end != toPrefixes.end())
      close(fromEnd, end - toPrefixes.begin());
  }
  // What is left are unit dimensions, or extents whose products are equal in a way that the prefixes do not show.
  bool restIsUnit = llvm::all_of(from.drop_front(fromBegin), [](AffineExpr e) { return isExtent(e, 1); }) &&
                    llvm::all_of(to.drop_front(toBegin), [](AffineExpr e) { return isExtent(e, 1); });
  bool restIsEmpty = fromBegin == from.size() && toBegin == to.size();
  if (!restIsEmpty && fromBegin < from.size() && toBegin < to.size() && !restIsUnit) {
    close(from.size(), to.size());
  } else if (!restIsEmpty && !plan.collapse.empty()) {
    llvm::append_range(plan.collapse.back(), llvm::seq<int64_t>(fromBegin, from.size()));
    llvm::append_range(plan.expand.back(), llvm::seq<int64_t>(toBegin, to.size()));
  }
  for (auto [fromGroup, toGroup] : llvm::zip_equal(plan.collapse, plan.expand)) {
    ExtentsRef group = toGroup.size() == 1 ? to.slice(toGroup[0], 1) : from.slice(fromGroup[0], fromGroup.size());
    plan.middle.push_back(group.size() == 1 ? group[0] : getProduct(group, context));
  }
  return plan;
}

void Symbols::defineFrom(Type type, Value argument, OpBuilder &builder, Location loc) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto dims = tensor ? dyn_cast_if_present<vit::DimsAttr>(tensor.getEncoding()) : nullptr;
  if (!dims)
    return;
  for (int64_t dim = 0; dim < tensor.getRank(); ++dim) {
    auto symbol = dyn_cast<AffineSymbolExpr>(dims.getExtent(dim));
    if (!symbol)
      continue;
    Value &value = values[cast<StringAttr>(dims.getSymbols()[symbol.getPosition()])];
    if (!value)
      value = tensor::DimOp::create(builder, loc, argument, dim);
  }
}

/// Constants first, then what has fewer parts; a text for the rest.
static bool isSimpler(AffineExpr a, AffineExpr b) {
  auto rank = [](AffineExpr expr) {
    int64_t parts = 0;
    expr.walk([&](AffineExpr) { ++parts; });
    std::string text;
    llvm::raw_string_ostream os(text);
    expr.print(os);
    return std::tuple(!isa<AffineConstantExpr>(expr), parts, text);
  };
  return rank(a) < rank(b);
}

/// The part of `zero` = part − constant, and that constant.
static std::optional<std::pair<AffineExpr, AffineExpr>> getConstantPart(AffineExpr zero) {
  auto sum = dyn_cast<AffineBinaryOpExpr>(zero);
  auto constant = sum && zero.getKind() == AffineExprKind::Add ? dyn_cast<AffineConstantExpr>(sum.getRHS()) : nullptr;
  if (!constant || sum.getLHS().getKind() == AffineExprKind::Mul)
    return std::nullopt;
  return std::pair(sum.getLHS(), getAffineConstantExpr(-constant.getValue(), zero.getContext()));
}

AffineExpr Symbols::getRepresentative(AffineExpr extent) const {
  for (AffineExpr zero : zeros)
    for (AffineExpr form : {zero, simplify(-zero)})
      if (auto known = getConstantPart(form))
        extent = simplify(extent.replace(known->first, known->second));
  if (isa<AffineConstantExpr>(extent))
    return extent;
  AffineExpr simplest = extent;
  for (AffineExpr zero : zeros)
    for (AffineExpr other : {simplify(extent - zero), simplify(extent + zero)})
      if (isSimpler(other, simplest))
        simplest = other;
  return simplest;
}

void Symbols::requireZero(vit::DimsAttr value) {
  Extents zero = getExtents(value);
  if (zero.front())
    zeros.push_back(zero.front());
}

Extents Symbols::getExtents(vit::DimsAttr dims) const {
  SmallVector<AffineExpr> replacements;
  for (auto name : dims.getSymbols().getAsRange<StringAttr>()) {
    auto *it = values.find(name);
    replacements.push_back(it == values.end() ? AffineExpr() : getAffineSymbolExpr(it - values.begin(), context));
  }
  Extents extents;
  for (AffineExpr extent : dims.getMap().getValue().getResults()) {
    bool known = true;
    extent.walk([&](AffineExpr expr) {
      if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
        known &= replacements[symbol.getPosition()] != nullptr;
    });
    extents.push_back(known ? getRepresentative(simplify(extent.replaceSymbols(replacements))) : AffineExpr());
  }
  return extents;
}

Extents Symbols::getExtents(Type type) const {
  auto tensor = cast<RankedTensorType>(type);
  auto dims = dyn_cast_if_present<vit::DimsAttr>(tensor.getEncoding());
  Extents extents = dims ? getExtents(dims) : Extents(tensor.getRank());
  for (auto [extent, size] : llvm::zip_equal(extents, tensor.getShape()))
    if (!ShapedType::isDynamic(size))
      extent = getAffineConstantExpr(size, context);
  return extents;
}

OpFoldResult Symbols::materialize(AffineExpr extent, OpBuilder &builder, Location loc) const {
  if (auto constant = dyn_cast<AffineConstantExpr>(extent))
    return builder.getIndexAttr(constant.getValue());
  SmallVector<OpFoldResult> operands;
  for (Value value : llvm::make_second_range(values))
    operands.push_back(value);
  return affine::makeComposedFoldedAffineApply(builder, loc, AffineMap::get(0, values.size(), extent), operands);
}

AffineExpr Symbols::simplify(AffineExpr extent) const { return simplifyAffineExpr(extent, 0, values.size()); }
