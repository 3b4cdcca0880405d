#ifndef VITC_RECOGNITION_TAPTENSORS_H
#define VITC_RECOGNITION_TAPTENSORS_H

#include "AttentionLayer.h"

#include "vitc/Support/TapRequest.h"

namespace vitc {

/// Builds the tensors that taps of a function ask for, each behind the value that it is made of.
class TapTensors {
public:
  explicit TapTensors(mlir::func::FuncOp function) : function(function), builder(function.getContext()) {}

  /// The tensor of a kind; fails where the layer has none, and `getReason` says why.
  mlir::FailureOr<mlir::Value> build(TapKind kind, AttentionLayer &layer);

  /// Follows "layer 3".
  llvm::StringRef getReason() const { return reason; }

private:
  mlir::FailureOr<mlir::Value> buildMaps(mlir::Value maps);
  mlir::FailureOr<mlir::Value> buildHeads(mlir::Value heads);
  mlir::FailureOr<mlir::Value> buildClassRow(AttentionLayer &layer);
  mlir::FailureOr<mlir::Value> buildTokens(AttentionLayer &layer);
  mlir::LogicalResult refuse(llvm::StringRef why) {
    reason = why;
    return mlir::failure();
  }

  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  llvm::StringRef reason;
};

} // namespace vitc

#endif // VITC_RECOGNITION_TAPTENSORS_H
