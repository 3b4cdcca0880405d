#ifndef VITC_IMPORT_MODELFILE_H
#define VITC_IMPORT_MODELFILE_H

#include "mlir/IR/Location.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <memory>

namespace onnx {
class ModelProto;
} // namespace onnx

namespace vitc {

/// The opsets of the default domain that the importer knows the operators of; of those before `oldestOpset`, it knows
/// the operators that have not changed since.
constexpr int64_t firstOpset = 1, oldestOpset = 7, newestOpset = 28;
/// The one version of the domain "com.microsoft", whose operators ONNX Runtime writes into models.
constexpr int64_t contribOpset = 1;

/// Parses a model and checks what is not about its nodes: versions, domains, that there is a graph with outputs.
llvm::FailureOr<std::shared_ptr<const ::onnx::ModelProto>> parseModel(llvm::MemoryBufferRef buffer, mlir::Location loc);

/// The domain that a node or an import names: ONNX's own is "" and "ai.onnx".
llvm::StringRef canonicalDomain(llvm::StringRef domain);

} // namespace vitc

#endif // VITC_IMPORT_MODELFILE_H
