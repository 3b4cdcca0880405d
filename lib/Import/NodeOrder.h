#ifndef VITC_IMPORT_NODEORDER_H
#define VITC_IMPORT_NODEORDER_H

#include "mlir/IR/Location.h"

namespace onnx {
class NodeProto;
} // namespace onnx

namespace vitc {

/// Orders nodes such that each comes after those it reads, and otherwise as they stand. Fails where a value is defined
/// twice or nowhere, or depends on itself. `isOwn` tells of values that the graph has without its nodes, `isDefined` of
/// those and of the values around it, whose names its nodes may give to others.
llvm::FailureOr<llvm::SmallVector<const ::onnx::NodeProto *>>
orderNodes(llvm::ArrayRef<const ::onnx::NodeProto *> nodes, llvm::function_ref<bool(llvm::StringRef)> isOwn,
           llvm::function_ref<bool(llvm::StringRef)> isDefined, mlir::Location loc);

} // namespace vitc

#endif // VITC_IMPORT_NODEORDER_H
