#ifndef VITC_IMPORT_ENTRYTYPES_H
#define VITC_IMPORT_ENTRYTYPES_H

#include "vitc/Dialect/ViT/IR/ViT.h"
#include "vitc/Import/Import.h"

namespace onnx {
class GraphProto;
} // namespace onnx

namespace vitc {

/// An input of a model's graph that is not an initializer.
struct EntryInput {
  llvm::StringRef name;
  mlir::RankedTensorType type;
  vit::DimsAttr dims;
};

/// The inputs of a graph with the shapes that the options fix. Dimensions without a name get one, `<input>_dim<i>`.
llvm::FailureOr<llvm::SmallVector<EntryInput>> getEntryInputs(const ::onnx::GraphProto &graph,
                                                              const ImportOptions &options, mlir::Location loc);

} // namespace vitc

#endif // VITC_IMPORT_ENTRYTYPES_H
