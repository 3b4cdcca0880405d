#include "InputConstants.h"

#include "vitc/Run/Inputs.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace vitc;
using namespace vitc::driver;

/// The element type that the `onnx` dialect has for one of NumPy's.
static Type getElementType(const run::ElementType &type, Builder &builder) {
  switch (type.type.code) {
  case kDLBool:
    return builder.getI1Type();
  case kDLInt:
    return builder.getIntegerType(type.type.bits);
  case kDLUInt:
    return builder.getIntegerType(type.type.bits, /*isSigned=*/false);
  case kDLBfloat:
    return builder.getBF16Type();
  case kDLFloat8_e5m2: // of the types of eight bits the only one that .npy files name
    return Float8E5M2Type::get(builder.getContext());
  default:
    return type.type.bits == 16   ? Type(builder.getF16Type())
           : type.type.bits == 32 ? Type(builder.getF32Type())
                                  : Type(builder.getF64Type());
  }
}

static DenseElementsAttr getElements(const run::Array &array, MLIRContext *context) {
  Builder builder(context);
  auto type = RankedTensorType::get(array.shape, getElementType(*array.type, builder));
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, llvm::map_to_vector(array.bytes, [](char byte) { return byte != 0; }));
  return DenseElementsAttr::getFromRawBuffer(type, array.bytes);
}

llvm::Expected<SmallVector<InputConstant>> driver::readConstants(ArrayRef<std::string> arguments,
                                                                 MLIRContext *context) {
  run::Arrays arrays;
  for (const std::string &argument : arguments)
    if (llvm::Error error = run::readNamed(argument, /*only=*/"", arrays))
      return error;
  SmallVector<InputConstant> constants;
  for (const auto &[name, array] : arrays)
    constants.push_back({name, getElements(array, context)});
  return constants;
}
