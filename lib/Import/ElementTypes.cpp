#include "ElementTypes.h"

#include "mlir/IR/Builders.h"
#include "onnx.pb.h"

using namespace mlir;
using ::onnx::TensorProto;

Type vitc::getElementType(int32_t dataType, MLIRContext *context) {
  Builder builder(context);
  switch (dataType) {
  case TensorProto::BOOL:
    return builder.getI1Type();
  case TensorProto::INT8:
    return builder.getI8Type();
  case TensorProto::INT16:
    return builder.getI16Type();
  case TensorProto::INT32:
    return builder.getI32Type();
  case TensorProto::INT64:
    return builder.getI64Type();
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::UINT16:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::UINT32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::UINT64:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case TensorProto::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case TensorProto::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case TensorProto::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case TensorProto::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case TensorProto::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  case TensorProto::INT4:
    return builder.getIntegerType(4);
  case TensorProto::UINT4:
    return builder.getIntegerType(4, /*isSigned=*/false);
  case TensorProto::INT2:
    return builder.getIntegerType(2);
  case TensorProto::UINT2:
    return builder.getIntegerType(2, /*isSigned=*/false);
  default:
    return {};
  }
}

std::string vitc::getDataTypeName(int32_t dataType) {
  if (::onnx::TensorProto_DataType_IsValid(dataType))
    return ::onnx::TensorProto_DataType_Name(static_cast<::onnx::TensorProto_DataType>(dataType));
  return std::to_string(dataType);
}
