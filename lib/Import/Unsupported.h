#ifndef VITC_IMPORT_UNSUPPORTED_H
#define VITC_IMPORT_UNSUPPORTED_H

#include "mlir/IR/Location.h"

namespace onnx {
class ModelProto;
} // namespace onnx

namespace vitc {

/// Emits one error that names every operator of a model, functions included, that vitc does not have.
llvm::LogicalResult checkOperators(const ::onnx::ModelProto &model, mlir::Location loc);

} // namespace vitc

#endif // VITC_IMPORT_UNSUPPORTED_H
