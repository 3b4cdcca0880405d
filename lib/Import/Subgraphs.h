#ifndef VITC_IMPORT_SUBGRAPHS_H
#define VITC_IMPORT_SUBGRAPHS_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace onnx {
class GraphProto;
class NodeProto;
} // namespace onnx

namespace vitc {

/// The graphs in the attributes of a node.
llvm::SmallVector<const ::onnx::GraphProto *> getSubgraphs(const ::onnx::NodeProto &node);
/// The subgraph in an attribute; null where there is none.
const ::onnx::GraphProto *getSubgraph(const ::onnx::NodeProto &node, llvm::StringRef attribute);

/// Calls `visit` with each name that a node reads: its inputs, and what its subgraphs read of the graph around them.
void visitReads(const ::onnx::NodeProto &node, llvm::function_ref<void(llvm::StringRef)> visit);

} // namespace vitc

#endif // VITC_IMPORT_SUBGRAPHS_H
