#ifndef VITC_RECOGNITION_SCORESPATH_H
#define VITC_RECOGNITION_SCORESPATH_H

#include "vitc/Recognition/AxisMap.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace vitc {

/// What is added to the product of queries and keys. A mask, which puts `fill` in the place of scores, adds `fill`
/// there: beside it no score counts.
struct ScoreAddend {
  AxisMap map;       ///< of what is added, or of a mask's condition, over the dimensions of the softmax
  double factor = 1; ///< how many times it is added
  /// The number that a mask puts in place of scores, `factor` included.
  std::optional<double> fill;
  bool replaces = true; ///< the value of the condition where it does

  /// Whether it is a constant that leaves every row, along a dimension of the softmax, a score that is not masked or
  /// −∞.
  bool leavesScores(int64_t dim) const;

  /// What is added, materialized.
  mlir::Value build(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element) const;
};

/// Scores from the softmax back to the product that they come from, through views, factors, sums and masks:
/// `scores.scale` · product + Σ addends.
struct ScoresPath {
  mlir::Operation *product;
  AxisMap scores; ///< over the product's result
  llvm::SmallVector<ScoreAddend, 0> addends;
  llvm::SmallVector<mlir::Operation *> ops; ///< everything on the way
};

/// What scores may come from.
struct ScoresOptions {
  bool convolutions = false; ///< a 1 × 1 convolution, which multiplies a map by its filters; its bias is an addend
};

/// Follows what `softmax` reads; `reason` says why there is no product to follow it to. Scores are taken to be finite,
/// and less than 10⁷ in magnitude.
mlir::FailureOr<ScoresPath> followScores(mlir::linalg::SoftmaxOp softmax, std::string &reason,
                                         ScoresOptions options = {});

} // namespace vitc

#endif // VITC_RECOGNITION_SCORESPATH_H
