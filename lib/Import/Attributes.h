#ifndef VITC_IMPORT_ATTRIBUTES_H
#define VITC_IMPORT_ATTRIBUTES_H

#include "Tensors.h"

namespace onnx {
class AttributeProto;
} // namespace onnx

namespace vitc {

/// The dialect's name of an attribute: ONNX's in snake case (`transB` is `trans_b`).
std::string getAttributeName(llvm::StringRef name);

/// The value of an attribute as the dialect has it under the dialect's `name`: integers that mean yes or no are
/// BoolAttr, data types TypeAttr, other integers i64, lists of integers DenseI64ArrayAttr, lists of floats
/// DenseF32ArrayAttr, tensors ElementsAttr.
llvm::FailureOr<mlir::Attribute> importAttribute(llvm::StringRef name, const ::onnx::AttributeProto &attribute,
                                                 TensorImporter &tensors, mlir::Location loc);

} // namespace vitc

#endif // VITC_IMPORT_ATTRIBUTES_H
