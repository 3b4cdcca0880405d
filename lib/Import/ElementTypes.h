#ifndef VITC_IMPORT_ELEMENTTYPES_H
#define VITC_IMPORT_ELEMENTTYPES_H

#include "mlir/IR/Types.h"

namespace vitc {

/// The type of the elements of `TensorProto.DataType` `dataType`: signed integers signless, bool i1. Null for types
/// that vitc does not have (strings, complex numbers).
mlir::Type getElementType(int32_t dataType, mlir::MLIRContext *context);

/// ONNX's name of a data type (`FLOAT8E5M2`), or its number.
std::string getDataTypeName(int32_t dataType);

} // namespace vitc

#endif // VITC_IMPORT_ELEMENTTYPES_H
