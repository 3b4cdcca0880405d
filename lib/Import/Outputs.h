#ifndef VITC_IMPORT_OUTPUTS_H
#define VITC_IMPORT_OUTPUTS_H

#include "vitc/Import/Import.h"

namespace onnx {
class GraphProto;
} // namespace onnx

namespace vitc {

/// The names of what `main` returns: the graph's outputs, unless the taps alone are wanted, and the taps that are not
/// among them.
llvm::SmallVector<llvm::StringRef> getOutputNames(const ::onnx::GraphProto &graph, const ImportOptions &options);

/// Up to three of `known` that someone may have meant by `name`: the nearest spelling first.
llvm::SmallVector<llvm::StringRef> findCloseNames(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known);

} // namespace vitc

#endif // VITC_IMPORT_OUTPUTS_H
