#ifndef VITC_IMPORT_OUTPUTS_H
#define VITC_IMPORT_OUTPUTS_H

#include "vitc/Import/Import.h"

namespace onnx {
class GraphProto;
} // namespace onnx

namespace vitc {

/// The names of what `main` returns: the graph's outputs, unless the taps alone are wanted, and the tensors among the
/// taps that are not outputs. Where there are taps of kinds, the graph's outputs stay until these are found: what the
/// model reads says which of its tokens are which.
llvm::SmallVector<llvm::StringRef> getOutputNames(const ::onnx::GraphProto &graph, const ImportOptions &options);

/// Whether one of the taps names a kind of tensors. A tensor of the graph that is called so comes first.
bool hasTapsOfKinds(const ::onnx::GraphProto &graph, const ImportOptions &options);

/// Up to three of `known` that someone may have meant by `name`: the nearest spelling first.
llvm::SmallVector<llvm::StringRef> findCloseNames(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> known);

} // namespace vitc

#endif // VITC_IMPORT_OUTPUTS_H
