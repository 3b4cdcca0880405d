#ifndef VITC_IMPORT_TENSORS_H
#define VITC_IMPORT_TENSORS_H

#include "ExternalData.h"

#include "mlir/IR/BuiltinAttributes.h"

namespace onnx {
class ModelProto;
} // namespace onnx

namespace vitc {

/// Turns tensors of a model into attributes. Floats from a kilobyte on become resources that refer to the bytes where
/// they are (in the parsed model, or in a mapped file); all else is copied, since folders compute with it.
class TensorImporter {
public:
  TensorImporter(std::shared_ptr<const ::onnx::ModelProto> model, llvm::StringRef modelPath)
      : model(std::move(model)), externalData(modelPath) {}

  llvm::FailureOr<mlir::ElementsAttr> import(const ::onnx::TensorProto &tensor, mlir::Location loc);

private:
  llvm::FailureOr<SharedBytes> getBytes(const ::onnx::TensorProto &tensor, int64_t expected, mlir::Location loc);

  std::shared_ptr<const ::onnx::ModelProto> model;
  ExternalData externalData;
};

} // namespace vitc

#endif // VITC_IMPORT_TENSORS_H
