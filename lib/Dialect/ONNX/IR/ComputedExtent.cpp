#include "vitc/Dialect/ONNX/IR/ComputedExtent.h"

#include "vitc/Dialect/ONNX/IR/ONNX.h"
#include "vitc/Dialect/ViT/IR/ViT.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::onnx;

static constexpr StringLiteral kExtentAttr = "onnx.extent";

std::optional<ComputedExtent> vitc::onnx::getComputedExtent(Operation *op) {
  auto dims = op->getAttrOfType<vit::DimsAttr>(kExtentAttr);
  if (!dims || dims.getMap().getValue().getNumResults() != 2)
    return std::nullopt;
  ArrayRef<Attribute> symbols = dims.getSymbols().getValue();
  auto symbol = dyn_cast<AffineSymbolExpr>(dims.getExtent(0));
  std::optional<Extent> bound = Extent::fromAffine(dims.getExtent(1), symbols);
  if (!symbol || !bound)
    return std::nullopt;
  return ComputedExtent{cast<StringAttr>(symbols[symbol.getPosition()]), *bound};
}

bool vitc::onnx::hasComputedExtents(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  auto dims = tensor ? dyn_cast_if_present<vit::DimsAttr>(tensor.getEncoding()) : nullptr;
  return dims && llvm::any_of(dims.getSymbols().getAsRange<StringAttr>(),
                              [](StringAttr name) { return name.getValue().starts_with(Extent::computedPrefix); });
}

bool vitc::onnx::isKeptForExtents(Operation *op, Value operand) {
  bool isTarget = false;
  if (auto expand = dyn_cast<ExpandOp>(op))
    isTarget = operand == expand.getShape();
  else if (auto range = dyn_cast<RangeOp>(op))
    isTarget = operand == range.getLimit();
  if (isa<SliceOp>(op) && getComputedExtent(op)) // which the run reads
    return true;
  return isTarget && hasComputedExtents(op->getResult(0).getType());
}

static NamedAttrList getOwnAttrs(Operation *op) {
  NamedAttrList attrs(op->getAttrDictionary());
  attrs.erase(kExtentAttr);
  return attrs;
}

/// Whether both compute the same from the same operands.
static bool areAlike(Operation *a, Operation *b) {
  return a->getName() == b->getName() && a->getOperands() == b->getOperands() &&
         getOwnAttrs(a).getDictionary(a->getContext()) == getOwnAttrs(b).getDictionary(b->getContext());
}

/// The names of the extents that arguments and the ops before `op` have.
static llvm::StringSet<> getNamesBefore(Operation *op) {
  llvm::StringSet<> names;
  auto insert = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (auto dims = tensor ? dyn_cast_if_present<vit::DimsAttr>(tensor.getEncoding()) : nullptr)
      for (Attribute name : dims.getSymbols())
        names.insert(cast<StringAttr>(name).getValue());
  };
  llvm::for_each(op->getBlock()->getArgumentTypes(), insert);
  for (Operation &before : llvm::make_range(op->getBlock()->begin(), op->getIterator()))
    if (std::optional<ComputedExtent> extent = getComputedExtent(&before))
      names.insert(extent->name);
  return names;
}

/// "count(NODE)", with a number behind the node's name where that is taken.
static StringAttr chooseName(Operation *op) {
  for (Operation &before : llvm::make_range(op->getBlock()->begin(), op->getIterator()))
    if (std::optional<ComputedExtent> extent = getComputedExtent(&before); extent && areAlike(&before, op))
      return extent->name;
  auto location = op->getLoc()->findInstanceOf<NameLoc>();
  StringRef node = location ? location.getName().getValue() : op->getName().stripDialect();
  llvm::StringSet<> taken = getNamesBefore(op);
  std::string name = (Extent::computedPrefix + node + ")").str();
  for (unsigned number = 1; taken.contains(name); ++number)
    name = (Extent::computedPrefix + node + "." + Twine(number) + ")").str();
  return StringAttr::get(op->getContext(), name);
}

Extent vitc::onnx::computeExtent(Operation *op, const Extent &bound) {
  std::optional<ComputedExtent> known = getComputedExtent(op);
  Extent extent = Extent::symbol(known ? known->name : chooseName(op));
  op->setAttr(kExtentAttr, getDimsAttr({extent, bound}, op->getContext()));
  return extent;
}
