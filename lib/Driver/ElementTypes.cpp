#include "ElementTypes.h"

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Transforms/MathFunctions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace vitc;

static bool usesDoubles(Operation *op) {
  auto isDouble = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  return llvm::any_of(op->getOperandTypes(), isDouble) || llvm::any_of(op->getResultTypes(), isDouble);
}

/// Whether an op on f64 becomes code: structured ops and loops do, whatever their elements are.
static bool hasCode(Operation *op) {
  if (isa<vit::ViTDialect>(op->getDialect()))
    return isa<vit::ProcedureOp, vit::ScatterOp>(op);
  return !isa<math::MathDialect>(op->getDialect()) || isFunctionOfDoubles(op);
}

/// The node that an op is part of, perhaps in a body: bodies of named ops have no locations.
static Location getNode(Operation *op) {
  while (op->getParentOp() && !isa<FunctionOpInterface>(op->getParentOp()))
    op = op->getParentOp();
  return op->getLoc();
}

LogicalResult vitc::driver::checkElementTypes(ModuleOp module) {
  llvm::SmallPtrSet<Attribute, 8> refused;
  module.walk([&](Operation *op) {
    if (usesDoubles(op) && !hasCode(op) && refused.insert(getNode(op)).second)
      emitError(getNode(op))
          << "is computed in float64, which vitc does not support for it; cast its operands to float32";
  });
  return success(refused.empty());
}
