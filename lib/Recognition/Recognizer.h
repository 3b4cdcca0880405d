#ifndef VITC_RECOGNITION_RECOGNIZER_H
#define VITC_RECOGNITION_RECOGNIZER_H

#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/AxisMap.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// Applies `patterns` below `root` until none matches. What they refused at last stays on the refused op, as
/// `vit.missed = {candidate = "reason"}`.
mlir::LogicalResult applyRecognizers(mlir::Operation *root, mlir::RewritePatternSet patterns,
                                     llvm::StringRef candidate);

/// The extents of the iteration space of an elementwise op: those of its result.
llvm::SmallVector<Extent> loopsOf(mlir::linalg::LinalgOp op);

/// The map of an operand in the iteration space of the elementwise op that reads it.
AxisMap traceOperand(mlir::linalg::LinalgOp op, mlir::OpOperand *operand, TraceOptions options = {});

/// Whether `map` repeats the result of a reduction along the reduced dimension, and reads it in order along the others.
bool repeatsReduction(const AxisMap &map, const Reduction &reduction);

/// The map of an operand that varies along the last dimension only, as a vector; nullopt where it is none or depends on
/// an input.
std::optional<AxisMap> matchPerChannel(mlir::linalg::LinalgOp op, mlir::OpOperand *operand);

/// The tensor type of these extents, dynamic where they are symbolic.
mlir::RankedTensorType typeOf(mlir::Type element, llvm::ArrayRef<Extent> extents);

/// The map of a value that has these axes over `source`.
AxisMap viewOf(mlir::Value source, llvm::ArrayRef<Axis> axes);

/// What makes scores from those of an earlier layer, and what attends with them; part of the recognition of attention.
void populateRecognizeInheritedAttentionPatterns(mlir::RewritePatternSet &patterns);

/// The location of `root`, then those of the other ops that a match replaces, in their order.
mlir::Location fuseLocations(mlir::Operation *root, llvm::ArrayRef<mlir::Operation *> others);

} // namespace vitc

#endif // VITC_RECOGNITION_RECOGNIZER_H
