#ifndef VITC_RECOGNITION_ATTENTIONAXES_H
#define VITC_RECOGNITION_ATTENTIONAXES_H

#include "HeadMix.h"
#include "ScoresPath.h"

#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace vitc {

/// softmax(scores) · values, and what the scores were made of, each as a map. Nothing is changed by finding it.
struct AttentionMatch {
  mlir::linalg::SoftmaxOp softmax;
  mlir::Operation *scoresOp;       ///< queries times keys
  mlir::linalg::LinalgOp valuesOp; ///< probabilities times values
  AxisMap query;                   ///< dimensions batch.., M, H, D of its source
  AxisMap key;                     ///< batch.., N, H, D
  AxisMap value;                   ///< batch.., N, H, E
  /// batch.., H, M, N, leading dimensions of extent 1 left out
  llvm::SmallVector<ScoreAddend, 0> addends;
  llvm::SmallVector<HeadMix, 0> mixes; ///< what re-attention does with the probabilities, first to last
  double scale = 1;
  llvm::SmallVector<Extent> batch;               ///< at least one
  Extent queries, keys, heads, features;         ///< M, N, H, E
  llvm::SmallVector<Axis> resultAxes;            ///< of valuesOp's result over (batch.., M, H, E)
  llvm::SmallVector<Axis> probsAxes;             ///< of the softmax's result over (batch.., H, M, N)
  bool isWhole = true;                           ///< whether all probabilities meet values, not a slice of them
  llvm::SmallPtrSet<mlir::Operation *, 16> path; ///< every op that the attention replaces or looks through
};

/// Looks for the attention around `softmax`; `reason` says why there is none.
mlir::FailureOr<AttentionMatch> matchAttention(mlir::linalg::SoftmaxOp softmax, std::string &reason,
                                               ScoresOptions options = {});

} // namespace vitc

#endif // VITC_RECOGNITION_ATTENTIONAXES_H
