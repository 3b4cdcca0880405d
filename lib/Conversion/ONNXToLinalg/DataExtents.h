#ifndef VITC_CONVERSION_ONNXTOLINALG_DATAEXTENTS_H
#define VITC_CONVERSION_ONNXTOLINALG_DATAEXTENTS_H

#include "Node.h"

namespace vitc::onnx {

/// Gives the extent that `op` computes (see ComputedExtent.h), if it does, its value in the run.
mlir::LogicalResult defineExtent(mlir::Operation *op, Node &node, mlir::Value value);

/// The only element of an integer tensor, as an index that every thread reads.
mlir::Value readIndex(Node &node, const Tensor &scalar);

/// TopK whose k the run reads, and clamps to what there is: one heap a row.
mlir::FailureOr<llvm::SmallVector<Tensor>> convertTopKAtRunTime(TopKOp op, Node &node);

} // namespace vitc::onnx

#endif // VITC_CONVERSION_ONNXTOLINALG_DATAEXTENTS_H
