#ifndef VITC_RECOGNITION_ATTENTIONREADERS_H
#define VITC_RECOGNITION_ATTENTIONREADERS_H

#include "AttentionAxes.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// What else than the attention reads of its inside.
struct ExposedParts {
  bool scores;
  llvm::SmallVector<mlir::Value> probs; ///< the softmax's result or views of it
};

/// Looks for other readers; `reason` says why one of them stands in the way of an op that takes the attention's place
/// at `place`: where its values are multiplied, or behind that.
mlir::FailureOr<ExposedParts> findExposedParts(const AttentionMatch &match, mlir::Operation *place,
                                               std::string &reason);

/// Makes the other readers of `from` read `to`.
void exposeTo(const AttentionMatch &match, mlir::Value from, mlir::Value to, mlir::PatternRewriter &rewriter);

/// The same for all exposed probabilities: `probs` is a value over whose dimensions `axes` describe those of the
/// softmax's result.
void exposeProbs(const AttentionMatch &match, const ExposedParts &exposed, mlir::Value probs, llvm::ArrayRef<Axis> axes,
                 mlir::Location loc, mlir::PatternRewriter &rewriter);

} // namespace vitc

#endif // VITC_RECOGNITION_ATTENTIONREADERS_H
