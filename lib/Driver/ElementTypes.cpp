#include "ElementTypes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

/// As NumPy and ONNX spell it.
static std::string getUserName(Type type) {
  if (type.isBF16())
    return "bfloat16";
  return ("float" + Twine(type.getIntOrFloatBitWidth())).str();
}

/// The first unsupported element type among an operation's operands and results.
static Type findUnsupported(Operation &op) {
  auto isUnsupported = [](Type type) {
    Type element = getElementTypeOrSelf(type);
    return isa<FloatType>(element) && !element.isF32();
  };
  for (TypeRange types : {TypeRange(op.getOperandTypes()), TypeRange(op.getResultTypes())})
    for (Type type : types)
      if (isUnsupported(type))
        return getElementTypeOrSelf(type);
  return nullptr;
}

LogicalResult vitc::driver::checkElementTypes(ModuleOp module) {
  bool supported = true;
  for (auto function : module.getOps<func::FuncOp>())
    for (Operation &op : function.front()) {
      Type type = findUnsupported(op);
      if (!type || op.hasTrait<OpTrait::ConstantLike>())
        continue;
      emitError(op.getLoc()) << getUserName(type) << " is not supported yet, expected float32 or integers";
      supported = false;
    }
  return success(supported);
}
