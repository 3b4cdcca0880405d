#ifndef VITC_DIALECT_ONNX_IR_ARGUMENTS_H
#define VITC_DIALECT_ONNX_IR_ARGUMENTS_H

// What operands and attributes of `onnx` ops mean: defaults computed, negative indices counted from the front.

#include "vitc/Dialect/ONNX/IR/ONNX.h"

namespace vitc::onnx {

/// The permutation of a ranked Transpose.
llvm::SmallVector<int64_t> getPermutation(TransposeOp op);

/// The dimensions that Shape states: from `first` to `second`, excluded.
std::pair<int64_t, int64_t> getStatedDims(ShapeOp op);

/// A slice of one dimension: the positions start, start + step, … before end; before means after for negative steps.
struct SliceRange {
  Extent start, end;
  int64_t step;
};
/// One range a dimension of the operand, clamped to it.
mlir::FailureOr<llvm::SmallVector<SliceRange>> getSliceRanges(SliceOp op, ShapeEnv &env);

/// The entry of `axes` (or the place in `starts`, without `axes`) whose range only the run knows: its bounds or the
/// dimension depend on data. Nothing where that is true of none or of several.
struct OpenRange {
  size_t entry;
  int64_t axis, step;
  Extent bound; ///< of the number of positions
};
std::optional<OpenRange> getOpenRange(SliceOp op, ShapeEnv &env);

/// The number of positions in a range, where its bounds are in order.
Extent getLength(const SliceRange &range);

/// How many elements a Pad adds before and after each dimension; a negative number of them removes some.
struct Pads {
  SymbolicShape before, after;
};
mlir::FailureOr<Pads> readPads(PadOp op, ShapeEnv &env);

} // namespace vitc::onnx

#endif // VITC_DIALECT_ONNX_IR_ARGUMENTS_H
