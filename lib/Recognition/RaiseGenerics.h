#ifndef VITC_RECOGNITION_RAISEGENERICS_H
#define VITC_RECOGNITION_RAISEGENERICS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// Whether the op may have to be raised: on tensors, with one result and index maps that are projected permutations,
/// and none of the ops that recognition reads as they are.
bool isForeign(mlir::linalg::LinalgOp op);

/// Whether every loop of the op is parallel.
bool isParallel(mlir::linalg::LinalgOp op);

/// Bodies of several ops become an op each.
void populateSplitBodiesPatterns(mlir::RewritePatternSet &patterns);

/// Convolutions of images become `vit.conv`.
void populateRaiseConvolutionPatterns(mlir::RewritePatternSet &patterns);

} // namespace vitc

#endif // VITC_RECOGNITION_RAISEGENERICS_H
