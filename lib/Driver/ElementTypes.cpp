#include "ElementTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

static bool usesDoubles(Operation &op) {
  auto isDouble = [](Type type) { return getElementTypeOrSelf(type).isF64(); };
  return llvm::any_of(op.getOperandTypes(), isDouble) || llvm::any_of(op.getResultTypes(), isDouble);
}

LogicalResult vitc::driver::checkElementTypes(ModuleOp module) {
  bool supported = true;
  for (auto function : module.getOps<func::FuncOp>())
    for (Operation &op : function.front()) {
      if (!usesDoubles(op) || op.hasTrait<OpTrait::ConstantLike>())
        continue;
      emitError(op.getLoc()) << "float64 is not supported yet, expected float32, float16, bfloat16 or integers";
      supported = false;
    }
  return success(supported);
}
