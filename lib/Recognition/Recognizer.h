#ifndef VITC_RECOGNITION_RECOGNIZER_H
#define VITC_RECOGNITION_RECOGNIZER_H

#include "vitc/Recognition/Algebra.h"
#include "vitc/Recognition/AxisMap.h"
#include "vitc/Recognition/Patterns.h"

#include "mlir/IR/PatternMatch.h"

namespace vitc {

/// The extents of the iteration space of an elementwise op: those of its result.
llvm::SmallVector<Extent> loopsOf(mlir::linalg::LinalgOp op);

/// The map of an operand in the iteration space of the elementwise op that reads it.
AxisMap traceOperand(mlir::linalg::LinalgOp op, mlir::OpOperand *operand, TraceOptions options = {});

/// Whether `map` repeats the result of a reduction along the reduced dimension, and reads it in order along the others.
bool repeatsReduction(const AxisMap &map, const Reduction &reduction);

/// The map of an operand that varies along one loop only, as a vector; nullopt where it is none or depends on an input.
std::optional<AxisMap> matchVector(mlir::linalg::LinalgOp op, mlir::OpOperand *operand, int64_t loop);

/// The map of an operand that varies along the last dimension only, as a vector; nullopt where it is none or depends on
/// an input.
std::optional<AxisMap> matchPerChannel(mlir::linalg::LinalgOp op, mlir::OpOperand *operand);

/// The tensor type of these extents, dynamic where they are symbolic.
mlir::RankedTensorType typeOf(mlir::Type element, llvm::ArrayRef<Extent> extents);

/// The map of a value that has these axes over `source`.
AxisMap viewOf(mlir::Value source, llvm::ArrayRef<Axis> axes);

/// A value that repeats another one along dimensions of its own.
struct Repeated {
  AxisMap map;                       ///< of the other one
  llvm::SmallVector<int64_t> dims;   ///< of the value, ascending
  llvm::SmallVector<Extent> extents; ///< of the value

  static Repeated of(const AxisMap &map);
  mlir::FailureOr<mlir::Value> materialize(mlir::OpBuilder &builder, mlir::Location loc) const;
};

/// The location of `root`, then those of the other ops that a match replaces, in their order.
mlir::Location fuseLocations(mlir::Operation *root, llvm::ArrayRef<mlir::Operation *> others);

} // namespace vitc

#endif // VITC_RECOGNITION_RECOGNIZER_H
