#ifndef VITC_RECOGNITION_ATTENTIONLAYER_H
#define VITC_RECOGNITION_ATTENTIONLAYER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace vitc {

/// An attention of a model, in one op or in parts: what `--tap` counts as a layer.
class AttentionLayer {
public:
  using Value = mlir::Value;

  /// A `vit.attention` or a `vit.attend`.
  explicit AttentionLayer(mlir::Operation *op) : op(op) {}

  mlir::Operation *getOp() const { return op; }
  mlir::Location getLoc() const { return op->getLoc(); }

  /// (B.., M, H, D), (B.., N, G, D) and (B.., N, G, E), without the factor of the scores. Null queries and keys where
  /// the scores are inherited.
  Value getQueries() const;
  Value getKeys() const;
  Value getValues() const;

  /// (B.., H, M, N), what softmax is taken of and what becomes of it, before heads are mixed. Built, or made results of
  /// the attention, where they were not there. Null where values meet maps that no softmax made.
  Value exposeScores(mlir::OpBuilder &builder);
  Value exposeProbs(mlir::OpBuilder &builder);

private:
  void addResults(bool scores, bool probs, mlir::OpBuilder &builder);

  mlir::Operation *op;
};

/// The attentions of a function, in their order.
llvm::SmallVector<AttentionLayer> findAttentionLayers(mlir::func::FuncOp function);

/// Whether tokens meet in an op, one layer's: what follows a residual stream stops there.
bool mixesTokens(mlir::Operation *op);

} // namespace vitc

#endif // VITC_RECOGNITION_ATTENTIONLAYER_H
